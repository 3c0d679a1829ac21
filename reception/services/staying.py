"""People coming to their place, being away from it and coming back: the family or a part of it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.events import events_written
from common import clock
from common.errors import FieldProblem, InvalidInput, InvalidState
from reception.choices import (
    HOLDING_STATES,
    RESERVED_STATUSES,
    AbsenceReason,
    PlacementStatus,
    StayState,
)
from reception.errors import refusals_as_errors
from reception.models import Placement, Stay, Unit
from reception.services import journeys, onward, rules, units
from reception.services.counters import Moves
from reception.services.ending import end_locked, release_due
from reception.services.locks import lock_open_placements, lock_placement
from reception.services.placing import RESERVATION_LASTS
from reception.services.stays import shift_stays, standing

Chosen = Collection[uuid.UUID] | None


def check_in(
    *,
    actor: Any,
    placement: Placement,
    occurred_at: datetime | None = None,
    persons: Chosen = None,
    unit: Unit | None = None,
) -> Placement:
    """The family is here, or those `persons` of it; the places of the others stay reserved.

    A reservation that has run out but was not yet released still counts. With `persons` also
    whoever comes after the others, or whose place was released meanwhile, where one is free.
    Raises InvalidState `wrong_state`, InvalidInput `persons`, CapacityExceeded.
    """
    when = rules.check_moment("occurred_at", occurred_at or clock.now())
    with refusals_as_errors(placement.site, unit=unit), transaction.atomic():
        listed_on = journeys.lock_list_of(placement)
        ends = onward.lock_both_ends(placement.pk)
        placement = ends[placement.pk]
        rules.require_write(actor, placement.site)
        if placement.status not in RESERVED_STATUSES and persons is None:
            # From absent or transfer pending, people return; they do not come anew.
            raise _not_expected(placement)
        moves = Moves()
        if placement.transfer_of_id is not None:
            left = ends[placement.transfer_of_id]
            onward.leave_for(left, placement, actor=actor, when=when, moves=moves)
        belonging = standing(placement)
        stays = _named(belonging, persons)
        coming = [s for s in stays if s.state in (StayState.DUE, StayState.NOT_COME)]
        if not coming:
            raise _not_expected(placement)
        if unit is not None:
            units.check_unit([stay.person for stay in coming], placement.site, unit)
        if any(stay.state == StayState.NOT_COME for stay in coming):
            moves.arrives_at(placement.site_id)
        here = shift_stays(placement, coming, StayState.PRESENT, when, moves, unit=unit)
        others = [stay for stay in belonging if stay not in coming]
        _came(placement, [*others, *here], actor=actor, when=when, persons=len(coming))
        if listed_on is not None:
            journeys.came_by_itself(listed_on, placement, actor=actor, when=when)
        moves.write()
    return placement


def _came(
    placement: Placement, stays: Sequence[Stay], *, actor: Any, when: datetime, persons: int
) -> None:
    """The placement after some of its people came; who is still expected has a day for it.

    `stays` are those that stand now.
    """
    placement.places = sum(stay.state in HOLDING_STATES for stay in stays)
    if not any(stay.state == StayState.DUE for stay in stays):
        placement.reserved_until = None
    elif placement.reserved_until is None:
        placement.reserved_until = clock.now() + RESERVATION_LASTS
    if placement.status in RESERVED_STATUSES:
        placement.checked_in_at = when
        rules.advance(
            placement,
            PlacementStatus.CHECKED_IN,
            event="placement.checked_in",
            actor=actor,
            occurred_at=when,
            persons=persons,
        )
        return
    placement.save(update_fields=["places", "reserved_until"])
    rules.tell(
        "placement.part_checked_in", placement, actor=actor, occurred_at=when, persons=persons
    )


def mark_not_come(*, actor: Any, placement: Placement, persons: Collection[uuid.UUID]) -> Placement:
    """Those members did not come with the others: their places are free, they may come later."""
    with transaction.atomic():
        placement = lock_placement(placement.pk)
        rules.require_write(actor, placement.site)
        stays = _named(standing(placement), persons)
        due = [stay for stay in stays if stay.state == StayState.DUE]
        if placement.status in RESERVED_STATUSES or len(due) < len(stays):
            raise InvalidState(
                "wrong_state",
                _("Only who is still expected after the others came can have stayed away."),
                state=placement.status,
            )
        moves = Moves()
        event = release_due(placement, due, actor=actor, occurred_at=clock.now(), moves=moves)
        event.save(force_insert=True)
        moves.write()
    events_written([event])
    return placement


def record_absence(
    *,
    actor: Any,
    placement: Placement,
    reason: str,
    occurred_at: datetime | None = None,
    persons: Chosen = None,
    keep_place: bool = True,
) -> Placement:
    """The family, or those `persons` of it, is away for a while.

    Its places are kept, or given up for others (`keep_place` False): they come back to a place if
    one is free. The placement is absent when nobody of it is present.
    """
    if reason not in AbsenceReason.values:
        detail = _("Choose one of: %(reasons)s.") % {"reasons": ", ".join(AbsenceReason.values)}
        raise InvalidInput(
            "invalid", detail, problems=[FieldProblem("reason", "invalid_choice", detail)]
        )
    when = rules.check_moment("occurred_at", occurred_at or clock.now())
    with transaction.atomic():
        placement = lock_placement(placement.pk)
        rules.require_write(actor, placement.site)
        _require_come(placement, PlacementStatus.ABSENT)
        present = _in_state(placement, persons, [StayState.PRESENT])
        if not placement.may_become(PlacementStatus.ABSENT) or not present:
            raise _cannot(placement, PlacementStatus.ABSENT)
        moves = Moves()
        to = StayState.AWAY if keep_place else StayState.AWAY_FREED
        shift_stays(placement, present, to, when, moves, reason=reason)
        _settle(
            placement,
            event="placement.absent",
            actor=actor,
            when=when,
            reason=reason,
            persons=len(present),
        )
        moves.write()
    return placement


def record_return(
    *,
    actor: Any,
    placement: Placement,
    occurred_at: datetime | None = None,
    persons: Chosen = None,
) -> Placement:
    """The family, or those `persons` of it, is back; or its transfer was called off.

    Whoever gave up the place needs a free one: raises CapacityExceeded where none is.
    """
    when = rules.check_moment("occurred_at", occurred_at or clock.now())
    with refusals_as_errors(placement.site), transaction.atomic():
        # Where its transfer is called off, the places that wait elsewhere go: in key order.
        locked = lock_open_placements([placement.household_id])
        placement = next((p for p in locked if p.pk == placement.pk), None) or lock_placement(
            placement.pk
        )
        rules.require_write(actor, placement.site)
        _require_come(placement, PlacementStatus.CHECKED_IN)
        moves = Moves()
        away = _in_state(placement, persons, [StayState.AWAY, StayState.AWAY_FREED])
        called_off = placement.status == PlacementStatus.TRANSFER_PENDING
        if not away and not called_off:
            raise _cannot(placement, PlacementStatus.CHECKED_IN)
        for other in locked:
            if called_off and other.transfer_of_id == placement.pk:
                _let_go(other, actor=actor, when=when, moves=moves)
        shift_stays(placement, away, StayState.PRESENT, when, moves)
        _settle(placement, event="placement.returned", actor=actor, when=when, persons=len(away))
        moves.write()
    return placement


def _let_go(incoming: Placement, *, actor: Any, when: datetime, moves: Moves) -> None:
    end_locked(
        incoming,
        PlacementStatus.CANCELLED,
        actor=actor,
        occurred_at=when,
        moves=moves,
        reason="transfer_called_off",
    )


def _settle(
    placement: Placement, *, event: str, actor: Any, when: datetime, reason: str = "", **data: Any
) -> None:
    """Status and places as the stays say: absent while nobody is present."""
    stays = standing(placement)
    placement.places = sum(stay.state in HOLDING_STATES for stay in stays)
    present = any(stay.state == StayState.PRESENT for stay in stays)
    away = [stay for stay in stays if stay.state in (StayState.AWAY, StayState.AWAY_FREED)]
    to = PlacementStatus.CHECKED_IN if present or not away else PlacementStatus.ABSENT
    placement.absence_reason = reason if to == PlacementStatus.ABSENT else ""
    if to != placement.status:
        rules.advance(placement, to, event=event, actor=actor, occurred_at=when, **data)
        return
    placement.save(update_fields=["places", "absence_reason"])
    rules.tell(event, placement, actor=actor, occurred_at=when, **data)


def announce_transfer(*, actor: Any, placement: Placement) -> Placement:
    """The family is to move elsewhere; its places are kept until it does."""
    with transaction.atomic():
        placement = lock_placement(placement.pk)
        rules.require_write(actor, placement.site)
        _require_come(placement, PlacementStatus.TRANSFER_PENDING)
        placement.absence_reason = ""
        rules.advance(
            placement,
            PlacementStatus.TRANSFER_PENDING,
            event="placement.transfer_announced",
            actor=actor,
            occurred_at=clock.now(),
        )
    return placement


def _named(stays: Sequence[Stay], persons: Chosen) -> list[Stay]:
    """The stays of those named, all without a choice; InvalidInput for who is not of them."""
    if persons is None:
        return list(stays)
    named = set(persons)
    found = [stay for stay in stays if stay.person_id in named]
    if not named or len(found) < len(named):
        detail = _("Choose members of this family who belong to this place.")
        problem = FieldProblem("persons", "does_not_exist" if named else "required", detail)
        raise InvalidInput("invalid", detail, problems=[problem])
    return found


def _in_state(placement: Placement, persons: Chosen, states: Sequence[str]) -> list[Stay]:
    """The stays of those named that are in one of the states; of everybody without a choice."""
    return [stay for stay in _named(standing(placement), persons) if stay.state in states]


def _require_come(placement: Placement, to: str) -> None:
    if placement.status in RESERVED_STATUSES:
        raise InvalidState(
            "wrong_state",
            _("This family has not come yet, so it cannot be “%(to)s”.")
            % {"to": PlacementStatus(to).label},
            state=placement.status,
        )


def _not_expected(placement: Placement) -> InvalidState:
    return InvalidState(
        "wrong_state",
        _("Only a family that is expected can be checked in; this placement is “%(now)s”.")
        % {"now": placement.get_status_display()},
        state=placement.status,
    )


def _cannot(placement: Placement, to: str) -> InvalidState:
    return InvalidState(
        "wrong_state",
        _("This placement is “%(now)s”; it cannot become “%(to)s”.")
        % {"now": placement.get_status_display(), "to": PlacementStatus(to).label},
        state=placement.status,
    )
