"""Proposals confirmed by several officers at once, and killed in the middle: real commits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from common import codelists
from reception import services
from reception.models import KeepApart, Placement, Site, Stay
from reception.selectors import counter_drifts
from reception.services import allocating, hard_rules, proposing
from reception.services.allocating import AllocationRefused, Asked
from tests.concurrency.test_capacity import at_once
from tests.factories.accounts import make_operation, make_user
from tests.factories.allocations import first_fit, line_of
from tests.factories.reception import make_household_of, make_officer, make_site, take_out

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _operation(transactional_db: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for codelist in codelists.registered():
        codelists.load(codelist)
    make_operation()
    monkeypatch.setattr(proposing, "_solve", first_fit)
    yield
    assert counter_drifts() == []


def ask(officer: Any) -> Any:
    return services.ask_allocation(actor=officer, asked=Asked())


def test_two_officers_confirm_overlapping_proposals_at_once() -> None:
    site = make_site(places=24)
    officers = [make_officer() for _ in range(4)]
    households = [make_household_of(2, by=officers[0]) for _ in range(12)]
    runs = [ask(officer) for officer in officers]
    confirmed: list[int] = []

    def confirm(run: Any, officer: Any) -> None:
        done = services.confirm_allocation(actor=officer, run=run, only_possible=True)
        confirmed.append(len(done.confirmed))

    ended = at_once(
        [
            lambda r=run, o=officer: confirm(r, o)
            for run, officer in zip(runs, officers, strict=True)
        ]
    )
    assert ended == {"done": 4}
    assert sorted(confirmed) == [0, 0, 0, 12]
    assert Placement.objects.open().count() == len(households)
    assert Site.objects.get(pk=site.pk).reserved == 24
    assert Stay.objects.holding().count() == 24


def test_one_proposal_confirmed_by_many_is_confirmed_once() -> None:
    make_site(places=50)
    officer = make_officer()
    for _ in range(10):
        make_household_of(3, by=officer)
    run = ask(officer)
    ended = at_once([lambda: services.confirm_allocation(actor=officer, run=run)] * 5)
    assert ended == {"done": 5}
    assert Placement.objects.count() == 10


def test_places_that_others_take_meanwhile_are_not_given_twice() -> None:
    site = make_site(places=30)
    officer = make_officer()
    for _ in range(10):
        make_household_of(2, by=officer)
    run = ask(officer)
    others = [make_household_of(1, by=officer) for _ in range(15)]
    calls: list[Any] = [
        lambda h=household: services.place_household(actor=officer, household=h, site=site)
        for household in others
    ]
    calls[6:6] = [lambda: services.confirm_allocation(actor=officer, run=run, only_possible=True)]
    at_once(calls)
    now = Site.objects.get(pk=site.pk)
    assert now.reserved == Stay.objects.holding().count()
    assert 29 <= now.reserved <= 30


def test_who_leaves_while_a_proposal_is_confirmed_has_no_place() -> None:
    make_site(places=60)
    officer = make_officer()
    households = [make_household_of(2, by=officer) for _ in range(8)]
    run = ask(officer)

    def leave(household: Any) -> None:
        with transaction.atomic():
            from reception.services.locks import lock_household

            lock_household(household.pk)
            take_out(household.members.order_by("pk").last())
            services.household_changed(household, officer)

    calls: list[Any] = [lambda h=household: leave(h) for household in households[:4]]
    calls[2:2] = [lambda: services.confirm_allocation(actor=officer, run=run)]
    assert at_once(calls) == {"done": 5}
    assert Site.objects.get().reserved == 12 == Stay.objects.holding().count()


def test_a_connection_killed_in_the_middle_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_site(places=60)
    officer = make_officer()
    households = [make_household_of(2, by=officer) for _ in range(4)]
    run = ask(officer)
    failed: list[str] = []

    def die(*_args: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def confirm() -> None:
        try:
            services.confirm_allocation(actor=officer, run=run)
        except OperationalError:
            failed.append("killed")
        finally:
            connection.close()

    with monkeypatch.context() as killing:
        killing.setattr(allocating, "_write", die)
        thread = threading.Thread(target=confirm)
        thread.start()
        thread.join()
    assert failed == ["killed"]
    assert not Placement.objects.exists()
    assert line_of(run, households[0]).state == "proposed"
    assert counter_drifts() == []
    assert len(services.confirm_allocation(actor=officer, run=run).confirmed) == 4


def _pair(officer: Any) -> tuple[Any, Any]:
    from accounts.choices import Role

    dana = make_user(Role.PROTECTION_OFFICER)
    one, other = make_household_of(1, by=officer), make_household_of(1, by=officer)
    services.keep_apart(actor=dana, household=one, other=other, reason="x")
    return one, other


def test_without_the_lock_a_pair_is_placed_at_one_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look, neither sees the other: what the lock on the pair is for."""
    site, officer = make_site(), make_officer()
    pair = _pair(officer)
    looked = threading.Barrier(2)
    judge = hard_rules.judge

    def slowly(household: Any, where: Any) -> Any:
        found = judge(household, where)
        looked.wait(timeout=20)
        return found

    monkeypatch.setattr(hard_rules, "lock_kept_apart", lambda pks: list(KeepApart.objects.all()))
    monkeypatch.setattr(hard_rules, "judge", slowly)
    ended = at_once(
        [
            lambda h=each: services.place_household(actor=officer, household=h, site=site)
            for each in pair
        ]
    )
    assert ended == {"done": 2}


def test_a_pair_placed_at_one_site_by_two_officers_is_placed_once() -> None:
    site, officer = make_site(), make_officer()
    for _ in range(4):
        pair = _pair(officer)
        ended = at_once(
            [
                lambda h=each: services.place_household(actor=officer, household=h, site=site)
                for each in pair
            ]
        )
        assert ended == {"done": 1, "keep_apart": 1}


def test_all_or_nothing_under_a_race_is_one_of_both() -> None:
    make_site(places=10)
    officers = [make_officer(), make_officer()]
    for _ in range(5):
        make_household_of(2, by=officers[0])
    runs = [ask(officer) for officer in officers]
    ended = at_once(
        [
            lambda r=run, o=officer: services.confirm_allocation(actor=o, run=r)
            for run, officer in zip(runs, officers, strict=True)
        ]
    )
    assert ended == {"done": 1, AllocationRefused([]).code: 1}
    assert Placement.objects.count() == 5
