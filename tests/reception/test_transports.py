"""A transport from the plan to the arrival: nobody is lost, no place and no seat is held twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
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
from reception.models import Placement, Site, Transport, TransportLine
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
from tests.factories.transports import families_at, listed, make_transport, on_the_road

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    yield operation
    assert counter_drifts() == []


@pytest.fixture
def officer():
    return make_officer(username="petra")


@pytest.fixture
def here():
    return make_site(places=20)


@pytest.fixture
def there():
    return make_site(places=20)


def now_of(row):
    return type(row).objects.get(pk=row.pk)


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


# Coming --------------------------------------------------------------------------------------
def test_family_by_family_is_checked_in(officer, here, there):
    transport = make_transport(here, there, by=officer)
    first, second = on_the_road(transport, families_at(here, 3, 2))
    assert (now_of(here).present, now_of(there).reserved) == (0, 5)
    for _n in range(2):
        travelling.arrive_family(actor=officer, transport=transport, line=first)
    assert now_of(first.target).status == "checked_in"
    assert (now_of(there).present, now_of(there).reserved) == (3, 2)
    assert list(Transport.objects.with_somebody_missing()) == [transport]
    assert travelling.arrive_all(actor=officer, transport=transport) == [second]
    assert travelling.arrive_all(actor=officer, transport=transport) == []
    assert (now_of(there).present, now_of(there).reserved) == (5, 0)
    assert not Transport.objects.with_somebody_missing().exists()


def test_a_part_of_a_family_comes_and_the_rest_stays_expected(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (line,) = on_the_road(transport, families_at(here, 3))
    some = [person.pk for person in line.target.household.members.all()[:2]]
    travelling.arrive_family(actor=officer, transport=transport, line=line, persons=some)
    assert (now_of(line).state, now_of(line).arrived_persons) == ("arrived", 2)
    assert (now_of(there).present, now_of(there).reserved) == (2, 1)


def test_a_child_born_on_the_road_has_a_place_on_arrival(officer, here):
    there = make_site(places=2)
    transport = make_transport(here, there, by=officer)
    families = families_at(here, 2)
    (line,) = listed(transport, families)
    travelling.board(actor=officer, transport=transport, line=line)
    add_member(families[0].household, age=0)
    services.household_changed(families[0].household, officer)
    travelling.depart(actor=officer, transport=transport)
    travelling.arrive_family(actor=officer, transport=transport, line=line)
    assert (now_of(there).present, now_of(there).overflow) == (3, 1)
    assert now_of(here).present == 0


@pytest.mark.parametrize("keep", [True, False])
def test_who_left_and_did_not_come_is_listed_until_somebody_says_why(officer, here, there, keep):
    transport = make_transport(here, there, by=officer)
    (line,) = on_the_road(transport, families_at(here, 3))
    travelling.arrive(actor=officer, transport=transport)
    assert list(Transport.objects.with_somebody_missing()) == [transport]
    with pytest.raises(InvalidInput):
        travelling.report_missing(actor=officer, transport=transport, line=line, reason="fishing")
    travelling.report_missing(
        actor=officer, transport=transport, line=line, reason="hospital", keep_place=keep
    )
    assert not Transport.objects.with_somebody_missing().exists()
    assert now_of(line.target).status == ("confirmed" if keep else "no_show")
    assert now_of(there).reserved == (3 if keep else 0)
    assert Event.objects.get(kind="transport.family_missing").data["reason"] == "hospital"
    if keep:
        travelling.arrive_family(actor=officer, transport=transport, line=line)
        assert now_of(line.target).status == "checked_in"
    else:
        with pytest.raises(Conflict, match="place_given_up"):
            travelling.arrive_family(actor=officer, transport=transport, line=line)


def test_times_must_fit_together(officer, here, there):
    transport = make_transport(here, there, by=officer)
    on_the_road(transport, families_at(here, 1))
    for when in (clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1)):
        with pytest.raises(InvalidInput) as refused:
            travelling.arrive(actor=officer, transport=transport, occurred_at=when)
        assert refused.value.problems[0].field == "occurred_at"


def test_steps_out_of_order_are_refused(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (line,) = listed(transport, families_at(here, 1))
    for step in (travelling.arrive, travelling.arrive_all, travelling.depart):
        with pytest.raises(InvalidState):
            step(actor=officer, transport=transport)
    travelling.board(actor=officer, transport=transport, line=line)
    travelling.depart(actor=officer, transport=transport)
    with pytest.raises(InvalidState):
        transporting.remove_family(actor=officer, transport=transport, line=line)
    with pytest.raises(InvalidState):
        transporting.cancel_transport(actor=officer, transport=transport, reason="snow")
    with pytest.raises(InvalidState):
        travelling.start_loading(actor=officer, transport=transport)


def test_each_end_does_its_part_and_no_other(alice, omar, carol, officer, here, there):
    transport = make_transport(here, there, by=officer)
    sender, receiver = make_manager(here), make_manager(there)
    (line,) = listed(transport, families_at(here, 2))
    common = {"transport": transport, "line": line}
    for actor in (receiver, alice, omar, carol, make_manager(make_site())):
        with pytest.raises(NotPermitted):
            travelling.board(actor=actor, **common)
        with pytest.raises(NotPermitted):
            transporting.remove_family(actor=actor, **common)
        with pytest.raises(NotPermitted):
            travelling.depart(actor=actor, transport=transport)
        with pytest.raises(NotPermitted):
            transporting.cancel_transport(actor=actor, transport=transport, reason="snow")
    travelling.board(actor=sender, **common)
    travelling.depart(actor=sender, transport=transport)
    for actor in (sender, alice, omar, carol):
        with pytest.raises(NotPermitted):
            travelling.arrive_family(actor=actor, **common)
        with pytest.raises(NotPermitted):
            travelling.report_missing(actor=actor, reason="hospital", **common)
    travelling.arrive_family(actor=receiver, **common)
    assert now_of(line).state == "arrived"


def test_a_hidden_target_is_visible_to_few_and_named_by_no_event(officer, dana, here):
    secret = make_site("SECRET-1", hidden=True)
    transport = make_transport(here, secret, by=dana)
    (family,) = families_at(here, 2)
    wanted = [Wanted(family.household, family)]
    transporting.add_families(actor=dana, transport=transport, families=wanted)
    sender = make_manager(here)
    assert list(Transport.objects.visible_to(sender)) == [transport]
    assert not Transport.objects.visible_to(make_manager(make_site())).exists()
    line = transport.lines.get()
    assert not Placement.objects.visible_to(sender).filter(pk=line.target_id).exists()
    add_member(family.household)
    Site.objects.filter(pk=secret.pk).update(capacity=2)
    services.household_changed(family.household, dana)
    with pytest.raises(CapacityExceeded) as refused:
        travelling.board(actor=sender, transport=transport, line=line)
    assert secret.name not in refused.value.message
    for event in Event.objects.filter(kind__startswith="transport."):
        assert "SECRET" not in str(event.data)


# What the database refuses -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"seats_taken": 21}, "transport_seats_within_vehicle"),
        ({"wheelchairs_taken": 1}, "transport_wheelchairs_within_vehicle"),
        ({"from_site": None}, "transport_begins_at_one_place"),
        ({"status": "departed"}, "transport_departed_has_a_time"),
        ({"arrived_at": "2021-07-04T00:00Z"}, "transport_arrived_has_a_time"),
    ],
)
def test_the_database_refuses_what_no_service_does(here, there, changes, name):
    transport = make_transport(here, there)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Transport.objects.filter(pk=transport.pk).update(**changes)


def test_the_database_refuses_an_arrival_before_the_departure_and_the_same_place(here, there):
    transport = make_transport(here, there)
    at = clock.now()
    wrong = {"status": "arrived", "departed_at": at, "arrived_at": at - timedelta(minutes=1)}
    for changes, name in (
        (wrong, "transport_arrives_after_it_departed"),
        ({"to_site": here}, "transport_goes_to_another_site"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Transport.objects.filter(pk=transport.pk).update(**changes)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"persons": 0}, "transport_line_persons_with_wheelchairs"),
        ({"wheelchairs": 3}, "transport_line_persons_with_wheelchairs"),
        ({"arrived_persons": 3}, "transport_line_not_more_arrive_than_left"),
        ({"state": "boarded"}, "transport_line_on_board_has_a_time"),
        ({"arrived_at": "2021-07-04T00:00Z"}, "transport_line_arrived_has_a_time"),
        ({"state": "left_behind"}, "transport_line_left_behind_has_a_reason"),
        (
            {"state": "missing", "boarded_at": "2021-07-04T00:00Z"},
            "transport_line_missing_has_a_reason",
        ),
    ],
)
def test_the_database_refuses_lines_that_no_service_writes(here, there, changes, name):
    (line,) = listed(make_transport(here, there), families_at(here, 2))
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        TransportLine.objects.filter(pk=line.pk).update(**changes)


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


# Beside the list -----------------------------------------------------------------------------
@pytest.mark.parametrize("departed", [False, True])
def test_a_family_that_is_checked_in_without_the_list_is_taken_off_it(
    officer, here, there, departed
):
    transport = make_transport(here, there, by=officer)
    families = families_at(here, 2)
    (line,) = (on_the_road if departed else listed)(transport, families)
    came = services.check_in(actor=officer, placement=now_of(line.target))
    assert (came.transfer_of, now_of(families[0]).status) == (None, "checked_out")
    assert now_of(line).state == ("arrived" if departed else "removed")
    assert (now_of(here).present, now_of(there).present, now_of(there).reserved) == (0, 2, 0)
    assert now_of(transport).seats_taken == (2 if departed else 0)


def test_a_family_that_leaves_without_the_bus_keeps_the_place_that_waits(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (family,) = families_at(here, 2)
    (line,) = listed(transport, [family])
    services.check_out(actor=officer, placement=family)
    assert (now_of(line.target).status, now_of(line.target).transfer_of) == ("confirmed", None)
    transporting.remove_family(actor=officer, transport=transport, line=line)
    assert now_of(line.target).status == "confirmed"
    assert now_of(transport).seats_taken == 0


@pytest.mark.parametrize("how", ["return", "transfer", "all_left"])
def test_a_transfer_that_is_off_frees_the_places_that_waited(officer, here, there, how):
    transport = make_transport(here, there, by=officer)
    (family,) = families_at(here, 2)
    (line,) = listed(transport, [family])
    if how == "return":
        services.record_return(actor=officer, placement=family)
    elif how == "transfer":
        services.transfer_placement(actor=officer, placement=family, site=make_site())
    else:
        for person in family.household.members.all():
            take_out(person)
        services.household_changed(family.household, officer)
    assert now_of(line.target).status == "cancelled"
    assert now_of(there).reserved == 0
    with pytest.raises(Conflict, match="not_on_the_list"):
        travelling.board(actor=officer, transport=transport, line=line)
    transporting.remove_family(actor=officer, transport=transport, line=line)
    assert now_of(transport).seats_taken == 0
