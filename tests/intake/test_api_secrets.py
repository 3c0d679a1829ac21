"""Names, phones and documents stay in the answer to who may read them, and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import AccessRecord, Event, IdempotentReply
from tests.factories import intake as make

API = Callable[[User | None], APIClient]
HOUSEHOLDS = "/api/v1/households/"
PERSONS = "/api/v1/persons/"
NAME, PHONE, DOCUMENT, NOTE = "Kanarienvogel", "+93755512345", "7777-8888-99999", "Zwitscher"
CANARIES = (NAME, PHONE, PHONE[3:], DOCUMENT, DOCUMENT.replace("-", ""), NOTE)
PERSON: dict[str, Any] = {
    "name": NAME,
    "father_name": NAME,
    "also_known_as": [NAME],
    "sex": "F",
    "birth": "30",
    "phones": [PHONE],
    "documents": [{"type": "tazkira", "number": DOCUMENT}],
    "notes": NOTE,
}
BODY: dict[str, Any] = {
    "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "phones": [PHONE],
    "notes": NOTE,
    "members": [PERSON],
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def crossing(db: None) -> None:
    """One crossing, and an empty cache."""
    make.make_entry_point("TEM")
    cache.clear()


def sings(text: Any) -> list[str]:
    """The canaries that a text gives away."""
    return [each for each in CANARIES if each.lower() in str(text).lower()]


def test_no_canary_sings(
    api: API, alice: User, bob: User, carol: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = api(alice)
    made = client.post(HOUSEHOLDS, BODY, HTTP_IDEMPOTENCY_KEY="k-1")
    assert made.status_code == 201
    path = f"{HOUSEHOLDS}{made.json()['reference']}/"
    for number in range(3):
        client.post(f"{path}members/", {**PERSON, "birth": str(20 + number)})
    client.patch(path, {"notes": NOTE, "phones": [PHONE]}, HTTP_IF_MATCH="*")
    client.post(f"{HOUSEHOLDS}batch/", {"households": [{**BODY, "id": str(uuid4())}]})
    links = []
    for text in (NAME, PHONE, DOCUMENT):
        page = client.get(PERSONS, {"search": text, "page_size": 1}).json()
        assert page["results"][0]["name"] == NAME
        links.append(page["next"])
    bob_found = api(bob).get(PERSONS, {"search": NAME}).json()["results"]
    assert {each["name"] for each in bob_found} == {NAME}
    assert api(carol).get(PERSONS, {"search": NAME}).status_code == 403
    records = list(Event.objects.values()) + list(AccessRecord.objects.values())
    assert sings(records) == []
    # The locmem cache of a test keeps its keys and values in plain dictionaries.
    assert sings([*cache._cache.items()]) == []
    assert sings(made.headers) == []
    texts = [record.getMessage() for record in caplog.records]
    statements = [text for text in texts if record_is_sql(text)]
    assert sings([text for text in texts if text not in statements]) == []


def record_is_sql(text: str) -> bool:
    """Django logs statements at DEBUG only with DEBUG on; no production process has it."""
    return text.startswith("(") and " SQL" in text


def test_a_next_link_repeats_only_what_its_reader_asked(api: API, alice: User) -> None:
    """The position in a page is a key or a time: never a name."""
    for number in range(3):
        api(alice).post(HOUSEHOLDS, {**BODY, "members": [{**PERSON, "birth": str(20 + number)}]})
    for path in (PERSONS, HOUSEHOLDS):
        for query in ({}, {"updated_since": "2021-01-01T00:00:00Z"}):
            page = api(alice).get(path, {**query, "page_size": 1}).json()
            assert page["next"]
            assert sings(page["next"]) == []


@pytest.mark.parametrize(
    ("below", "sent"),
    [
        ("", {**BODY, "members": [{**PERSON, "sex": NAME}]}),
        ("", {**BODY, "members": [{**PERSON, "birth": NAME}]}),
        ("", {**BODY, "members": [{**PERSON, "nationality": NAME}]}),
        ("", {**BODY, "members": [{**PERSON, "id": NAME}]}),
        ("", {**BODY, "members": [{**PERSON, "documents": [{"type": NAME, "number": NAME}]}]}),
        ("", {**BODY, "members": [{**PERSON, "specific_needs": [NAME[:10]]}]}),
        ("", {**BODY, "members": NAME}),
        ("", {**BODY, "legal_basis": NAME}),
        ("", {**BODY, "arrival": {"entry_point": NAME, "arrived_at": NAME}}),
        ("", {**BODY, "consents": [{"purpose": NAME, "given": NAME}]}),
        ("batch/", {"households": [{**BODY, "id": NAME}, NAME]}),
        ("{reference}/exits/", {"person": NAME, "reason": NAME, "occurred_at": NAME}),
        ("{reference}/members/", {**PERSON, "relationship": NAME}),
        ("{reference}/arrivals/", {"entry_point": NAME, "arrived_at": NAME, "members": [PERSON]}),
    ],
)
def test_a_refusal_does_not_repeat_what_was_typed(
    api: API, alice: User, caplog: pytest.LogCaptureFixture, below: str, sent: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    home = make.make_household(alice, [make.member()])
    answer = api(alice).post(HOUSEHOLDS + below.format(reference=home.reference), sent)
    assert answer.status_code == 400 or answer.json()["results"][0]["status"] == 400
    assert sings(answer.content.decode()) == []
    assert sings(caplog.text) == []


def test_the_database_holds_no_canary_in_plain_text(api: API, alice: User) -> None:
    sent = {**BODY, "id": str(uuid4())}
    api(alice).post(HOUSEHOLDS, sent, HTTP_IDEMPOTENCY_KEY="k-1")
    assert IdempotentReply.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - names of tables
            text = "\n".join(row[0] for row in cursor.fetchall())
            hexed = [each.encode().hex() for each in CANARIES]
            assert sings(text) == [], table
            assert not any(each in text for each in hexed), table
