"""People of one hour counted by several hands at once: real threads, real commits."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from accounts.choices import Role
from accounts.models import User
from audit.models import Event
from intake.models import BorderAssessment, CrossingCount, EntryPoint
from intake.services import counts
from tests.concurrency.together import at_once
from tests.factories import accounts
from tests.factories.border import count_input, hours, make_assessment, make_count
from tests.factories.intake import make_entry_point

HANDS = 4

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def registrar() -> User:
    """A registrar and a crossing, committed."""
    accounts.make_operation()
    make_entry_point("TEM")
    return accounts.make_user(Role.REGISTRAR)


def counting(registrar: User, began: float, ended: float, **fields: Any) -> Callable[[], Any]:
    point = EntryPoint.objects.get(code="TEM")
    return lambda: make_count(registrar, began, ended, point=point, **fields)


def without_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody looks before anybody writes, as if the entry point were not held."""
    gate = threading.Barrier(HANDS)

    def together(entry_point: EntryPoint) -> EntryPoint:
        gate.wait(timeout=20)
        return entry_point

    monkeypatch.setattr(counts, "lock_entry_point", together)


@pytest.mark.parametrize("locked", [True, False])
def test_one_count_of_an_hour_whoever_sends_it_first(
    registrar: User, monkeypatch: pytest.MonkeyPatch, *, locked: bool
) -> None:
    """The lock tells the second hand; without it the database does, in the same words."""
    if not locked:
        without_lock(monkeypatch)
    calls = [counting(registrar, hand / 10, 1 + hand / 10) for hand in range(HANDS)]
    assert Counter(at_once(*calls)) == {"done": 1, "counts_overlap": HANDS - 1}
    assert CrossingCount.objects.count() == 1
    assert Event.objects.filter(kind="entry_point.people_counted").count() == 1


def test_hours_beside_each_other_are_all_counted(registrar: User) -> None:
    calls = [counting(registrar, hand, hand + 1) for hand in range(HANDS)]
    assert at_once(*calls) == ["done"] * HANDS


def test_one_id_sent_by_many_is_one_count(registrar: User) -> None:
    key = uuid4()
    assert at_once(*[counting(registrar, 0, 1, id=key)] * HANDS) == ["done"] * HANDS
    assert CrossingCount.objects.get().pk == key


def test_one_correction_of_a_count(registrar: User) -> None:
    wrong = make_count(registrar, 0, 1, 100)

    def correct(total: int) -> Callable[[], Any]:
        row = CrossingCount.objects.get(pk=wrong.pk)
        data = count_input(0, 1, total)
        return lambda: counts.correct_crossing_count(actor=registrar, count=row, data=data)

    answers = at_once(*map(correct, range(HANDS)))
    assert Counter(answers) == {"done": 1, "superseded": HANDS - 1}
    assert CrossingCount.objects.standing().count() == 1
    assert CrossingCount.objects.count() == 2


def test_one_assessment_sent_by_many_is_one(registrar: User) -> None:
    key = uuid4()
    calls = [lambda: make_assessment(registrar, id=key)] * HANDS
    assert at_once(*calls) == ["done"] * HANDS
    assert BorderAssessment.objects.get().visit_began_at == hours(10)
