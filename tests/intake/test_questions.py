"""Open questions of a household: raised, answered once, outdated by what changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import Conflict, InvalidInput, InvalidState, NotPermitted
from intake.choices import QuestionCode, QuestionStatus
from intake.duplicates import decide_pair, find_duplicates, undo_decision
from intake.inputs import AnswerInput, DocumentInput
from intake.models import Household, OpenQuestion
from intake.quality.answering import answer_question
from intake.services import (
    add_member,
    record_birth,
    record_exit,
    register_household,
    register_many,
    reverse_exit,
    separate_person,
    split_household,
)
from intake.services.editing import edit_household
from tests.factories.intake import ARRIVED_AT, household_input, make_entry_point, make_household
from tests.factories.intake import member as person_input

pytestmark = pytest.mark.django_db
C = QuestionCode
BOY = {"sex": "M", "birth": "10", "relationship": "child"}
HEAD = {"sex": "M", "birth": "1360", "relationship": "head"}


@pytest.fixture(autouse=True)
def crossings(db: None) -> None:
    """Two crossings."""
    make_entry_point("TEM")
    make_entry_point("RUZVAI")


def member(name: str, **fields: Any) -> Any:
    """A person of whom nothing is doubtful unless the test says so."""
    return person_input(name, **fields)


def open_codes(home: Household) -> list[str]:
    """What is open, in alphabetical order."""
    return sorted(home.questions.open().values_list("code", flat=True))


def test_a_plain_family_is_asked_nothing(alice: User) -> None:
    home = make_household(alice, declared_size=5)
    assert not home.questions.exists()


def test_registration_stores_what_is_doubtful(alice: User) -> None:
    home = make_household(
        alice,
        [member("Sohrab", **BOY), member("Golnaz", birth="2012-01-01", sex="unknown")],
        declared_size=3,
    )
    assert open_codes(home) == sorted([C.DECLARED_SIZE, C.NO_ADULT, C.FIRST_OF_YEAR, C.SEX_UNKNOWN])
    girl = home.members.get(position=1)
    assert set(home.questions.filter(person=girl).values_list("code", flat=True)) == {
        C.FIRST_OF_YEAR,
        C.SEX_UNKNOWN,
    }
    assert home.questions.get(code=C.DECLARED_SIZE).data == {
        "declared": 3,
        "counted": 2,
        "members": [],
    }


def test_an_adult_who_joins_answers_for_the_children(alice: User) -> None:
    home = make_household(alice, [member("Sohrab", **BOY)], declared_size=2)
    assert open_codes(home) == sorted([C.NO_ADULT, C.DECLARED_SIZE])
    mother = add_member(actor=alice, household=home, data=member("Zarina"))
    assert open_codes(home) == []
    assert set(home.questions.values_list("status", flat=True)) == {QuestionStatus.OUTDATED}
    # She leaves: the children are alone; that she came with them is still so.
    record_exit(
        actor=alice,
        person=mother,
        reason="spontaneous_departure",
        occurred_at=ARRIVED_AT + timedelta(hours=1),
    )
    assert open_codes(home) == [C.NO_ADULT]
    reverse_exit(actor=alice, person=mother)
    assert open_codes(home) == []


def test_a_child_born_here_does_not_make_the_told_size_wrong(alice: User) -> None:
    home = make_household(alice, declared_size=5)
    new_year = clock.now().replace(month=1, day=1, hour=9)
    if new_year < ARRIVED_AT:
        pytest.skip("the exercise began after New Year")
    record_birth(actor=alice, household=home, data=member("Parwin", birth=""), occurred_at=new_year)
    # The desk knows the day itself: the first of January is no guess then.
    assert open_codes(home) == []


def test_a_household_that_parts_is_not_asked_who_is_missing(alice: User) -> None:
    home = make_household(alice, declared_size=5)
    part = split_household(
        actor=alice,
        household=home,
        persons=list(home.members.filter(position__in=[1, 4])),
        occurred_at=ARRIVED_AT + timedelta(hours=2),
    )
    assert open_codes(home) == []
    assert open_codes(part) == []


def test_an_edited_size_settles_the_question(alice: User) -> None:
    home = make_household(alice, declared_size=7)
    assert open_codes(home) == [C.DECLARED_SIZE]
    edit_household(actor=alice, household=home, changes={"declared_size": 6})
    assert open_codes(home) == [C.DECLARED_SIZE]
    assert home.questions.filter(status=QuestionStatus.OUTDATED).count() == 1
    edit_household(actor=alice, household=home, changes={"declared_size": 5})
    assert open_codes(home) == []


def test_an_answer_holds_for_the_facts_it_was_given_about(alice: User) -> None:
    home = make_household(alice, declared_size=6)
    question = home.questions.get()
    answered = answer_question(actor=alice, question=question, answer="right", note="One stayed.")
    assert (answered.status, answered.answered_by, answered.note) == (
        QuestionStatus.ANSWERED,
        alice,
        "One stayed.",
    )
    edit_household(actor=alice, household=home, changes={"livestock": "2 goats"})
    assert open_codes(home) == []
    edit_household(actor=alice, household=home, changes={"declared_size": 8})
    assert open_codes(home) == [C.DECLARED_SIZE]
    edit_household(actor=alice, household=home, changes={"declared_size": 6})
    assert open_codes(home) == []
    event = Event.objects.get(kind="household.question_answered")
    assert event.data == {"code": "declared_size_differs", "answer": "right"}


def test_the_note_is_sealed(alice: User) -> None:
    question = make_household(alice, declared_size=6).questions.get()
    answer_question(actor=alice, question=question, answer="right", note="Uncle Rahim stayed")
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM intake_openquestion")
        assert b"Rahim" not in bytes(cursor.fetchone()[0])
    assert OpenQuestion.objects.get().note == "Uncle Rahim stayed"


def test_a_question_is_answered_once(alice: User, dana: User) -> None:
    question = make_household(
        alice, [member("Zarina", **HEAD | {"birth": "1990-01-01"})]
    ).questions.get()
    first = answer_question(actor=alice, question=question, answer="right")
    again = answer_question(actor=dana, question=question, answer="right", note="x")
    assert (again.answered_by, again.answered_at, again.note) == (alice, first.answered_at, "")
    with pytest.raises(Conflict) as refused:
        answer_question(actor=dana, question=question, answer="year_only")
    assert refused.value.code == "already_answered"
    assert Event.objects.filter(kind="household.question_answered").count() == 1


def test_what_is_no_longer_asked_cannot_be_answered(alice: User) -> None:
    home = make_household(alice, declared_size=6)
    question = home.questions.get()
    edit_household(actor=alice, household=home, changes={"declared_size": 5})
    with pytest.raises(InvalidState) as refused:
        answer_question(actor=alice, question=question, answer="right")
    assert refused.value.code == "question_outdated"


def test_only_answers_that_are_offered(alice: User) -> None:
    question = make_household(alice, declared_size=6).questions.get()
    for answer in ("year_only", "later", "", "x" * 300):
        with pytest.raises(InvalidInput) as refused:
            answer_question(actor=alice, question=question, answer=answer)
        assert [p.field for p in refused.value.problems] == ["answer"]
    with pytest.raises(InvalidInput) as refused:
        answer_question(actor=alice, question=question, answer="right", note="x" * 1001)
    assert [p.field for p in refused.value.problems] == ["note"]
    assert OpenQuestion.objects.get().status == QuestionStatus.OPEN


def test_only_who_may_change_the_household_answers(
    alice: User, bob: User, carol: User, omar: User
) -> None:
    question = make_household(alice, entry_point="RUZVAI", declared_size=6).questions.get()
    for actor in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            answer_question(actor=actor, question=question, answer="right")
        assert not OpenQuestion.objects.visible_to(actor).exists()
    assert OpenQuestion.objects.visible_to(alice).get().status == QuestionStatus.OPEN


@pytest.mark.parametrize(
    ("birth", "text", "calendar"),
    [
        ("1990-01-01", "1990", "gregorian"),
        ("1 Hamal 1370", "1370", "solar_hijri"),
        ("1 Muharram 1411", "1411 q", "lunar_hijri"),
    ],
)
def test_only_the_year_turns_the_birth_into_that_year(
    alice: User, birth: str, text: str, calendar: str
) -> None:
    home = make_household(alice, [member("Zarina", **HEAD | {"birth": birth})])
    person = home.members.get()
    first_day = person.birth_earliest
    answer_question(actor=alice, question=home.questions.get(), answer="year_only")
    person.refresh_from_db()
    assert (person.birth_precision, person.birth_calendar) == ("year", calendar)
    assert person.birth_earliest == first_day
    assert person.birth_earliest
    assert person.birth_latest
    assert timedelta(days=350) < person.birth_latest - person.birth_earliest
    assert person.identity.open().birth_text == text
    assert person.identity.open().name == "Zarina"
    assert open_codes(home) == []
    assert Event.objects.filter(kind="household.changed", data={"fields": ["birth"]}).exists()


def test_the_year_alone_may_raise_another_question(alice: User) -> None:
    """Born on 1 January 2003 she is 18; of the year 2003 she may be 17."""
    wife = member("Zarina", birth="2003-01-01", relationship="spouse")
    home = make_household(alice, [member("Nabi", **HEAD), wife])
    assert open_codes(home) == [C.FIRST_OF_YEAR]
    with transaction.atomic(), clock.replaying(ARRIVED_AT):
        answer_question(actor=alice, question=home.questions.get(), answer="year_only")
    assert open_codes(home) == [C.YOUNG_SPOUSE]


# Seen elsewhere ----------------------------------------------------------------------------------
def papers(number: str = "1234-5678") -> list[DocumentInput]:
    """A document."""
    return [DocumentInput(type="tazkira", number=number)]


def test_a_document_and_a_phone_seen_elsewhere(alice: User) -> None:
    other = make_household(alice, [member("Nabi", documents=papers())], phones=["0700 000 001"])
    home = make_household(
        alice,
        [member("Golnaz"), member("Sohrab", documents=papers("۱۲۳۴۵۶۷۸"))],
        phones=["+93700000001"],
    )
    assert not other.questions.exists()
    assert open_codes(home) == [C.DOCUMENT_ELSEWHERE, C.PHONE_ELSEWHERE]
    document = home.questions.get(code=C.DOCUMENT_ELSEWHERE)
    assert document.person == home.members.get(position=1)
    assert document.data["households"] == 1
    assert document.data["others"] == [str(other.pk)]
    # The other household is asked when it is looked at next.
    edit_household(actor=alice, household=other, changes={"livestock": "1"})
    assert open_codes(other) == [C.DOCUMENT_ELSEWHERE, C.PHONE_ELSEWHERE]
    edit_household(actor=alice, household=home, changes={"phones": []})
    assert open_codes(home) == [C.DOCUMENT_ELSEWHERE]


def test_a_phone_in_more_than_three_households_is_another_question(alice: User) -> None:
    homes = [make_household(alice, [member(f"Nabi{n}")], phones=["0700000001"]) for n in range(5)]
    assert [open_codes(home) for home in homes] == [
        [],
        [C.PHONE_ELSEWHERE],
        [C.PHONE_ELSEWHERE],
        [C.PHONE_ELSEWHERE],
        [C.PHONE_IN_MANY],
    ]
    # One more of many is no news.
    answer_question(actor=alice, question=homes[4].questions.get(), answer="right")
    make_household(alice, [member("Nabi9")], phones=["0700000001"])
    edit_household(actor=alice, household=homes[4], changes={"livestock": "1"})
    assert open_codes(homes[4]) == []


def test_households_of_one_batch_know_each_other(alice: User) -> None:
    made = register_many(
        actor=alice,
        data=[
            household_input([member(f"Nabi{n}", documents=papers())], phones=[]) for n in range(2)
        ],
    )
    assert [open_codes(each.household) for each in made] == [  # type: ignore[union-attr]
        [C.DOCUMENT_ELSEWHERE],
        [C.DOCUMENT_ELSEWHERE],
    ]


def test_a_separated_person_gives_no_hint(alice: User, dana: User) -> None:
    other = make_household(alice, [member("Golnaz"), member("Nabi", **HEAD, documents=papers())])
    man = other.members.get(position=1)
    asked = make_household(alice, [member("Rahim", **HEAD | {"sex": "unknown"})])
    record = {"remarks": "x"}
    at = ARRIVED_AT + timedelta(hours=1)
    separate_person(
        actor=dana, person=man, outcome="held_separately", occurred_at=at, record=record
    )
    home = make_household(alice, [member("Zarina", documents=papers())])
    assert open_codes(home) == []
    # What was asked of one who is separated now is seen by who may know it.
    separate_person(
        actor=dana,
        person=asked.members.get(),
        outcome="held_separately",
        occurred_at=at,
        record=record,
    )
    assert not OpenQuestion.objects.visible_to(alice).exists()
    assert OpenQuestion.objects.visible_to(dana).get().status == QuestionStatus.OUTDATED


# Merges, and answers that come along -------------------------------------------------------------
def test_a_merge_ends_the_questions_of_the_repeat_and_its_undo_asks_again(
    alice: User, dana: User
) -> None:
    people = [member("محمد نبی", father_name="غلام", **HEAD, documents=papers())]
    home = make_household(alice, people)
    late = ARRIVED_AT + timedelta(hours=2)
    repeat = make_household(alice, people, declared_size=2, arrived_at=late)
    (pair,) = find_duplicates([repeat.pk])
    assert open_codes(repeat) == [C.DECLARED_SIZE, C.DOCUMENT_ELSEWHERE]
    decide_pair(actor=dana, pair=pair, same=True)
    assert (open_codes(repeat), open_codes(home)) == ([], [])
    pair.refresh_from_db()
    undo_decision(actor=dana, pair=pair)
    assert open_codes(repeat) == [C.DECLARED_SIZE, C.DOCUMENT_ELSEWHERE]
    assert open_codes(home) == [C.DOCUMENT_ELSEWHERE]


def test_answers_that_come_along_are_stored(alice: User) -> None:
    answers = (
        AnswerInput(code=C.DECLARED_SIZE, answer="right"),
        AnswerInput(code=C.FIRST_OF_YEAR, member=1, answer="year_only"),
        AnswerInput(code=C.PHONE_ELSEWHERE, answer="right"),
    )
    people = [member("Nabi", **HEAD), member("Zarina", birth="1 Hamal 1370")]
    data = household_input(people, declared_size=4, answers=answers, id=uuid4())
    made = register_household(actor=alice, data=data)
    assert open_codes(made.household) == []
    question = made.household.questions.get()
    assert (question.code, question.answer, question.answered_by) == (
        C.DECLARED_SIZE,
        "right",
        alice,
    )
    assert made.household.members.get(position=1).birth_precision == "year"
    assert register_household(actor=alice, data=data).created is False
    with pytest.raises(Conflict):
        register_household(
            actor=alice,
            data=household_input(people, declared_size=4, answers=answers[:2], id=data.id),
        )


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"code": "nonsense", "answer": "right"}, "code"),
        ({"code": C.DECLARED_SIZE, "answer": "year_only"}, "answer"),
        ({"code": C.DECLARED_SIZE, "answer": "right", "member": 0}, "member"),
        ({"code": C.SEX_UNKNOWN, "answer": "right"}, "member"),
        ({"code": C.SEX_UNKNOWN, "answer": "right", "member": 9}, "member"),
        ({"code": C.SEX_UNKNOWN, "answer": "right", "member": -1}, "member"),
    ],
)
def test_answers_that_make_no_sense_are_named(
    alice: User, answer: dict[str, Any], field: str
) -> None:
    data = household_input(answers=[AnswerInput(**answer)])
    with pytest.raises(InvalidInput) as refused:
        register_household(actor=alice, data=data)
    assert [p.field for p in refused.value.problems] == [f"answers.0.{field}"]
    assert not Household.objects.exists()


def test_an_answer_twice_is_refused(alice: User) -> None:
    once = AnswerInput(code=C.DECLARED_SIZE, answer="right")
    with pytest.raises(InvalidInput) as refused:
        register_household(actor=alice, data=household_input(answers=[once, once]))
    assert [p.code for p in refused.value.problems] == ["duplicate"]


# The database stands behind it -------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "question_open_once"),
        ({"status": "answered"}, "question_answered_is_whole"),
        ({"status": "outdated", "answer": "right"}, "question_answered_is_whole"),
    ],
)
def test_the_database_refuses_half_questions(
    alice: User, changes: dict[str, Any], name: str
) -> None:
    home = make_household(alice, declared_size=6)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        OpenQuestion.objects.create(
            household=home, code=C.DECLARED_SIZE, facts=b"0" * 16, **changes
        )
