"""What is doubtful in a registration form, asked in place before anything is saved.

The first "Register" brings the page back with each doubt next to its person; "Ask later" is chosen
already, so that the second "Register" registers. What was asked and for which facts is in the name
of the choice: when a field is corrected and the doubt is another one, it is asked anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from audit.access import record_access
from intake.forms import HouseholdForm, MemberForm
from intake.inputs import AnswerInput, HouseholdInput
from intake.models import Household, OpenQuestion
from intake.quality.asking import doubts_of
from intake.quality.catalogue import CATALOGUE, answers, words
from intake.quality.finding import Doubt
from intake.quality.presenting import others_of
from intake.quality.sent import as_answered

PREFIX = "warning-"
LATER = "later"
_LATER_LABEL = _("Ask later")
_NAME = re.compile(rf"{PREFIX}[0-9a-f]{{32}}")


@dataclass
class Warning:
    """One doubt as the form shows it; `focus` on the first that was not shown before."""

    name: str
    text: str
    choices: list[tuple[str, Any]]
    value: str
    others: list[Household]
    focus: bool = False


def answers_in_place(
    request: HttpRequest, data: HouseholdInput, household: HouseholdForm, rows: list[MemberForm]
) -> HouseholdInput | None:
    """What to register, with the answers that were given; None when something is asked first.

    The doubts are put next to the household and to each person. Raises InvalidInput with every
    problem, as registering would.
    """
    found = doubts_of(request.user, data)
    data = replace(data, answers=_given(request, found))
    changed = as_answered(data, Operation.current().zone)
    if changed is not data:
        # Of those of whom only the year is known now something else may be doubtful.
        known = {doubt.facts for doubt in found}
        found += [each for each in doubts_of(request.user, changed) if each.facts not in known]
        data = replace(data, answers=_given(request, found))
    new = [doubt for doubt in found if _name(doubt) not in request.POST]
    _show(request, found, new, household, rows)
    return None if new else data


def _name(doubt: Doubt) -> str:
    return f"{PREFIX}{doubt.facts.hex()}"


def _given(request: HttpRequest, found: Sequence[Doubt]) -> tuple[AnswerInput, ...]:
    return tuple(
        AnswerInput(code=doubt.code, member=doubt.member, answer=answer)
        for doubt in found
        if (answer := request.POST.get(_name(doubt), "")) in CATALOGUE[doubt.code].answers
    )


def _show(
    request: HttpRequest,
    found: Sequence[Doubt],
    new: Sequence[Doubt],
    household: HouseholdForm,
    rows: list[MemberForm],
) -> None:
    forms: list[Any] = [household, *rows]
    for each in forms:
        each.warnings = []
    elsewhere = 0
    for doubt in found:
        form: Any = household if doubt.member is None else rows[doubt.member]
        value = request.POST.get(_name(doubt), "")
        others = others_of(OpenQuestion(data=doubt.data), request.user)
        elsewhere += "others" in doubt.data
        form.warnings.append(
            Warning(
                name=_name(doubt),
                text=words(doubt.code, doubt.data),
                choices=[(LATER, _LATER_LABEL), *answers(doubt.code).items()],
                value=value if value in CATALOGUE[doubt.code].answers else LATER,
                others=others,
            )
        )
    if new:
        household.asked = len(new)  # type: ignore[attr-defined]
        names = {_name(doubt) for doubt in new}
        next(each for form in forms for each in form.warnings if each.name in names).focus = True
    if elsewhere and new:
        # Whoever types a number learns that somebody else has it: that is a look.
        record_access(request.user, "search", Household, count=elsewhere)


def carried(request: HttpRequest, forms: Iterable[Any]) -> list[tuple[str, str]]:
    """Choices made before that the page does not show now: they go with it, so none is lost."""
    shown = {each.name for form in forms for each in getattr(form, "warnings", [])}
    return [
        (name, value[:20])
        for name, value in request.POST.items()
        if _NAME.fullmatch(name) and name not in shown and isinstance(value, str)
    ]
