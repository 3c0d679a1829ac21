"""Group pre-registration: counts of people become members, and are checked against each other.

UNHCR, Guidance on Registration and Identity Management 6.5: where people are many and time is
short, the focal point is named and the others are counted by sex and age; individuals follow.
Each counted person has a row of their own from the first minute, so that figures, places and
flows need no second way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from common.errors import FieldProblem
from intake.births import BRACKETS
from intake.choices import RegistrationLevel, Sex
from intake.inputs import GroupCount, HouseholdInput, MemberInput
from intake.names import is_blank

SEXES = tuple(Sex.values)
# The counts of the form and the API, without the focal point and others who are named.
COUNTS = "group.counts"


def check_group(data: HouseholdInput, most: int, problems: list[FieldProblem]) -> HouseholdInput:
    """The household with its counts as members; what is wrong with them joins `problems`.

    Counts that cannot be are left out, so that all other problems are told at once. At most
    `most` people. A household of the individual level is answered as it is, without counts.
    """
    if data.level != RegistrationLevel.GROUP:
        if data.counts:
            detail = _("Counts belong to a group pre-registration: send level “group” with them.")
            problems.append(FieldProblem(COUNTS, "not_at_this_level", detail))
        return replace(data, counts=()) if data.counts else data
    before = len(problems)
    _check_counts(data.counts, problems)
    if data.members and all(is_blank(member.name) for member in data.members):
        detail = _("Write the name of the focal point: one name is enough.")
        problems.append(FieldProblem("members.0.name", "required", detail))
    if len(problems) > before or not data.members:
        return replace(data, counts=())
    total = len(data.members) + sum(each.persons for each in data.counts)
    if total > most:
        detail = _("Register at most 60 people in one household.")
        problems.append(FieldProblem(COUNTS, "too_many", detail))
        return replace(data, counts=())
    if data.declared_size is not None and data.declared_size != total:
        problems.append(FieldProblem("declared_size", "does_not_add_up", _adds_up_to(total)))
    return replace(data, members=[*data.members, *_counted(data)], counts=())


def _adds_up_to(total: int) -> str:
    text = ngettext_lazy(
        "The counts make %(total)d person with the focal point. Correct the counts or this number, "
        "or leave this number empty.",
        "The counts make %(total)d people with the focal point. Correct the counts or this number, "
        "or leave this number empty.",
        "total",
    )
    return text % {"total": total}


def _check_counts(counts: Sequence[GroupCount], problems: list[FieldProblem]) -> None:
    seen: set[tuple[str, str]] = set()
    for index, each in enumerate(counts):
        path = f"{COUNTS}.{index}"
        for field, value, allowed in (
            ("sex", each.sex, SEXES),
            ("bracket", each.bracket, BRACKETS),
        ):
            if value not in allowed:
                detail = _("This value is not known: choose one from the list.")
                problems.append(FieldProblem(f"{path}.{field}", "unknown_code", detail))
        if each.persons < 0:
            detail = _("Write how many people: 0 or more.")
            problems.append(FieldProblem(f"{path}.persons", "out_of_range", detail))
        if (each.sex, each.bracket) in seen:
            detail = _("This sex and age group stands here twice: write the sum once.")
            problems.append(FieldProblem(f"{path}.bracket", "duplicate", detail))
        seen.add((each.sex, each.bracket))


def _counted(data: HouseholdInput) -> list[MemberInput]:
    """One member without a name for each person counted, in the order of the counts."""
    return [
        MemberInput(name="", sex=each.sex, bracket=each.bracket)
        for each in data.counts
        for _person in range(each.persons)
    ]
