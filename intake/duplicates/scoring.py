"""How alike two households are, from their members. Pure functions of opened identities.

In the manner of Fellegi and Sunter (*A Theory for Record Linkage*, 1969): each feature in which
two people agree or differ speaks for or against one person by so many bits (duplicates.weights);
the bits of a household are those of its members who have a counterpart, less for those who have
none, plus what the household shares. Against them stands how rarely two households taken at
random are one. Co-members who also match add up, and so are the strongest sign.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from math import log2

from intake.duplicates import reasons as why
from intake.duplicates.people import Member, Pair, Rates, Two, best, pairs_of
from intake.duplicates.reasons import Reason
from intake.names import skeleton

# A pair is offered from here on: more likely than not.
OFFERED_FROM = 0.5
# So many households in a hundred are registered again, by a first guess; and the fewest that a
# household is compared with, when nobody counted yet.
_REPEATED, _FEWEST_HOUSEHOLDS, _HOUSEHOLD_SIZE = 0.05, 200, 5
# Of people without a counterpart more than so many say nothing new: part of a family came again.
_MOST_ABSENT = 3
# Bits of the people who share a key below which the rest of a household is not looked at.
_HOPELESS = -8.0
_COMMON = 0.005  # a name that one in two hundred has


@dataclass(frozen=True)
class Likeness:
    """A probability, the reasons as codes, and who matches whom (ids of a and of b)."""

    score: float = 0.0
    reasons: list[Reason] = field(default_factory=list)
    matches: list[tuple[uuid.UUID, uuid.UUID]] = field(default_factory=list)
    bits: float = float("-inf")


def compare(
    a: Sequence[Member],
    b: Sequence[Member],
    rates: Rates | None = None,
    likely: Collection[Two] | None = None,
) -> Likeness:
    """How alike two households are, by the members who have a name.

    `likely` are the two people who share a key (ids of a and of b): where they alone leave no
    hope, the others are not compared, of whom each would share a key too.

    Those who are counted only are like any others of their sex and age: they neither speak for a
    repeat nor against one.
    """
    a, b = _named(a), _named(b)
    if not a or not b:
        return Likeness()
    rates = rates or Rates.present()
    if likely is not None:
        found = _compared(a, b, rates, likely)
        if found.bits < _HOPELESS:
            return found
    return _compared(a, b, rates)


def _compared(
    a: Sequence[Member], b: Sequence[Member], rates: Rates, only: Collection[Two] | None = None
) -> Likeness:
    matches = best([pair for pair in pairs_of(a, b, rates, only) if pair.may_be_one])
    shared = _shared(a, b, rates)
    if not matches and not any(reason for _bits, reason in shared):
        return Likeness()
    absent = min(len(a), len(b)) - len(matches)
    bits = (
        prior(rates)
        + _members(matches, max(len(a), len(b)))
        + sum(bits for bits, _reason in shared)
        + min(absent, _MOST_ABSENT) * rates.bits("absent", "member")
    )
    return Likeness(
        score=round(probability(bits), 6),
        reasons=[*_reasons(matches, min(len(a), len(b)), rates), *(r for _bits, r in shared if r)],
        matches=[(pair.a.id, pair.b.id) for pair in matches],
        bits=bits,
    )


def prior(rates: Rates) -> float:
    """Bits against two households taken at random being one: a few in a hundred have a repeat."""
    households = max(rates.persons / _HOUSEHOLD_SIZE, _FEWEST_HOUSEHOLDS)
    return log2(_REPEATED / households)


def probability(bits: float) -> float:
    """From bits for and against to a probability."""
    return 1 / (1 + 2 ** -max(min(bits, 60.0), -60.0))


def counterparts(a: Sequence[Member], b: Sequence[Member]) -> dict[uuid.UUID, uuid.UUID]:
    """Who of `b` is who of `a`, given that the households are one: ids of b to ids of a.

    After the names, who was counted only on one side is taken for one of the other side whose sex
    and birth allow it: else a family counted first and named later would be twice in the count.
    """
    rates = Rates.present()
    named = pairs_of(_named(a), _named(b), rates)
    found = {pair.b.id: pair.a.id for pair in best([p for p in named if p.could_be_one])}
    taken = set(found.values())
    open_a = [member for member in a if member.id not in taken]
    open_b = [member for member in b if member.id not in found]
    rest = [
        pair
        for pair in pairs_of(open_a, open_b, rates)
        if not (pair.a.name and pair.b.name) and pair.sex != "different" and pair.birth != "apart"
    ]
    return found | {pair.b.id: pair.a.id for pair in best(rest)}


def _members(matches: Sequence[Pair], larger: int) -> float:
    """Bits of all who match. What a family has in common counts once.

    Each was the best of all `larger` people of the other household: by chance one of so many
    agrees as far so many times as often. Children of one father agree in his name together or
    not at all, and he in his own.
    """
    bits = sum(pair.bits - log2(larger) for pair in matches)
    counted = {skeleton(member.name) for pair in matches for member in (pair.a, pair.b)}
    for pair in matches:
        if pair.father_bits > 0:
            fathers = {skeleton(pair.a.father), skeleton(pair.b.father)}
            if fathers & counted:
                bits -= pair.father_bits
            counted |= fathers
    return bits


def _shared(
    a: Sequence[Member], b: Sequence[Member], rates: Rates
) -> list[tuple[float, Reason | None]]:
    found: list[tuple[float, Reason | None]] = []
    if phones := len(_all(a, "phones") & _all(b, "phones")):
        found.append((rates.bits("phone", "same"), {"code": why.PHONES, "count": phones}))
    documents = len(_all(a, "documents") & _all(b, "documents"))
    if documents:
        found.append((rates.bits("document", "same"), {"code": why.DOCUMENTS, "count": documents}))
    if a[0].area and b[0].area:
        same = a[0].area == b[0].area
        bits = rates.bits("origin", "same" if same else "different")
        found.append((bits, {"code": why.ORIGIN} if same else None))
    return found


def _reasons(matches: Sequence[Pair], smaller: int, rates: Rates) -> list[Reason]:
    if not matches:
        return []
    found: list[Reason] = [{"code": why.MEMBERS, "count": len(matches), "of": smaller}]
    for code, count in (
        (why.NAMES, sum(pair.name == "same" for pair in matches)),
        (why.ALIKE, sum(pair.name == "alike" for pair in matches)),
        (why.PARTS, sum(pair.name == "part" for pair in matches)),
        (why.FATHERS, sum(pair.father in ("same", "alike") for pair in matches)),
        (why.BIRTHS, sum(pair.birth == "overlap" for pair in matches)),
    ):
        if count:
            found.append({"code": code, "count": count})
    if all(rates.share("name", skeleton(pair.a.name)) >= _COMMON for pair in matches):
        found.append({"code": why.COMMON})
    return found


def _named(members: Sequence[Member]) -> list[Member]:
    return [member for member in members if member.name or member.documents]


def _all(members: Sequence[Member], name: str) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    for member in members:
        found |= getattr(member, name)
    return found
