"""The codes that registration checks against, kept in the process for half a minute.

A list that changes reaches every process within that time; the database's foreign keys stand
behind it meanwhile.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from intake.models import Area, Country, DocumentType, Language, SpecificNeedType

_KEEP_SECONDS = 30.0
_kept: tuple[float, Codes] | None = None


@dataclass(frozen=True)
class Codes:
    """Codes in use. `needs` maps a code to its tier; `legacy_needs` are refused for new records."""

    areas: frozenset[str]
    countries: frozenset[str]
    languages: frozenset[str]
    document_types: frozenset[str]
    needs: dict[str, int]
    legacy_needs: frozenset[str]


def codes() -> Codes:
    """The present codes."""
    global _kept
    now = time.monotonic()
    if _kept is None or now - _kept[0] > _KEEP_SECONDS:
        _kept = (now, _load())
    return _kept[1]


def forget() -> None:
    """Read the lists anew at the next use."""
    global _kept
    _kept = None


def _load() -> Codes:
    needs = list(
        SpecificNeedType.objects.filter(disabled_on__isnull=True).values_list(
            "code", "tier", "legacy"
        )
    )
    return Codes(
        areas=_in_use(Area),
        countries=_in_use(Country),
        languages=_in_use(Language),
        document_types=_in_use(DocumentType),
        needs={code: tier for code, tier, legacy in needs if not legacy},
        legacy_needs=frozenset(code for code, _, legacy in needs if legacy),
    )


def _in_use(
    model: type[Area] | type[Country] | type[DocumentType] | type[Language],
) -> frozenset[str]:
    rows = model._default_manager.filter(disabled_on__isnull=True)
    return frozenset(rows.values_list("code", flat=True))
