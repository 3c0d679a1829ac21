"""Open questions over REST."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import User
from intake.choices import QuestionStatus
from intake.models import Household, OpenQuestion
from tests.factories import intake as make

API = Callable[[User | None], APIClient]
HOUSEHOLDS = "/api/v1/households/"
HOME: dict[str, Any] = {
    "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "declared_size": 3,
    "phones": ["0700000001"],
    "members": [
        {"name": "محمد نبی", "sex": "M", "birth": "1360", "relationship": "head"},
        {"name": "Зарина", "sex": "F", "birth": "1 Hamal 1370", "relationship": "spouse"},
    ],
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def crossings(db: None) -> None:
    """Two crossings."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


def test_a_registration_answers_with_what_is_doubtful(api: API, alice: User) -> None:
    sent = {**HOME, "id": str(uuid4())}
    made = api(alice).post(HOUSEHOLDS, sent, format="json")
    asked = {each["code"]: each for each in made.json()["open_questions"]}
    assert set(asked) == {"declared_size_differs", "first_of_january"}
    size, birth = asked["declared_size_differs"], asked["first_of_january"]
    assert (size["field"], size["person"]) == ("declared_size", None)
    assert size["question"].startswith("As told: 3 people. Written down: 2.")
    assert birth["field"] == "members.1.birth"
    assert birth["person"] == made.json()["members"][1]["id"]
    assert [each["answer"] for each in birth["answers"]] == ["year_only", "right"]
    again = api(alice).post(HOUSEHOLDS, sent, format="json")
    assert again.status_code == 200
    assert again.json()["open_questions"] == made.json()["open_questions"]
    questions = api(alice).get(f"{HOUSEHOLDS}{made.json()['reference']}/questions/").json()
    assert questions == made.json()["open_questions"]
    assert "Зарина" not in str(questions)


def test_answers_sent_along_are_not_asked_again(api: API, alice: User) -> None:
    answers = [
        {"code": "declared_size_differs", "answer": "right"},
        {"code": "first_of_january", "member": 1, "answer": "year_only"},
    ]
    sent = {**HOME, "id": str(uuid4()), "answers": answers}
    made = api(alice).post(HOUSEHOLDS, sent, format="json")
    assert made.status_code == 201
    assert made.json()["open_questions"] == []
    birth = made.json()["members"][1]["birth"]
    assert (birth["text"], birth["precision"]) == ("1370", "year")
    assert api(alice).post(HOUSEHOLDS, sent, format="json").status_code == 200
    # They are part of what was sent.
    other = {**sent, "answers": answers[:1]}
    assert api(alice).post(HOUSEHOLDS, other, format="json").status_code == 409


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ([{"code": "x", "answer": "right"}], "answers.0.code"),
        ([{"code": "sex_unknown", "member": 7, "answer": "right"}], "answers.0.member"),
        ([{"code": "sex_unknown", "member": 10**30, "answer": "right"}], "answers.0.member"),
        ([{"code": "sex_unknown"}], "answers.0.answer"),
        ("right", "answers"),
    ],
)
def test_bad_answers_are_named_and_nothing_is_saved(
    api: API, alice: User, answers: Any, field: str
) -> None:
    refused = api(alice).post(HOUSEHOLDS, {**HOME, "answers": answers}, format="json")
    assert refused.status_code == 400
    assert any(each["field"].startswith(field) for each in refused.json()["errors"])
    assert not Household.objects.exists()


def test_a_batch_tells_the_questions_of_each(api: API, alice: User) -> None:
    plain = {**HOME, "declared_size": 2, "members": HOME["members"][:1], "phones": []}
    homes = [{**HOME, "id": str(uuid4())} for _ in range(6)]
    homes += [{**plain, "declared_size": 1, "id": str(uuid4())}, {}]

    def send() -> list[dict[str, Any]]:
        answer = api(alice).post(f"{HOUSEHOLDS}batch/", {"households": homes}, format="json")
        return answer.json()["results"]  # type: ignore[no-any-return]

    first = send()
    codes = [{each["code"] for each in row.get("open_questions", [])} for row in first]
    assert codes[0] == {"declared_size_differs", "first_of_january", "phone_in_many_households"}
    assert codes[6] == set()
    assert "open_questions" not in first[7]
    with CaptureQueriesContext(connection) as seen:
        second = send()
    assert [row.get("open_questions") for row in second] == [
        row.get("open_questions") for row in first
    ]
    assert sum("intake_openquestion" in each["sql"] for each in seen) == 1


def asked(api: API, alice: User, entry_point: str = "TEM") -> tuple[str, dict[str, Any]]:
    """A household's reference and its question about the birth."""
    arrival = {**HOME["arrival"], "entry_point": entry_point}
    made = api(alice).post(HOUSEHOLDS, {**HOME, "arrival": arrival}, format="json").json()
    (birth,) = (e for e in made["open_questions"] if e["code"] == "first_of_january")
    return made["reference"], birth


def answer_url(reference: str, question: Any) -> str:
    """Where to answer."""
    return f"{HOUSEHOLDS}{reference}/questions/{question}/answer/"


def test_a_question_is_answered_over_rest(api: API, alice: User) -> None:
    reference, birth = asked(api, alice)
    url = answer_url(reference, birth["id"])
    said = api(alice).post(url, {"answer": "year_only", "note": "She knows the year"})
    assert said.status_code == 200
    assert said.json()["status"] == "answered"
    home = api(alice).get(f"{HOUSEHOLDS}{reference}/").json()
    assert home["members"][1]["birth"]["precision"] == "year"
    assert api(alice).post(url, {"answer": "year_only"}).status_code == 200
    refused = api(alice).post(url, {"answer": "right"})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_answered")
    left = api(alice).get(f"{HOUSEHOLDS}{reference}/questions/").json()
    assert [each["code"] for each in left] == ["declared_size_differs"]


@pytest.mark.parametrize("body", [{}, {"answer": ""}, {"answer": "x"}, {"answer": ["right"]}])
def test_an_answer_that_is_not_offered_is_refused(
    api: API, alice: User, body: dict[str, Any]
) -> None:
    reference, birth = asked(api, alice)
    refused = api(alice).post(answer_url(reference, birth["id"]), body, format="json")
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "answer"
    assert OpenQuestion.objects.get(pk=birth["id"]).status == QuestionStatus.OPEN


def test_nobody_answers_for_a_household_they_do_not_see(
    api: API, alice: User, bob: User, carol: User, omar: User
) -> None:
    reference, birth = asked(api, alice, "RUZVAI")
    for user, status in ((bob, 404), (carol, 403), (omar, 403), (None, 401)):
        client = api(user)
        assert client.get(f"{HOUSEHOLDS}{reference}/questions/").status_code == status
        url = answer_url(reference, birth["id"])
        assert client.post(url, {"answer": "right"}).status_code == status
    assert OpenQuestion.objects.get(pk=birth["id"]).status == QuestionStatus.OPEN


def test_a_question_belongs_to_its_own_household(api: API, alice: User, bob: User) -> None:
    """Bob puts the id of a question elsewhere into the address of a household he sees."""
    mine, _own = asked(api, bob)
    _other, foreign = asked(api, alice, "RUZVAI")
    for user in (alice, bob):
        for wrong in (foreign["id"], uuid4(), "-" * 36):
            refused = api(user).post(answer_url(mine, wrong), {"answer": "right"})
            assert refused.status_code == 404
    assert OpenQuestion.objects.get(pk=foreign["id"]).status == QuestionStatus.OPEN


def test_a_warning_never_says_whose_document_it_is(api: API, alice: User, bob: User) -> None:
    papers = {"documents": [{"type": "tazkira", "number": "77-88"}]}
    there = {
        **HOME,
        "arrival": {**HOME["arrival"], "entry_point": "RUZVAI"},
        "members": [{**HOME["members"][0], **papers}],
        "declared_size": 1,
    }
    other = api(alice).post(HOUSEHOLDS, there, format="json").json()
    here = {**HOME, "phones": [], "members": [{**HOME["members"][1], **papers}]}
    made = api(bob).post(HOUSEHOLDS, here, format="json").json()
    (warning,) = (e for e in made["open_questions"] if e["code"] == "document_seen_elsewhere")
    assert warning["field"] == "members.0.documents"
    assert "1 other household" in warning["question"]
    for secret in (other["reference"], other["id"], other["token"], "محمد نبی", "77-88"):
        assert secret not in str(warning)
