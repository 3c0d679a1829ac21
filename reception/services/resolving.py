"""What a difference of a count turned out to be, recorded by the same services as the buttons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.policies import Permission
from audit.events import record_event
from common import clock
from common.errors import FieldProblem, InvalidInput, InvalidState
from intake.choices import ExitReason
from intake.models import Household
from intake.services.exits import record_exits
from intake.services.permitted import holds_for
from reception.choices import (
    RESERVED_STATUSES,
    DifferenceKind,
    DifferenceState,
    PlacementStatus,
    Resolution,
)
from reception.models import HeadCountDifference, Placement, Site
from reception.policies import may_at
from reception.services import rules
from reception.services.ending import check_out, mark_no_show
from reception.services.locks import lock_head_count
from reception.services.placing import place_household
from reception.services.staying import check_in, record_absence, record_return
from reception.services.transfers import transfer_placement

R = Resolution
LONGEST_NOTE = 500
THERE = (PlacementStatus.CHECKED_IN, PlacementStatus.TRANSFER_PENDING)


@dataclass
class Case:
    """A difference with what stands about its household now, as far as the actor may know."""

    actor: Any
    difference: HeadCountDifference
    household: Household | None
    # Its open placement at this site, and the one elsewhere.
    here: Placement | None
    elsewhere: Placement | None

    @property
    def site(self) -> Site:
        """Where the count was."""
        return self.difference.count.site

    @property
    def whole_family(self) -> bool:
        """Whether all who have a place here are missing."""
        return self.here is not None and self.difference.persons >= self.here.places


def case_of(actor: Any, difference: HeadCountDifference) -> Case:
    """The case of a difference. A household the actor may not know of is nobody."""
    line = difference.line
    household = line.household if line is not None else None
    if household is None or line is None:
        return Case(actor, difference, None, None, None)
    known = line.expected or Household.objects.visible_to(actor).filter(pk=household.pk).exists()
    if not known:
        return Case(actor, difference, None, None, None)
    placed = list(Placement.objects.open().filter(household=household).select_related("site"))
    here = [each for each in placed if each.site_id == difference.count.site_id]
    others = [each for each in placed if each.site_id != difference.count.site_id]
    return Case(actor, difference, household, *((each or [None])[0] for each in (here, others)))


def ways_of(case: Case) -> list[str]:
    """The resolutions that are possible now for this actor, the likely ones first."""
    found = _ways_missing(case) if case.difference.kind == DifferenceKind.MISSING else []
    if case.difference.kind == DifferenceKind.UNEXPECTED and case.household is not None:
        found = _ways_unexpected(case)
    return [*found, R.COUNTED_WRONG, R.OTHER]


def _ways_missing(case: Case) -> list[str]:
    placement = case.here
    if placement is None:
        return []
    if placement.status in RESERVED_STATUSES:
        return [R.DID_NOT_COME]
    if placement.status not in THERE or not case.whole_family:
        return []
    found: list[str] = [R.ABSENT, R.CHECKED_OUT, R.TRANSFERRED]
    if holds_for(case.actor, Permission.HOUSEHOLDS_EVENTS, placement.household_id):
        found.append(R.LEFT)
    return found


def _ways_unexpected(case: Case) -> list[str]:
    if case.here is not None:
        here_again = (*RESERVED_STATUSES, PlacementStatus.ABSENT)
        return [R.CHECKED_IN] if case.here.status in here_again else []
    if case.elsewhere is None:
        return [R.CHECKED_IN]
    if may_at(case.actor, Permission.PLACEMENTS_WRITE, case.elsewhere.site):
        return [R.TRANSFERRED]
    return []


@transaction.atomic
def resolve_difference(
    *,
    actor: Any,
    difference: HeadCountDifference,
    resolution: str,
    reason: str = "",
    site: Site | None = None,
    note: str = "",
    occurred_at: datetime | None = None,
) -> HeadCountDifference:
    """Say what a difference was, and record it where there is something to record.

    `reason` is that of an absence, `site` where a missing family went by transfer, `note` the
    words to “something else”. The same again changes nothing. Raises InvalidInput, InvalidState
    (`count_open`, `already_resolved`, `cannot_resolve_so`), NotPermitted, and what the recording
    service raises: then nothing is resolved.
    """
    rules.require_write(actor, difference.count.site)
    count = lock_head_count(difference.count_id)
    difference = HeadCountDifference.objects.select_related("count__site", "line__household").get(
        pk=difference.pk
    )
    if difference.state == DifferenceState.RESOLVED:
        if difference.resolution == resolution:
            return difference
        raise InvalidState("already_resolved", _("Somebody has resolved this difference already."))
    if count.is_open:
        raise InvalidState("count_open", _("Close the count first."))
    _check(resolution, note)
    case = case_of(actor, difference)
    if resolution not in ways_of(case):
        raise InvalidState(
            "cannot_resolve_so",
            _("This is not possible as things stand now. Choose another answer."),
        )
    if (act := _ACTS.get((difference.kind, resolution))) is not None:
        act(case, {"reason": reason, "site": site, "occurred_at": occurred_at})
    difference.state, difference.resolution = DifferenceState.RESOLVED, resolution
    difference.resolved_at, difference.resolved_by = clock.now(), actor
    difference.note = note
    difference.save()
    record_event(
        "head_count.difference_resolved",
        count,
        actor=actor,
        site=count.site.code,
        difference=difference.kind,
        persons=difference.persons,
        resolution=resolution,
    )
    return difference


def _check(resolution: str, note: str) -> None:
    if resolution not in R.values:
        raise _invalid("resolution", "invalid_choice", _("Choose one of the answers."))
    if resolution == R.OTHER and not note.strip():
        raise _invalid("note", "required", _("Write in a few words what it was."))
    if len(note) > LONGEST_NOTE:
        raise _invalid("note", "too_long", _("Write at most 500 letters."))


def _invalid(name: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput("invalid", detail, problems=[FieldProblem(name, code, detail)])


# What each records ---------------------------------------------------------------------------
Said = dict[str, Any]


def _absent(case: Case, said: Said) -> None:
    record_absence(
        actor=case.actor,
        placement=_placement(case.here),
        reason=said["reason"],
        occurred_at=said["occurred_at"],
    )


def _checked_out(case: Case, said: Said) -> None:
    check_out(actor=case.actor, placement=_placement(case.here), occurred_at=said["occurred_at"])


def _did_not_come(case: Case, said: Said) -> None:
    mark_no_show(actor=case.actor, placement=_placement(case.here))


def _gone_to_another_site(case: Case, said: Said) -> None:
    """The family is at another site of which nobody told: moved there, as arrived."""
    if said["site"] is None:
        raise _invalid("site", "required", _("Choose the site to which the family went."))
    transfer_placement(
        actor=case.actor, placement=_placement(case.here), site=said["site"], arrived=True
    )


def _left(case: Case, said: Said) -> None:
    """They left without notice: they leave the count of the operation, their places are free."""
    assert case.household is not None
    record_exits(
        actor=case.actor,
        persons=list(case.household.members.in_count()),
        reason=ExitReason.DEPARTED,
        occurred_at=said["occurred_at"] or clock.now(),
    )


def _is_here(case: Case, said: Said) -> None:
    """Due: checked in. Away: back. Without any place: placed here."""
    if case.here is None:
        assert case.household is not None
        place_household(
            actor=case.actor,
            household=case.household,
            site=case.site,
            status=PlacementStatus.CHECKED_IN,
        )
        return
    step = check_in if case.here.status in RESERVED_STATUSES else record_return
    step(actor=case.actor, placement=case.here, occurred_at=said["occurred_at"])


def _came_from_another_site(case: Case, said: Said) -> None:
    transfer_placement(
        actor=case.actor, placement=_placement(case.elsewhere), site=case.site, arrived=True
    )


def _placement(placement: Placement | None) -> Placement:
    assert placement is not None, "ways_of offers this only with a placement"
    return placement


_ACTS: dict[tuple[str, str], Callable[[Case, Said], None]] = {
    (DifferenceKind.MISSING, R.ABSENT): _absent,
    (DifferenceKind.MISSING, R.CHECKED_OUT): _checked_out,
    (DifferenceKind.MISSING, R.DID_NOT_COME): _did_not_come,
    (DifferenceKind.MISSING, R.TRANSFERRED): _gone_to_another_site,
    (DifferenceKind.MISSING, R.LEFT): _left,
    (DifferenceKind.UNEXPECTED, R.CHECKED_IN): _is_here,
    (DifferenceKind.UNEXPECTED, R.TRANSFERRED): _came_from_another_site,
}
