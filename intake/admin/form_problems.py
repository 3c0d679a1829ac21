"""What is wrong with a registration form, as one list that leads to each field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from intake.forms import HouseholdForm, MemberForm


@dataclass(frozen=True)
class ShownProblem:
    """One problem: the id of its field in the page ("" for none), what it is called, the reason."""

    field_id: str
    label: str
    reason: str


def shown_problems(household: HouseholdForm, members: Any) -> list[ShownProblem]:
    """Every problem in the order of the page."""
    found = [ShownProblem("", "", str(error)) for error in household.non_field_errors()]
    found += [ShownProblem("", "", str(error)) for error in members.non_form_errors()]
    found += _of(household, "")
    for number, form in enumerate(members.forms, 1):
        person = _("Person %(number)d") % {"number": number}
        found += [ShownProblem("", person, str(error)) for error in form.non_field_errors()]
        found += _of(form, f"{person}: ")
    return found


def _of(form: HouseholdForm | MemberForm, before: str) -> list[ShownProblem]:
    return [
        ShownProblem(bound.id_for_label or bound.auto_id, f"{before}{bound.label}", str(error))
        for bound in form
        for error in bound.errors
    ]
