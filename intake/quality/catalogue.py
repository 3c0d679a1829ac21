"""What is asked for each finding, and what may be answered: one table.

To correct what was typed needs no answer: the question is about the old facts and closes itself.
Sources: domain/standards.md 1.6 (declared size, children without adult, two focal points, spouse
under 18, twelve years between parent and child, same document, same phone in more than n groups,
unknown sex) and 8.3 (births on the first day of a year).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from intake.choices import QuestionAnswer, QuestionCode

# A phone in more households than this is shared by a village, or was made up at the desk.
MANY_HOUSEHOLDS = 3


@dataclass(frozen=True)
class Question:
    """The words of a question; `field` is the one to look at, of a member or of the household.

    `text` may name `declared`, `counted` and `households`. `answers` are in the order shown.
    """

    text: Any
    field: str
    answers: Mapping[str, Promise]


_RIGHT: Mapping[str, Promise] = {QuestionAnswer.RIGHT: QuestionAnswer.RIGHT.label}

CATALOGUE: dict[str, Question] = {
    QuestionCode.DECLARED_SIZE: Question(
        _("As told: %(declared)d people. Written down: %(counted)d. Is anybody missing?"),
        "declared_size",
        {QuestionAnswer.RIGHT: _("Nobody is missing")},
    ),
    QuestionCode.NO_ADULT: Question(
        _("Everyone in this household is, or may be, under 18. Is no adult with them?"),
        "members",
        {QuestionAnswer.RIGHT: _("No adult is with them")},
    ),
    QuestionCode.TWO_HEADS: Question(
        _("More than one person is the head. Who speaks for the household?"), "members", _RIGHT
    ),
    QuestionCode.YOUNG_SPOUSE: Question(
        _("The wife or husband is, or may be, under 18. Is the age right?"), "birth", _RIGHT
    ),
    QuestionCode.YOUNG_PARENT: Question(
        _(
            "There are less than 12 years between one generation and the next. "
            "Are the births and the relationship right?"
        ),
        "birth",
        _RIGHT,
    ),
    QuestionCode.FIRST_OF_YEAR: Question(
        _("The birth is the first day of a year. Is only the year known?"),
        "birth",
        {
            QuestionAnswer.YEAR_ONLY: QuestionAnswer.YEAR_ONLY.label,
            QuestionAnswer.RIGHT: _("The day is right"),
        },
    ),
    QuestionCode.SEX_UNKNOWN: Question(
        _("The sex is not recorded. Can you ask it now?"),
        "sex",
        {QuestionAnswer.RIGHT: _("Nobody can say")},
    ),
    QuestionCode.DOCUMENT_ELSEWHERE: Question(
        ngettext_lazy(
            "A document of this person is also written in %(households)d other household. "
            "Is the number right?",
            "A document of this person is also written in %(households)d other households. "
            "Is the number right?",
            "households",
        ),
        "documents",
        _RIGHT,
    ),
    QuestionCode.PHONE_ELSEWHERE: Question(
        ngettext_lazy(
            "This phone is also written in %(households)d other household. Is it theirs?",
            "This phone is also written in %(households)d other households. Is it theirs?",
            "households",
        ),
        "phones",
        {QuestionAnswer.RIGHT: _("They share it")},
    ),
    QuestionCode.PHONE_IN_MANY: Question(
        _("This phone is written in more than three other households. Is it really theirs?"),
        "phones",
        {QuestionAnswer.RIGHT: _("They share it")},
    ),
}
PERSON_QUESTIONS = frozenset(
    {
        QuestionCode.YOUNG_SPOUSE,
        QuestionCode.YOUNG_PARENT,
        QuestionCode.FIRST_OF_YEAR,
        QuestionCode.SEX_UNKNOWN,
        QuestionCode.DOCUMENT_ELSEWHERE,
    }
)


def words(code: str, data: Mapping[str, Any]) -> str:
    """The question in the reader's language; `data` gives its numbers."""
    numbers = {name: int(data.get(name, 0)) for name in ("declared", "counted", "households")}
    return str(CATALOGUE[code].text % numbers)


def answers(code: str) -> dict[str, str]:
    """What may be answered, in the reader's language."""
    return {str(answer): str(label) for answer, label in CATALOGUE[code].answers.items()}
