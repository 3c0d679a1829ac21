"""How alike two households are, from their members. Pure functions of opened identities.

A member's counterpart has the same sex, a birth that may be the same and a name that sounds the
same in any script. Co-members who also match are the strongest sign that a household is a repeat
(domain/standards.md: features of duplicate scores); documents and phones add to it.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from intake.duplicates.reasons import DOCUMENTS, MEMBERS, PHONES, Reason
from intake.names import similarity

# A pair is offered from here on. A shared phone alone, or one common name, stays below.
OFFERED_FROM = 0.6

SAME_NAME = 0.78  # from here on two spellings may be one name
LIKE_PERSON = 0.78
# Once two households are known to be one, a weaker likeness says who is who.
COUNTERPART_NAME = 0.6
_UNKNOWN = 0.6  # what a feature that nobody stated counts

# Weights of a shared document or phone: families and neighbours lend phones.
_DOCUMENT = 0.8
_PHONE = 0.35


@dataclass(frozen=True)
class Member:
    """What is compared of one person; `seen` is the day of arrival. Personal data; never kept."""

    id: uuid.UUID
    name: str
    father: str = ""
    sex: str = "unknown"
    earliest: date | None = None
    latest: date | None = None
    seen: date = date.min
    documents: frozenset[bytes] = frozenset()
    phones: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Likeness:
    """From 0 to 1, the reasons as codes, and who matches whom (ids of a and of b)."""

    score: float = 0.0
    reasons: list[Reason] = field(default_factory=list)
    matches: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)


def compare(a: Sequence[Member], b: Sequence[Member]) -> Likeness:
    """How alike two households are, by the members who have a name.

    Those who are counted only are like any others of their sex and age: they neither speak for a
    repeat nor against one.
    """
    a, b = _named(a), _named(b)
    if not a or not b:
        return Likeness()
    matches = _assigned(a, b, LIKE_PERSON)
    smaller = min(len(a), len(b))
    count = len(matches)
    quality = sum(score for score, _, _ in matches) / count if count else 0.0
    # One match says little, each further one halves the doubt.
    members = quality * (count / smaller) ** 0.5 * (1 - 0.5**count) if count else 0.0
    documents = len(_all(a, "documents") & _all(b, "documents"))
    phones = len(_all(a, "phones") & _all(b, "phones"))
    doubt = (1 - members) * (1 - _DOCUMENT * bool(documents)) * (1 - _PHONE * bool(phones))
    reasons: list[Reason] = []
    if count:
        reasons.append({"code": MEMBERS, "count": count, "of": smaller})
    if documents:
        reasons.append({"code": DOCUMENTS, "count": documents})
    if phones:
        reasons.append({"code": PHONES, "count": phones})
    return Likeness(
        round(1 - doubt, 4), reasons, [(first.id, second.id) for _, first, second in matches]
    )


def counterparts(a: Sequence[Member], b: Sequence[Member]) -> dict[uuid.UUID, uuid.UUID]:
    """Who of `b` is who of `a`, given that the households are one: ids of b to ids of a.

    After the names, who was counted only on one side is taken for one of the other side whose sex
    and birth allow it: else a family counted first and named later would be twice in the count.
    """
    found = {second.id: first.id for _, first, second in _assigned(a, b, 0.0)}
    taken = set(found.values())
    open_a = [member for member in a if member.id not in taken]
    open_b = [member for member in b if member.id not in found]
    rest = [
        (birth, first, second)
        for first in open_a
        for second in open_b
        if not (first.name and second.name)
        and {first.sex, second.sex} != {"F", "M"}
        and (birth := _births(first, second)) > 0
    ]
    return found | {second.id: first.id for _, first, second in _best(rest)}


def person_likeness(a: Member, b: Member, *, name_from: float = SAME_NAME) -> float:
    """From 0 (cannot be the same person) to 1."""
    if a.documents & b.documents:
        return 1.0
    if {a.sex, b.sex} == {"F", "M"}:
        return 0.0
    if (birth := _births(a, b)) == 0.0:
        return 0.0
    if (name := similarity(a.name, b.name)) < name_from:
        return 0.0
    father = similarity(a.father, b.father) if a.father and b.father else _UNKNOWN
    return 0.45 * name + 0.3 * father + 0.25 * birth


def _births(a: Member, b: Member) -> float:
    """1 for ranges that overlap, less the further apart they are, 0 beyond what error explains.

    People say ages, and say them differently a day later: a year, and a tenth of the age more.
    """
    if a.earliest is None or a.latest is None or b.earliest is None or b.latest is None:
        return _UNKNOWN
    gap = max((a.earliest - b.latest).days, (b.earliest - a.latest).days)
    if gap <= 0:
        return 1.0
    age = max((max(a.seen, b.seen) - max(a.latest, b.latest)).days, 0)
    tolerance = 366 + age // 10
    return max(0.0, 1 - 0.5 * gap / tolerance) if gap <= tolerance else 0.0


def _assigned(
    a: Sequence[Member], b: Sequence[Member], least: float
) -> list[tuple[float, Member, Member]]:
    """Pairs of persons, best first, nobody twice."""
    name_from = SAME_NAME if least else COUNTERPART_NAME
    scored = [
        (score, first, second)
        for first in a
        for second in b
        if (score := person_likeness(first, second, name_from=name_from)) > 0 and score >= least
    ]
    return _best(scored)


def _best(scored: list[tuple[float, Member, Member]]) -> list[tuple[float, Member, Member]]:
    """The best of the pairs, nobody twice."""
    scored.sort(key=lambda each: (-each[0], str(each[1].id), str(each[2].id)))
    taken: set[uuid.UUID] = set()
    chosen = []
    for score, first, second in scored:
        if first.id not in taken and second.id not in taken:
            taken |= {first.id, second.id}
            chosen.append((score, first, second))
    return chosen


def _named(members: Sequence[Member]) -> list[Member]:
    return [member for member in members if member.name or member.documents]


def _all(members: Sequence[Member], name: str) -> frozenset[bytes]:
    found: frozenset[bytes] = frozenset()
    for member in members:
        found |= getattr(member, name)
    return found
