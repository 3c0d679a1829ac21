"""Idempotency-Key: what is sent again is answered as the first time, also by many at once."""

from __future__ import annotations

import copy
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.choices import Role
from accounts.models import User
from audit import idempotency
from audit.models import Event, IdempotentReply
from common.encryption import CannotOpen, unseal
from intake.models import Household
from tests.factories import accounts
from tests.factories import intake as make

API = Callable[[User | None], APIClient]
HOUSEHOLDS = "/api/v1/households/"
BODY: dict[str, Any] = {
    "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "members": [{"name": "Kanarienvogel", "sex": "F", "birth": "30"}],
}


def body(**changes: Any) -> dict[str, Any]:
    """Somebody, with changes."""
    return {**copy.deepcopy(BODY), **changes}


@pytest.fixture
def crossing(db: None) -> None:
    """One crossing."""
    make.make_entry_point("TEM")


@pytest.mark.usefixtures("crossing")
class TestOneAfterTheOther:
    """Requests that follow each other."""

    def test_the_first_answer_is_replayed_with_its_headers(self, api: API, alice: User) -> None:
        first = api(alice).post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k")
        again = api(alice).post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k")
        assert "Idempotency-Replayed" not in first
        assert again["Idempotency-Replayed"] == "true"
        assert (again.status_code, again.json()) == (201, first.json())
        assert again["ETag"] == first["ETag"]
        assert Household.objects.count() == 1
        assert Event.objects.filter(kind="household.registered").count() == 1

    def test_another_body_or_address_is_refused(self, api: API, alice: User) -> None:
        made = api(alice).post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k").json()
        for path, sent in (
            (HOUSEHOLDS, body(declared_size=3)),
            (f"{HOUSEHOLDS}batch/", {"households": [body()]}),
            (f"{HOUSEHOLDS}{made['reference']}/members/", BODY["members"][0]),
        ):
            answer = api(alice).post(path, sent, HTTP_IDEMPOTENCY_KEY="k")
            assert answer.status_code == 422
            assert answer.json()["code"] == "idempotency_key_reused"
            assert answer["Content-Type"] == "application/problem+json"
        assert Household.objects.count() == 1

    def test_a_repeat_is_known_after_the_secret_was_changed(
        self, api: API, alice: User, settings: Any
    ) -> None:
        first = api(alice).post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k")
        settings.LOOKUP_KEYS = {"k9": b"n" * 32, **settings.LOOKUP_KEYS}
        again = api(alice).post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k")
        assert (again.status_code, again.json()) == (201, first.json())
        other = api(alice).post(HOUSEHOLDS, body(declared_size=3), HTTP_IDEMPOTENCY_KEY="k")
        assert other.json()["code"] == "idempotency_key_reused"

    def test_a_key_belongs_to_its_user(self, api: API, alice: User, bob: User) -> None:
        first = api(alice).post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k")
        other = api(bob).post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k")
        assert (first.status_code, other.status_code) == (201, 201)
        assert first.json()["reference"] != other.json()["reference"]

    def test_a_failed_attempt_leaves_no_key(self, api: API, alice: User) -> None:
        for sent in (body(members=[]), {}, body(arrival=None)):
            assert api(alice).post(HOUSEHOLDS, sent, HTTP_IDEMPOTENCY_KEY="k").status_code == 400
            assert not IdempotentReply.objects.exists()
        assert api(alice).post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k").status_code == 201

    def test_a_crash_after_the_write_leaves_neither_key_nor_row(
        self, api: API, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def crash(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError("crash")

        client = api(alice)
        client.raise_request_exception = False
        with monkeypatch.context() as patched:
            patched.setattr(idempotency, "seal", crash)
            answer = client.post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k")
        assert (answer.status_code, answer.json()["code"]) == (500, "error")
        assert answer["Content-Type"] == "application/problem+json"
        assert "crash" not in answer.content.decode()
        assert not Household.objects.exists()
        assert not IdempotentReply.objects.exists()
        assert client.post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k").status_code == 201

    def test_who_is_denied_uses_up_no_key(self, api: API, carol: User) -> None:
        assert api(carol).post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k").status_code == 403
        assert not IdempotentReply.objects.exists()

    def test_the_answer_is_sealed_at_rest(self, api: API, alice: User) -> None:
        api(alice).post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="k")
        reply = IdempotentReply.objects.get()
        sealed = bytes(reply.body or b"")
        assert b"Kanarienvogel" not in sealed
        assert b"Kanarienvogel" in unseal(sealed, context=idempotency.CONTEXT)
        with pytest.raises(CannotOpen):
            unseal(sealed, context="another table")
        assert b"Kanarienvogel" not in bytes(reply.fingerprint)

    def test_an_edit_is_replayed_although_its_version_is_stale(self, api: API, alice: User) -> None:
        made = api(alice).post(HOUSEHOLDS, body())
        path = f"{HOUSEHOLDS}{made.json()['reference']}/"
        headers = {"HTTP_IF_MATCH": made["ETag"], "HTTP_IDEMPOTENCY_KEY": "k"}
        first = api(alice).patch(path, {"declared_size": 4}, **headers)
        again = api(alice).patch(path, {"declared_size": 4}, **headers)
        assert (first.status_code, again.status_code) == (200, 200)
        assert again["ETag"] == first["ETag"]
        read = api(alice).get(path, HTTP_IDEMPOTENCY_KEY="k")
        assert read.status_code == 200, "reads take no key"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_one_write_and_alike_answers() -> None:
    accounts.make_operation()
    make.make_entry_point("TEM")
    user = accounts.make_user(Role.REGISTRAR)
    gate = threading.Barrier(8)

    def send(number: int) -> tuple[int, bool, str]:
        client = APIClient()
        client.force_authenticate(User.objects.get(pk=user.pk))
        try:
            gate.wait(timeout=20)
            answer = client.post(HOUSEHOLDS, body(), HTTP_IDEMPOTENCY_KEY="once")
            return answer.status_code, "Idempotency-Replayed" in answer, answer.content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    assert {status for status, _, _ in answers} == {201}
    assert Counter(replayed for _, replayed, _ in answers) == {True: 7, False: 1}
    assert len({text for _, _, text in answers}) == 1
    assert Household.objects.count() == 1
    assert IdempotentReply.objects.count() == 1
