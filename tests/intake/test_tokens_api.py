"""Slips over REST: devices that scan, print and replace; and who gets nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.policies import limit_to_token
from audit.models import AccessRecord
from intake.models import Household, SlipToken, TokenSheet
from intake.references import new_token
from intake.services.tokens import replace_token, revoke_token
from tests.factories import intake as make
from tests.factories.tokens import make_slips

API = Callable[[User | None], APIClient]
TOKENS = "/api/v1/tokens/"
SHEETS = "/api/v1/token-sheets/"
HOUSEHOLDS = "/api/v1/households/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def crossings(operation: Any) -> None:
    """Two crossings: Bob's, and another."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


def body(**fields: Any) -> dict[str, Any]:
    """A household of one."""
    return {
        "id": str(uuid4()),
        "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
        "members": [{"name": "Zarina", "sex": "F", "birth": "30"}],
        **fields,
    }


def test_a_device_looks_up_what_it_scanned(api: API, alice: User) -> None:
    home = make.make_household(alice)
    answer = api(alice).get(f"{TOKENS}{home.token.replace('-', '').lower()}/")
    assert answer.status_code == 200
    assert answer.json() == {
        "token": home.token,
        "state": "bound",
        "household": home.reference,
        "household_id": str(home.pk),
        "revoked_at": None,
        "reason": "",
    }
    assert AccessRecord.objects.get(action="scan").subject_id == home.pk
    (ahead,) = make_slips(alice)
    assert api(alice).get(f"{TOKENS}{ahead}/").json()["state"] == "printed"
    old = home.token
    replace_token(actor=alice, household=home, reason="lost")
    gone = api(alice).get(f"{TOKENS}{old}/").json()
    assert (gone["state"], gone["household"], gone["reason"]) == ("revoked", home.reference, "lost")


def test_unknown_and_not_yours_are_answered_alike(
    api: API, alice: User, bob: User, carol: User, omar: User
) -> None:
    home = make.make_household(alice, entry_point="RUZVAI")
    old = home.token
    replace_token(actor=alice, household=home, reason="stolen")
    home.refresh_from_db()
    unknown = api(bob).get(f"{TOKENS}{new_token()}/")
    assert unknown.status_code == 404
    for token in (home.token, old):
        answer = api(bob).get(f"{TOKENS}{token}/")
        assert (answer.status_code, answer.content) == (404, unknown.content)
        for nobody, status in ((carol, 403), (omar, 403), (None, 401)):
            assert api(nobody).get(f"{TOKENS}{token}/").status_code == status
    assert not AccessRecord.objects.filter(action="scan").exists()


@pytest.mark.parametrize("text", ["hello", "0000-0000-0000-0000-1", "%00" * 17, "<b>", "1" * 5000])
def test_a_mistyped_token_says_so(api: API, alice: User, text: str) -> None:
    answer = api(alice).get(f"{TOKENS}{text}/")
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["field"] == "token"
    assert error["code"] in ("unreadable", "check")


def test_a_device_prints_slips_and_registers_with_one(api: API, bob: User) -> None:
    made = api(bob).post(SHEETS, {"count": 3, "entry_point": "TEM"})
    assert made.status_code == 201
    sheet = made.json()
    assert (sheet["count"], sheet["entry_point"], len(set(sheet["tokens"]))) == (3, "TEM", 3)
    token = sheet["tokens"][1]
    sent = body(token=token.lower())
    answer = api(bob).post(HOUSEHOLDS, sent)
    assert (answer.status_code, answer.json()["token"]) == (201, token)
    again = api(bob).post(HOUSEHOLDS, sent)
    assert (again.status_code, again.json()["id"]) == (200, sent["id"])
    other = api(bob).post(HOUSEHOLDS, {**sent, "token": sheet["tokens"][2]})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    taken = api(bob).post(HOUSEHOLDS, body(token=token))
    assert taken.status_code == 400
    assert [(e["field"], e["code"]) for e in taken.json()["errors"]] == [("token", "token_bound")]
    assert "another slip" in taken.json()["errors"][0]["detail"]
    batch = api(bob).post(
        f"{HOUSEHOLDS}batch/",
        {"households": [body(token=sheet["tokens"][0]), body(token=sheet["tokens"][0]), sent]},
    )
    assert [each["status"] for each in batch.json()["results"]] == [201, 400, 200]
    assert Household.objects.count() == 2


def test_the_same_sheet_is_not_made_twice_for_one_key(api: API, alice: User) -> None:
    key = {"HTTP_IDEMPOTENCY_KEY": "sheet-1"}
    first = api(alice).post(SHEETS, {"count": 2}, **key)
    again = api(alice).post(SHEETS, {"count": 2}, **key)
    assert first.json() == again.json()
    assert TokenSheet.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "count"),
        ({"count": 501}, "count"),
        ({"count": "many"}, "count"),
        ({"count": 10**30}, "count"),
        ({"count": 1, "entry_point": "NOWHERE"}, "entry_point"),
        ({"count": 1, "entry_point": "A\x00"}, "entry_point"),
    ],
)
def test_a_sheet_that_cannot_be_made_names_the_field(
    api: API, alice: User, sent: dict[str, Any], field: str
) -> None:
    answer = api(alice).post(SHEETS, sent)
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert not SlipToken.objects.exists()


def test_who_prints_nothing(api: API, bob: User, carol: User, dana: User, omar: User) -> None:
    for nobody in (carol, dana, omar):
        assert api(nobody).post(SHEETS, {"count": 1}).status_code == 403
    for elsewhere in ({"count": 1}, {"count": 1, "entry_point": "RUZVAI"}):
        assert api(bob).post(SHEETS, elsewhere).status_code == 400
    assert not TokenSheet.objects.exists()


def test_a_lost_slip_is_replaced(api: API, alice: User) -> None:
    home = make.make_household(alice)
    path = f"{HOUSEHOLDS}{home.reference}/token/"
    before = api(alice).get(f"{HOUSEHOLDS}{home.reference}/")["ETag"]
    answer = api(alice).post(path, {"reason": "lost"})
    assert answer.status_code == 201
    new = answer.json()["token"]
    assert new != home.token
    read = api(alice).get(f"{HOUSEHOLDS}{home.reference}/")
    assert (read.json()["token"], read["ETag"]) == (new, answer["ETag"])
    assert read["ETag"] != before
    (ahead,) = make_slips(alice)
    assert api(alice).post(path, {"reason": "damaged", "token": ahead}).status_code == 201
    again = api(alice).post(path, {"reason": "damaged", "token": ahead})
    assert (again.status_code, again.json()["token"]) == (200, ahead)
    for sent, field in (
        ({"reason": "eaten"}, "reason"),
        ({}, "reason"),
        ({"reason": "lost", "token": new}, "token"),
        ({"reason": "lost", "occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
    ):
        refused = api(alice).post(path, sent)
        assert refused.status_code == 400
        assert [each["field"] for each in refused.json()["errors"]] == [field]


def test_nobody_else_replaces_it(api: API, alice: User, bob: User, carol: User, omar: User) -> None:
    home = make.make_household(alice, entry_point="RUZVAI")
    path = f"{HOUSEHOLDS}{home.reference}/token/"
    for nobody, status in ((bob, 404), (carol, 403), (omar, 403), (None, 401)):
        assert api(nobody).post(path, {"reason": "lost"}).status_code == status
    home_token = Household.objects.get().token
    assert home_token == home.token


def test_a_device_that_may_only_read_reads_only(alice: User) -> None:
    home = make.make_household(alice)
    reader = User.objects.get(pk=alice.pk)
    limit_to_token(reader, "households:read")
    client = APIClient()
    client.force_authenticate(reader)
    assert client.get(f"{TOKENS}{home.token}/").status_code == 200
    assert client.post(SHEETS, {"count": 1}).status_code == 403
    path = f"{HOUSEHOLDS}{home.reference}/token/"
    assert client.post(path, {"reason": "lost"}).status_code == 403
    writer = User.objects.get(pk=alice.pk)
    limit_to_token(writer, "households:write")
    client.force_authenticate(writer)
    (ahead,) = make_slips(alice)
    assert client.get(f"{TOKENS}{home.token}/").status_code == 404
    assert client.get(f"{TOKENS}{ahead}/").json()["state"] == "printed"
    revoke_token(actor=alice, token=ahead, reason="misprinted")
    assert client.get(f"{TOKENS}{ahead}/").json()["household"] is None
