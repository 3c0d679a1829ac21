"""Many hands at once: real threads, real commits. A site never takes more than it can."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum

from common import clock, codelists
from common.errors import DomainError
from reception import services
from reception.choices import OPEN_STATUSES
from reception.models import Placement, Site
from reception.selectors import counter_drifts
from tests.factories.accounts import make_operation
from tests.factories.reception import (
    add_member,
    make_household_of,
    make_officer,
    make_placement,
    make_site,
    take_out,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _operation(transactional_db):
    # A test with real commits begins with empty tables.
    for codelist in codelists.registered():
        codelists.load(codelist)
    make_operation()
    yield
    assert counter_drifts() == []


def at_once(calls: list[Callable[[], Any]], workers: int = 20) -> Counter[str]:
    """Run the calls in threads that start together; how each ended."""
    barrier = threading.Barrier(min(workers, len(calls)))

    def run(index: int) -> str:
        try:
            if index < barrier.parties:
                barrier.wait(timeout=20)
            calls[index]()
            return "done"
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=workers) as pool:
        return Counter(pool.map(run, range(len(calls))))


def test_without_the_guard_a_site_is_oversold():
    """Check, then insert: what a plain implementation does, and what it costs."""
    site = make_site(places=10)
    officer = make_officer()
    households = [make_household_of(1, by=officer) for _ in range(20)]
    looked = threading.Barrier(20)

    def naive(household: Any) -> None:
        with transaction.atomic():
            held = Placement.objects.filter(site=site, status__in=OPEN_STATUSES)
            taken = held.aggregate(n=Sum("places"))["n"] or 0
            looked.wait(timeout=20)
            if taken + 1 > site.capacity:
                raise DomainError("full", "full")
            Placement.objects.create(
                household=household, site=site, status="reserved", places=1, placed_by=officer
            )

    ended = at_once([lambda h=household: naive(h) for household in households])
    assert ended["done"] == 20 > site.capacity
    Placement.objects.all().delete()


def test_forty_households_on_ten_places_are_exactly_ten():
    site = make_site(places=10)
    officer = make_officer()
    households = [make_household_of(1, by=officer) for _ in range(40)]
    ended = at_once(
        [
            lambda h=household: services.place_household(actor=officer, household=h, site=site)
            for household in households
        ],
        workers=40,
    )
    assert ended == {"done": 10, "capacity_exceeded": 30}
    assert Placement.objects.open().count() == 10
    assert Site.objects.get(pk=site.pk).free == 0


def test_families_of_three_on_ten_places_are_three():
    site = make_site(places=10)
    officer = make_officer()
    households = [make_household_of(3, by=officer) for _ in range(12)]
    ended = at_once(
        [
            lambda h=household: services.place_household(actor=officer, household=h, site=site)
            for household in households
        ]
    )
    assert ended == {"done": 3, "capacity_exceeded": 9}
    assert Site.objects.get(pk=site.pk).free == 1


def test_one_household_placed_by_many_has_one_place():
    officer = make_officer()
    sites = [make_site() for _ in range(8)]
    household = make_household_of(2, by=officer)
    ended = at_once(
        [
            lambda s=site: services.place_household(actor=officer, household=household, site=s)
            for site in sites
        ]
    )
    assert ended == {"done": 1, "already_placed": 7}
    assert Site.objects.aggregate(n=Sum("reserved"))["n"] == 2


def test_the_same_request_sent_by_many_is_one_placement():
    from common.ids import new_id

    officer, site, household, pk = make_officer(), make_site(), None, new_id()
    household = make_household_of(2, by=officer)
    ended = at_once(
        [
            lambda: services.place_household(
                actor=officer, household=household, site=site, placement_id=pk
            )
        ]
        * 8
    )
    assert ended == {"done": 8}
    assert Site.objects.get(pk=site.pk).reserved == 2


def test_transfers_in_both_directions_do_not_wait_for_each_other():
    officer = make_officer()
    left, right = make_site(places=60), make_site(places=60)
    there = [make_placement(left, status="checked_in", size=2, by=officer) for _ in range(12)]
    back = [make_placement(right, status="checked_in", size=2, by=officer) for _ in range(12)]
    calls = [
        lambda p=placement, s=site: services.transfer_placement(
            actor=officer, placement=p, site=s, arrived=True
        )
        for pair in zip(there, back, strict=True)
        for placement, site in zip(pair, (right, left), strict=True)
    ]
    assert at_once(calls) == {"done": 24}
    assert {site.present for site in Site.objects.all()} == {24}


def test_one_transferred_by_many_moves_once():
    officer = make_officer()
    placement = make_placement(make_site(), status="checked_in", by=officer)
    targets = [make_site() for _ in range(6)]
    ended = at_once(
        [
            lambda s=site: services.transfer_placement(actor=officer, placement=placement, site=s)
            for site in targets
        ]
    )
    assert ended == {"done": 1, "wrong_state": 5}
    assert Site.objects.aggregate(n=Sum("reserved") + Sum("present"))["n"] == 3


def test_check_in_and_expiry_at_the_same_moment_agree():
    officer = make_officer()
    site = make_site(places=60)
    placements = [make_placement(site, size=1, by=officer) for _ in range(20)]
    later = clock.now() + timedelta(days=2)
    calls: list[Callable[[], Any]] = [
        lambda p=placement: services.check_in(actor=officer, placement=p)
        for placement in placements
    ]
    calls[5:5] = [lambda: services.expire_reservations(later)]
    calls[12:12] = [lambda: services.expire_reservations(later)]
    ended = at_once(calls, workers=11)
    site = Site.objects.get(pk=site.pk)
    assert site.reserved == 0
    assert site.present == Placement.objects.filter(status="checked_in").count()
    assert site.present == ended["done"] - 2
    assert site.present + Placement.objects.filter(status="expired").count() == 20


def test_two_sweepers_release_each_reservation_once():
    officer = make_officer()
    sites = [make_site(places=40), make_site(places=40)]
    for index in range(30):
        make_placement(sites[index % 2], size=1, by=officer)
    later = clock.now() + timedelta(days=2)
    released: list[int] = []
    at_once([lambda: released.append(services.expire_reservations(later))] * 4)
    assert sum(released) == 30
    assert Site.objects.filter(reserved=0).count() == 2


def test_who_leaves_while_the_family_is_placed_is_not_counted():
    officer = make_officer()
    site = make_site(places=400)
    households = [make_household_of(3, by=officer) for _ in range(10)]

    def leave(household: Any) -> None:
        with transaction.atomic():
            take_out(household.members.order_by("pk").last())
            services.household_changed(household, officer)

    calls: list[Callable[[], Any]] = []
    for household in households:
        calls += [
            lambda h=household: services.place_household(actor=officer, household=h, site=site),
            lambda h=household: leave(h),
        ]
    assert at_once(calls) == {"done": 20}
    assert set(Placement.objects.values_list("places", flat=True)) == {2}


def test_births_at_a_full_site_are_all_counted():
    officer = make_officer()
    site = make_site(places=10)
    placements = [make_placement(site, status="checked_in", size=2, by=officer) for _ in range(5)]

    def birth(placement: Placement) -> None:
        with transaction.atomic():
            add_member(placement.household, age=0)
            services.household_changed(placement.household, officer)

    assert at_once([lambda p=placement: birth(p) for placement in placements]) == {"done": 5}
    site = Site.objects.get(pk=site.pk)
    assert (site.present, site.overflow, site.free) == (15, 5, 0)


def test_lowering_the_capacity_and_placing_at_once_never_disagree():
    from accounts.choices import Role
    from tests.factories.accounts import make_user

    administrator, officer = make_user(Role.ADMINISTRATOR), make_officer()
    site = make_site(places=20)
    households = [make_household_of(1, by=officer) for _ in range(20)]
    calls: list[Callable[[], Any]] = [
        lambda h=household: services.place_household(actor=officer, household=h, site=site)
        for household in households
    ]
    calls[10:10] = [
        lambda: services.edit_site(actor=administrator, site=site, operational_capacity=12)
    ]
    at_once(calls, workers=21)
    assert not Site.objects.filter(capacity__lt=F("reserved") + F("present")).exists()
