"""Two households side by side: who stands beside whom, and what is written otherwise."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from intake import slots
from intake.admin.detail import MemberView, member_views
from intake.choices import Sex
from intake.keys import document_key, phone_key
from intake.models import Arrival, DuplicatePair, FieldQuestion, Household
from intake.names import normalise

# Every kind of difference, by the field that is marked in both cells.
WORDS: dict[str, str | Promise] = {
    "name": gettext_lazy("Name written otherwise"),
    "father_name": gettext_lazy("Father’s name written otherwise"),
    "sex": gettext_lazy("Sex differs"),
    "birth": gettext_lazy("Ages do not fit"),
    "documents": gettext_lazy("Other documents"),
    "phones": gettext_lazy("Other phone numbers"),
}
ALIKE: dict[str, str | Promise] = {
    "documents": gettext_lazy("Same document"),
    "phones": gettext_lazy("Same phone number"),
}


@dataclass
class Side:
    """One household with what is compared of it. Personal data; lives for one response."""

    household: Household
    arrival: Arrival | None
    arrived_at: datetime
    site: str
    questions: list[FieldQuestion]
    facts: list[tuple[str | Promise, str, bool]] = field(default_factory=list)


@dataclass
class Row:
    """One person as both households tell of them, or of one household only."""

    number: int
    earlier: MemberView | None
    later: MemberView | None
    marked: list[str] = field(default_factory=list)
    differences: list[str | Promise] = field(default_factory=list)
    alike: list[str | Promise] = field(default_factory=list)


def sides_of(pair: DuplicatePair, user: Any) -> list[Side]:
    """Both households, the one that arrived first in front."""
    sites = slots.site_names({pair.first_id, pair.second_id}, user)
    questions = list(pair.questions.select_related("answered_by").order_by("-recorded_at"))
    sides = []
    for household in (pair.first, pair.second):
        arrivals = household.arrivals.select_related("entry_point").order_by("occurred_at")
        arrival = arrivals.first()
        sides.append(
            Side(
                household=household,
                arrival=arrival,
                arrived_at=arrival.occurred_at if arrival else household.recorded_at,
                site=sites.get(household.pk, ""),
                questions=[each for each in questions if each.household_id == household.pk],
            )
        )
    sides.sort(key=lambda side: (side.arrived_at, side.household.recorded_at, side.household.pk))
    _compare_households(sides)
    return sides


def _compare_households(sides: list[Side]) -> None:
    """The facts of each, marked where the two differ."""
    told = [_facts(side) for side in sides]
    for side, own, other in zip(sides, told, reversed(told), strict=True):
        side.facts = [
            (label, value or "—", bool(value and other[label] and value != other[label]))
            for label, value in own.items()
        ]


def _facts(side: Side) -> dict[str | Promise, str]:
    household = side.household
    area, language = household.origin_area, household.preferred_language
    return {
        _("Arrived"): f"{side.arrived_at.astimezone(Operation.current().zone):%Y-%m-%d %H:%M}",
        _("Entry point"): side.arrival.entry_point.name if side.arrival else "",
        _("Origin"): area.name if area else "",
        _("Preferred language"): language.name if language else "",
        _("Phones"): ", ".join(household.phones),
        _("Site"): side.site,
        _("Size as declared"): str(household.declared_size or ""),
    }


def rows_of(
    sides: list[Side], known: Mapping[uuid.UUID, uuid.UUID], user: Any, operation: Operation
) -> list[Row]:
    """The people of both, matched ones beside each other, those without a counterpart last.

    `known`: ids of persons who are taken for one, in either direction.
    """
    earlier, later = (member_views(side.household, user, operation) for side in sides)
    by_id = {each.person.pk: each for each in later}
    both = dict(known) | {new: old for old, new in known.items()}
    rows: list[Row] = []
    taken: set[uuid.UUID] = set()
    for one in earlier:
        other = by_id.get(both.get(one.person.pk, one.person.pk))
        if other is not None:
            taken.add(other.person.pk)
            rows.append(_compared(Row(len(rows) + 1, one, other)))
    alone = [(one, None) for one in earlier if not any(row.earlier is one for row in rows)]
    alone += [(None, each) for each in later if each.person.pk not in taken]  # type: ignore[misc]
    return rows + [Row(len(rows) + n, one, other) for n, (one, other) in enumerate(alone, 1)]


def _compared(row: Row) -> Row:
    one, other = row.earlier, row.later
    assert one is not None
    assert other is not None
    for name in ("name", "father_name"):
        a, b = getattr(one, name), getattr(other, name)
        if a and b and normalise(a) != normalise(b):
            row.marked.append(name)
    if one.person.sex != other.person.sex and Sex.UNKNOWN not in (one.person.sex, other.person.sex):
        row.marked.append("sex")
    if not _births_fit(one, other):
        row.marked.append("birth")
    for name, of in (("documents", _documents), ("phones", _phones)):
        ours, theirs = of(one), of(other)
        if ours & theirs:
            row.alike.append(ALIKE[name])
        elif ours and theirs:
            row.marked.append(name)
    row.differences = [WORDS[name] for name in row.marked]
    return row


def _births_fit(one: MemberView, other: MemberView) -> bool:
    """Whether the two ranges of the birth overlap, or nothing is known of one."""
    a, b = one.person, other.person
    if not (a.birth_earliest and a.birth_latest and b.birth_earliest and b.birth_latest):
        return True
    return a.birth_earliest <= b.birth_latest and b.birth_earliest <= a.birth_latest


def _documents(view: MemberView) -> set[str]:
    return {document_key(each.get("number", "")) for each in view.documents} - {""}


def _phones(view: MemberView) -> set[str]:
    return {phone_key(each) for each in view.phones.split(",")} - {""}
