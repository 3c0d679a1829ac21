"""Asking in the field before a pair is decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.choices import Role
from accounts.models import User
from common import clock
from common.errors import Conflict, InvalidInput, InvalidState, NotPermitted
from intake.choices import FieldStatus, PairStatus
from intake.duplicates import (
    Ask,
    answer_field_question,
    ask_in_field,
    decide_pair,
    find_duplicates,
    queue_figures,
)
from intake.inputs import DocumentInput
from intake.models import (
    DuplicatePair,
    FieldQuestion,
)
from tests.factories import accounts
from tests.factories.duplicates import (
    AGAIN,
    STRANGERS,
    family,
    offered,
    registered_twice,
)

pytestmark = pytest.mark.django_db
TAZKIRA = DocumentInput(type="tazkira", number="1399-0702-55512")


@pytest.fixture
def pair(alice: User) -> DuplicatePair:
    """One family registered twice, in other scripts."""
    return registered_twice(alice)


def again(pair: DuplicatePair) -> DuplicatePair:
    find_duplicates([pair.first_id, pair.second_id])
    return DuplicatePair.objects.get(pk=pair.pk)


# In the field ------------------------------------------------------------------------------


def test_a_pair_waits_for_all_who_were_asked(pair: DuplicatePair, alice: User, dana: User) -> None:
    asks = [Ask(pair.first, "registered_before", "Ask the mother"), Ask(pair.second, "names")]
    ask_in_field(actor=dana, pair=pair, asks=asks)
    now = clock.now()
    assert not DuplicatePair.objects.waiting(now).exists()
    one, other = FieldQuestion.objects.order_by("pk")
    answer_field_question(actor=alice, question=one, answer="not_before")
    assert not DuplicatePair.objects.waiting(now).exists()
    answer_field_question(
        actor=alice, question=other, answer="registered_before", note="At Tem, on 5 July"
    )
    assert DuplicatePair.objects.waiting(now).get() == pair
    assert DuplicatePair.objects.get().asked_until is None


def test_a_question_that_nobody_answers_returns_the_pair_to_the_queue(
    pair: DuplicatePair, alice: User, dana: User, settings: Any
) -> None:
    settings.FIELD_QUESTION_DAYS = 2
    ask_in_field(actor=dana, pair=pair, asks=[Ask(pair.first, "names")])
    later = clock.now() + timedelta(days=2, minutes=1)
    assert DuplicatePair.objects.waiting(later).get() == pair
    assert queue_figures(dana, later).waiting == 1
    # A late answer still counts.
    answer_field_question(actor=alice, question=FieldQuestion.objects.get(), answer="gone_away")
    assert DuplicatePair.objects.get().status == PairStatus.OPEN


def test_two_officers_do_not_ask_one_after_the_other(pair: DuplicatePair, dana: User) -> None:
    ask_in_field(actor=dana, pair=pair, asks=[Ask(pair.first, "names")])
    with pytest.raises(Conflict) as caught:
        ask_in_field(actor=dana, pair=pair, asks=[Ask(pair.second, "names")])
    assert caught.value.code == "already_asked"
    decide_pair(actor=dana, pair=pair, same=False)
    assert FieldQuestion.objects.get().status == FieldStatus.WITHDRAWN
    with pytest.raises(Conflict) as caught:
        ask_in_field(actor=dana, pair=pair, asks=[Ask(pair.second, "names")])
    assert caught.value.code == "already_decided"


@pytest.mark.parametrize(
    ("asks", "field", "code"),
    [
        ([], "ask", "required"),
        ([("first", "weather", "")], "ask.0.topic", "unknown_code"),
        ([("first", "names", ""), ("first", "ages", "")], "ask.1.household", "unknown"),
        ([("other", "names", "")], "ask.0.household", "unknown"),
        ([("first", "names", "x" * 1001)], "ask.0.note", "too_long"),
    ],
)
def test_what_cannot_be_asked(
    pair: DuplicatePair, alice: User, dana: User, asks: Any, field: str, code: str
) -> None:
    known = {"first": pair.first, "other": family(alice, STRANGERS)}
    with pytest.raises(InvalidInput) as caught:
        ask_in_field(
            actor=dana, pair=pair, asks=[Ask(known[who], what, note) for who, what, note in asks]
        )
    assert [(each.field, each.code) for each in caught.value.problems] == [(field, code)]
    assert DuplicatePair.objects.get().status == PairStatus.OPEN


def test_a_note_does_not_name_the_other_household(pair: DuplicatePair, dana: User) -> None:
    for said in (pair.second.reference.lower().replace("-", " "), pair.second.token):
        note = f"They may be {said}."
        with pytest.raises(InvalidInput):
            ask_in_field(actor=dana, pair=pair, asks=[Ask(pair.first, "names", note)])
    note = f"Their slip says {pair.first.reference}."
    ask_in_field(actor=dana, pair=pair, asks=[Ask(pair.first, "names", note)])


def test_only_staff_of_the_household_answer(
    alice: User, bob: User, carol: User, dana: User, omar: User
) -> None:
    family(alice, entry_point="ISHKOSHIM")
    pair = offered(family(alice, AGAIN, days=1, entry_point="TEM"))
    asks = [Ask(pair.first, "names"), Ask(pair.second, "names")]
    ask_in_field(actor=dana, pair=pair, asks=asks)
    elsewhere, here = (pair.questions.get(household=each) for each in (pair.first, pair.second))
    assert list(FieldQuestion.objects.visible_to(bob)) == [here]
    for actor, question in [(bob, elsewhere), (carol, here), (omar, here)]:
        with pytest.raises(NotPermitted):
            answer_field_question(actor=actor, question=question, answer="not_before")
    reader = accounts.make_user(Role.PLACEMENT_OFFICER)
    with pytest.raises(NotPermitted):
        answer_field_question(actor=reader, question=here, answer="not_before")
    answer_field_question(actor=bob, question=here, answer="not_before")
    assert pair.questions.get(household=pair.second).answered_by == bob


def test_answers_are_given_once(pair: DuplicatePair, alice: User, bob: User, dana: User) -> None:
    ask_in_field(actor=dana, pair=pair, asks=[Ask(pair.first, "names")])
    question = FieldQuestion.objects.get()
    for answer, note, field in [("maybe", "", "answer"), ("registered_before", " ", "note")]:
        with pytest.raises(InvalidInput) as caught:
            answer_field_question(actor=alice, question=question, answer=answer, note=note)
        assert [each.field for each in caught.value.problems] == [field]
    answer_field_question(actor=alice, question=question, answer="not_before", note="sure")
    answer_field_question(actor=alice, question=question, answer="not_before", note="sure")
    with pytest.raises(Conflict):
        answer_field_question(actor=bob, question=question, answer="could_not_ask")
    assert FieldQuestion.objects.get().answer_note == "sure"


def test_nobody_answers_what_is_no_longer_asked(
    pair: DuplicatePair, alice: User, dana: User
) -> None:
    ask_in_field(actor=dana, pair=pair, asks=[Ask(pair.first, "names")])
    decide_pair(actor=dana, pair=pair, same=True)
    with pytest.raises(InvalidState):
        answer_field_question(
            actor=alice, question=FieldQuestion.objects.get(), answer="not_before"
        )
    assert not FieldQuestion.objects.open().exists()


def test_one_open_question_of_a_pair_to_a_household(pair: DuplicatePair, dana: User) -> None:
    asked = {"pair": pair, "household": pair.first, "topic": "names", "asked_by": dana}
    FieldQuestion.objects.create(**asked, due_at=clock.now())
    with pytest.raises(IntegrityError, match="field_question_one_open"), transaction.atomic():
        FieldQuestion.objects.create(**asked, due_at=clock.now())
    with pytest.raises(IntegrityError, match="field_question_answered"), transaction.atomic():
        FieldQuestion.objects.update(status=FieldStatus.ANSWERED)
