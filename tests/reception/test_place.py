"""Placing households: whole families, only where they fit, only who may be placed."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from common import clock
from common.errors import CapacityExceeded, Conflict, InvalidInput, NotPermitted
from common.ids import new_id
from intake.choices import HouseholdStatus
from intake.models import Household, Person
from reception.choices import OPEN_STATUSES, PlacementStatus, SiteStatus
from reception.models import Placement, Site
from reception.selectors import (
    counter_drifts,
    occupancy,
    site_table,
    unplaced_households,
    unplaced_persons,
)
from reception.services import check_in, place_household, place_once
from tests.factories.reception import (
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
    take_out,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def officer():
    return make_officer(username="petra")


def now_of(site: Site) -> Site:
    return Site.objects.get(pk=site.pk)


def test_a_family_gets_one_place_each_for_a_day(officer):
    site, household = make_site(places=10), make_household_of(4)
    before = clock.now()
    placement = place_household(actor=officer, household=household, site=site, note="by the stove")
    assert (placement.places, placement.status) == (4, "reserved")
    assert timedelta(0) <= placement.reserved_until - before - timedelta(hours=24) < timedelta(1)
    assert (now_of(site).reserved, now_of(site).present, now_of(site).free) == (4, 0, 6)
    assert Placement.objects.get().note == "by the stove"
    event = Event.objects.get(kind="placement.made")
    assert event.data == {
        "household": household.reference,
        "site": site.code,
        "status": "reserved",
        "places": 4,
    }


def test_checked_in_at_once_counts_as_present(officer):
    site = make_site(places=10)
    placement = place_household(
        actor=officer, household=make_household_of(3), site=site, status="checked_in"
    )
    assert placement.checked_in_at is not None
    assert placement.reserved_until is None
    assert (now_of(site).reserved, now_of(site).present) == (0, 3)


def test_a_family_that_does_not_fit_is_refused_whole(officer):
    site = make_site(places=5)
    make_placement(site, size=3)
    household = make_household_of(3)
    with pytest.raises(CapacityExceeded) as refused:
        place_household(actor=officer, household=household, site=site)
    assert (refused.value.code, refused.value.details) == (
        "capacity_exceeded",
        {"free": 2, "needed": 3},
    )
    assert not household.placements.exists()
    assert now_of(site).reserved == 3
    assert Event.objects.filter(kind="placement.made").count() == 1


def test_a_household_has_one_place(officer):
    household = make_household_of(2)
    make_placement(make_site(), household=household)
    other = make_site()
    with pytest.raises(Conflict) as refused:
        place_household(actor=officer, household=household, site=other)
    assert refused.value.code == "already_placed"
    assert now_of(other).reserved == 0


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_the_database_itself_refuses_a_second_open_placement(status, officer):
    placement = make_placement(make_site())
    with (
        pytest.raises(IntegrityError, match="placement_one_open_per_household"),
        transaction.atomic(),
    ):
        Placement.objects.create(
            household=placement.household,
            site=make_site(),
            status=status,
            places=1,
            placed_by=officer,
        )


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"places": 0}, "placement_holds_places"),
        ({"status": "checked_out"}, "placement_ended_has_a_time"),
        ({"ended_at": clock.now()}, "placement_ended_has_a_time"),
    ],
)
def test_the_database_refuses_placements_that_cannot_be(fields, constraint):
    placement = make_placement(make_site())
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Placement.objects.filter(pk=placement.pk).update(**fields)


def test_who_left_or_is_held_separately_has_no_place(officer):
    household = make_household_of(4)
    take_out(household.members.last(), "separated_authority")
    site = make_site(places=10)
    assert place_household(actor=officer, household=household, site=site).places == 3


def _closed(household):
    Household.objects.filter(pk=household.pk).update(status=HouseholdStatus.CLOSED)


def _all_separated(household):
    for person in household.members.all():
        take_out(person, "separated_authority")


@pytest.mark.parametrize("spoil", [_closed, _all_separated, lambda h: h.members.all().delete()])
def test_a_household_that_cannot_be_placed_is_refused(officer, spoil):
    household, site = make_household_of(2), make_site()
    spoil(household)
    with pytest.raises(Conflict) as refused:
        place_household(actor=officer, household=household, site=site)
    assert refused.value.code == "household_not_placeable"
    assert (now_of(site).reserved, Placement.objects.count()) == (0, 0)


@pytest.mark.parametrize("status", sorted(set(SiteStatus.values) - {SiteStatus.OPEN}))
def test_a_site_that_is_not_open_receives_nobody(officer, status):
    site = make_site(status=status)
    with pytest.raises(Conflict) as refused:
        place_household(actor=officer, household=make_household_of(2), site=site)
    assert refused.value.code == "site_not_receiving"
    assert (now_of(site).reserved, Placement.objects.count()) == (0, 0)


def test_the_site_is_judged_as_it_is_now_and_not_as_it_was_read(officer):
    read = make_site()
    Site.objects.filter(pk=read.pk).update(status=SiteStatus.FULL)
    with pytest.raises(Conflict, match="site_not_receiving"):
        place_household(actor=officer, household=make_household_of(2), site=read)


def test_children_alone_go_only_where_interim_care_is(officer):
    children = make_household_of(2, ages=[15, 9])
    plain, caring = make_site(), make_site(interim_care=True)
    with pytest.raises(Conflict) as refused:
        place_household(actor=officer, household=children, site=plain)
    assert refused.value.code == "interim_care_required"
    assert place_household(actor=officer, household=children, site=caring).places == 2


def test_who_may_be_under_18_counts_as_a_child(officer):
    household = make_household_of(1)
    today = clock.now().date()
    Person.objects.filter(household=household).update(
        birth_earliest=today - timedelta(days=365 * 21),
        birth_latest=today - timedelta(days=365 * 16),
    )
    with pytest.raises(Conflict, match="interim_care_required"):
        place_household(actor=officer, household=household, site=make_site())


def test_an_adult_in_the_family_is_care(officer):
    family = make_household_of(3, ages=[22, 9, 4])
    assert place_household(actor=officer, household=family, site=make_site()).places == 3


def test_the_same_id_again_makes_nothing(officer):
    site, household, pk = make_site(), make_household_of(3), new_id()
    first, made = place_once(actor=officer, household=household, site=site, placement_id=pk)
    check_in(actor=officer, placement=first)
    again, made_again = place_once(actor=officer, household=household, site=site, placement_id=pk)
    assert (made, made_again) == (True, False)
    assert (again.pk, again.status) == (pk, "checked_in")
    assert now_of(site).taken == 3


def test_the_same_id_for_something_else_is_a_conflict(officer):
    site, pk = make_site(), new_id()
    place_household(actor=officer, household=make_household_of(1), site=site, placement_id=pk)
    with pytest.raises(Conflict) as refused:
        place_household(actor=officer, household=make_household_of(1), site=site, placement_id=pk)
    assert refused.value.code == "conflict"
    assert now_of(site).reserved == 1


@pytest.mark.parametrize(
    "status", sorted(set(PlacementStatus.values) - {"reserved", "confirmed", "checked_in"})
)
def test_a_placement_cannot_begin_in_the_middle(officer, status):
    with pytest.raises(InvalidInput) as refused:
        place_household(
            actor=officer, household=make_household_of(1), site=make_site(), status=status
        )
    assert refused.value.problems[0].field == "status"


def test_a_reservation_ends_in_the_future(officer):
    with pytest.raises(InvalidInput) as refused:
        place_household(
            actor=officer,
            household=make_household_of(1),
            site=make_site(),
            reserved_until=clock.now() - timedelta(seconds=1),
        )
    assert refused.value.problems[0].field == "reserved_until"


def test_a_manager_places_at_the_own_site_only(alice, omar):
    mine, other = make_site(), make_site()
    manager = make_manager(mine)
    household = make_household_of(2)
    for actor in (manager, alice, omar):
        with pytest.raises(NotPermitted):
            place_household(actor=actor, household=household, site=other)
    assert not Placement.objects.exists()
    assert place_household(actor=manager, household=household, site=mine).site == mine


def test_a_hidden_site_takes_only_who_knows_of_it(officer, dana):
    safe = make_site(hidden=True)
    household = make_household_of(2)
    with pytest.raises(NotPermitted):
        place_household(actor=officer, household=household, site=safe)
    assert place_household(actor=dana, household=household, site=safe).site == safe


def test_occupancy_now_and_at_a_past_moment(officer):
    site = make_site(places=10)
    Site.objects.filter(pk=site.pk).update(blocked=1, blocked_reason="window")
    before = clock.now()
    placement = make_placement(site, size=3)
    reserved_then = clock.now()
    check_in(actor=officer, placement=placement)
    make_placement(site, size=2)
    figures = occupancy(site)
    assert figures.pop("as_of") >= before
    assert figures == {
        "code": site.code,
        "capacity": 10,
        "blocked": 1,
        "reserved": 2,
        "present": 3,
        "free": 4,
    }
    for moment, reserved, present in ((before, 0, 0), (reserved_then, 3, 0), (clock.now(), 2, 3)):
        past = occupancy(site, as_of=moment)
        assert (past["reserved"], past["present"]) == (reserved, present)
        assert past["as_of"] == moment


def test_the_table_of_sites_takes_one_query(django_assert_num_queries):
    for size in (1, 2, 3):
        make_placement(make_site(), size=size)
    make_site(hidden=True)
    for as_of in (None, clock.now()):
        with django_assert_num_queries(1):
            rows = site_table(as_of)
        assert sorted(row["reserved"] for row in rows) == [0, 1, 2, 3]


def test_the_unplaced_wait_in_the_order_of_arrival():
    placed, waiting, gone = (make_household_of(size) for size in (2, 3, 4))
    make_placement(make_site(), household=placed)
    for person in gone.members.all():
        take_out(person)
    early = make_household_of(5)
    Person.objects.filter(household=early).update(arrived_at=clock.now() - timedelta(days=1))
    rows = list(unplaced_households())
    assert [(row.pk, row.size) for row in rows] == [(early.pk, 5), (waiting.pk, 3)]
    assert unplaced_persons(clock.now()) == 8


def test_a_wrong_counter_is_found_and_mended():
    from django.core.management import CommandError, call_command

    site = make_site(places=10)
    make_placement(site, size=4)
    call_command("check_counters")
    Site.objects.filter(pk=site.pk).update(reserved=1, present=2)
    with pytest.raises(CommandError):
        call_command("check_counters")
    assert now_of(site).reserved == 1
    call_command("check_counters", mend=True)
    assert (now_of(site).reserved, now_of(site).present) == (4, 0)
    assert counter_drifts() == []


def test_mending_never_loses_people():
    from reception.services.mending import mend_counters

    site = make_site(places=10)
    make_placement(site, size=4)
    Site.objects.filter(pk=site.pk).update(reserved=0, capacity=3)
    assert mend_counters() == 1
    assert (now_of(site).reserved, now_of(site).overflow) == (4, 1)


def test_an_unknown_id_is_made_as_asked(officer):
    pk = uuid.uuid4()
    placement = place_household(
        actor=officer, household=make_household_of(1), site=make_site(), placement_id=pk
    )
    assert placement.pk == pk
