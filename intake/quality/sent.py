"""Answers that come with a registration: checked, and what they change before it is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, tzinfo

from django.utils.translation import gettext_lazy as _

from common import clock
from common.errors import FieldProblem
from intake.births import BirthError, parse_birth
from intake.choices import QuestionAnswer, QuestionCode
from intake.inputs import HouseholdInput, MemberInput
from intake.quality.catalogue import CATALOGUE, PERSON_QUESTIONS
from intake.quality.rules import Fact, year_said


def check_answers(data: HouseholdInput, problems: list[FieldProblem]) -> None:
    """Add what is wrong with the answers that were sent along, by field.

    An answer to what is not asked here is no problem: another desk may know less.
    """
    seen = set()
    for index, each in enumerate(data.answers):
        path = f"answers.{index}"
        question = CATALOGUE.get(each.code)
        if question is None:
            problems.append(
                FieldProblem(f"{path}.code", "unknown_code", _("This question is not known."))
            )
            continue
        if each.answer not in question.answers:
            problems.append(
                FieldProblem(
                    f"{path}.answer", "unknown_code", _("Choose one of the answers offered.")
                )
            )
        wanted = each.code in PERSON_QUESTIONS
        known = each.member is not None and 0 <= each.member < len(data.members)
        if wanted != (each.member is not None) or (wanted and not known):
            problems.append(
                FieldProblem(
                    f"{path}.member",
                    "out_of_range",
                    _("Give the place of the person, or leave it empty for the household."),
                )
            )
        if (each.code, each.member) in seen:
            problems.append(
                FieldProblem(f"{path}.code", "duplicate", _("This question is answered twice."))
            )
        seen.add((each.code, each.member))


def as_answered(data: HouseholdInput, zone: tzinfo) -> HouseholdInput:
    """The same, with the year alone as the birth of those of whom only the year is known."""
    indexes = {
        each.member
        for each in data.answers
        if each.code == QuestionCode.FIRST_OF_YEAR and each.answer == QuestionAnswer.YEAR_ONLY
    }
    if not indexes:
        return data
    said_on = clock.on_operation_clock(data.arrived_at).astimezone(zone).date()
    members = [
        _year_only(member, said_on) if index in indexes else member
        for index, member in enumerate(data.members)
    ]
    return replace(data, members=members)


def _year_only(member: MemberInput, said_on: date) -> MemberInput:
    try:
        birth = parse_birth(member.birth, said_on=said_on)
    except BirthError:
        return member  # told with all other problems
    fact = Fact(
        member.sex,
        birth.earliest,
        birth.latest,
        member.relationship,
        birth.precision,
        birth.calendar,
    )
    return replace(member, birth=year_said(fact) or member.birth)
