"""What must hold before people get a place, and how a placement moves on."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Operation
from accounts.policies import Permission
from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput, InvalidState
from intake.births import is_child
from intake.choices import HouseholdStatus
from intake.models import Household, Person
from reception.choices import OPEN_STATUSES, PlacementStatus
from reception.errors import not_placeable, site_of_authority
from reception.models import Placement, Site
from reception.policies import require_at

WRITE = Permission.PLACEMENTS_WRITE


def members_here(household: Household) -> list[Person]:
    """Members in the count, in their order; raises Conflict `household_not_placeable`.

    Members who left, or whom the authority holds separately, are not in the count and so never
    have a place. Call it with the household locked.
    """
    if household.status != HouseholdStatus.ACTIVE:
        raise not_placeable(
            _("This household is closed. Use the household that it was merged into.")
            if household.merged_into_id
            else _("This household is closed: all its members have left.")
        )
    members = list(household.members.in_count().order_by("position", "pk"))
    if not members:
        raise not_placeable(_("Nobody of this household is here to be placed."))
    return members


def chosen(members: Sequence[Person], persons: Collection[uuid.UUID] | None) -> list[Person]:
    """Those of `members` who were named, all without a choice; InvalidInput for a stranger."""
    if persons is None:
        return list(members)
    here = {member.pk for member in members}
    if not persons or set(persons) - here:
        detail = _("Choose members of this family who are in the count.")
        problem = FieldProblem("persons", "does_not_exist" if persons else "required", detail)
        raise InvalidInput("invalid", detail, problems=[problem])
    return [member for member in members if member.pk in set(persons)]


def only_children(members: Iterable[Person]) -> bool:
    """Whether everybody of these may be under 18: children alone."""
    today = clock.today(Operation.current().zone)
    return all(is_child(each.birth_earliest, each.birth_latest, today) for each in members)


def check_care(members: Iterable[Person], site: Site) -> None:
    """Children alone go only where approved interim care is (domain/standards.md 4.3)."""
    check_for_refugees(site)
    if not site.interim_care and only_children(members):
        raise Conflict(
            "interim_care_required",
            _("These are children alone. Place them at a site with interim care for children."),
        )


def check_for_refugees(site: Site) -> None:
    """Nobody is placed at a facility that the authority runs (domain/standards.md 3)."""
    if not site.for_refugees:
        raise not_placeable(site_of_authority())


def check_reason(reason: str) -> str:
    """Why a family is apart: a decision that somebody has to be able to explain."""
    if not reason.strip():
        detail = _("A family stays together. Say why these members are placed apart.")
        problem = FieldProblem("split_reason", "required", detail)
        raise InvalidInput("invalid", detail, problems=[problem])
    return reason.strip()


def check_moment(field: str, moment: datetime, *, future: bool = False) -> datetime:
    """`moment`, unless it lies on the wrong side of now (InvalidInput names the field)."""
    moment = clock.on_operation_clock(moment)
    if future and moment <= clock.now():
        detail, code = _("Give a time that is still to come."), "past"
    elif not future and moment > clock.now():
        detail, code = _("This time is still to come. Give the time when it happened."), "future"
    else:
        return moment
    raise InvalidInput("invalid", detail, problems=[FieldProblem(field, code, detail)])


def advance(
    placement: Placement, to: str, *, event: str, actor: Any, occurred_at: datetime, **data: Any
) -> None:
    """Move a locked placement to another status, with its event; fields set by the caller stay.

    Raises InvalidState `wrong_state` where the table of transitions has no such path. The caller
    moves the counters.
    """
    if not placement.may_become(to):
        raise InvalidState(
            "wrong_state",
            _("This placement is “%(now)s”; it cannot become “%(to)s”.")
            % {"now": placement.get_status_display(), "to": PlacementStatus(to).label},
            state=placement.status,
        )
    before = placement.status
    placement.status = to
    if to not in OPEN_STATUSES:
        placement.ended_at = occurred_at
    placement.save(
        update_fields=[
            "status",
            "places",
            "reserved_until",
            "checked_in_at",
            "ended_at",
            "absence_reason",
        ]
    )
    tell(event, placement, actor=actor, occurred_at=occurred_at, before=before, **data)


def tell(
    event: str, placement: Placement, *, actor: Any, occurred_at: datetime, **data: Any
) -> None:
    """Write the event of a placement: references and numbers, never a name."""
    record_event(
        event,
        placement,
        actor=actor,
        occurred_at=occurred_at,
        household=placement.household.reference,
        site=placement.site.code,
        status=placement.status,
        places=placement.places,
        **data,
    )


def require_write(actor: Any, site: Site) -> None:
    """Raise NotPermitted unless the actor may place people at this site."""
    require_at(actor, WRITE, site)
