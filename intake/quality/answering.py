"""Answering an open question, once."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidState
from intake.births import parse_birth
from intake.choices import QuestionAnswer, QuestionStatus
from intake.hooks import household_changed
from intake.models import Household, Identity, OpenQuestion, Person
from intake.models.persons import IdentityData
from intake.quality.catalogue import CATALOGUE
from intake.quality.finding import fact_of
from intake.quality.rules import year_said
from intake.services.checking import invalid
from intake.services.composition import refresh_suggestions
from intake.services.permitted import require_editor

LONGEST_NOTE = 1000


@transaction.atomic
def answer_question(
    *, actor: Any, question: OpenQuestion, answer: str, note: str = ""
) -> OpenQuestion:
    """Answer an open question; the note is sealed.

    "Only the year is known" turns the birth into the whole year. The same answer again is the
    same answer. Raises InvalidInput (`answer`, `note`), NotPermitted, Conflict
    ("already_answered") and InvalidState ("question_outdated") when it is no longer asked.
    """
    require_editor(actor, question.household_id)
    household = Household.objects.select_for_update().get(pk=question.household_id)
    question = OpenQuestion.objects.select_for_update(of=("self",)).get(pk=question.pk)
    _check(question, answer, note)
    if question.status == QuestionStatus.ANSWERED:
        if question.answer == answer:
            return question
        raise Conflict("already_answered", _("This question is answered already."))
    if question.status == QuestionStatus.OUTDATED:
        raise InvalidState(
            "question_outdated", _("This is no longer asked: the data changed in the meantime.")
        )
    question.status, question.answer = QuestionStatus.ANSWERED, answer
    question.note = note.strip()
    question.answered_by, question.answered_at = actor, clock.now()
    question.save(update_fields=["status", "answer", "note", "answered_by", "answered_at"])
    record_event(
        "household.question_answered", household, actor=actor, code=question.code, answer=answer
    )
    if answer == QuestionAnswer.YEAR_ONLY and question.person_id is not None:
        _only_the_year(actor, household, question.person_id)
    return question


def _check(question: OpenQuestion, answer: str, note: str) -> None:
    problems = []
    if answer not in CATALOGUE[question.code].answers:
        problems.append(
            FieldProblem("answer", "unknown_code", _("Choose one of the answers offered."))
        )
    if len(note) > LONGEST_NOTE:
        problems.append(FieldProblem("note", "too_long", _("Write at most 1000 letters.")))
    if problems:
        raise invalid(problems)


def _only_the_year(actor: Any, household: Household, person_id: Any) -> None:
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person_id)
    fact = fact_of(person)
    if not (said := year_said(fact)):
        return
    arrived = person.arrived_at.astimezone(Operation.current().zone).date()
    birth = parse_birth(said, said_on=max(arrived, fact.earliest or arrived))
    person.birth_earliest, person.birth_latest = birth.earliest, birth.latest
    person.birth_precision, person.birth_calendar = birth.precision, birth.calendar
    person.save(
        update_fields=["birth_earliest", "birth_latest", "birth_precision", "birth_calendar"]
    )
    identity = Identity.objects.select_for_update().get(pk=person_id)
    opened = identity.open()
    identity.sealed = Identity.sealing(
        person, IdentityData(**{**vars(opened), "birth_text": said})
    ).sealed
    identity.save(update_fields=["sealed"])
    # Who follows changes must learn of it.
    household.save(update_fields=["status"])
    refresh_suggestions(actor=actor, household=household)
    record_event("household.changed", household, actor=actor, fields=["birth"])
    household_changed(household, actor)
