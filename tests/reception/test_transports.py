"""A transport from the plan to the arrival: nobody is lost, no place and no seat is held twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import Event
from common import clock
from common.errors import (
    CapacityExceeded,
    Conflict,
    DomainError,
    InvalidInput,
    InvalidState,
    NotPermitted,
)
from common.ids import new_id
from reception import services
from reception.models import Transport, TransportLine
from reception.selectors import counter_drifts
from reception.services import transporting, travelling
from reception.services.transporting import Wanted
from tests.factories.intake import make_entry_point
from tests.factories.reception import (
    add_member,
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
    take_out,
)
from tests.factories.transports import families_at, listed, make_transport, now_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    yield operation
    assert counter_drifts() == []


@pytest.fixture
def officer():
    return make_officer(username="petra")


# Planning ------------------------------------------------------------------------------------
def test_a_planned_transport_has_a_reference_and_free_seats(officer, here, there):
    transport = make_transport(here, there, by=officer, seats=12, contact="Somebody, 900")
    assert transport.reference.startswith("TRN-")
    assert (transport.status, transport.seats_left) == ("planned", 12)
    assert "Somebody" not in str(Event.objects.get(kind="transport.planned").data)


def test_sent_again_nothing_is_planned_twice(officer, here, there):
    pk = new_id()
    for _n in range(2):
        made = make_transport(here, there, by=officer, transport_id=pk)
    assert (made.pk, Transport.objects.count()) == (pk, 1)
    with pytest.raises(Conflict, match="conflict"):
        make_transport(there, here, by=officer, transport_id=pk)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"seats": 0}, "seats"),
        ({"wheelchair_places": 500}, "wheelchair_places"),
        ({"contact": "x" * 201}, "contact"),
    ],
)
def test_a_plan_that_makes_no_sense_names_the_field(officer, here, there, fields, field):
    with pytest.raises(InvalidInput) as refused:
        make_transport(here, there, by=officer, **fields)
    assert refused.value.problems[0].field == field


def test_it_goes_to_another_place(officer, here):
    with pytest.raises(InvalidInput) as refused:
        make_transport(here, here, by=officer)
    assert refused.value.problems[0].field == "to_site"


def test_only_who_places_people_at_both_ends_plans(alice, omar, carol, here, there):
    for actor in (alice, omar, carol, make_manager(here), make_manager(there)):
        with pytest.raises(NotPermitted):
            make_transport(here, there, by=actor)


# The list ------------------------------------------------------------------------------------
def test_a_family_on_the_list_holds_its_place_and_one_at_the_target(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (family,) = families_at(here, 4)
    (line,) = listed(transport, [family])
    assert now_of(family).status == "transfer_pending"
    assert (line.target.status, line.target.transfer_of) == ("reserved", family)
    assert line.target.reserved_until is None
    assert (now_of(here).present, now_of(there).reserved) == (4, 4)
    assert now_of(transport).seats_left == 16
    assert services.expire_reservations(clock.now() + timedelta(days=30)) == 0


def test_on_the_list_twice_is_on_it_once(officer, here, there):
    transport = make_transport(here, there, by=officer)
    families = families_at(here, 2)
    first, again = listed(transport, families), listed(transport, families)
    assert first == again
    assert now_of(transport).seats_taken == 2


def test_places_and_seats_for_all_or_nothing(officer, here):
    for there, seats, code in (
        (make_site(places=5), 20, "capacity_exceeded"),
        (make_site(places=20), 5, "seats_exceeded"),
    ):
        transport = make_transport(here, there, by=officer, seats=seats)
        families = families_at(here, 3, 3)
        with pytest.raises(CapacityExceeded) as refused:
            listed(transport, families)
        assert refused.value.code == code
        assert (now_of(there).reserved, now_of(transport).seats_taken) == (0, 0)
        assert [now_of(each).status for each in families] == ["checked_in", "checked_in"]


def test_wheelchairs_have_places_of_their_own(officer, here, there):
    transport = make_transport(here, there, by=officer, seats=2, wheelchair_places=1)
    first, second = families_at(here, 3, 1)
    wanted = Wanted(first.household, first, wheelchairs=1)
    (line,) = transporting.add_families(actor=officer, transport=transport, families=[wanted])
    assert line.step_free
    assert (now_of(transport).seats_left, now_of(transport).wheelchair_places_left) == (0, 0)
    wanted = Wanted(second.household, second, wheelchairs=1)
    with pytest.raises(CapacityExceeded):
        transporting.add_families(actor=officer, transport=transport, families=[wanted])
    assert now_of(second).status == "checked_in"


def test_a_family_is_on_one_list_only(officer, here, there):
    (family,) = families_at(here, 2)
    listed(make_transport(here, there, by=officer), [family])
    with pytest.raises(Conflict, match="already_on_a_list"):
        listed(make_transport(here, there, by=officer), [family])
    with pytest.raises(Conflict, match="already_on_its_way"):
        listed(make_transport(here, make_site(), by=officer), [family])


def test_a_family_of_whom_somebody_is_away_waits(officer, here, there):
    (family,) = families_at(here, 3)
    person = family.household.members.first()
    services.record_absence(actor=officer, placement=family, reason="hospital", persons=[person.pk])
    with pytest.raises(Conflict, match="family_incomplete"):
        listed(make_transport(here, there, by=officer), [family])


@pytest.mark.parametrize("status", ["reserved", "absent", "checked_out"])
def test_only_who_is_there_travels(officer, here, there, status):
    family = make_placement(here, status=status)
    with pytest.raises(DomainError):
        listed(make_transport(here, there, by=officer), [family])
    assert not TransportLine.objects.exists()


def test_children_alone_go_where_care_is(officer, here, there):
    carers = make_site(interim_care=True)
    family = make_placement(carers, status="checked_in", household=make_household_of(1, ages=[9]))
    with pytest.raises(Conflict, match="interim_care_required"):
        listed(make_transport(carers, there, by=officer), [family])


def test_taken_off_the_list_a_family_stays_where_it_is(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (family,) = families_at(here, 2)
    (line,) = listed(transport, [family])
    for _n in range(2):
        transporting.remove_family(actor=officer, transport=transport, line=line)
    assert (now_of(family).status, now_of(line.target).status) == ("checked_in", "cancelled")
    assert (now_of(there).reserved, now_of(transport).seats_taken) == (0, 0)


def test_a_cancelled_transport_leaves_everybody_where_they_are(officer, here, there):
    transport = make_transport(here, there, by=officer)
    families = families_at(here, 2, 3)
    lines = listed(transport, families)
    travelling.board(actor=officer, transport=transport, line=lines[0])
    with pytest.raises(InvalidInput):
        transporting.cancel_transport(actor=officer, transport=transport, reason=" ")
    for _n in range(2):
        gone = transporting.cancel_transport(actor=officer, transport=transport, reason="snow")
    assert (gone.status, gone.seats_taken) == ("cancelled", 0)
    assert {now_of(each).status for each in families} == {"checked_in"}
    assert (now_of(here).present, now_of(there).reserved) == (5, 0)
    with pytest.raises(InvalidState):
        listed(transport, families)


# Boarding and leaving ------------------------------------------------------------------------
def test_a_family_boards_whole_or_not(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (line,) = listed(transport, families_at(here, 3))
    with pytest.raises(Conflict) as refused:
        travelling.board(actor=officer, transport=transport, line=line, persons=2)
    assert (refused.value.code, refused.value.details) == ("family_incomplete", {"persons": 3})
    assert now_of(transport).status == "planned"
    for _n in range(2):
        travelling.board(actor=officer, transport=transport, line=line, persons=3)
    assert (now_of(line).state, now_of(transport).status) == ("boarded", "loading")


def test_who_boarded_travels_and_who_did_not_keeps_the_place(officer, here, there):
    transport = make_transport(here, there, by=officer)
    travels, stays = families_at(here, 4, 2)
    first, second = listed(transport, [travels, stays])
    travelling.board(actor=officer, transport=transport, line=first)
    for _n in range(2):
        travelling.depart(actor=officer, transport=transport, stayed_behind={second.pk: "refused"})
    assert (now_of(travels).status, now_of(first.target).status) == ("checked_out", "confirmed")
    assert (now_of(first.target).transfer_of, now_of(first.target).previous) == (None, travels)
    assert (now_of(stays).status, now_of(second.target).status) == ("checked_in", "cancelled")
    assert (now_of(second).state, now_of(second).stayed_behind) == ("left_behind", "refused")
    assert (now_of(here).present, now_of(there).reserved) == (2, 4)
    assert now_of(transport).seats_taken == 4
    event = Event.objects.get(kind="transport.departed")
    assert event.data | {"persons": 4, "families": 1, "stayed_behind": 1} == event.data


def test_nobody_on_board_does_not_leave(officer, here, there):
    transport = make_transport(here, there, by=officer)
    listed(transport, families_at(here, 2))
    with pytest.raises(InvalidState):
        travelling.depart(actor=officer, transport=transport)
    travelling.start_loading(actor=officer, transport=transport)
    with pytest.raises(InvalidState, match="nobody_on_board"):
        travelling.depart(actor=officer, transport=transport)


def test_a_family_that_got_off_again_stays(officer, here, there):
    transport = make_transport(here, there, by=officer)
    family, other = families_at(here, 2, 2)
    line, kept = listed(transport, [family, other])
    for each in (line, kept):
        travelling.board(actor=officer, transport=transport, line=each)
    travelling.take_off_board(actor=officer, transport=transport, line=line)
    travelling.depart(actor=officer, transport=transport)
    assert (now_of(family).status, now_of(line).state) == ("checked_in", "left_behind")


def test_a_child_born_since_gets_a_seat_and_a_place(officer, here, there):
    transport = make_transport(here, there, by=officer, seats=3)
    (family,) = families_at(here, 2)
    (line,) = listed(transport, [family])
    add_member(family.household, age=0)
    services.household_changed(family.household, officer)
    travelling.board(actor=officer, transport=transport, line=line)
    assert (now_of(line).persons, now_of(line.target).places) == (3, 3)
    assert (now_of(transport).seats_left, now_of(there).reserved) == (0, 3)


def test_one_who_left_the_family_frees_a_seat(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (family,) = families_at(here, 3)
    (line,) = listed(transport, [family])
    take_out(family.household.members.last())
    services.household_changed(family.household, officer)
    travelling.board(actor=officer, transport=transport, line=line)
    assert (now_of(line).persons, now_of(transport).seats_taken) == (2, 2)
    assert (now_of(there).reserved, now_of(here).present) == (2, 2)


def test_a_family_whose_place_changed_is_named_before_the_bus_leaves(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (family,) = families_at(here, 3)
    (line,) = listed(transport, [family])
    travelling.board(actor=officer, transport=transport, line=line)
    services.cancel_placement(actor=officer, placement=line.target)
    with pytest.raises(Conflict, match="not_on_the_list") as refused:
        travelling.depart(actor=officer, transport=transport)
    assert family.household.reference in refused.value.message
    assert (now_of(transport).status, now_of(family).status) == ("loading", "transfer_pending")


def test_from_an_entry_point_families_without_a_place_travel(officer, there):
    point = make_entry_point("TEM")
    transport = make_transport(None, there, by=officer, from_entry_point=point)
    new, expected = make_household_of(3), make_placement(there, size=2)
    before = now_of(expected).reserved_until
    lines = transporting.add_families(
        actor=officer, transport=transport, families=[Wanted(new), Wanted(expected.household)]
    )
    assert now_of(there).reserved == 5
    assert before is not None
    assert now_of(expected).reserved_until is None
    placed = make_placement(make_site(), size=1)
    with pytest.raises(Conflict, match="already_placed"):
        transporting.add_families(
            actor=officer, transport=transport, families=[Wanted(placed.household)]
        )
    travelling.board(actor=officer, transport=transport, line=lines[0])
    travelling.depart(actor=officer, transport=transport)
    for line in lines:
        # A place that was given before the journey is kept, with an end again.
        stays = "reserved" if line.target_id == expected.pk else "cancelled"
        assert now_of(line.target).status == ("confirmed" if line == lines[0] else stays)


# Nobody is lost ------------------------------------------------------------------------------
STEPS = ("list", "remove", "board", "get_off", "depart", "arrive", "arrive_all", "cancel")


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=4),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3)), max_size=14),
)
def test_whatever_is_done_everybody_is_somewhere(officer, sizes, steps):
    with transaction.atomic():
        _everybody_is_somewhere(officer, sizes, steps)
        transaction.set_rollback(True)


def _everybody_is_somewhere(officer, sizes, steps):
    here, there = make_site(places=16), make_site(places=8)
    transport = make_transport(here, there, by=officer, seats=9)
    families = families_at(here, *sizes)
    for step, number in steps:
        family = families[number % len(families)]
        try:
            with transaction.atomic():
                _step(step, officer, transport, family)
        except DomainError:
            pass
        _count(here, there, transport, sum(sizes))


def _step(step, officer, transport, family):
    line = TransportLine.objects.filter(placement=family).order_by("-pk").first()
    common = {"actor": officer, "transport": transport}
    if step == "list":
        listed(transport, [family], by=officer)
    elif step == "depart":
        travelling.depart(**common)
    elif step == "arrive_all":
        travelling.arrive_all(**common)
    elif step == "cancel":
        transporting.cancel_transport(**common, reason="snow")
    elif line is not None:
        service = {
            "remove": transporting.remove_family,
            "board": travelling.board,
            "get_off": travelling.take_off_board,
            "arrive": travelling.arrive_family,
        }[step]
        service(**common, line=line)


def _count(here, there, transport, everybody):
    transport = now_of(transport)
    here, there = now_of(here), now_of(there)
    open_lines = list(transport.lines.exclude(state__in=("removed", "left_behind")))
    on_the_road = sum(
        line.persons for line in open_lines if line.state == "boarded" and transport.departed_at
    )
    assert here.present + on_the_road + there.present == everybody
    assert transport.seats_taken == sum(line.persons for line in open_lines) <= transport.seats
    assert there.reserved == sum(line.persons for line in open_lines if line.state != "arrived")
    assert here.reserved == 0
    assert counter_drifts() == []
