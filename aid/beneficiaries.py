"""Whom a request may be for: one person, household or site that the actor may see."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext_lazy as _

from aid.models import AidRequest
from common.errors import FieldProblem, InvalidInput, Text
from intake.models import Household, Person
from intake.references import InvalidReferenceError, parse_reference
from reception.choices import SiteStatus
from reception.models import Site

Beneficiary = Person | Household | Site


def beneficiary_of(request: AidRequest) -> Beneficiary:
    """The person, household or site the request is for."""
    found = request.person or request.household or request.site
    if found is None:  # pragma: no cover - aid_request_has_one_beneficiary
        raise ValueError("a request without beneficiary")
    return found


def find_beneficiary(
    *,
    actor: Any,
    household: str = "",
    person: uuid.UUID | str | None = None,
    site: str = "",
) -> Beneficiary:
    """The one that is named by a household's reference, a person's id or a site's code.

    InvalidInput for none or more than one, and for one that is not there or that the actor may
    not see: the two cannot be told apart.
    """
    if sum(map(bool, (household, person, site))) != 1:
        raise _invalid("beneficiary", "one", _("Name one household, one person or one site."))
    found: Beneficiary | None
    if household:
        found = Household.objects.filter(reference=_reference(household)).first()
    elif person:
        found = Person.objects.filter(pk=person).first()
    else:
        found = Site.objects.filter(code=site.strip().upper()).first()
    if found is None:
        raise _unknown()
    return visible_beneficiary(actor, found)


def visible_beneficiary(actor: Any, beneficiary: Beneficiary) -> Beneficiary:
    """The beneficiary when the actor may see it; one they may not see is as unknown.

    A household that was found to be a repeat is answered by the one it was merged into.
    """
    if isinstance(beneficiary, Household):
        return _visible_household(actor, beneficiary)
    found: Beneficiary | None
    if isinstance(beneficiary, Person):
        found = Person.objects.visible_to(actor).filter(pk=beneficiary.pk).first()
    else:
        found = Site.objects.visible_to(actor).filter(pk=beneficiary.pk).first()
        if found is not None and found.status == SiteStatus.CLOSED:
            raise _invalid("beneficiary.site", "closed", _("This site is closed."))
    if found is None:
        raise _unknown()
    return found


def _visible_household(actor: Any, household: Household) -> Household:
    found = Household.objects.visible_to(actor).filter(pk=household.pk).first()
    if found is None:
        raise _unknown()
    if found.merged_into is not None:
        return _visible_household(actor, found.merged_into)
    if not Household.objects.active().filter(pk=found.pk).exists():
        detail = _("This household is closed: nobody of it is in the register any more.")
        raise _invalid("beneficiary.household", "closed", detail)
    return found


def _reference(text: str) -> str:
    try:
        return parse_reference(text)
    except InvalidReferenceError as error:
        raise _invalid("beneficiary.household", error.code, error.message) from error


def _unknown() -> InvalidInput:
    detail = _("No person, household or site with this reference is known to you.")
    return _invalid("beneficiary", "unknown", detail)


def _invalid(field: str, code: str, detail: Text) -> InvalidInput:
    return InvalidInput("invalid", detail, problems=[FieldProblem(field, code, detail)])
