"""One id for two records at one moment: one is made, the other is told; real commits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.choices import Role
from accounts.models import User
from intake.models import EntryPoint, Household, Person
from intake.services import entry_points, life
from tests.factories import accounts
from tests.factories.intake import make_household

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def registrar() -> User:
    """A registrar, committed."""
    accounts.make_operation()
    return accounts.make_user(Role.REGISTRAR)


def at_once(user: User, *sent: tuple[str, dict[str, Any]]) -> list[int]:
    """Post each from a thread of its own; the statuses."""

    def post(each: tuple[str, dict[str, Any]]) -> int:
        client = APIClient()
        client.force_authenticate(User.objects.get(pk=user.pk))
        try:
            return int(client.post(*each, format="json").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(sent)) as pool:
        return sorted(pool.map(post, sent))


def together(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Let both threads pass what is checked before either writes."""
    gate, original = threading.Barrier(2), getattr(module, name)

    def waiting(*args: Any, **kwargs: Any) -> Any:
        answer = original(*args, **kwargs)
        gate.wait(timeout=20)
        return answer

    monkeypatch.setattr(module, name, waiting)


def test_one_birth_id_in_two_households(registrar: User, monkeypatch: pytest.MonkeyPatch) -> None:
    homes: list[Household] = [make_household(registrar) for _ in range(2)]
    together(monkeypatch, life, "_check")
    body = {"id": str(uuid4()), "sex": "F", "occurred_at": "2021-07-07T10:00:00+05:00"}
    sent = [(f"/api/v1/households/{home.reference}/births/", body) for home in homes]
    assert at_once(registrar, *sent) == [201, 409]
    assert Person.objects.filter(pk=body["id"]).count() == 1


def test_one_code_for_two_crossings(registrar: User, monkeypatch: pytest.MonkeyPatch) -> None:
    together(monkeypatch, entry_points, "_of_the_place")
    sent = [
        ("/api/v1/entry-points/", {"name": name, "code": "FORD", "area": "3590208"})
        for name in ("Willow ford", "Poplar ford")
    ]
    assert at_once(registrar, *sent) == [201, 400]
    assert EntryPoint.objects.filter(code="FORD").count() == 1
