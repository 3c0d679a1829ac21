"""Officers and desks that act on one possible duplicate at the same moment: real commits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from accounts.choices import Role
from accounts.models import User
from common import clock
from intake.choices import PairStatus
from intake.duplicates import decide_pair, undo_decision
from intake.models import DuplicatePair, Household, PairDecision, Person, PersonMerge
from intake.services import add_member, record_exit
from reception.models import Placement
from reception.selectors import counter_drifts
from reception.services import check_in
from tests.concurrency.together import at_once
from tests.factories import accounts
from tests.factories.duplicates import AGAIN, FIRST, family, named, registered_twice
from tests.factories.intake import member
from tests.factories.reception import make_officer, make_placement, make_site

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 3


@pytest.fixture
def registrar() -> User:
    """A registrar, committed."""
    accounts.make_operation()
    return accounts.make_user(Role.REGISTRAR)


@pytest.fixture
def officers(registrar: User) -> list[User]:
    """Two who decide."""
    return [accounts.make_user(Role.PROTECTION_OFFICER) for _ in range(2)]


def deciding(actor: User, pair: DuplicatePair, same: bool) -> Callable[[], Any]:
    return lambda: decide_pair(actor=actor, pair=DuplicatePair.objects.get(pk=pair.pk), same=same)


def pairs_of_three(actor: User) -> tuple[list[Household], Iterator[DuplicatePair]]:
    homes = [family(actor, FIRST, days=day) for day in range(3)]
    keys = [sorted(each, key=lambda home: home.pk) for each in (homes[:2], homes[1:])]
    made = (DuplicatePair.objects.create(first=a, second=b, score=0.9) for a, b in keys)
    return homes, made


def test_two_officers_do_not_decide_one_pair_in_two_ways(
    registrar: User, officers: list[User]
) -> None:
    for _ in range(ROUNDS):
        homes = [family(registrar, AGAIN, days=day) for day in range(2)]
        pair = DuplicatePair.objects.create(first=homes[0], second=homes[1], score=0.9)
        said = at_once(deciding(officers[0], pair, True), deciding(officers[1], pair, False))
        assert sorted(said) == ["already_decided", "done"]
        decision = PairDecision.objects.get(pair=pair)
        assert (decision.decision == PairStatus.SAME) == (said[0] == "done")
        merged = Household.objects.filter(pk=homes[1].pk, merged_into__isnull=False).exists()
        assert merged == (said[0] == "done")


def test_two_merges_with_one_household_in_common(registrar: User, officers: list[User]) -> None:
    """A-B and B-C at once: in either order nobody is lost and nothing hangs."""
    for _ in range(ROUNDS):
        homes, made = pairs_of_three(registrar)
        one, two = made
        said = at_once(deciding(officers[0], one, True), deciding(officers[1], two, True))
        # B-C first: then B-A is decided as well. A-B first: then B is merged.
        assert said in (["done", "done"], ["done", "household_merged"])
        rest = Person.objects.in_count().filter(household__in=homes)
        assert rest.count() == (3 if said[1] == "done" else 6)
        leads = set(
            Household.objects.filter(
                pk__in=[each.pk for each in homes], merged_into__isnull=False
            ).values_list("merged_into", flat=True)
        )
        assert leads == {homes[0].pk}


def test_a_merge_and_an_undo_of_one_chain(registrar: User, officers: list[User]) -> None:
    for _ in range(ROUNDS):
        homes, made = pairs_of_three(registrar)
        one, two = made
        decide_pair(actor=officers[0], pair=two, same=True)
        said = at_once(
            deciding(officers[0], one, True),
            lambda pk=two.pk: undo_decision(
                actor=officers[1], pair=DuplicatePair.objects.get(pk=pk)
            ),
        )
        assert said[0] == "done"
        assert said[1] in ("done", "household_merged")
        rest = Person.objects.in_count().filter(household__in=homes).count()
        assert rest == (6 if said[1] == "done" else 3)


def test_a_merge_and_a_check_in(registrar: User, officers: list[User]) -> None:
    for _ in range(ROUNDS):
        pair = next_pair(registrar)
        placement = make_placement(make_site(), household=pair.second)
        officer = make_officer()
        said = at_once(
            deciding(officers[0], pair, True),
            lambda p=placement, o=officer: check_in(
                actor=o, placement=Placement.objects.get(pk=p.pk)
            ),
        )
        assert said == ["done", "done"]
        placed = Placement.objects.open().get(pk=placement.pk)
        assert (placed.household_id, placed.status) == (pair.first_id, "checked_in")
        assert counter_drifts() == []


def next_pair(actor: User) -> DuplicatePair:
    homes = [family(actor, AGAIN, days=day) for day in range(2)]
    return DuplicatePair.objects.create(first=homes[0], second=homes[1], score=0.9)


def test_a_merge_and_a_new_member_of_the_repeat(registrar: User, officers: list[User]) -> None:
    for _ in range(ROUNDS):
        pair = next_pair(registrar)
        said = at_once(
            deciding(officers[0], pair, True),
            lambda home=pair.second: add_member(
                actor=registrar,
                household=Household.objects.get(pk=home.pk),
                data=member("Nilufar", relationship="child", birth="2019-02-02"),
            ),
        )
        assert said[0] == "done"
        counted = Person.objects.in_count().filter(household__in=[pair.first, pair.second])
        assert counted.count() == (4 if said[1] == "done" else 3)
        assert {each.household_id for each in counted} == {pair.first_id}


def test_a_merge_and_an_exit(registrar: User, officers: list[User]) -> None:
    for _ in range(ROUNDS):
        pair = next_pair(registrar)
        person = named(pair.second, 1)
        said = at_once(
            deciding(officers[0], pair, True),
            lambda p=person: record_exit(
                actor=registrar, person=p, reason="resettled", occurred_at=clock.now()
            ),
        )
        # Whoever was first: nobody is in the count by one record and gone by the other.
        assert said in (["done", "already_left"], ["people_left", "done"]), said
        assert PersonMerge.objects.filter(pair=pair).exists() == (said[0] == "done")


def test_the_pair_is_offered_once_by_two_searches(registrar: User) -> None:
    from intake.duplicates import find_duplicates

    pair = registered_twice(registrar)
    DuplicatePair.objects.all().delete()
    search = lambda: find_duplicates([pair.first_id, pair.second_id])  # noqa: E731
    assert at_once(*[search] * 4) == ["done"] * 4
    assert DuplicatePair.objects.count() == 1


def test_a_pair_that_a_worker_offers_meanwhile_stands_in_the_way_of_no_merge(
    registrar: User, officers: list[User]
) -> None:
    """The worker has written the pair of the survivor and another household, not yet committed."""
    homes, made = pairs_of_three(registrar)
    pair, _carried = made
    first, second = sorted([homes[0], homes[2]], key=lambda home: home.pk)
    written = threading.Event()

    def offer() -> None:
        with transaction.atomic():
            DuplicatePair.objects.create(first=first, second=second, score=0.8)
            written.set()
            time.sleep(1)  # the decision waits for this row meanwhile

    def decide() -> None:
        written.wait(timeout=20)
        decide_pair(actor=officers[0], pair=pair, same=True)

    assert at_once(offer, decide) == ["done", "done"]
    assert Household.objects.get(pk=homes[1].pk).merged_into_id == homes[0].pk
    assert DuplicatePair.objects.get(first=first, second=second).status == PairStatus.OPEN
