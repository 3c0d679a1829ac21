"""The same people registered by many hands at once: real threads, real commits."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.choices import Role
from accounts.models import User
from audit.models import Event
from intake.models import Arrival, Household, Person
from intake.services import registration
from tests.factories import accounts
from tests.factories import intake as make

HOUSEHOLDS = "/api/v1/households/"
HANDS = 6

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def registrar() -> User:
    """A registrar and a crossing, committed."""
    accounts.make_operation()
    make.make_entry_point("TEM")
    return accounts.make_user(Role.REGISTRAR)


def household(**changes: Any) -> dict[str, Any]:
    """Two people with ids of their own."""
    return {
        "id": str(uuid4()),
        "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
        "members": [
            {"id": str(uuid4()), "name": "Zarina", "sex": "F", "birth": "30"},
            {"id": str(uuid4()), "name": "Habib", "sex": "M", "birth": "35"},
        ],
        **changes,
    }


def at_once(user: User, path: str, bodies: list[Any]) -> list[Any]:
    """Post each body from a thread of its own, all together."""
    gate = threading.Barrier(len(bodies))

    def send(body: Any) -> Any:
        client = APIClient()
        client.force_authenticate(User.objects.get(pk=user.pk))
        try:
            gate.wait(timeout=20)
            return client.post(path, body)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))


def slow_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have everyone look for what is known before anyone writes: the race at its worst."""
    gate = threading.Barrier(HANDS)
    look: Callable[..., Any] = registration._known_households
    first = threading.local()

    def look_together(data: Any) -> Any:
        found = look(data)
        if not hasattr(first, "done"):
            first.done = True
            gate.wait(timeout=20)
        return found

    monkeypatch.setattr(registration, "_known_households", look_together)


def test_one_household_however_many_send_it(
    registrar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(monkeypatch)
    sent = household()
    answers = at_once(registrar, HOUSEHOLDS, [sent] * HANDS)
    assert Counter(each.status_code for each in answers) == {201: 1, 200: HANDS - 1}
    assert len({each.content for each in answers}) == 1
    assert (Household.objects.count(), Arrival.objects.count()) == (1, 1)
    assert Person.objects.count() == 2
    assert Event.objects.filter(kind="household.registered").count() == 1


def test_a_repeat_that_lands_between_two_looks_is_no_conflict(
    registrar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another hand registers the same household after the first look at what is known."""
    sent = household()
    looked = threading.Event()

    def elsewhere() -> None:
        (answer,) = at_once(registrar, HOUSEHOLDS, [sent])
        assert answer.status_code == 201

    def then_another_hand(look: Callable[..., Any]) -> Callable[..., Any]:
        def looking(data: Any) -> Any:
            found = look(data)
            if not looked.is_set():
                looked.set()
                elsewhere()
            return found

        return looking

    for name in ("_taken_persons", "_known_households"):
        monkeypatch.setattr(registration, name, then_another_hand(getattr(registration, name)))
    (answer,) = at_once(registrar, HOUSEHOLDS, [sent])
    assert answer.status_code == 200
    assert (Household.objects.count(), Person.objects.count()) == (1, 2)


def test_one_id_with_other_content_is_one_household_and_conflicts(
    registrar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(monkeypatch)
    sent = household()
    bodies = [{**sent, "declared_size": 2 + number} for number in range(HANDS)]
    answers = at_once(registrar, HOUSEHOLDS, bodies)
    assert Counter(each.status_code for each in answers) == {201: 1, 409: HANDS - 1}
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"conflict"}
    (kept,) = [each.json() for each in answers if each.status_code == 201]
    assert Household.objects.get().declared_size == kept["declared_size"]


def test_the_same_person_in_two_households_at_once_is_one_person(
    registrar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(monkeypatch)
    members = household()["members"]
    answers = at_once(registrar, HOUSEHOLDS, [household(members=members) for _ in range(HANDS)])
    assert Counter(each.status_code for each in answers) == {201: 1, 409: HANDS - 1}
    assert (Household.objects.count(), Person.objects.count()) == (1, 2)


def test_a_batch_sent_by_several_devices_is_registered_once(
    registrar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(monkeypatch)
    sent = [household() for _ in range(10)]
    orders = [sent if number % 2 else sent[::-1] for number in range(HANDS)]
    bodies = [{"households": order} for order in orders]
    answers = at_once(registrar, f"{HOUSEHOLDS}batch/", bodies)
    assert {each.status_code for each in answers} == {200}
    statuses: Counter[int] = Counter()
    references: dict[str, set[str]] = {}
    for answer in answers:
        for each in answer.json()["results"]:
            statuses[each["status"]] += 1
            references.setdefault(each["id"], set()).add(each["reference"])
    assert statuses == {201: 10, 200: 10 * (HANDS - 1)}
    assert all(len(each) == 1 for each in references.values())
    assert (Household.objects.count(), Person.objects.count()) == (10, 20)


def test_a_member_sent_twice_at_once_is_added_once(registrar: User) -> None:
    home = make.make_household(registrar, [make.member()])
    baby = {"id": str(uuid4()), "name": "Gul", "sex": "F", "birth": "3 days"}
    path = f"{HOUSEHOLDS}{home.reference}/members/"
    answers = at_once(registrar, path, [baby] * HANDS)
    assert {each.status_code for each in answers} <= {200, 201}
    assert len({each.content for each in answers}) == 1
    assert home.members.count() == 2
