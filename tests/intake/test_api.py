"""Households and persons over REST, as a device's developer would use them."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.choices import Role
from accounts.models import Agency, User
from audit.models import AccessRecord, Event, IdempotentReply
from intake.choices import ScreeningOutcomeKind
from intake.models import DuplicatePair, Household, Person
from intake.services import separate_person
from tests.factories import accounts
from tests.factories import intake as make

API = Callable[[User | None], APIClient]
HOUSEHOLDS = "/api/v1/households/"
PERSONS = "/api/v1/persons/"
FAMILY: dict[str, Any] = {
    "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "origin_area": "AF1723",
    "preferred_language": "prs",
    "phones": ["+93700000001"],
    "consents": [{"purpose": "assistance", "recipient": "AKHS", "given": True}],
    "members": [
        {
            "name": "محمد نبی",
            "father_name": "غلام",
            "sex": "M",
            "birth": "1360",
            "relationship": "head",
            "nationality": "AFG",
            "documents": [{"type": "tazkira", "number": "1234-5678-90123"}],
        },
        {"name": "Зарина", "sex": "F", "birth": "about 36", "relationship": "spouse"},
    ],
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def crossings(agency: Agency) -> None:
    """Two crossings, and the agency that the family answers about."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


def family(**changes: Any) -> dict[str, Any]:
    """The family with changes."""
    return {**copy.deepcopy(FAMILY), **changes}


def counts() -> tuple[int, ...]:
    """What must not change when something is denied or refused."""
    return (Household.objects.count(), Person.objects.count(), Event.objects.count())


def test_the_answer_has_the_shape_that_clients_rely_on(api: API, alice: User) -> None:
    answer = api(alice).post(HOUSEHOLDS, family(id=str(uuid4())))
    assert answer.status_code == 201
    body = answer.json()
    assert {"id", "reference", "token", "members", "possible_duplicates"} <= set(body)
    assert body["members"][0]["birth"] == {
        "earliest": "1981-03-21",
        "latest": "1982-03-20",
        "precision": "year",
        "calendar": "solar_hijri",
        "text": "1360",
    }
    assert body["members"][0]["age_bracket"] == "18-59"
    assert body["possible_duplicates"] == []


def test_sent_again_it_is_the_same_and_with_other_content_a_conflict(api: API, alice: User) -> None:
    sent = family(id=str(uuid4()))
    first = api(alice).post(HOUSEHOLDS, sent)
    again = api(alice).post(HOUSEHOLDS, sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = api(alice).post(HOUSEHOLDS, {**sent, "declared_size": 9})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    assert Household.objects.count() == 1


def test_a_repeat_in_another_script_is_pointed_out_and_joins_the_queue(
    api: API, alice: User
) -> None:
    first = api(alice).post(HOUSEHOLDS, family()).json()
    repeat = family()
    repeat["members"][0]["name"] = "Муҳаммаднабӣ"
    repeat["members"][0]["birth"] = "39"
    (found,) = api(alice).post(HOUSEHOLDS, repeat).json()["possible_duplicates"]
    assert found["household"] == first["reference"]
    assert 0.5 < found["score"] <= 1
    assert found["reasons"]
    assert DuplicatePair.objects.count() == 1


def test_every_problem_is_told_at_once_with_its_field(api: API, alice: User) -> None:
    sent = family(origin_area="AF99")
    sent["members"] += [{"name": " ", "sex": "q", "birth": "some spring"}]
    before = counts()
    answer = api(alice).post(HOUSEHOLDS, sent)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    fields = {each["field"]: each["code"] for each in answer.json()["errors"]}
    assert fields == {
        "origin_area": "unknown_code",
        "members.2.name": "required",
        "members.2.sex": "unknown_code",
        "members.2.birth": "unreadable",
    }
    assert all(each["detail"] for each in answer.json()["errors"])
    assert counts() == before


def test_errors_are_in_the_readers_language(api: API, alice: User) -> None:
    sent = family(members=[{"name": "", "sex": "F"}])
    answer = api(alice).post(HOUSEHOLDS, sent, HTTP_ACCEPT_LANGUAGE="fa-af")
    detail = answer.json()["errors"][0]["detail"]
    assert any("\u0600" <= letter <= "\u06ff" for letter in detail)


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{bad", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"<x/>", "application/xml", 415),
    ],
)
def test_what_is_no_household_is_refused_as_a_problem(
    api: API, alice: User, content: bytes, content_type: str, status: int
) -> None:
    answer = api(alice).generic("POST", HOUSEHOLDS, content, content_type=content_type)
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert set(answer.json()) >= {"type", "title", "status", "code", "detail"}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.just("\x00"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "sex", "birth", "documents", "type", "number", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    key=st.sampled_from([*FAMILY, "id", "declared_size", "notes", "livestock"]),
    value=json_values,
    inside=st.booleans(),
)
def test_hostile_json_is_answered_and_never_half_saved(
    api: API, alice: User, key: str, value: Any, inside: bool
) -> None:
    sent = family()
    if inside:
        sent["members"][1][key if key in {"id", "notes"} else "name"] = value
    else:
        sent[key] = value
    before = counts()
    answer = api(alice).post(HOUSEHOLDS, sent)
    assert answer.status_code in {201, 400, 409}
    if answer.status_code != 201:
        assert counts() == before


def test_who_may_not_is_denied_and_nothing_changes(
    api: API, alice: User, bob: User, carol: User, omar: User
) -> None:
    home = api(alice).post(
        HOUSEHOLDS, family(arrival={**FAMILY["arrival"], "entry_point": "RUZVAI"})
    )
    reference, person = home.json()["reference"], home.json()["members"][0]["id"]
    before = counts()
    for user, status in ((None, 401), (omar, 403), (carol, 403)):
        for verb, path, data in (
            ("post", HOUSEHOLDS, family()),
            ("post", f"{HOUSEHOLDS}batch/", {"households": [family()]}),
            ("get", HOUSEHOLDS, None),
            ("get", f"{HOUSEHOLDS}{reference}/", None),
            ("patch", f"{HOUSEHOLDS}{reference}/", {"notes": "x"}),
            ("get", f"{HOUSEHOLDS}{reference}/members/", None),
            ("post", f"{HOUSEHOLDS}{reference}/members/", FAMILY["members"][1]),
            ("get", f"{HOUSEHOLDS}{reference}/arrivals/", None),
            ("post", f"{HOUSEHOLDS}{reference}/exits/", {"person": person}),
            ("get", PERSONS, None),
            ("get", f"{PERSONS}{person}/", None),
        ):
            answer = getattr(api(user), verb)(path, data)
            assert answer.status_code == status, (verb, path)
    assert api(bob).get(f"{HOUSEHOLDS}{reference}/").status_code == 404
    absent = api(bob).get(f"{HOUSEHOLDS}PNH-21-999999-0/")
    assert api(bob).get(f"{HOUSEHOLDS}{reference}/").content == absent.content
    assert api(bob).get(f"{PERSONS}{person}/").status_code == 404
    assert api(bob).get(PERSONS, {"search": "Mohammad Nabi"}).json()["results"] == []
    assert api(bob).get(HOUSEHOLDS).json()["results"] == []
    assert counts() == before


def test_an_edit_needs_the_version_that_was_read(api: API, alice: User) -> None:
    made = api(alice).post(HOUSEHOLDS, family())
    path = f"{HOUSEHOLDS}{made.json()['reference']}/"
    read = api(alice).get(path)
    assert read["ETag"] == made["ETag"]
    without = api(alice).patch(path, {"declared_size": 5})
    assert (without.status_code, without.json()["code"]) == (428, "precondition_required")
    done = api(alice).patch(path, {"declared_size": 5}, HTTP_IF_MATCH=read["ETag"])
    assert done.json()["declared_size"] == 5
    stale = api(alice).patch(path, {"declared_size": 6}, HTTP_IF_MATCH=read["ETag"])
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert Household.objects.get().declared_size == 5


def test_a_batch_is_answered_household_by_household_and_again_the_same(
    api: API, alice: User
) -> None:
    good = [family(id=str(uuid4()), phones=[f"+9370000{n:04d}"]) for n in range(3)]
    bad = family(id=str(uuid4()), members=[{"name": "", "sex": "F"}])
    sent = {"households": [good[0], bad, good[1], {"x": 1}, good[2]]}
    first = api(alice).post(f"{HOUSEHOLDS}batch/", sent).json()["results"]
    assert [each["status"] for each in first] == [201, 400, 201, 400, 201]
    assert first[1]["problem"]["errors"][0]["field"] == "members.0.name"
    again = api(alice).post(f"{HOUSEHOLDS}batch/", sent).json()["results"]
    assert [each["status"] for each in again] == [200, 400, 200, 400, 200]
    assert [each["reference"] for each in again] == [each["reference"] for each in first]
    assert Household.objects.count() == 3


def test_members_arrivals_and_exits(api: API, alice: User) -> None:
    home = api(alice).post(HOUSEHOLDS, family()).json()
    path = f"{HOUSEHOLDS}{home['reference']}/"
    baby = api(alice).post(f"{path}members/", {"name": "Baby", "sex": "F", "birth": "3 days"})
    assert baby.status_code == 201
    later = api(alice).post(
        f"{path}arrivals/",
        {
            "entry_point": "RUZVAI",
            "arrived_at": "2021-07-06T10:00:00+05:00",
            "members": [{"name": "Uncle", "sex": "M", "birth": "50"}],
        },
    )
    assert later.status_code == 201
    assert len(api(alice).get(f"{path}arrivals/").json()) == 2
    left = api(alice).post(
        f"{path}exits/",
        {
            "person": later.json()[0]["id"],
            "reason": "voluntary_return",
            "occurred_at": "2021-07-07T10:00:00+05:00",
            "voluntary": True,
        },
    )
    assert left.status_code == 201
    assert len(api(alice).get(f"{path}exits/").json()) == 1
    assert len(api(alice).get(f"{path}members/").json()) == 4
    twice = api(alice).post(
        f"{path}exits/",
        {
            "person": later.json()[0]["id"],
            "reason": "deceased",
            "occurred_at": "2021-07-07T11:00:00+05:00",
        },
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "already_left")
    other = api(alice).post(
        f"{path}exits/",
        {"person": str(uuid4()), "reason": "deceased", "occurred_at": "2021-07-07T11:00:00+05:00"},
    )
    assert other.json()["errors"][0]["field"] == "person"


@pytest.mark.parametrize(
    "text",
    ["Mohammad Nabi", "محمد نبی", "Муҳаммад Набӣ", "0700000001", "1234567890123", "reference"],
)
def test_a_person_is_found_by_what_people_say_or_show(api: API, alice: User, text: str) -> None:
    home = api(alice).post(HOUSEHOLDS, family()).json()
    api(alice).post(
        HOUSEHOLDS, family(phones=[], members=[{"name": "Habib", "sex": "M", "birth": "20"}])
    )
    asked = home["reference"] if text == "reference" else text
    found = api(alice).get(PERSONS, {"search": asked}).json()["results"]
    assert home["members"][0]["id"] in {each["id"] for each in found}
    assert {each["household"] for each in found} == {home["reference"]}
    assert AccessRecord.objects.filter(action="search", user=alice).exists()


def test_one_held_by_the_authority_is_not_there_for_others(
    api: API, alice: User, dana: User
) -> None:
    home = api(alice).post(HOUSEHOLDS, family()).json()
    man = Person.objects.get(pk=home["members"][0]["id"])
    separate_person(
        actor=dana,
        person=man,
        outcome=ScreeningOutcomeKind.HELD,
        occurred_at=man.arrived_at,
        record={"authority": "border service"},
    )
    client = api(alice)
    path = f"{HOUSEHOLDS}{home['reference']}/"
    assert [m["name"] for m in client.get(path).json()["members"]] == ["Зарина"]
    assert len(client.get(f"{path}members/").json()) == 1
    assert client.get(f"{path}exits/").json() == []
    assert client.get(f"{PERSONS}{man.pk}/").status_code == 404
    assert client.get(PERSONS, {"search": "Mohammad Nabi"}).json()["results"] == []
    assert client.get(HOUSEHOLDS).json()["results"][0]["size"] == 1
    text = str(list(Event.objects.values())) + str(client.get(path).json())
    assert "held" not in text
    assert len(api(dana).get(path).json()["members"]) == 2


def test_nothing_personal_in_logs_events_or_access_records(
    api: API, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canary = "Kanarienvogel"
    sent = family(members=[{"name": canary, "sex": "F", "birth": "30", "notes": canary}])
    api(alice).post(HOUSEHOLDS, sent)
    api(alice).post(HOUSEHOLDS, family(members=[{"name": canary, "sex": canary, "birth": canary}]))
    answer = api(alice).get(PERSONS, {"search": canary, "page_size": 1})
    rows = list(Event.objects.values()) + list(AccessRecord.objects.values())
    assert canary not in caplog.text + str(rows)
    assert answer.json()["results"][0]["name"] == canary


def test_a_list_takes_a_fixed_number_of_statements(
    api: API, alice: User, django_assert_num_queries: Any
) -> None:
    from django.test.utils import CaptureQueriesContext

    taken = []
    for _ in range(2):
        for _ in range(4):
            api(alice).post(HOUSEHOLDS, family(phones=[]))
        for path in (HOUSEHOLDS, PERSONS):
            with CaptureQueriesContext(connection) as captured:
                assert api(alice).get(path).status_code == 200
            taken.append(len(captured))
    assert taken[:2] == taken[2:]
    assert max(taken) <= 9


def test_changes_are_listed_oldest_first_so_that_none_is_missed(api: API, alice: User) -> None:
    made = [api(alice).post(HOUSEHOLDS, family(phones=[])).json() for _ in range(5)]
    since = made[0]["updated_at"]
    page = api(alice).get(HOUSEHOLDS, {"updated_since": since, "page_size": 2}).json()
    path = f"{HOUSEHOLDS}{made[0]['reference']}/"
    api(alice).patch(path, {"declared_size": 3}, HTTP_IF_MATCH="*")
    seen = [each["reference"] for each in page["results"]]
    while page["next"]:
        page = api(alice).get(page["next"]).json()
        seen += [each["reference"] for each in page["results"]]
    assert set(seen) == {each["reference"] for each in made}
    assert seen.count(made[0]["reference"]) == 2, "the change during paging comes last"


def test_a_key_replays_the_first_answer_and_refuses_another_body(api: API, alice: User) -> None:
    client = api(alice)
    first = client.post(HOUSEHOLDS, family(), HTTP_IDEMPOTENCY_KEY="k-1")
    again = client.post(HOUSEHOLDS, family(), HTTP_IDEMPOTENCY_KEY="k-1")
    assert again.status_code == 201
    assert again["Idempotency-Replayed"] == "true"
    assert first.json() == again.json()
    other = client.post(HOUSEHOLDS, family(declared_size=3), HTTP_IDEMPOTENCY_KEY="k-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Household.objects.count() == 1
    body = bytes(IdempotentReply.objects.get().body or b"")
    assert "محمد".encode() not in body


def test_a_refused_request_leaves_no_key_behind(api: API, alice: User) -> None:
    client = api(alice)
    refused = client.post(HOUSEHOLDS, family(members=[]), HTTP_IDEMPOTENCY_KEY="k-2")
    assert refused.status_code == 400
    assert not IdempotentReply.objects.exists()
    assert client.post(HOUSEHOLDS, family(), HTTP_IDEMPOTENCY_KEY="k-2").status_code == 201


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by", ["id", "key"])
def test_the_same_registration_from_eight_clients_at_once_is_one_household(by: str) -> None:
    user = accounts.make_user(Role.REGISTRAR)
    sent = family(id=str(uuid4())) if by == "id" else family()
    header = {"HTTP_IDEMPOTENCY_KEY": "once"} if by == "key" else {}

    def send(_: int) -> tuple[int, Any]:
        client = APIClient()
        client.force_authenticate(User.objects.get(pk=user.pk))
        try:
            answer = client.post(HOUSEHOLDS, sent, **header)
            return answer.status_code, answer.json()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(16)))
    assert Household.objects.count() == 1
    assert {status for status, _ in answers} <= {200, 201}
    assert {body["reference"] for _, body in answers} == {Household.objects.get().reference}


def test_entry_points_are_readable_for_staff(api: API, alice: User, carol: User) -> None:
    found = api(alice).get("/api/v1/entry-points/").json()["results"]
    assert {each["code"] for each in found} == {"TEM", "RUZVAI"}
    assert api(alice).get("/api/v1/entry-points/TEM/").json()["status"] == "open"
    assert api(carol).get("/api/v1/entry-points/").status_code == 403


def test_a_registrar_of_one_crossing_sees_what_arrived_there(
    api: API, alice: User, bob: User
) -> None:
    here = api(bob).post(HOUSEHOLDS, family()).json()
    api(alice).post(HOUSEHOLDS, family(arrival={**FAMILY["arrival"], "entry_point": "RUZVAI"}))
    listed = api(bob).get(HOUSEHOLDS).json()["results"]
    assert [each["reference"] for each in listed] == [here["reference"]]


def test_a_registration_sent_again_does_not_show_one_held_meanwhile(
    api: API, alice: User, dana: User
) -> None:
    sent = family(id=str(uuid4()))
    home = api(alice).post(HOUSEHOLDS, sent).json()
    man = Person.objects.get(pk=home["members"][0]["id"])
    separate_person(
        actor=dana,
        person=man,
        outcome=ScreeningOutcomeKind.HELD,
        occurred_at=man.arrived_at,
        record={},
    )
    again = api(alice).post(HOUSEHOLDS, sent)
    assert again.status_code == 200
    assert [m["name"] for m in again.json()["members"]] == ["Зарина"]
    assert AccessRecord.objects.filter(action="read", user=alice).exists()
