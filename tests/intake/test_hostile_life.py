"""Hostile input to the routes of a registered household's life: never a 500, nothing half saved."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from common import clock
from intake.consent_texts import CURRENT
from intake.inputs import ConsentInput
from intake.models import (
    BorderAssessment,
    CrossingCount,
    EntryPoint,
    EntryPointStatusChange,
    FamilyLink,
    HouseholdMove,
    OpenQuestion,
    SlipToken,
    SpecificNeed,
    TracingRequest,
    WashingtonGroup,
)
from intake.services.consents import give_consent
from intake.services.exits import record_exit
from tests.factories import intake as make
from tests.intake.test_api_hostile import (
    API,
    FULL_MEMBER,
    paths_in,
    post,
    refused,
    values,
    with_value,
)
from tests.intake.test_api_hostile import rows as intake_rows

pytestmark = pytest.mark.django_db
BASE = "/api/v1/"
WHEN = "2021-07-07T10:00:00+05:00"
NEW = (
    BorderAssessment,
    CrossingCount,
    EntryPoint,
    EntryPointStatusChange,
    FamilyLink,
    HouseholdMove,
    OpenQuestion,
    SlipToken,
    TracingRequest,
    WashingtonGroup,
)
ENDS = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00", WHEN[:-6])


def rows() -> list[int]:
    """How many rows there are of everything a write may make."""
    return [*intake_rows(), *(model._default_manager.count() for model in NEW)]


def bodies(alice: User, entry_point: str = "TEM") -> dict[str, tuple[str, str, Any]]:
    """Every route with a body that is in order: {name: (verb, path, body)}."""
    make.make_entry_point("TEM")
    agreed = ConsentInput(purpose="tracing", given=True)
    home = make.make_household(alice, consents=[agreed], entry_point=entry_point)
    other = make.make_household(alice, entry_point=entry_point)
    woman, child = home.members.get(position=1), home.members.get(position=2)
    one, person = f"{BASE}households/{home.reference}/", f"{BASE}persons/{woman.pk}/"
    gone = record_exit(
        actor=alice,
        person=home.members.get(position=4),
        reason="voluntary_return",
        occurred_at=make.ARRIVED_AT,
    )
    consent = give_consent(
        actor=alice, household=home, data=ConsentInput(purpose="assistance", given=True)
    )
    question = OpenQuestion.objects.create(
        household=home, code="declared_size_differs", facts=b"x", data={"told": 5, "counted": 4}
    )
    review = SpecificNeed.objects.create(
        person=woman, type_id="DS", status="suggested", recorded_by=alice
    )
    move = {"persons": [str(child.pk)], "reason": "joined", "occurred_at": WHEN}
    count = {
        "id": str(uuid4()),
        "began_at": WHEN,
        "ended_at": "2021-07-07T11:00:00+05:00",
        "total": 9,
        "numbers": {"female": {"0-4": 1}, "male": {"60+": 2}, "unknown": {"unknown": 1}},
        "method": "counted",
        "note": "x",
    }
    visit = {
        "id": str(uuid4()),
        "entry_point": "TEM",
        "area": "3590208",
        "visit_began_at": WHEN,
        "visit_ended_at": WHEN,
        "organisations": "x",
        "findings": {"needs": "x"},
        "summary": "x",
        "quotable": True,
    }
    answers = dict.fromkeys(
        ("seeing", "hearing", "walking", "remembering", "self_care", "communicating"), 1
    )
    sought = {
        "name": "x",
        "relation": "sibling",
        "father_name": "x",
        "also_known_as": ["x"],
        "sex": "M",
        "birth": "about 40",
        "last_seen_area": "AF1723",
        "last_seen_when": "x",
        "notes": "x",
    }
    birth = {
        "id": str(uuid4()),
        "occurred_at": WHEN,
        "mother": str(woman.pk),
        "name": "x",
        "father_name": "x",
        "sex": "F",
        "relationship": "child",
        "nationality": "AFG",
    }
    link = {
        "person": str(woman.pk),
        "relative": str(other.members.get(position=1).pk),
        "kind": "sibling",
        "strength": "stated",
        "said_by": "person",
        "separated": True,
    }
    answer = {
        "id": str(uuid4()),
        "purpose": "assistance",
        "recipient": "",
        "given": True,
        "person": str(woman.pk),
        "legal_basis": "consent",
        "explained": CURRENT,
        "explained_in": "prs",
        "how": "spoken",
        "occurred_at": WHEN,
    }
    member = {key: value for key, value in FULL_MEMBER.items() if key != "id"}
    leave = {"persons": [str(child.pk)], "reason": "voluntary_return", "occurred_at": WHEN}
    return {
        "birth": ("POST", f"{one}births/", birth),
        "exits": ("POST", f"{one}exits/", leave),
        "return": ("POST", f"{one}exits/{gone.pk}/return/", {"occurred_at": WHEN}),
        "move": ("POST", f"{one}moves/", {**move, "to": other.reference, "focal_point": None}),
        "split": ("POST", f"{one}moves/", {**move, "to": None, "focal_point": str(child.pk)}),
        "member": ("PATCH", f"{one}members/{woman.pk}/", member),
        "consent": ("POST", f"{one}consents/", answer),
        "withdraw": (
            "POST",
            f"{one}consents/{consent.pk}/withdraw/",
            {"reason": "x", "occurred_at": str(clock.now())},
        ),
        "link": ("POST", f"{one}family-links/", link),
        "token": ("POST", f"{one}token/", {"reason": "lost", "token": ""}),
        "question": (
            "POST",
            f"{one}questions/{question.pk}/answer/",
            {"answer": "right", "note": "x"},
        ),
        "need": ("POST", f"{person}needs/", {"code": "SM-CI", "note": "x"}),
        "confirm": ("POST", f"{person}needs/{review.pk}/confirm/", {"code": "DS-BD"}),
        "close": ("POST", f"{person}needs/{review.pk}/close/", {"reason": "mistake"}),
        "washington": (
            "POST",
            f"{person}washington-group/",
            {"id": str(uuid4()), **answers, "respondent": "self", "occurred_at": WHEN},
        ),
        "tracing": (
            "POST",
            f"{BASE}tracing-requests/",
            {"id": str(uuid4()), "asker": str(woman.pk), "sought": sought},
        ),
        "sheet": (
            "POST",
            f"{BASE}token-sheets/",
            {"count": 2, "entry_point": "TEM", "note": "x"},
        ),
        "crossing": (
            "POST",
            f"{BASE}entry-points/",
            {
                "name": "Willow ford",
                "area": "3590208",
                "opposite_area": "AF1723",
                "latitude": "37.1",
                "longitude": "71.2",
                "code": "WILLOW",
            },
        ),
        "state": (
            "POST",
            f"{BASE}entry-points/TEM/status/",
            {"id": str(uuid4()), "status": "closed", "reason": "x", "occurred_at": WHEN},
        ),
        "count": ("POST", f"{BASE}entry-points/TEM/crossing-counts/", count),
        "visit": ("POST", f"{BASE}border-assessments/", visit),
    }


NAMES = [
    *("birth", "exits", "return", "move", "split", "member", "consent", "withdraw", "link"),
    *(
        "token",
        "question",
        "need",
        "confirm",
        "close",
        "washington",
        "tracing",
        "sheet",
        "crossing",
        "state",
    ),
    *("count", "visit"),
]
NOT_TEXT: tuple[Any, ...] = (
    *(None, [], {}, 12, -1, True, 10**30, 1e308),
    *([[]], {"a": {"b": []}}, [None]),
)
STRANGE = (
    *NOT_TEXT,
    *ENDS,
    "",
    "a\x00b",
    "\ud800",
    "x" * 5000,
    "9" * 400,
    "²",
    "NaN",
    "\u202e",
    "not-an-id",
    "00000000-0000-0000-0000-000000000000",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_body_in_order_is_accepted(api: API, alice: User, name: str) -> None:
    """So that what is refused below is refused for what is wrong in it."""
    verb, path, body = bodies(alice)[name]
    answer = post(api(alice), path, body, verb)
    assert answer.status_code in (200, 201), answer.content


@pytest.mark.parametrize("name", NAMES)
def test_nothing_at_any_place_breaks_a_route(api: API, alice: User, name: str) -> None:
    verb, path, body = bodies(alice)[name]
    client = api(alice)
    before = rows()
    for place in paths_in(body):
        for value in STRANGE:
            answer = post(client, path, with_value(body, place, value), verb)
            if answer.status_code < 400:
                before = rows()
                continue
            assert answer.status_code in (400, 403, 404, 409), (place, value, answer.content)
            refused(answer)
        # Counting takes longer than asking: what was refused left nothing, all values together.
        assert rows() == before, place
    connection.check_constraints()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'"x"', b"12", b"\xff\xfe\x00", b"[" * 200_000]
)
def test_what_is_no_object_is_refused(api: API, alice: User, name: str, body: bytes) -> None:
    verb, path, _body = bodies(alice)[name]
    before = rows()
    answer = post(api(alice), path, body, verb)
    # Where nothing needs to be said, a body may be empty.
    if body or name not in ("withdraw", "member", "need", "confirm"):
        assert refused(answer)["status"] == 400
        assert rows() == before


@pytest.mark.parametrize("name", NAMES)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_json_breaks_a_route(api: API, alice: User, name: str, data: Any) -> None:
    verb, path, body = bodies(alice)[name]
    place = data.draw(st.sampled_from(paths_in(body)), label="place")
    answer = post(api(alice), path, with_value(body, place, data.draw(values)), verb)
    assert answer.status_code in {200, 201, 400, 403, 404, 409}, answer.content
