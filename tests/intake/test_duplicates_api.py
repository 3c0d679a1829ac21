"""Possible duplicates and old references over REST."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.choices import Role, ScopeKind
from accounts.models import User
from audit.models import AccessRecord
from intake.choices import PairStatus
from intake.duplicates import decide_pair
from intake.models import DuplicatePair, Household
from tests.factories import accounts
from tests.factories.duplicates import AGAIN, STRANGERS, family, named, offered, registered_twice

pytestmark = pytest.mark.django_db
PAIRS = "/api/v1/possible-duplicates/"


@pytest.fixture
def pair(alice: User) -> DuplicatePair:
    """One family registered twice, in other scripts."""
    return registered_twice(alice)


@pytest.fixture
def hidden(alice: User) -> tuple[DuplicatePair, User]:
    """A pair of which the officer of Tem sees one household only."""
    family(alice, entry_point="ISHKOSHIM")
    made = offered(family(alice, AGAIN, days=1, entry_point="TEM"))
    officer = accounts.make_user(Role.PROTECTION_OFFICER, scope=ScopeKind.ENTRY_POINT, code="TEM")
    return made, officer


def test_the_queue_is_ordered_by_score_and_paged(
    alice: User, dana: User, api: Any, pair: DuplicatePair
) -> None:
    homes = [family(alice, STRANGERS, days=n) for n in range(3)]
    for other, score in zip(homes[1:], (0.99, 0.61), strict=True):
        DuplicatePair.objects.create(first=homes[0], second=other, score=score)
    body = api(dana).get(PAIRS, {"page_size": 2}).json()
    scores = [each["score"] for each in body["results"]]
    rest = api(dana).get(body["next"]).json()
    scores += [each["score"] for each in rest["results"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 3
    assert rest["next"] is None
    assert AccessRecord.objects.filter(user=dana, action="list").count() == 2
    assert api(dana).get(PAIRS, {"cursor": "cD1uYW4="}).status_code == 404
    assert api(dana).get(PAIRS, {"status": "asked"}).json()["results"] == []
    assert api(dana).get(PAIRS, {"status": "maybe"}).status_code == 400


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "omar"])
def test_only_who_decides_reads(
    pair: DuplicatePair, api: Any, who: str, request: pytest.FixtureRequest
) -> None:
    client = api(request.getfixturevalue(who))
    for path in (PAIRS, f"{PAIRS}{pair.pk}/"):
        assert client.get(path).status_code == 403
    for path in ("decide", "undo"):
        assert client.post(f"{PAIRS}{pair.pk}/{path}/", {"decision": "same"}).status_code == 403
    assert DuplicatePair.objects.get().status == PairStatus.OPEN


def test_a_pair_of_which_one_is_hidden_is_unknown(hidden: Any, api: Any) -> None:
    pair, officer = hidden
    client = api(officer)
    assert client.get(PAIRS).json()["results"] == []
    assert client.get(f"{PAIRS}{pair.pk}/").status_code == 404
    decided = client.post(f"{PAIRS}{pair.pk}/decide/", {"decision": "same"}, format="json")
    assert decided.status_code == 404
    assert client.post(f"{PAIRS}{pair.pk}/undo/").status_code == 404
    assert client.get(f"{PAIRS}nonsense/").status_code == 404


def test_decided_once_and_undone(pair: DuplicatePair, dana: User, api: Any) -> None:
    client, path = api(dana), f"{PAIRS}{pair.pk}/"
    assert client.post(f"{path}undo/").json()["code"] == "not_decided"
    key = {"HTTP_IDEMPOTENCY_KEY": "decide-1"}
    sent = {"decision": "same"}
    first = client.post(f"{path}decide/", sent, format="json", **key)
    assert (first.status_code, first.json()["status"]) == (200, "same")
    assert first.json()["merged_into"] == pair.first.reference
    assert client.post(f"{path}decide/", sent, format="json", **key).json() == first.json()
    other = client.post(f"{path}decide/", {"decision": "different"}, format="json")
    assert (other.status_code, other.json()["code"]) == (409, "already_decided")
    undone = client.post(f"{path}undo/")
    assert (undone.json()["status"], undone.json()["merged_into"]) == ("open", None)
    assert not Household.objects.filter(merged_into__isnull=False).exists()


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, "decision"),
        ({"decision": "merge"}, "decision"),
        ({"decision": "ask"}, "ask"),
        ({"decision": "same", "ask": [{"household": "x", "topic": "names"}]}, "ask"),
        (
            {"decision": "ask", "ask": [{"household": "PNH-26-000001-X", "topic": "names"}]},
            "ask.0.household",
        ),
        ({"decision": "ask", "ask": [{"household": "x", "topic": 7}]}, "ask.0.household"),
    ],
)
def test_what_is_wrong_is_named(
    pair: DuplicatePair, dana: User, api: Any, sent: Any, field: str
) -> None:
    answer = api(dana).post(f"{PAIRS}{pair.pk}/decide/", sent, format="json")
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert DuplicatePair.objects.get().status == PairStatus.OPEN


def test_asked_and_answered(pair: DuplicatePair, alice: User, dana: User, api: Any) -> None:
    ask = [{"household": pair.second.reference, "topic": "registered_before", "note": "At night"}]
    sent = {"decision": "ask", "ask": ask}
    asked = api(dana).post(f"{PAIRS}{pair.pk}/decide/", sent, format="json").json()
    assert (asked["status"], len(asked["questions"])) == ("asked", 1)
    assert api(dana).get(PAIRS).json()["results"] == []
    home = f"/api/v1/households/{pair.second.reference}/field-questions/"
    (question,) = api(alice).get(home).json()
    assert pair.first.reference not in str(question)
    assert "pair" not in question
    answer = f"{home}{question['id']}/answer/"
    body = {"answer": "registered_before", "note": "At Tem on 5 July"}
    assert api(alice).post(answer, {"answer": body["answer"]}, format="json").status_code == 400
    for _ in range(2):
        assert api(alice).post(answer, body, format="json").status_code == 200
    other = api(alice).post(answer, {"answer": "not_before"}, format="json")
    assert other.json()["code"] == "already_answered"
    read = api(dana).get(f"{PAIRS}{pair.pk}/").json()
    assert (read["status"], read["questions"][0]["answer_note"]) == ("open", "At Tem on 5 July")
    assert api(alice).get(home).json() == []


@pytest.mark.parametrize("who", ["bob", "carol", "omar"])
def test_questions_are_for_the_staff_of_the_household(
    alice: User, dana: User, api: Any, who: str, request: pytest.FixtureRequest
) -> None:
    family(alice, entry_point="ISHKOSHIM")
    pair = offered(family(alice, AGAIN, days=1, entry_point="ISHKOSHIM"))
    sent = {"decision": "ask", "ask": [{"household": pair.first.reference, "topic": "names"}]}
    assert api(dana).post(f"{PAIRS}{pair.pk}/decide/", sent, format="json").status_code == 200
    question = pair.questions.get()
    home = f"/api/v1/households/{pair.first.reference}/field-questions/"
    client = api(request.getfixturevalue(who))
    assert client.get(home).status_code in (403, 404)
    answer = client.post(f"{home}{question.pk}/answer/", {"answer": "not_before"}, format="json")
    assert answer.status_code in (403, 404)
    assert pair.questions.get().status == "open"


def test_both_references_and_both_ids_answer(
    pair: DuplicatePair, alice: User, bob: User, dana: User, api: Any
) -> None:
    mine, theirs = named(pair.first), named(pair.second)
    before = api(alice).get(f"/api/v1/persons/{theirs.pk}/").json()
    assert (before["id"], before["merged_into"]) == (str(theirs.pk), None)
    decide_pair(actor=dana, pair=pair, same=True)
    home = api(alice).get(f"/api/v1/households/{pair.second.reference}/").json()
    assert (home["reference"], home["merged_into"]) == (pair.first.reference,) * 2
    own = api(alice).get(f"/api/v1/households/{pair.first.reference}/").json()
    assert own["merged_into"] is None
    person = api(alice).get(f"/api/v1/persons/{theirs.pk}/").json()
    assert (person["id"], person["merged_into"]) == (str(mine.pk), str(mine.pk))
    assert person["household"] == pair.first.reference
    assert api(alice).get(f"/api/v1/persons/{mine.pk}/").json()["merged_into"] is None
    rows = api(alice).get("/api/v1/persons/").json()["results"]
    assert {each["id"]: each["merged_into"] for each in rows}[str(theirs.pk)] == str(mine.pk)
    homes = api(alice).get("/api/v1/households/").json()["results"]
    assert {each["reference"]: each["merged_into"] for each in homes} == {
        pair.first.reference: None,
        pair.second.reference: pair.first.reference,
    }


def test_an_old_id_tells_an_outsider_nothing(
    alice: User, bob: User, dana: User, omar: User, api: Any
) -> None:
    family(alice, entry_point="ISHKOSHIM")
    pair = offered(family(alice, AGAIN, days=1, entry_point="ISHKOSHIM"))
    decide_pair(actor=dana, pair=pair, same=True)
    for record in (pair.first, pair.second):
        path = f"/api/v1/persons/{named(record).pk}/"
        assert api(bob).get(path).status_code == 404
        assert api(omar).get(path).status_code == 403


def test_who_received_them_under_the_old_id_finds_the_person(
    alice: User, bob: User, dana: User, api: Any
) -> None:
    family(alice, entry_point="ISHKOSHIM")
    pair = offered(family(alice, AGAIN, days=1, entry_point="TEM"))
    decide_pair(actor=dana, pair=pair, same=True)
    found = api(bob).get(f"/api/v1/persons/{named(pair.second).pk}/")
    assert found.json()["id"] == str(named(pair.first).pk)


@pytest.mark.parametrize("text", ["reference", "token"])
def test_a_search_for_the_old_reference_finds_those_who_stand(
    pair: DuplicatePair, alice: User, dana: User, api: Any, text: str
) -> None:
    decide_pair(actor=dana, pair=pair, same=True)
    asked = {"search": getattr(pair.second, text)}
    rows = api(alice).get("/api/v1/persons/", asked).json()["results"]
    assert {each["household"] for each in rows} == {pair.first.reference}
    assert len(rows) == 3


def test_a_pair_of_a_household_that_was_merged_is_not_listed_as_open(
    pair: DuplicatePair, alice: User, dana: User, api: Any
) -> None:
    other = family(alice, STRANGERS, days=2)
    first, second = sorted([pair.second, other], key=lambda each: each.pk)
    DuplicatePair.objects.create(first=first, second=second, score=0.7)
    decide_pair(actor=dana, pair=pair, same=True)
    listed = api(dana).get(PAIRS, {"status": "open"}).json()["results"]
    assert [each["households"] for each in listed] == [[pair.first.reference, other.reference]], (
        "the pair that was carried to the survivor"
    )
    assert len(api(dana).get(PAIRS, {"status": "same"}).json()["results"]) == 1
