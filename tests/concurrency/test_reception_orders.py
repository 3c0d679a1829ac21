"""Who waits for whom: changes of households beside steps of placing, and refusals at the commit."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from rest_framework.test import APIClient

from accounts.choices import Role
from accounts.models import User
from common import clock
from common.ids import new_id
from intake.services.exits import lock_with_household
from intake.services.moves import move_person
from reception import services
from reception.models import Site, Stay
from reception.services import counters, sizes
from reception.services.locks import lock_placement
from tests.concurrency.storm import all_is_well
from tests.concurrency.together import at_once
from tests.factories.accounts import make_operation, make_user
from tests.factories.intake import make_entry_point, make_household
from tests.factories.reception import make_household_of, make_placement, make_site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def actor() -> User:
    """Who may change households and places."""
    make_operation()
    make_entry_point()
    return make_user(Role.PROTECTION_OFFICER)


def test_a_check_in_and_an_exit_of_the_same_person_do_not_lock_each_other(actor: User) -> None:
    """The stay's foreign key asks for the person while the exit asks for the placement."""
    placement = make_placement(make_site(places=9), size=2, by=actor)
    person = placement.household.members.order_by("position").last()
    both = threading.Barrier(2)

    def leave() -> None:
        with transaction.atomic():
            household, _person = lock_with_household(person)
            both.wait(timeout=20)
            services.household_changed(household, actor)

    def come() -> None:
        with transaction.atomic():
            services.check_in(actor=actor, placement=placement)
            both.wait(timeout=20)

    assert at_once(leave, come) == ["done", "done"]
    all_is_well()


def test_people_who_change_places_between_sites_do_not_lock_each_other(
    actor: User, monkeypatch: Any
) -> None:
    """One moves from the family at A to that at B, another from B to A, at the same moment."""
    registrar = make_user(Role.REGISTRAR)
    homes = [make_household(registrar) for _ in range(4)]
    sites = [make_site(places=40), make_site(places=40)]
    for number, home in enumerate(homes):
        make_placement(sites[number % 2], household=home, by=actor, status="checked_in")
    plain = counters._shift

    def slow(*arguments: Any) -> int:
        found = plain(*arguments)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        return found

    monkeypatch.setattr(counters, "_shift", slow)

    def move(source: Any, target: Any) -> None:
        move_person(
            actor=actor,
            person=source.members.order_by("-position").first(),
            household=target,
            occurred_at=clock.now(),
            reason="joined",
        )

    ended = at_once(lambda: move(homes[0], homes[1]), lambda: move(homes[3], homes[2]))
    assert ended == ["done", "done"]
    assert [site.present for site in Site.objects.order_by("pk")] == [10, 10]
    all_is_well()


def test_a_move_to_a_family_that_is_checked_in_waits_before_it_holds_a_site(
    actor: User, monkeypatch: Any
) -> None:
    """Who checks in holds the placement and asks for the site: the move must ask in that order."""
    registrar = make_user(Role.REGISTRAR)
    source, target = make_household(registrar), make_household(registrar)
    make_placement(make_site(places=40), household=source, by=actor, status="checked_in")
    due = make_placement(make_site(places=40), household=target, by=actor)
    held, locked = threading.Event(), threading.Event()
    plain = sizes.lock_sites

    def lock_sites(sites: Any) -> Any:
        found = plain(sites)
        locked.set()
        return found

    monkeypatch.setattr(sizes, "lock_sites", lock_sites)

    def come() -> None:
        with transaction.atomic():
            lock_placement(due.pk)
            held.set()
            locked.wait(timeout=1)  # the sites are not to be had while this is held
            services.check_in(actor=actor, placement=due)

    def move() -> None:
        held.wait(timeout=20)
        move_person(
            actor=actor,
            person=source.members.order_by("-position").first(),
            household=target,
            occurred_at=clock.now(),
            reason="joined",
        )

    assert at_once(come, move) == ["done", "done"]
    assert sorted(Site.objects.values_list("present", flat=True)) == [4, 6]
    all_is_well()


def test_a_move_recorded_late_begins_when_the_old_place_ended(actor: User) -> None:
    registrar = make_user(Role.REGISTRAR)
    one, other = make_household(registrar), make_household(registrar)
    site = make_site(places=40)
    make_placement(site, household=other, by=actor, status="checked_in")
    moment = clock.now()
    make_placement(site, household=one, by=actor, status="checked_in")
    person = one.members.order_by("-position").first()
    client = APIClient()
    client.force_authenticate(actor)
    answer = client.post(
        f"/api/v1/households/{one.reference}/moves/",
        {
            "persons": [str(person.pk)],
            "to": other.reference,
            "reason": "joined",
            "occurred_at": moment.isoformat(),
        },
        format="json",
    )
    assert answer.status_code == 201
    left, there = Stay.objects.filter(person=person).order_by("recorded_at", "pk")
    assert there.since >= left.until
    all_is_well()


@pytest.mark.parametrize("key", ["", "once"])
def test_a_second_place_for_a_person_is_refused_at_the_commit(actor: User, key: str) -> None:
    """A row behind the services' back, or two writers who do not know of each other."""
    placed = make_placement(make_site(places=9), size=1, by=actor, status="checked_in")
    home, site = make_household_of(2, by=actor), make_site(places=9)
    person = home.members.order_by("position").first()
    now = clock.now()
    Stay.objects.create(
        placement=placed,
        person=person,
        state="present",
        since=now - timedelta(hours=1),
        until=now + timedelta(hours=1),
    )
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(actor)
    body = {"id": str(new_id()), "household": home.reference, "site": site.code}
    extra = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    answer = client.post("/api/v1/placements/", body, format="json", **extra)
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "person_in_two_places"
    assert not home.placements.exists()
    site.refresh_from_db()
    assert site.reserved == 0
