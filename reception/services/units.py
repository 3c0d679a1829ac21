"""Rooms and tents: who fits, and moving people between them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Operation
from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput, InvalidState
from intake.births import is_child
from intake.choices import Sex
from intake.models import Person
from reception.choices import HOLDING_STATES, UnitSection
from reception.errors import refusals_as_errors
from reception.models import Placement, Site, Unit
from reception.services import rules
from reception.services.counters import Moves
from reception.services.locks import lock_placement
from reception.services.stays import shift_stays, standing


def move_to_unit(
    *,
    actor: Any,
    placement: Placement,
    unit: Unit | None,
    persons: Collection[uuid.UUID] | None = None,
) -> Placement:
    """Give the family, or some of its members, places in a room or tent of their site.

    `unit` None: they have a place at the site and none in a room. Raises CapacityExceeded
    `unit_full`, Conflict `unit_not_suitable`, InvalidInput (`unit`, `persons`), InvalidState.
    """
    with refusals_as_errors(placement.site, unit=unit), transaction.atomic():
        placement = lock_placement(placement.pk)
        rules.require_write(actor, placement.site)
        stays = standing(placement, states=HOLDING_STATES)
        if not stays:
            raise InvalidState(
                "wrong_state",
                _("Nobody of this family holds a place here now."),
                state=placement.status,
            )
        people = rules.chosen(
            list(Person.objects.filter(pk__in=[stay.person_id for stay in stays])), persons
        )
        if unit is not None:
            check_unit(people, placement.site, unit)
        chosen = {person.pk for person in people}
        moves, now = Moves(), clock.now()
        for state in HOLDING_STATES:
            rows = [s for s in stays if s.state == state and s.person_id in chosen]
            moved = [row for row in rows if row.unit_id != (unit.pk if unit else None)]
            for reason in sorted({row.absence_reason for row in moved}):
                same = [row for row in moved if row.absence_reason == reason]
                shift_stays(
                    placement, same, state, now, moves, reason=reason, unit=unit, keep_unit=False
                )
        code = {"unit": unit.code if unit else ""}
        rules.tell("placement.unit", placement, actor=actor, occurred_at=now, **code)
        moves.write()
    return placement


def check_unit(people: Sequence[Person], site: Site, unit: Unit) -> None:
    """Raise unless the unit is of this site and kept for such people (`UnitSection`)."""
    if unit.site_id != site.pk:
        detail = _("This room or tent is not at this site.")
        problem = FieldProblem("unit", "does_not_exist", detail)
        raise InvalidInput("invalid", detail, problems=[problem])
    if why := why_not(people, unit.section):
        raise Conflict("unit_not_suitable", why)


def why_not(people: Sequence[Person], section: str) -> str:
    """Why these people cannot sleep in such a section, in words; empty when they can.

    Women and their children, families and single men sleep apart (UNHCR Emergency Handbook,
    transit centres; domain/standards.md 4.3). Whoever may be a child counts as one.
    """
    today = clock.today(Operation.current().zone)
    adults = [p for p in people if not is_child(p.birth_earliest, p.birth_latest, today)]
    men = [person for person in adults if person.sex == Sex.MALE]
    if section == UnitSection.WOMEN and men:
        return _("This section is for women and their children.")
    if section == UnitSection.FAMILIES and men and len(men) == len(people):
        return _("This section is for families; men on their own sleep apart.")
    if section == UnitSection.MEN and len(men) < len(people):
        return _("This section is for men on their own.")
    return ""
