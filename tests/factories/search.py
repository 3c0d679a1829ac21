"""People to be found. Invented people only."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from intake.models import Household
from tests.factories.intake import make_household, member


def make_person(actor: User, name: str, **fields: Any) -> Household:
    """A household of one, of that name; `household` holds fields of the household."""
    household = fields.pop("household", {})
    return make_household(actor, [member(name, **fields)], **household)


def found_names(found: Any) -> list[str]:
    """The names that a search found, best first."""
    return [hit.identity.name for hit in found.hits]
