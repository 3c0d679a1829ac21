"""Asking in the field before a pair is decided: each household's own staff, about it alone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission
from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidState, NotPermitted
from intake.choices import (
    UNDECIDED,
    FieldAnswer,
    FieldStatus,
    FieldTopic,
    HouseholdStatus,
    PairStatus,
)
from intake.duplicates.decisions import lock_pair
from intake.models import DuplicatePair, FieldQuestion, Household
from intake.services.checking import invalid
from intake.services.permitted import holds_for

LONGEST_NOTE = 1000


@dataclass(frozen=True)
class Ask:
    """What to ask one of the two households; `note` is read by whoever may read that household."""

    household: Household
    topic: str
    note: str = ""


@transaction.atomic
def ask_in_field(*, actor: Any, pair: DuplicatePair, asks: Sequence[Ask]) -> DuplicatePair:
    """Have the staff of one household or both ask the family; the pair waits for the answers.

    It waits `FIELD_QUESTION_DAYS` (settings) and then returns to the queue, answered or not.
    Raises NotPermitted, Conflict `already_decided` or `already_asked`, InvalidState
    `household_merged`, and InvalidInput naming `ask.0.topic` and the like.
    """
    pair = lock_pair(actor, pair)
    now = clock.now()
    if pair.status not in UNDECIDED:
        raise Conflict(
            "already_decided", _("Another officer has decided about this pair. Look at it again.")
        )
    if pair.status == PairStatus.ASKED and pair.asked_until and pair.asked_until > now:
        raise Conflict("already_asked", _("The families are being asked already."))
    both = {pk: Household.objects.get(pk=pk) for pk in (pair.first_id, pair.second_id)}
    if any(each.merged_into_id for each in both.values()):
        raise InvalidState(
            "household_merged", _("One of these households was merged in the meantime.")
        )
    _check_asks(asks, list(both.values()))
    due = now + timedelta(days=settings.FIELD_QUESTION_DAYS)
    FieldQuestion.objects.filter(pair=pair, status=FieldStatus.OPEN).update(
        status=FieldStatus.WITHDRAWN, updated_at=now
    )
    for each in asks:
        FieldQuestion.objects.create(
            pair=pair,
            household=both[each.household.pk],
            topic=each.topic,
            note=each.note.strip(),
            asked_by=actor,
            due_at=due,
        )
    pair.status, pair.asked_until = PairStatus.ASKED, due
    pair.save(update_fields=["status", "asked_until"])
    record_event("duplicates.asked", pair, actor=actor, occurred_at=now, questions=len(asks))
    return pair


def _check_asks(asks: Sequence[Ask], both: list[Household]) -> None:
    problems: list[FieldProblem] = []
    if not asks:
        problems.append(FieldProblem("ask", "required", _("Choose which family to ask.")))
    seen: set[uuid.UUID] = set()
    for index, each in enumerate(asks):
        path = f"ask.{index}"
        if each.household.pk not in {one.pk for one in both} - seen:
            detail = _("Ask the two households of this pair, each once.")
            problems.append(FieldProblem(f"{path}.household", "unknown", detail))
            continue
        seen.add(each.household.pk)
        household = next(one for one in both if one.pk == each.household.pk)
        if household.status != HouseholdStatus.ACTIVE:
            detail = _("Nobody of this household is here any more.")
            problems.append(FieldProblem(f"{path}.household", "closed", detail))
        if each.topic not in FieldTopic.values:
            detail = _("Choose what to ask.")
            problems.append(FieldProblem(f"{path}.topic", "unknown_code", detail))
        problems += _note_problems(f"{path}.note", each.note)
        other = next(one for one in both if one.pk != household.pk)
        if _names(each.note, other):
            detail = _("Do not name the other household: whoever reads this may not know of it.")
            problems.append(FieldProblem(f"{path}.note", "names_other_household", detail))
    if problems:
        raise invalid(problems)


def _note_problems(path: str, note: str) -> list[FieldProblem]:
    if len(note) <= LONGEST_NOTE:
        return []
    detail = _("Write at most %(count)d letters.") % {"count": LONGEST_NOTE}
    return [FieldProblem(path, "too_long", detail)]


def _names(note: str, household: Household) -> bool:
    """Whether a note holds the reference or the token of a household, however it is written."""
    said = _plain(note)
    return _plain(household.reference) in said or _plain(household.token) in said


def _plain(text: str) -> str:
    return "".join(each for each in text.casefold() if each.isalnum())


@transaction.atomic
def answer_field_question(
    *, actor: Any, question: FieldQuestion, answer: str, note: str = ""
) -> FieldQuestion:
    """Say what the family answered; once all who were asked have, the pair is in the queue again.

    Whoever may record what happens to the household may answer. The same answer again changes
    nothing. Raises NotPermitted, InvalidInput (`answer`, `note`: where and when is needed for a
    yes), Conflict `already_answered` and InvalidState `no_longer_asked`.
    """
    visible = FieldQuestion.objects.visible_to(actor).filter(pk=question.pk).exists()
    if not visible or not holds_for(actor, Permission.HOUSEHOLDS_EVENTS, question.household_id):
        raise NotPermitted("not_permitted", _("You may not answer for this household."))
    # As decisions do: the pair first.
    pair = DuplicatePair.objects.select_for_update(no_key=True).get(pk=question.pair_id)
    question = FieldQuestion.objects.select_for_update(no_key=True).get(pk=question.pk)
    note = note.strip()
    problems = _note_problems("note", note)
    if answer not in FieldAnswer.values:
        problems.append(FieldProblem("answer", "unknown_code", _("Choose what they answered.")))
    elif answer == FieldAnswer.BEFORE and not note:
        detail = _("Write where and when they were registered.")
        problems.append(FieldProblem("note", "required", detail))
    if problems:
        raise invalid(problems)
    if question.status == FieldStatus.ANSWERED:
        if (question.answer, question.answer_note) == (answer, note):
            return question
        raise Conflict("already_answered", _("Somebody has answered this already."))
    if question.status == FieldStatus.WITHDRAWN:
        raise InvalidState("no_longer_asked", _("This is no longer asked."))
    question.status, question.answer, question.answer_note = FieldStatus.ANSWERED, answer, note
    question.answered_by, question.answered_at = actor, clock.now()
    question.save(update_fields=["status", "answer", "answer_note", "answered_by", "answered_at"])
    waits = pair.questions.filter(status=FieldStatus.OPEN).exists()
    if pair.status == PairStatus.ASKED and not waits:
        pair.status, pair.asked_until = PairStatus.OPEN, None
        pair.save(update_fields=["status", "asked_until"])
    record_event("duplicates.answered", question, actor=actor, answer=answer)
    return question
