"""The operation's own lists as an import looks them up: by code, name or any known spelling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Operation
from accounts.policies import Permission, Scopes, access_of
from intake.imports.vocabulary import index, plain, split_aliases, words
from intake.models import Area, Country, DocumentType, EntryPoint, Language, SpecificNeedType


@dataclass(frozen=True)
class Lists:
    """Plain spellings to codes, loaded once for an import. Holds no personal data."""

    zone: ZoneInfo
    scopes: Scopes
    entry_points: dict[str, str]
    countries: dict[str, str]
    languages: dict[str, str]
    needs: dict[str, str]
    areas: dict[str, str]
    document_types: dict[str, str]

    def may_register_at(self, entry_point: str) -> bool:
        """Whether the actor imports for this entry point."""
        return self.scopes.everywhere or entry_point in self.scopes.entry_points


def load_lists(actor: Any) -> Lists:
    """What the rows of one import are compared with."""
    return Lists(
        zone=Operation.current().zone,
        scopes=access_of(actor).scopes(Permission.HOUSEHOLDS_IMPORT),
        entry_points=index(
            (point.code, [point.name, *split_aliases(point.aliases)])
            for point in EntryPoint.objects.order_by("code")
        ),
        countries=_with_aliases(Country),
        languages=_with_aliases(Language),
        needs=need_words(),
        areas={plain(code): code for code in Area.objects.values_list("code", flat=True)},
        document_types=index(
            (entry.code, [entry.label]) for entry in DocumentType.objects.order_by("code")
        ),
    )


def _with_aliases(model: type[Country] | type[Language]) -> dict[str, str]:
    entries = model._default_manager.filter(disabled_on__isnull=True).order_by("code")
    return index((entry.code, [entry.label, *split_aliases(entry.aliases)]) for entry in entries)


def need_words() -> dict[str, str]:
    """Plain spellings of specific needs to the codes in use."""
    codes = SpecificNeedType.objects.filter(legacy=False, disabled_on__isnull=True)
    known = {code: code for code in codes.values_list("code", flat=True)}
    found = {plain(code): code for code in known}
    for word, code in words("need").items():
        if code in known:
            found.setdefault(word, code)
    return found
