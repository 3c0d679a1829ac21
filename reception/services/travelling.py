"""A transport on its way: loading, leaving, coming, and whoever did not come.

Every step may be sent again: what was done already is answered as it is.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common import clock
from common.errors import CapacityExceeded, Conflict, FieldProblem, InvalidInput, InvalidState
from reception.choices import (
    RESERVED_STATUSES,
    LineState,
    MissingReason,
    PlacementStatus,
    StayedBehindReason,
    StayState,
    TransportStatus,
)
from reception.errors import refusals_as_errors
from reception.models import Transport, TransportLine
from reception.policies import require_load
from reception.services import journeys, onward, rules
from reception.services.counters import Moves
from reception.services.ending import end_locked
from reception.services.locks_transports import lines_with_places, lock_transport
from reception.services.sizes import household_changed
from reception.services.staying import check_in
from reception.services.stays import open_stays, standing

T, L, S = TransportStatus, LineState, PlacementStatus


# Loading -------------------------------------------------------------------------------------
def start_loading(*, actor: Any, transport: Transport) -> Transport:
    """The vehicle is there and people get on. Raises InvalidState, NotPermitted."""
    with transaction.atomic():
        transport = lock_transport(transport.pk)
        require_load(actor, transport)
        _load(transport, actor=actor)
    return transport


def _load(transport: Transport, *, actor: Any) -> None:
    if transport.status == T.LOADING:
        return
    _advance(transport, T.LOADING)
    transport.save(update_fields=["status"])
    journeys.tell("transport.loading", transport, actor=actor, occurred_at=clock.now())


def board(
    *, actor: Any, transport: Transport, line: TransportLine, persons: int | None = None
) -> TransportLine:
    """The whole family is on board; `persons` is how many got on, when somebody counted.

    A family travels together: fewer are refused, unless it was decided before who travels apart
    (then each part has its own line). Who joined the family since it was put on the list gets a
    seat and a place, or it is refused. The first one starts the loading. Raises Conflict
    (`family_incomplete`, `not_on_the_list`), CapacityExceeded (`seats_exceeded`,
    `capacity_exceeded`), InvalidState, NotPermitted.
    """
    with journeys.seat_refusals(transport), _no_place_there(transport), transaction.atomic():
        transport = lock_transport(transport.pk)
        require_load(actor, transport)
        (line,) = lines_with_places(transport, LineState.values, only=[line.pk])
        if line.state == L.BOARDED:
            return line
        _load(transport, actor=actor)
        _require_travels(line)
        moves = Moves()
        _follow_household(line, moves)
        if persons is not None and persons != line.persons:
            raise journeys.incomplete(
                _(
                    "%(family)s are %(all)d persons, %(here)d are on board. A family travels "
                    "together: wait, or first decide on its placement who travels apart and why."
                )
                % {
                    "family": line.target.household.reference,
                    "all": line.persons,
                    "here": persons,
                },
                persons=line.persons,
            )
        journeys.move_line(line, L.BOARDED, boarded_at=clock.now())
        moves.write()
    return line


def take_off_board(*, actor: Any, transport: Transport, line: TransportLine) -> TransportLine:
    """The family got off again before the transport left. Raises InvalidState, NotPermitted."""
    with transaction.atomic():
        transport = lock_transport(transport.pk)
        require_load(actor, transport)
        (line,) = lines_with_places(transport, LineState.values, only=[line.pk])
        if transport.status != T.LOADING:
            raise _wrong(transport, T.LOADING)
        if line.state != L.LISTED:
            journeys.move_line(line, L.LISTED, boarded_at=None)
    return line


def _require_travels(line: TransportLine) -> None:
    """Raise Conflict `not_on_the_list` when a place of the family ended or moved meanwhile."""
    if not journeys.still_travels(line):
        raise Conflict(
            "not_on_the_list",
            _(
                "The places of %(family)s changed since it was put on this list. Take it off the "
                "list, look at its placement, and put it on again if it still travels."
            )
            % {"family": line.target.household.reference},
        )


def _follow_household(line: TransportLine, moves: Moves) -> None:
    """Seats and places for who travels now: members may have left or joined since."""
    travels = journeys.who_travels(line)
    target = line.target
    joined = travels - {stay.person_id for stay in standing(target)}
    if joined:
        incoming = target.transfer_of_id is not None
        at = clock.now()
        open_stays(target, sorted(joined), StayState.DUE, at, moves, incoming=incoming)
        target.places += len(joined)
        target.save(update_fields=["places"])
        rules.tell("placement.resized", target, actor=None, occurred_at=at, by=len(joined))
    if len(travels) != line.persons:
        wheelchairs = min(line.wheelchairs, len(travels))
        seats = len(travels) - wheelchairs
        journeys.take_seats(line.transport, seats - line.seats, wheelchairs - line.wheelchairs)
        line.persons, line.wheelchairs = len(travels), wheelchairs
        line.save(update_fields=["persons", "wheelchairs"])


@contextmanager
def _no_place_there(transport: Transport) -> Iterator[None]:
    """As `refusals_as_errors`, without a word about a site that the actor may not know of."""
    try:
        with refusals_as_errors(transport.to_site, needed=1):
            yield
    except CapacityExceeded as refused:
        if refused.code != "capacity_exceeded":
            raise
        raise CapacityExceeded(
            "capacity_exceeded",
            _(
                "Somebody joined this family, and there is no free place for them where it goes. "
                "Ask the placement officer."
            ),
        ) from refused


# Leaving -------------------------------------------------------------------------------------
def depart(
    *,
    actor: Any,
    transport: Transport,
    occurred_at: datetime | None = None,
    stayed_behind: Mapping[uuid.UUID, str] | None = None,
) -> Transport:
    """The vehicle leaves with whoever is on board; all of it happens, or nothing.

    Whoever is on board has left the site: their places there are free, those at the target are
    confirmed. Families that did not board stay where they are, and their places at the target are
    free; `stayed_behind` says why by the id of the line ("not_there" unless said). Left already:
    nothing happens. Raises InvalidInput (`occurred_at`, `stayed_behind`), Conflict
    `not_on_the_list`, InvalidState (`nobody_on_board`, `wrong_state`), NotPermitted.
    """
    when = rules.check_moment("occurred_at", occurred_at or clock.now())
    why = _reasons(stayed_behind or {})
    with transaction.atomic():
        transport = lock_transport(transport.pk)
        require_load(actor, transport)
        if transport.departed_at is not None:
            return transport
        if transport.status != T.LOADING:
            raise _wrong(transport, T.DEPARTED)
        lines = lines_with_places(transport, (L.LISTED, L.BOARDED))
        leaving = [line for line in lines if line.state == L.BOARDED]
        if not leaving:
            raise InvalidState(
                "nobody_on_board",
                _("Nobody is on board. Scan the families, or cancel the transport."),
            )
        moves = Moves()
        for line in leaving:
            _leave(line, actor=actor, when=when, moves=moves)
        for line in lines:
            if line.state == L.LISTED:
                reason = why.get(line.pk, StayedBehindReason.NOT_THERE)
                _stay_behind(line, reason, actor=actor, when=when, moves=moves)
        _advance(transport, T.DEPARTED)
        transport.departed_at = when
        transport.save(update_fields=["status", "departed_at"])
        journeys.tell(
            "transport.departed",
            transport,
            actor=actor,
            occurred_at=when,
            families=len(leaving),
            persons=sum(line.persons for line in leaving),
            stayed_behind=len(lines) - len(leaving),
        )
        moves.write()
    return transport


def _reasons(stayed_behind: Mapping[uuid.UUID, str]) -> dict[uuid.UUID, str]:
    for reason in stayed_behind.values():
        if reason not in StayedBehindReason.values:
            detail = _("Choose one of: %(choices)s.") % {
                "choices": ", ".join(StayedBehindReason.values)
            }
            raise InvalidInput(
                "invalid",
                detail,
                problems=[FieldProblem("stayed_behind", "invalid_choice", detail)],
            )
    return dict(stayed_behind)


def _leave(line: TransportLine, *, actor: Any, when: datetime, moves: Moves) -> None:
    _require_travels(line)
    if line.placement is not None:
        onward.leave_for(
            line.placement,
            line.target,
            actor=actor,
            when=when,
            moves=moves,
            transport=line.transport.reference,
        )
    elif line.target.status == S.RESERVED:
        onward.confirm_locked(line.target, actor=actor, when=when)


def _stay_behind(
    line: TransportLine, reason: str, *, actor: Any, when: datetime, moves: Moves
) -> None:
    journeys.stay_where_it_is(line, actor=actor, when=when, moves=moves, reason="did_not_board")
    journeys.move_line(line, L.LEFT_BEHIND, stayed_behind=reason)


# Coming --------------------------------------------------------------------------------------
def arrive(*, actor: Any, transport: Transport, occurred_at: datetime | None = None) -> Transport:
    """The vehicle is there; families are checked in one by one or all at once.

    There already: nothing happens. Raises InvalidInput `occurred_at`, InvalidState, NotPermitted.
    """
    when = rules.check_moment("occurred_at", occurred_at or clock.now())
    with transaction.atomic():
        transport = lock_transport(transport.pk)
        rules.require_write(actor, transport.to_site)
        _arrived(transport, actor=actor, when=when)
    return transport


def arrive_family(
    *,
    actor: Any,
    transport: Transport,
    line: TransportLine,
    occurred_at: datetime | None = None,
    persons: Sequence[uuid.UUID] | None = None,
) -> TransportLine:
    """A family of the list has come, or those `persons` of it: they are checked in at the site.

    Places of members who did not come stay reserved, as for every check-in. Also for a family that
    was missed before, while its places are kept. The first one says that the vehicle is there.
    Checked in already: nothing happens. Raises Conflict `place_given_up`, and what `check_in`
    raises.
    """
    when = rules.check_moment("occurred_at", occurred_at or clock.now())
    with transaction.atomic():
        transport = lock_transport(transport.pk)
        rules.require_write(actor, transport.to_site)
        _arrived(transport, actor=actor, when=when)
        (line,) = lines_with_places(transport, LineState.values, only=[line.pk])
        _check_in(line, actor=actor, when=when, persons=persons)
    return line


def arrive_all(
    *, actor: Any, transport: Transport, occurred_at: datetime | None = None
) -> list[TransportLine]:
    """Everybody who left with it has come; the lines that were checked in now.

    All or nothing: raises what `arrive_family` raises for the first family that cannot be.
    """
    when = rules.check_moment("occurred_at", occurred_at or clock.now())
    with transaction.atomic():
        transport = lock_transport(transport.pk)
        rules.require_write(actor, transport.to_site)
        _arrived(transport, actor=actor, when=when)
        lines = lines_with_places(transport, [L.BOARDED])
        for line in lines:
            _check_in(line, actor=actor, when=when)
    return lines


def _arrived(transport: Transport, *, actor: Any, when: datetime) -> None:
    """The vehicle is there from now on, unless it was."""
    if transport.status == T.ARRIVED:
        return
    if not transport.may_become(T.ARRIVED):
        raise _wrong(transport, T.ARRIVED)
    if transport.departed_at is not None and when < transport.departed_at:
        detail = _("This is before the transport left. Compare both times.")
        problem = FieldProblem("occurred_at", "too_early", detail)
        raise InvalidInput("invalid", detail, problems=[problem])
    journeys.vehicle_came(transport, actor=actor, when=when)


def _check_in(
    line: TransportLine,
    *,
    actor: Any,
    when: datetime,
    persons: Sequence[uuid.UUID] | None = None,
) -> None:
    if line.state == L.ARRIVED:
        return
    if not line.may_become(L.ARRIVED):
        raise InvalidState(
            "wrong_state",
            _("%(family)s did not leave with this transport.")
            % {"family": line.target.household.reference},
            state=line.state,
        )
    if line.target.status not in RESERVED_STATUSES:
        raise Conflict(
            "place_given_up",
            _(
                "The place of %(family)s here was given up meanwhile. Place the family as one "
                "that has no place."
            )
            % {"family": line.target.household.reference},
        )
    # The list is written before: the check-in of a family that is on no list does not touch it.
    journeys.move_line(line, L.ARRIVED, arrived_at=when)
    placement = check_in(actor=actor, placement=line.target, occurred_at=when, persons=persons)
    here = sum(stay.state == StayState.PRESENT for stay in standing(placement))
    line.arrived_persons = min(here, line.persons)
    line.save(update_fields=["arrived_persons"])
    # Who was born or found on the way gets a place now; people who are there are not refused.
    household_changed(placement.household, actor)


def report_missing(
    *,
    actor: Any,
    transport: Transport,
    line: TransportLine,
    reason: str,
    keep_place: bool = False,
) -> TransportLine:
    """A family left with the transport and did not arrive: what is known of it.

    Its places at the site are free, or kept (`keep_place`) for when it comes after all; it then
    arrives as the others do. Free places leave it among the families that wait for a place. May be
    said anew when more is known. Raises InvalidInput `reason`, InvalidState, NotPermitted.
    """
    if reason not in MissingReason.values:
        detail = _("Choose one of: %(choices)s.") % {"choices": ", ".join(MissingReason.values)}
        raise InvalidInput(
            "invalid", detail, problems=[FieldProblem("reason", "invalid_choice", detail)]
        )
    with transaction.atomic():
        transport = lock_transport(transport.pk)
        rules.require_write(actor, transport.to_site)
        (line,) = lines_with_places(transport, LineState.values, only=[line.pk])
        if transport.departed_at is None or line.state not in (L.BOARDED, L.MISSING):
            raise InvalidState(
                "wrong_state",
                _("%(family)s is not on the road with this transport.")
                % {"family": line.target.household.reference},
                state=line.state,
            )
        now, moves = clock.now(), Moves()
        if line.state == L.MISSING:
            line.missing_reason = reason
            line.save(update_fields=["missing_reason"])
        else:
            journeys.move_line(line, L.MISSING, missing_reason=reason)
        if not keep_place and line.target.status in RESERVED_STATUSES:
            end_locked(
                line.target,
                S.NO_SHOW,
                actor=actor,
                occurred_at=now,
                moves=moves,
                reason="did_not_arrive",
            )
        journeys.tell(
            "transport.family_missing",
            transport,
            actor=actor,
            occurred_at=now,
            household=line.target.household.reference,
            persons=line.persons,
            reason=reason,
            place_kept=line.target.status in RESERVED_STATUSES,
        )
        moves.write()
    return line


# Both ----------------------------------------------------------------------------------------
def _advance(transport: Transport, to: str) -> None:
    if not transport.may_become(to):
        raise _wrong(transport, to)
    transport.status = to


def _wrong(transport: Transport, to: str) -> InvalidState:
    return InvalidState(
        "wrong_state",
        _("This transport is “%(now)s”; it cannot become “%(to)s”.")
        % {"now": transport.get_status_display(), "to": TransportStatus(to).label},
        state=transport.status,
    )
