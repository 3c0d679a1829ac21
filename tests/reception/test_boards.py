"""Boards: who waits, what a site sees, norms, who does not report, what is planned."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Value

from accounts.choices import Role, ScopeKind
from common import clock
from intake.choices import NeedStatus, Sex
from intake.models import Arrival, EntryPoint, Person, PersonExit, SpecificNeed
from reception import reporting_in, services
from reception.boards.norms import light_of, norms_table
from reception.boards.sites import day_ends, due_state, site_board, sites_board
from reception.boards.waiting import band_of, needs_of, waiting_board
from reception.choices import ResourceKind
from reception.models import Placement, Site, SiteResource, Stay, Unit
from reception.reporting_in import last_signs, sites_not_reporting
from tests.factories.accounts import make_user
from tests.factories.reception import (
    make_area,
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_resource,
    make_site,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


def take_out_at(person: Person, moment: datetime) -> None:
    """A departure with its exit."""
    person.left_at, person.exit_reason = moment, "spontaneous_departure"
    person.save()
    PersonExit.objects.create(
        person=person,
        reason="spontaneous_departure",
        occurred_at=moment,
        recorded_by=person.household.registered_by,
    )


def arrived(household, hours, entry="TEM"):
    """The family came so many hours ago."""
    moment = clock.now() - timedelta(hours=hours)
    point, _ = EntryPoint.objects.get_or_create(
        code=entry, defaults={"name": entry.title(), "kind": "official", "area": make_area()}
    )
    Arrival.objects.create(household=household, entry_point=point, occurred_at=moment)
    Person.objects.filter(household=household).update(arrived_at=moment)
    return household


def need(household, code):
    """A confirmed need of the first member."""
    person = household.members.first()
    return SpecificNeed.objects.create(
        person=person,
        type_id=code,
        status=NeedStatus.CONFIRMED,
        recorded_by=household.registered_by,
    )


# Who waits -----------------------------------------------------------------------------------
def test_bands_have_their_ends_in_the_longer_band():
    hours = (0, 1.99, 2, 5.99, 6, 23.99, 24, 90)
    assert [band_of(timedelta(hours=each)) for each in hours] == [
        *("under_2h", "under_2h", "2_to_6h", "2_to_6h"),
        *("6_to_24h", "6_to_24h", "over_24h", "over_24h"),
    ]
    assert band_of(timedelta(hours=-1)) == "under_2h"


def test_needs_follow_from_who_is_in_the_family():
    on = date(2021, 7, 4)
    old, adult, child = date(1950, 1, 1), date(1990, 1, 1), date(2015, 1, 1)

    def who(*members):
        return needs_of([(sex, born, born) for sex, born in members], on)

    assert who((Sex.FEMALE, child), (Sex.MALE, child)) == {"children_alone"}
    assert who((Sex.FEMALE, adult), (Sex.MALE, child)) == {"women_only"}
    assert who((Sex.FEMALE, adult), (Sex.MALE, adult)) == set()
    assert who((Sex.FEMALE, old), (Sex.UNKNOWN, adult)) == {"older"}
    # Of whom nothing is known, nobody says that they are a child, a woman or old.
    assert needs_of([(Sex.UNKNOWN, None, None)], on) == set()
    assert needs_of([], on) == set()


def test_the_board_tells_who_waits_how_long_and_with_which_needs(django_assert_max_num_queries):
    user = make_officer()
    long, short = arrived(make_household_of(3), 30), arrived(make_household_of(2), 1, "SHE")
    kids = arrived(make_household_of(2, ages=[9, 7]), 4)
    need(long, "DS-PM")
    need(long, "SM-CC")
    make_placement(make_site(), household=make_household_of(4))
    with django_assert_max_num_queries(11):
        board = waiting_board(user, clock.now())
    assert [f.reference for f in board.families] == [h.reference for h in (long, kids, short)]
    assert board.people == 7
    assert {g.code: (g.families, g.people) for g in board.bands} == {
        "under_2h": (1, 2),
        "2_to_6h": (1, 2),
        "6_to_24h": (0, 0),
        "over_24h": (1, 3),
    }
    assert set(board.families[0].needs) == {"step_free", "women_only"}
    assert board.families[1].needs == ("children_alone",)
    assert [(g.code, g.people) for g in board.entry_points] == [("SHE", 2), ("TEM", 5)]
    assert board.filtered(need="step_free", band="over_24h", entry_point="TEM") == [
        board.families[0]
    ]
    for _ in range(4):
        arrived(make_household_of(1), 3)
    with django_assert_max_num_queries(11):
        waiting_board(make_officer(), clock.now())


def test_no_need_of_tier_2_or_3_is_read_even_for_who_may_see_it(dana):
    family = arrived(make_household_of(1, ages=[30]), 3)
    before = waiting_board(dana, clock.now())
    for code in ("SM-CC", "WR-SF", "SV-VA", "LP-ST"):
        need(family, code)
    after = waiting_board(dana, clock.now())
    assert after.families[0].needs == before.families[0].needs
    assert after.needs == before.needs


def test_a_family_whose_reservation_ran_out_or_of_whom_a_part_came_waits_and_says_so():
    user, site = make_officer(), make_site("SCHOOL", places=20)
    gone = make_placement(site, size=2, status="expired").household
    placement = make_placement(site, size=3)
    members = list(placement.household.members.order_by("position"))
    services.check_in(actor=user, placement=placement, persons=[members[0].pk])
    services.mark_not_come(actor=user, placement=placement, persons=[m.pk for m in members[1:]])
    board = waiting_board(user, clock.now())
    told = {f.household: (f.standing, f.last_site, f.people) for f in board.families}
    assert told[gone.pk] == ("expired", site.name, 2)
    assert told[placement.household_id] == ("part", site.name, 2)


def test_a_reservation_at_a_hidden_site_is_not_told(dana):
    safe = make_site("SAFE", hidden=True)
    household = make_placement(safe, size=2, by=dana).household
    services.cancel_placement(actor=dana, placement=Placement.objects.get())
    make_placement(safe, status="expired", household=household, by=dana)
    assert waiting_board(make_officer(), clock.now()).families[0].standing == ""
    assert waiting_board(dana, clock.now()).families[0].last_site == safe.name


def test_only_families_that_the_reader_may_see_wait(alice, bob, omar):
    arrived(make_household_of(2), 3, "SHE")
    arrived(make_household_of(1), 3, "TEM")
    assert waiting_board(alice, clock.now()).people == 3
    assert waiting_board(bob, clock.now()).people == 1
    assert waiting_board(omar, clock.now()).families == ()
    assert waiting_board(make_manager(make_site()), clock.now()).families == ()


# A site --------------------------------------------------------------------------------------
def test_the_day_ends_at_midnight_of_the_operation():
    # Dushanbe is five hours ahead: at 18:59 UTC it is 23:59 there, a minute later tomorrow.
    late = datetime(2021, 7, 4, 18, 59, tzinfo=UTC)
    assert day_ends(late) == datetime(2021, 7, 4, 19, 0, tzinfo=UTC)
    assert day_ends(late + timedelta(minutes=1)) == datetime(2021, 7, 5, 19, 0, tzinfo=UTC)


def test_a_reservation_is_late_soon_over_of_today_or_later():
    now = datetime(2021, 7, 4, 12, tzinfo=UTC)
    midnight = datetime(2021, 7, 4, 19, tzinfo=UTC)
    hours = (None, 0, 1, 2, 3, 7, 8)
    ends = [None if h is None else now + timedelta(hours=h) for h in hours]
    assert [due_state(end, now, midnight) for end in ends] == [
        *("on_way", "late", "soon", "soon", "today", "today", "later"),
    ]


def test_the_board_of_a_site_names_who_is_due_away_moving_and_there_too_long(
    django_assert_max_num_queries,
):
    site = make_site("BORDER", places=60, type="border_reception")
    due = make_placement(site, size=2)
    on_way = make_placement(site, size=1, status="confirmed")
    away = make_placement(site, size=3, status="absent")
    moving = make_placement(site, size=4, status="transfer_pending")
    long = make_placement(site, size=5, status="checked_in")
    Placement.objects.filter(pk=long.pk).update(checked_in_at=clock.now() - timedelta(days=6))
    Unit.objects.create(site=site, code="a", name="Hall A", section="women", capacity=20)
    with django_assert_max_num_queries(9):
        board = site_board(site, clock.now())
    told = [(f.reference, f.due) for f in board.due]
    assert told[-1] == (on_way.household.reference, "on_way")
    assert told[0][0] == due.household.reference
    assert [(f.reference, f.people, f.reason) for f in board.absent] == [
        (away.household.reference, 3, "hospital")
    ]
    assert [f.reference for f in board.moving] == [moving.household.reference]
    assert [(f.reference, f.lasting.days) for f in board.overstaying] == [
        (long.household.reference, 6)
    ]
    assert board.present == 9
    assert [unit.free for unit in board.units] == [20]
    adults = next(row for row in board.ages if row.bracket == "18-59")
    assert (adults.female, adults.male, adults.total) == (9, 0, 9)


def test_nobody_overstays_at_a_site_to_stay_at_and_the_limit_is_a_setting(settings):
    for kind in ("collective_centre", "transit_centre"):
        make_placement(make_site(kind, type=kind), status="checked_in")
    Placement.objects.update(checked_in_at=clock.now() - timedelta(days=3))
    board = sites_board(make_officer(), clock.now())
    assert board.total("overstaying") == 0
    settings.TRANSIT_DAYS = 2
    board = sites_board(make_officer(), clock.now())
    assert {line.site.code: line.overstaying for line in board.lines} == {
        "collective_centre": 0,
        "transit_centre": 3,
    }


def test_the_overview_takes_as_many_queries_for_many_sites(django_assert_max_num_queries):
    user = make_officer()
    make_placement(make_site(places=9), size=2)
    with django_assert_max_num_queries(5):
        assert sites_board(user, clock.now()).total("due") == 2
    for _ in range(5):
        make_placement(make_site(places=9), size=1, status="checked_in")
    with django_assert_max_num_queries(5):
        board = sites_board(user, clock.now())
    assert (board.total("due"), board.total("present"), board.free) == (2, 5, 47)


def test_late_people_are_counted_until_their_reservation_is_released():
    make_placement(make_site(), size=4)
    Placement.objects.update(reserved_until=clock.now() - timedelta(minutes=1))
    assert sites_board(make_officer(), clock.now()).lines[0].late == 4


def test_hidden_sites_are_in_no_overview_and_no_total(dana, omar):
    site, safe = make_site("OPEN", places=10), make_site("SAFE", places=10, hidden=True)
    make_placement(safe, size=3, status="checked_in", by=dana)
    assert sites_board(make_officer(), clock.now()).total("present") == 0
    assert sites_board(dana, clock.now()).total("present") == 3
    assert [line.site for line in sites_board(make_manager(site), clock.now()).lines] == [site]
    assert sites_board(omar, clock.now()).lines == ()


# Norms ---------------------------------------------------------------------------------------
def test_a_light_is_green_amber_or_red_by_two_norms():
    assert [light_of(n, 50, 20) for n in (0, 20, 21, 50, 51)] == [
        *("empty", "green", "amber", "amber", "red"),
    ]
    assert light_of(5, None, 4) == "red"
    assert light_of(5, 4, None) == "red"
    assert light_of(5, 5, None) == "green"


def test_a_site_is_measured_against_the_norms_and_the_unmeasured_is_named(
    django_assert_max_num_queries,
):
    site = make_site("GYM", places=100)
    make_resource(site, ResourceKind.LATRINES, 1)
    make_resource(site, ResourceKind.FLOOR_AREA, 90)
    services.recalculate_capacity(site=site)
    Site.objects.filter(pk=site.pk).update(overflow=10)
    make_placement(Site.objects.get(), size=24, status="checked_in")
    user = make_officer()
    with django_assert_max_num_queries(4):
        (found,) = norms_table(user)
    lines = {line.kind: line for line in found.lines}
    latrines, floor = lines["latrines"], lines["covered_floor_area"]
    assert (latrines.each, latrines.shared, latrines.light) == (24, True, "amber")
    assert (latrines.minimum_persons, latrines.target_persons) == (50, 20)
    # 3.75 m² each: over 3.5 of an emergency, under 4.5 of the cold.
    assert (floor.each, floor.shared, floor.light) == (90 / 24, False, "amber")
    assert "Sphere" in floor.minimum_source
    assert lines["beds"].light == "green"
    assert (found.light, found.sign) == ("amber", "◆")
    assert "water_per_day" in found.unmeasured


def test_a_site_without_people_or_measurements_has_no_false_light(dana):
    make_site("EMPTY", places=10)
    make_site("NOTHING", places=None)
    make_site("SAFE", places=3, hidden=True)
    lights = {each.site.code: (each.light, each.sign) for each in norms_table(make_officer())}
    assert lights == {"EMPTY": ("empty", "–"), "NOTHING": ("", "?")}
    assert len(norms_table(dana)) == 3


# Who reports ---------------------------------------------------------------------------------
def quiet(site, hours):
    """Nothing was heard from the site since."""
    past = clock.now() - timedelta(hours=hours)
    SiteResource.objects.filter(site=site).update(updated_at=past)
    Stay.objects.filter(placement__site=site).update(recorded_at=past)
    Placement.objects.filter(site=site, ended_at__isnull=False).update(ended_at=past)
    return past


def test_a_site_that_says_nothing_for_a_day_does_not_report(settings):
    loud, silent, new = make_site("LOUD"), make_site("SILENT"), make_site("NEW", places=None)
    make_site("LATER", places=None, status="preparing")
    past = quiet(silent, 25)
    quiet(loud, 23)
    user = make_officer()
    found = sites_not_reporting(user, clock.now())
    assert [(each.site, each.last) for each in found] == [(new, None), (silent, past)]
    settings.SITE_SILENT_HOURS = 48
    assert [each.site for each in sites_not_reporting(user, clock.now())] == [new]


def test_a_reservation_from_afar_is_no_sign_of_life_but_a_check_in_is():
    site = make_site()
    quiet(site, 30)
    placement = make_placement(site)
    assert [each.site for each in sites_not_reporting(make_officer(), clock.now())] == [site]
    services.check_in(actor=make_officer(), placement=placement)
    assert sites_not_reporting(make_officer(), clock.now()) == []
    quiet(site, 30)
    services.check_out(actor=make_officer(), placement=Placement.objects.get())
    assert sites_not_reporting(make_officer(), clock.now()) == []


def test_another_kind_of_sign_can_be_registered_and_counts_once(monkeypatch):
    site = make_site()
    quiet(site, 30)
    monkeypatch.setattr(reporting_in, "_signs", list(reporting_in._signs))
    now = clock.now()

    def roll_call(keys):
        return Site.objects.filter(pk__in=keys).values_list("pk", Value(now))

    before = len(reporting_in._signs)
    reporting_in.register_sign(roll_call)
    reporting_in.register_sign(roll_call)
    assert len(reporting_in._signs) == before + 1
    assert last_signs([site.pk]) == {site.pk: now}
    assert last_signs([]) == {}


def test_a_silent_hidden_site_is_told_only_to_who_may_know_it(dana, omar):
    site = make_site("SAFE", places=None, hidden=True)
    assert sites_not_reporting(make_officer(), clock.now()) == []
    assert sites_not_reporting(omar, clock.now()) == []
    assert [each.site for each in sites_not_reporting(dana, clock.now())] == [site]
    other = make_user(Role.SITE_MANAGER, scope=ScopeKind.SITE, code="SAFE")
    assert [each.site for each in sites_not_reporting(other, clock.now())] == [site]
