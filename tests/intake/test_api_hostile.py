"""Hostile input to every route that writes: a clear answer, never a 500, nothing half saved."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import Agency, User
from audit.models import AccessRecord, Event
from intake.models import (
    Arrival,
    Consent,
    Household,
    Identity,
    IdentityIndex,
    Person,
    PersonExit,
    SpecificNeed,
)
from tests.factories import intake as make

API = Callable[[User | None], APIClient]
HOUSEHOLDS = "/api/v1/households/"
MEMBER: dict[str, Any] = {"name": "Зарина", "sex": "F", "birth": "about 36"}
FAMILY: dict[str, Any] = {
    "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "phones": ["+93700000001"],
    "consents": [{"purpose": "assistance", "recipient": "AKHS", "given": True}],
    "members": [
        {
            "name": "محمد نبی",
            "sex": "M",
            "birth": "1360",
            "documents": [{"type": "tazkira", "number": "1234-5678-90123"}],
        },
        MEMBER,
    ],
}
LATER: dict[str, Any] = {
    "entry_point": "TEM",
    "arrived_at": "2021-07-06T04:30:00+05:00",
    "members": [MEMBER],
}
TABLES = (Household, Arrival, Consent, Person, Identity, IdentityIndex, SpecificNeed, PersonExit)
SURROGATE = "\ud800"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def crossing(agency: Agency) -> None:
    """One crossing, and the agency that the family answers about."""
    make.make_entry_point("TEM")


def rows() -> list[int]:
    """How many rows there are of everything a write may make."""
    return [model._default_manager.count() for model in (*TABLES, Event)]


def post(client: APIClient, path: str, body: Any, verb: str = "POST") -> Any:
    """Send JSON as a careless client writes it: lone surrogates as escapes."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.generic(verb, path, text, content_type="application/json", HTTP_IF_MATCH="*")


def refused(answer: Any) -> dict[str, Any]:
    """The problem document of a refusal."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    body: dict[str, Any] = answer.json()
    assert set(body) >= {"type", "title", "status", "code", "detail"}
    assert body["status"] == answer.status_code
    return body


keys = st.sampled_from(
    ["id", "name", "sex", "birth", "documents", "type", "number", "person", "reason", "members"]
)
texts = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(), max_size=5),
    st.sampled_from(
        [
            "\x00",
            "a\x00b",
            SURROGATE,
            "x" * 5000,
            "٣" * 61,
            "²",
            "9" * 400,
            "-1",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59-14:00",
            "2021-07-05T04:30:00",
            "31/02/1400",
            "\u202e\u200f",
            "constructor",
            "' OR 1=1 --",
            "1360",
            "00000000-0000-0000-0000-000000000000",
        ]
    ),
)
numbers = st.one_of(
    st.integers(), st.sampled_from([10**30, -(10**400), 2**31, 1e308, -0.0, 0, True])
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | texts, inner, max_size=3),
    max_leaves=6,
)
often = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def paths_in(body: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON body."""
    found = [at] if at else []
    items = body.items() if isinstance(body, dict) else enumerate(body)
    for key, value in items if isinstance(body, dict | list) else ():
        found += paths_in(value, (*at, key)) if isinstance(value, dict | list) else [(*at, key)]
    return found


def with_value(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The body with something else at one place."""
    changed = copy.deepcopy(body)
    target = changed
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    return changed


FULL_MEMBER = {
    **MEMBER,
    "id": str(uuid4()),
    "father_name": "x",
    "grandfather_name": "x",
    "also_known_as": ["x"],
    "birth_source": "stated",
    "relationship": "head",
    "nationality": "AFG",
    "marital_status": "single",
    "specific_needs": ["SM-CI"],
    "documents": [{"type": "tazkira", "number": "1"}],
    "phones": ["1"],
    "notes": "x",
}
FULL = {
    **FAMILY,
    "id": str(uuid4()),
    "origin_area": "AF1723",
    "preferred_language": "prs",
    "interpreter_language": "prs",
    "declared_size": 3,
    "livestock": "x",
    "legal_basis": "vital_interest",
    "notes": "x",
    "members": [FULL_MEMBER],
}
EDIT = {
    key: FULL[key]
    for key in (
        "origin_area",
        "preferred_language",
        "interpreter_language",
        "phones",
        "declared_size",
        "livestock",
        "notes",
    )
}
EXIT = {
    "person": str(uuid4()),
    "reason": "voluntary_return",
    "occurred_at": "2021-07-07T10:00:00+05:00",
    "voluntary": True,
    "destination": "x",
}


@pytest.mark.parametrize(
    ("verb", "below", "valid"),
    [
        ("POST", "", FULL),
        ("POST", "batch/", {"households": [FULL]}),
        ("PATCH", "{reference}/", EDIT),
        ("POST", "{reference}/members/", FULL_MEMBER),
        ("POST", "{reference}/arrivals/", {**LATER, "members": [FULL_MEMBER]}),
        ("POST", "{reference}/exits/", EXIT),
    ],
    ids=["register", "batch", "edit", "member", "arrival", "exit"],
)
@often
@given(data=st.data())
def test_no_json_breaks_a_write(
    api: API, alice: User, verb: str, below: str, valid: Any, data: Any
) -> None:
    """One place of a complete body holds anything at all."""
    home = make.make_household(alice, [make.member()])
    if below.endswith("exits/"):
        valid = {**valid, "person": str(home.members.get().pk)}
    place = data.draw(st.sampled_from(paths_in(valid)), label="place")
    body = with_value(valid, place, data.draw(values, label="value"))
    before = rows()
    path = HOUSEHOLDS + below.format(reference=home.reference)
    answer = post(api(alice), path, body, verb)
    assert answer.status_code in {200, 201, 400, 409}, answer.content
    if answer.status_code >= 400:
        refused(answer)
        assert rows() == before
    connection.check_constraints()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"12",
        b"\xff\xfe\x00",
        b'{"members": NaN}',
        b'{"declared_size": ' + b"9" * 5000 + b"}",
        b"[" * 200_000,
        b'{"members":' * 100_000,
    ],
    ids=lambda body: str(body[:16]),
)
@pytest.mark.parametrize("below", ["", "batch/", "{reference}/members/", "{reference}/exits/"])
def test_what_is_no_json_object_is_a_400(api: API, alice: User, below: str, body: bytes) -> None:
    home = make.make_household(alice, [make.member()])
    before = rows()
    answer = post(api(alice), HOUSEHOLDS + below.format(reference=home.reference), body)
    assert refused(answer)["status"] == 400
    assert rows() == before


@pytest.mark.parametrize("sign", ["\x00", SURROGATE])
@pytest.mark.parametrize(
    "place",
    [place for place in paths_in(FULL) if isinstance(place[-1], str) or "phones" in place],
    ids=lambda place: ".".join(map(str, place)),
)
def test_a_sign_that_no_text_holds_is_named(
    api: API, alice: User, place: tuple[Any, ...], sign: str
) -> None:
    """NUL and lone surrogates cannot be stored: a 400 that names the field, everywhere."""
    answer = post(api(alice), HOUSEHOLDS, with_value(FULL, place, f"ab{sign}cd"))
    fields = {each["field"] for each in refused(answer)["errors"]}
    assert answer.status_code == 400
    assert ".".join(map(str, place)) in fields
    assert Household.objects.count() == 0


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_the_ends_of_time_are_no_arrival(api: API, alice: User, moment: str) -> None:
    home = make.make_household(alice, [make.member()])
    before = rows()
    for path, body, field in (
        (
            HOUSEHOLDS,
            with_value(FAMILY, ("arrival", "arrived_at"), moment),
            "arrival.arrived_at",
        ),
        (f"{HOUSEHOLDS}{home.reference}/arrivals/", {**LATER, "arrived_at": moment}, "arrived_at"),
    ):
        problem = refused(post(api(alice), path, body))
        assert [each["field"] for each in problem["errors"]] == [field]
    assert rows() == before


@pytest.mark.parametrize(
    "path",
    [
        "households/%00/",
        "households/a_b/",
        "households/" + quote("محمد نبی") + "/",
        "households/" + "9" * 300 + "/",
        "persons/%00/",
        "persons/not-an-id/",
        "persons/" + "f" * 32 + "/",
        "entry-points/%00/",
        "entry-points/" + quote("' OR 1=1") + "/",
        "no-such-thing/",
    ],
)
def test_no_address_breaks_reading(api: API, alice: User, path: str) -> None:
    answer = api(alice).get(f"/api/v1/{path}")
    assert answer.status_code == 404
    assert refused(answer)["code"] == "not_found"


@pytest.mark.parametrize(
    "query",
    [
        "search=%00",
        "search=" + "x" * 3000,
        "search=%F0%9F%90%A6",
        "search=%ED%A0%80",
        "search=%25_%27",
        "cursor=x",
        "cursor=cD0lMDA%3D",
        "cursor=cD1hYmM%3D",
        "cursor=" + "A" * 3000,
        "page_size=" + "9" * 400,
        "page_size=x",
        "page_size=-1",
        "sex=%00",
        "sex=Kanarienvogel",
        "status=Kanarienvogel",
        "updated_since=Kanarienvogel",
        "updated_since=0001-01-01T00:00:00%2B14:00",
        "updated_since=9999-12-31T23:59:59-14:00",
        "updated_since=2021-07-01&cursor=cD1hYmM%3D",
        "arrived_after=%00",
        "entry_point=%00",
        "entry_point=Kanarienvogel",
        "household=%00",
    ],
)
@pytest.mark.parametrize("resource", ["households", "persons", "entry-points"])
def test_no_query_breaks_a_list(api: API, alice: User, resource: str, query: str) -> None:
    make.make_household(alice, [make.member()])
    answer = api(alice).get(f"/api/v1/{resource}/?{query}")
    assert answer.status_code in {200, 400, 404}, answer.content
    if answer.status_code != 200:
        refused(answer)
        assert "Kanarienvogel" not in answer.content.decode()


@pytest.mark.parametrize("key", ["a\x00b", "ключ", "x" * 201])
def test_an_odd_key_is_refused_before_anything_is_done(api: API, alice: User, key: str) -> None:
    answer = api(alice).post(HOUSEHOLDS, FAMILY, HTTP_IDEMPOTENCY_KEY=key)
    assert refused(answer)["code"] in {"idempotency_key_invalid", "idempotency_key_too_long"}
    assert Household.objects.count() == 0
    assert AccessRecord.objects.count() == 0


def test_an_item_of_a_batch_that_is_no_household_is_answered_by_itself(
    api: API, alice: User
) -> None:
    good = {**FAMILY, "id": str(uuid4())}
    odd = [None, 7, "text", [], {}, {"id": SURROGATE}, {"id": "Kanarienvogel"}]
    answer = post(api(alice), f"{HOUSEHOLDS}batch/", {"households": [*odd, good]})
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [400] * len(odd) + [201]
    assert "Kanarienvogel" not in answer.content.decode()
    assert all(each["problem"]["errors"] for each in results[:-1])
    assert Household.objects.count() == 1


def test_a_person_twice_in_a_batch_is_a_conflict_of_the_second(api: API, alice: User) -> None:
    same = {**MEMBER, "id": str(uuid4())}
    sent = [{**FAMILY, "id": str(uuid4()), "members": [same]} for _ in range(2)]
    answer = post(api(alice), f"{HOUSEHOLDS}batch/", {"households": sent})
    assert [each["status"] for each in answer.json()["results"]] == [201, 409]
    assert Person.objects.count() == 1


def test_a_crowd_behind_a_household_is_too_many(api: API, alice: User) -> None:
    home = make.make_household(alice, [make.member()])
    before = rows()
    body = {**LATER, "members": [MEMBER] * 61}
    answer = post(api(alice), f"{HOUSEHOLDS}{home.reference}/arrivals/", body)
    assert [each["field"] for each in refused(answer)["errors"]] == ["members"]
    assert rows() == before
