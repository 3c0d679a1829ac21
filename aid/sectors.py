"""Finding a sector by what clients call it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aid.models import Sector
from common.errors import FieldProblem, InvalidInput

# What other systems write for the same sector (cluster names and their short forms).
ALIASES = {
    "food": "food_security",
    "fsc": "food_security",
    "nfi": "core_relief_items",
    "cri": "core_relief_items",
    "non_food_items": "core_relief_items",
    "water": "wash",
    "mhpss": "mental_health",
    "transport": "logistics",
    "livelihood": "livelihoods",
}


def canonical(code: str) -> str:
    """The code of a sector or of one of its aliases, in any case."""
    plain = code.strip().lower().replace("-", "_").replace(" ", "_")
    return ALIASES.get(plain, plain)


def known_sector(code: str | Sector, *, field: str = "sector") -> Sector:
    """The sector in use with this code or alias; InvalidInput otherwise."""
    wanted = code.pk if isinstance(code, Sector) else canonical(code)
    sector = Sector.objects.filter(pk=wanted, disabled_on__isnull=True).first()
    if sector is None:
        detail = _("This sector is not known. Write a code such as health or food_security.")
        raise InvalidInput("invalid", detail, problems=[FieldProblem(field, "unknown", detail)])
    return sector
