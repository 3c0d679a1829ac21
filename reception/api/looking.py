"""Sites and households as clients name them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from common.errors import FieldProblem, InvalidInput
from intake.models import Household
from intake.references import InvalidReferenceError, parse_reference
from reception.errors import NotFound
from reception.models import Site


def find_site(user: Any, code: str) -> Site:
    """A visible site by its code, or NotFound."""
    site = Site.objects.visible_to(user).filter(code=code).first()
    if site is None:
        detail = _("There is no such site. Take a code from the list of sites.")
        raise NotFound(
            "not_found", detail, problems=[FieldProblem("site", "does_not_exist", detail)]
        )
    return site


def find_household(user: Any, text: str) -> Household:
    """A visible household by its reference as typed; the one that a repeat was merged into."""
    try:
        reference = parse_reference(text)
    except InvalidReferenceError as error:
        raise InvalidInput(
            "invalid",
            str(error.message),
            problems=[FieldProblem("household", error.code, error.message)],
        ) from error
    found = Household.objects.select_related("merged_into").filter(reference=reference).first()
    while found is not None and found.merged_into is not None:
        found = found.merged_into
    if found is None or not Household.objects.visible_to(user).filter(pk=found.pk).exists():
        detail = _("There is no such household. Compare the reference with the slip.")
        raise NotFound(
            "not_found", detail, problems=[FieldProblem("household", "does_not_exist", detail)]
        )
    return found
