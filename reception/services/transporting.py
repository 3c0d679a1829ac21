"""Planning a transport and its list: who travels where, with a seat and a place for everybody."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.models import Operation
from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput, InvalidState
from intake.models import EntryPoint, Household
from intake.references import format_reference
from reception.choices import (
    RESERVED_STATUSES,
    LineState,
    PlacementStatus,
    TransportStatus,
    VehicleKind,
)
from reception.errors import already_placed, refusals_as_errors
from reception.models import Placement, Site, Transport, TransportLine
from reception.policies import require_load
from reception.services import journeys, rules
from reception.services.counters import Moves
from reception.services.hard_rules import keep_hard_rules
from reception.services.locks import lock_open_placements
from reception.services.locks_transports import lines_with_places, lock_households, lock_transport
from reception.services.placing import check_people, new_placement

PREFIX = "TRN"
MOST_SEATS = 200
LONGEST_NOTE = 200
BEFORE_DEPARTURE = (TransportStatus.PLANNED, TransportStatus.LOADING)
S = PlacementStatus


@dataclass(frozen=True)
class Wanted:
    """A family to be put on a list, with what it needs on the way.

    `placement` says which part of a family that lives apart; without it the family's only place
    at the site where the transport begins. `wheelchairs` is how many of its people sit in one.
    """

    household: Household
    placement: Placement | None = None
    wheelchairs: int = 0
    step_free: bool = False
    escort: bool = False
    baggage: str = ""


def plan_transport(
    *,
    actor: Any,
    to_site: Site,
    planned_departure: datetime,
    vehicle: str,
    seats: int,
    from_site: Site | None = None,
    from_entry_point: EntryPoint | None = None,
    wheelchair_places: int = 0,
    contact: str = "",
    transport_id: uuid.UUID | None = None,
) -> Transport:
    """A transport without families yet, from a site or an entry point to a site.

    The actor places people at both ends. Sent again with the same `transport_id` the transport is
    returned as it is. Raises InvalidInput with the fields at fault, Conflict `conflict`,
    NotPermitted.
    """
    transport = Transport(
        from_site=from_site,
        from_entry_point=from_entry_point,
        to_site=to_site,
        vehicle=vehicle,
        seats=seats,
        wheelchair_places=wheelchair_places,
        planned_departure=clock.on_operation_clock(planned_departure),
        contact=contact,
        planned_by=actor,
    )
    if transport_id is not None:
        transport.id = transport_id
    _check_plan(transport)
    require_load(actor, transport)
    rules.require_write(actor, to_site)
    with transaction.atomic():
        if transport_id is not None and (made := _made_before(transport)):
            return made
        transport.reference = _next_reference()
        transport.save(force_insert=True)
        journeys.tell(
            "transport.planned", transport, actor=actor, occurred_at=clock.now(), seats=seats
        )
    return transport


def _made_before(transport: Transport) -> Transport | None:
    made = Transport.objects.filter(pk=transport.pk).first()
    same = ("from_site_id", "from_entry_point_id", "to_site_id")
    if made and any(getattr(made, name) != getattr(transport, name) for name in same):
        raise Conflict(
            "conflict", _("Another transport has this id. Send a new id with a new transport.")
        )
    return made


def _check_plan(transport: Transport) -> None:
    problems = []
    if (transport.from_site is None) == (transport.from_entry_point is None):
        detail = _("Choose where it begins: a site or an entry point.")
        problems.append(FieldProblem("from_site", "required", detail))
    if transport.from_site_id == transport.to_site_id:
        detail = _("A transport goes to another site.")
        problems.append(FieldProblem("to_site", "same_site", detail))
    if transport.vehicle not in VehicleKind.values:
        detail = _("Choose one of: %(choices)s.") % {"choices": ", ".join(VehicleKind.values)}
        problems.append(FieldProblem("vehicle", "invalid_choice", detail))
    for name, least in (("seats", 1), ("wheelchair_places", 0)):
        if not least <= getattr(transport, name) <= MOST_SEATS:
            detail = _("Write a number from %(least)d to %(most)d.") % {
                "least": least,
                "most": MOST_SEATS,
            }
            problems.append(FieldProblem(name, "out_of_range", detail))
    if len(transport.contact) > LONGEST_NOTE:
        detail = _("Write at most %(n)d letters.") % {"n": LONGEST_NOTE}
        problems.append(FieldProblem("contact", "too_long", detail))
    if problems:
        raise InvalidInput("invalid", str(problems[0].detail), problems=problems)


def _next_reference() -> str:
    """A reference such as TRN-21-000012-X, of the operation's present year."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('reception_transport_serial')")
        serial = int(cursor.fetchone()[0])
    return format_reference(PREFIX, clock.today(Operation.current().zone).year, serial)


def announce_to(*, actor: Any, placement: Placement, site: Site) -> Placement:
    """The family is to move to `site`: places wait there, and it keeps its own until it leaves.

    Without a transport: it goes by itself, or is put on a list later. Announced before to the same
    site, the places are returned as they are. The places at `site`; raises what `add_families`
    raises about them.
    """
    rules.require_write(actor, placement.site)
    rules.require_write(actor, site)
    with refusals_as_errors(site, needed=placement.places), transaction.atomic():
        household = lock_households([placement.household_id])[placement.household_id]
        held = lock_open_placements([household.pk])
        journey = Transport(from_site=placement.site, to_site=site)
        old = _leaves_from(journey, household, held, Wanted(household, placement))
        if old.site_id == site.pk:
            detail = _("The family is already placed at this site. Choose another one.")
            problem = FieldProblem("site", "same_site", detail)
            raise InvalidInput("invalid", detail, problems=[problem])
        moves = Moves()
        target = _waiting_at(journey, held, old)
        if target is None:
            target = _reserve(journey, household, old, actor, moves)
            _keep_waiting(old, target, actor=actor)
        moves.arrives_at(site.pk).write()
    return target


# The list ------------------------------------------------------------------------------------
def add_families(
    *, actor: Any, transport: Transport, families: Sequence[Wanted]
) -> list[TransportLine]:
    """Put families on the list: places at the target and seats for all of them, or nothing.

    A family at a site becomes transfer pending and keeps its places until it has left. One that is
    on this list already stays as it is. The actor places people at both ends. Raises
    CapacityExceeded (`capacity_exceeded`, `seats_exceeded`), Conflict (`already_on_a_list`,
    `already_on_its_way`, `already_placed`, `family_incomplete`, `interim_care_required`,
    `household_not_placeable`, `site_not_receiving`), InvalidInput, InvalidState, NotPermitted.
    """
    _check_wanted(families)
    size = sum(each.placement.places if each.placement else 0 for each in families)
    with (
        journeys.seat_refusals(transport),
        refusals_as_errors(transport.to_site, needed=size),
        transaction.atomic(),
    ):
        transport = lock_transport(transport.pk)
        require_load(actor, transport)
        rules.require_write(actor, transport.to_site)
        _require_before_departure(transport)
        households = lock_households(each.household.pk for each in families)
        held = lock_open_placements(households)
        moves, lines = Moves(), []
        for each in sorted(families, key=lambda family: family.household.pk):
            household = households[each.household.pk]
            theirs = [place for place in held if place.household_id == household.pk]
            lines.append(_list_family(transport, household, theirs, each, actor, moves))
        moves.arrives_at(transport.to_site_id).write()
    return lines


def _check_wanted(families: Sequence[Wanted]) -> None:
    problems = []
    if not families:
        problems.append(FieldProblem("families", "required", _("Choose at least one family.")))
    keys = [(each.household.pk, each.placement and each.placement.pk) for each in families]
    for number, each in enumerate(families):
        if keys.index(keys[number]) != number:
            detail = _("This family is named twice.")
            problems.append(FieldProblem(f"families.{number}", "repeated", detail))
        if each.wheelchairs < 0:
            detail = _("Write how many wheelchairs travel, 0 for none.")
            problems.append(FieldProblem(f"families.{number}.wheelchairs", "negative", detail))
        if len(each.baggage) > LONGEST_NOTE:
            detail = _("Write at most %(n)d letters.") % {"n": LONGEST_NOTE}
            problems.append(FieldProblem(f"families.{number}.baggage", "too_long", detail))
    if problems:
        raise InvalidInput("invalid", str(problems[0].detail), problems=problems)


def _list_family(
    transport: Transport,
    household: Household,
    held: list[Placement],
    wanted: Wanted,
    actor: Any,
    moves: Moves,
) -> TransportLine:
    """One family on the list of a locked transport; its household and placements are locked."""
    if transport.from_site is None:
        old, target, made = None, _held_at(transport, held), False
    else:
        old = _leaves_from(transport, household, held, wanted)
        target, made = _waiting_at(transport, held, old), False
    if target is not None and (line := _line_of(transport, target)):
        return line
    if target is None:
        target, made = _reserve(transport, household, old, actor, moves), True
    _keep_waiting(old, target, actor=actor)
    line = _seated(transport, old, target, wanted, made=made)
    journeys.tell(
        "transport.family_listed",
        transport,
        actor=actor,
        occurred_at=clock.now(),
        household=household.reference,
        persons=line.persons,
    )
    return line


def _keep_waiting(old: Placement | None, target: Placement, *, actor: Any) -> None:
    """No clock ends the target: it is kept until the family comes, stays or goes elsewhere."""
    if old is not None and old.status == S.CHECKED_IN:
        rules.advance(
            old,
            S.TRANSFER_PENDING,
            event="placement.transfer_announced",
            actor=actor,
            occurred_at=clock.now(),
        )
    target.reserved_until = None
    target.save(update_fields=["reserved_until"])


def _seated(
    transport: Transport,
    old: Placement | None,
    target: Placement,
    wanted: Wanted,
    *,
    made: bool,
) -> TransportLine:
    """The saved line of a family, with its seats."""
    line = TransportLine(
        transport=transport,
        placement=old,
        target=target,
        made_here=made,
        persons=target.places,
        wheelchairs=wanted.wheelchairs,
        step_free=wanted.step_free or wanted.wheelchairs > 0,
        escort=wanted.escort,
        baggage=wanted.baggage.strip(),
    )
    if line.wheelchairs > line.persons:
        detail = _("There cannot be more wheelchairs than persons.")
        problem = FieldProblem("wheelchairs", "out_of_range", detail)
        raise InvalidInput("invalid", detail, problems=[problem])
    line.save(force_insert=True)
    journeys.take_seats(transport, line.seats, line.wheelchairs)
    return line


def _line_of(transport: Transport, target: Placement) -> TransportLine | None:
    line = TransportLine.objects.open().filter(target=target).first()
    if line is not None and line.transport_id != transport.pk:
        raise journeys.on_another_list()
    return line


def _held_at(transport: Transport, held: list[Placement]) -> Placement | None:
    """The places that a family at an entry point has at the target already."""
    if not held:
        return None
    expected = [p for p in held if p.status in RESERVED_STATUSES]
    found = [p for p in expected if p.site_id == transport.to_site_id]
    if len(held) > 1 or not found:
        raise already_placed()
    return found[0]


def _leaves_from(
    transport: Transport, household: Household, held: list[Placement], wanted: Wanted
) -> Placement:
    """The placement that the family leaves, complete and at the site where the transport begins."""
    here = [p for p in held if p.site_id == transport.from_site_id and p.transfer_of_id is None]
    if wanted.placement is not None:
        here = [p for p in here if p.pk == wanted.placement.pk]
    if len(here) != 1:
        detail = (
            _("%(family)s lives apart here: choose which part travels.")
            if here
            else _("%(family)s has no place at the site where this transport begins.")
        ) % {"family": household.reference}
        problem = FieldProblem("families", "not_here", detail)
        raise InvalidInput("invalid", detail, problems=[problem])
    if here[0].status not in (S.CHECKED_IN, S.TRANSFER_PENDING):
        raise InvalidState(
            "wrong_state",
            _("%(family)s is “%(now)s” there; only a family that is present can travel.")
            % {"family": household.reference, "now": here[0].get_status_display()},
            state=here[0].status,
        )
    journeys.people_here(here[0])
    return here[0]


def _waiting_at(transport: Transport, held: list[Placement], old: Placement) -> Placement | None:
    """The places that wait for the family at the target already, by a transfer announced before."""
    found = [p for p in held if p.transfer_of_id == old.pk]
    if found and found[0].site_id != transport.to_site_id:
        raise Conflict(
            "already_on_its_way",
            _("Places are kept for this family at another site. Call that transfer off first."),
        )
    return found[0] if found else None


def _reserve(
    transport: Transport, household: Household, old: Placement | None, actor: Any, moves: Moves
) -> Placement:
    people = rules.members_here(household)
    if old is not None:
        theirs = journeys.people_here(old)
        people = [person for person in people if person.pk in theirs]
    check_people(people, transport.to_site)
    target, gains = new_placement(
        actor=actor,
        household=household,
        site=transport.to_site,
        status=S.RESERVED,
        persons=[person.pk for person in people],
        reserved_until=None,
        placement_id=None,
        note=keep_hard_rules(actor, household, transport.to_site),
        previous=old,
        part=old.part if old else 0,
        split_reason=old.split_reason if old else "",
        transfer_of=old,
    )
    moves.join(gains)
    rules.tell("placement.made", target, actor=actor, occurred_at=clock.now())
    return target


def remove_family(*, actor: Any, transport: Transport, line: TransportLine) -> TransportLine:
    """Take a family off the list before the transport leaves: it stays where it is.

    The places that were taken at the target for this journey are free. Off already: nothing
    happens. Raises InvalidState, NotPermitted.
    """
    with transaction.atomic():
        transport = lock_transport(transport.pk)
        require_load(actor, transport)
        (line,) = lines_with_places(transport, LineState.values, only=[line.pk])
        if line.state == LineState.REMOVED:
            return line
        _require_before_departure(transport)
        moves = Moves()
        _take_off(line, actor=actor, moves=moves)
        moves.write()
    return line


def cancel_transport(*, actor: Any, transport: Transport, reason: str) -> Transport:
    """It does not take place: every family stays where it is, its places elsewhere are free.

    Cancelled already: nothing happens. Raises InvalidInput `reason`, InvalidState once it has
    left, NotPermitted.
    """
    reason = reason.strip()[:LONGEST_NOTE]
    if not reason:
        detail = _("Say why the transport does not take place.")
        raise InvalidInput("invalid", detail, problems=[FieldProblem("reason", "required", detail)])
    with transaction.atomic():
        transport = lock_transport(transport.pk)
        require_load(actor, transport)
        if transport.status == TransportStatus.CANCELLED:
            return transport
        _require_before_departure(transport)
        moves = Moves()
        lines = lines_with_places(transport, (LineState.LISTED, LineState.BOARDED))
        for line in lines:
            _take_off(line, actor=actor, moves=moves)
        transport.status = TransportStatus.CANCELLED
        transport.cancelled_reason = reason
        transport.save(update_fields=["status", "cancelled_reason"])
        journeys.tell(
            "transport.cancelled",
            transport,
            actor=actor,
            occurred_at=clock.now(),
            families=len(lines),
        )
        moves.write()
    return transport


def _take_off(line: TransportLine, *, actor: Any, moves: Moves) -> None:
    journeys.stay_where_it_is(
        line, actor=actor, when=clock.now(), moves=moves, reason="taken_off_transport"
    )
    journeys.move_line(line, LineState.REMOVED)
    journeys.tell(
        "transport.family_removed",
        line.transport,
        actor=actor,
        occurred_at=clock.now(),
        household=line.target.household.reference,
        persons=line.persons,
    )


def _require_before_departure(transport: Transport) -> None:
    if transport.status not in BEFORE_DEPARTURE:
        raise InvalidState(
            "wrong_state",
            _("This transport is “%(now)s”: its list cannot be changed any more.")
            % {"now": transport.get_status_display()},
            state=transport.status,
        )
