"""Who was where at any moment, and whether a site was ever over."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from accounts.choices import Role
from common import clock
from reception import services
from reception.choices import HOLDING_STATES
from reception.history import people_at, times_over, whereabouts
from reception.models import Site, SiteLevel, Stay
from reception.selectors import counter_drifts, occupancy, places_drifts
from tests.factories.accounts import make_user
from tests.factories.reception import (
    add_member,
    make_household_of,
    make_officer,
    make_placement,
    make_site,
    make_unit,
)

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2021-07-05T08:00:00+05:00")


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


@pytest.fixture
def officer(operation: Any) -> Any:
    return make_officer()


def test_each_moment_has_its_people(officer):
    with clock.replaying(at(0)):
        left, right = make_site(places=10), make_site(places=10)
        home = make_household_of(3, by=officer)
        room = make_unit(left)
        placement = services.place_household(
            actor=officer, household=home, site=left, status="reserved", unit=room
        )
    son = home.members.order_by("pk").last()
    with clock.replaying(at(1)):
        services.check_in(actor=officer, placement=placement)
    with clock.replaying(at(2)):
        services.record_absence(
            actor=officer, placement=placement, reason="hospital", persons=[son.pk]
        )
    with clock.replaying(at(3)):
        placement.refresh_from_db()
        services.transfer_placement(actor=officer, placement=placement, site=right, arrived=True)

    def states(site: Site, hours: float) -> list[str]:
        return sorted(stay.state for stay in people_at(site, at(hours)))

    assert states(left, -1) == []
    assert states(left, 0.5) == ["due"] * 3
    assert states(left, 1.5) == ["present"] * 3
    assert states(left, 2.5) == ["away", "present", "present"]
    assert {stay.unit for stay in people_at(left, at(2.5))} == {room}
    assert (states(left, 3.5), states(right, 3.5)) == ([], ["present"] * 3)
    told = [(stay.placement.site.code, stay.state) for stay in whereabouts([son.pk])]
    assert told == [
        (right.code, "present"),
        (left.code, "away"),
        (left.code, "present"),
        (left.code, "due"),
    ]


def test_a_check_in_told_later_counts_from_when_it_happened(officer):
    with clock.replaying(at(0)):
        site = make_site(places=10)
        placement = make_placement(site, size=2, by=officer)
    with clock.replaying(at(9)):
        services.check_in(actor=officer, placement=placement, occurred_at=at(1))
    assert {stay.state for stay in people_at(site, at(2))} == {"present"}
    assert occupancy(site, at(2))["present"] == 2
    assert occupancy(site, at(0.5))["reserved"] == 2


def test_a_site_that_was_over_is_found_with_how_far_and_how_long(officer):
    with clock.replaying(at(-1)):
        site = make_site(places=4)
    with clock.replaying(at(0)):
        placements = [make_placement(site, size=2, status="checked_in", by=officer) for _ in "ab"]
    assert times_over(site) == []
    with clock.replaying(at(1)):
        add_member(placements[0].household, age=0)
        services.household_changed(placements[0].household, officer)
    with clock.replaying(at(2)):
        placements[1].refresh_from_db()
        services.check_out(actor=officer, placement=placements[1])
    (over,) = times_over(site)
    assert (over.since, over.until, over.most, over.above) == (at(1), at(2), 5, 1)
    assert over.granted


def test_fewer_places_make_a_site_over_also_by_raw_sql(officer):
    with clock.replaying(at(-1)):
        site = make_site(places=4)
    with clock.replaying(at(0)):
        make_placement(site, size=4, status="checked_in", by=officer)
    before = SiteLevel.objects.filter(site=site).count()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reception_site SET capacity = 3, overflow = 1 WHERE id = %s", [site.pk]
        )
    assert SiteLevel.objects.filter(site=site).count() == before + 1
    (over,) = times_over(site)
    assert (over.until, over.most, over.above, over.granted) == (None, 4, 1, True)


def test_a_check_in_leaves_no_level(officer):
    site = make_site(places=4)
    before = list(SiteLevel.objects.filter(site=site))
    make_placement(site, size=2, status="checked_out", by=officer)
    assert list(SiteLevel.objects.filter(site=site)) == before


def test_places_at_a_past_moment_are_those_of_then(officer):
    administrator = make_user(Role.ADMINISTRATOR)
    with clock.replaying(at(0)):
        site = make_site(places=40)
    with clock.replaying(at(5)):
        services.edit_site(actor=administrator, site=site, operational_capacity=30)
    assert occupancy(site, at(4))["capacity"] == 40
    assert occupancy(site, at(6))["capacity"] == 30


def test_an_upgrade_gives_each_member_of_a_placed_family_a_stay(officer):
    """What the migration does with the placements that it finds."""
    site = make_site(places=40)
    for status in ("reserved", "checked_in", "absent", "checked_out", "no_show"):
        make_placement(site, size=2, status=status, by=officer)
    before = sorted(Stay.objects.standing().values_list("person", "state"))
    Stay.objects.all().delete()
    upgrade = import_module("reception.migrations.0005_who_stays")
    with connection.cursor() as cursor:
        cursor.execute(upgrade.STAYS_OF_PLACEMENTS)
    assert sorted(Stay.objects.standing().values_list("person", "state")) == before
    assert (counter_drifts(), places_drifts()) == ([], [])
    assert Stay.objects.filter(until__isnull=False).count() == 4


def test_times_over_agree_with_counting_at_each_change(officer):
    """Against a plain count at every moment at which something changed."""
    with clock.replaying(at(0)):
        site = make_site(places=5)
        services.grant_overflow(
            actor=make_user(Role.ADMINISTRATOR), site=site, places=3, reason="exercise"
        )
    placements = []
    for hour, size in enumerate([2, 3, 1, 2], start=1):
        with clock.replaying(at(hour)):
            placements.append(make_placement(site, size=size, status="checked_in", by=officer))
    for hour, placement in enumerate(placements, start=6):
        with clock.replaying(at(hour)):
            services.check_out(actor=officer, placement=placement)
    spans = times_over(site)
    for half in range(24):
        moment = at(half / 2 + 0.25)
        held = Stay.objects.at(moment).filter(state__in=HOLDING_STATES).count()
        inside = any(s.since <= moment and (s.until is None or moment < s.until) for s in spans)
        assert inside == (held > 5), half
    assert max(span.most for span in spans) == 8
