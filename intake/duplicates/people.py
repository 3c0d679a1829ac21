"""How alike two people are: the level of each feature and the bits it is worth."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from intake.duplicates.levels import name_level
from intake.duplicates.weights import Weights, weights
from intake.frequencies import Frequencies, frequencies
from intake.keys import FATHER, NAME
from intake.names import Agreement, skeleton

# People of one operation are born over so many days; births are told evenly enough within them.
_SPAN = 60 * 365
_ORDER: dict[str, int] = {level: place for place, level in enumerate(Agreement)}
# A pair of people with fewer bits is no counterpart: a namesake of like age.
_LIKE = 6.0


@dataclass(frozen=True)
class Member:
    """What is compared of one person; `seen` is the day of arrival. Personal data; never kept.

    `documents` and `phones` are keyed hashes; `area` is the household's origin.
    """

    id: uuid.UUID
    name: str
    father: str = ""
    grandfather: str = ""
    known_as: tuple[str, ...] = ()
    sex: str = "unknown"
    earliest: date | None = None
    latest: date | None = None
    seen: date = date.min
    documents: frozenset[int] = frozenset()
    phones: frozenset[int] = frozenset()
    area: str = ""


@dataclass(frozen=True)
class Rates:
    """What agreements are worth and how common values are, of one moment."""

    weights: Weights
    frequencies: Frequencies

    @classmethod
    def present(cls) -> Rates:
        """The table and the count as they stand now."""
        return cls(weights(), frequencies())

    @property
    def persons(self) -> int:
        """How many people were counted."""
        return self.frequencies.persons

    def bits(self, feature: str, level: str, share: float | None = None) -> float:
        """See `Weights.bits`."""
        return self.weights.bits(feature, level, share)

    def share(self, kind: str, value: str) -> float:
        """See `Frequencies.share`."""
        return self.frequencies.share(kind, value)


@dataclass(frozen=True)
class Pair:
    """Two people and how far each feature agrees; levels are empty where a side says nothing."""

    a: Member
    b: Member
    bits: float
    father_bits: float
    name: str
    father: str
    sex: str
    birth: str
    document: bool

    @property
    def could_be_one(self) -> bool:
        """Whether nothing rules out that they are one person."""
        if self.document:
            return True
        return self.name not in ("", Agreement.DIFFERENT) and self.sex != "different"

    @property
    def may_be_one(self) -> bool:
        """Whether they are alike enough to speak for two households being one."""
        return self.could_be_one and self.birth != "apart" and self.bits >= _LIKE


Two = tuple[uuid.UUID, uuid.UUID]


def pairs_of(
    a: Sequence[Member], b: Sequence[Member], rates: Rates, only: Collection[Two] | None = None
) -> list[Pair]:
    """Every two people of both sides whom their sex does not rule out; of `only`, if given."""
    return [
        pair_of(first, second, rates)
        for first in a
        for second in b
        if (only is None or (first.id, second.id) in only)
        and (first.documents & second.documents or {first.sex, second.sex} != {"F", "M"})
    ]


def best(pairs: Sequence[Pair]) -> list[Pair]:
    """The best of the pairs, nobody twice."""
    taken: set[uuid.UUID] = set()
    chosen = []
    for pair in sorted(pairs, key=lambda p: (-p.bits, *sorted((p.a.id, p.b.id)))):
        if pair.a.id not in taken and pair.b.id not in taken:
            taken |= {pair.a.id, pair.b.id}
            chosen.append(pair)
    return chosen


def pair_of(a: Member, b: Member, rates: Rates) -> Pair:
    """The levels and bits of two people."""
    name, share = _name(a, b, rates)
    bits = rates.bits("name", name, share) if name else 0.0
    document = bool(a.documents & b.documents)
    if not document and name in ("", Agreement.DIFFERENT):
        # Nothing else brings two names together: no need to look further.
        birth, birth_bits = _birth(a, b, rates)
        return Pair(a, b, bits + birth_bits, 0.0, name, "", _sex(a, b), birth, False)
    father, father_bits = _feature("father", FATHER, a.father, b.father, rates)
    _level, grandfather_bits = _feature("grandfather", FATHER, a.grandfather, b.grandfather, rates)
    birth, birth_bits = _birth(a, b, rates)
    sex = _sex(a, b)
    bits += father_bits + grandfather_bits + birth_bits + (rates.bits("sex", sex) if sex else 0.0)
    if a.documents and b.documents and not document:
        bits += rates.bits("document", "different")
    return Pair(a, b, bits, father_bits, name, father, sex, birth, document)


def _name(a: Member, b: Member, rates: Rates) -> tuple[str, float]:
    """The best level of any of the names of both, and how common the more common one is."""
    level, pair = "", ("", "")
    for first in (a.name, *a.known_as):
        for second in (b.name, *b.known_as):
            found = name_level(first, second)
            if found and (not level or _ORDER[found] < _ORDER[level]):
                level, pair = found, (first, second)
    return level, _common(NAME, pair, level, rates)


def _feature(feature: str, kind: str, first: str, second: str, rates: Rates) -> tuple[str, float]:
    level = name_level(first, second)
    if not level:
        return "", 0.0
    return level, rates.bits(feature, level, _common(kind, (first, second), level, rates))


def _common(kind: str, names: tuple[str, str], level: str, rates: Rates) -> float:
    if level in ("", Agreement.DIFFERENT):
        return 0.0
    return max(rates.share(kind, skeleton(name)) for name in names)


def _sex(a: Member, b: Member) -> str:
    known = {a.sex, b.sex} & {"F", "M"}
    if len(known) == 2:
        return "different"
    return "same" if a.sex == b.sex and known else ""


def _birth(a: Member, b: Member, rates: Rates) -> tuple[str, float]:
    """Overlap, near (a year or a tenth of the age off) or apart; how much it says.

    By chance two births fall so near each other as often as both ranges, laid side by side, fill
    the span in which people are born: a day given by both says much, two estimates hardly
    anything. The first of January is what is written when only the year is known.
    """
    if a.earliest is None or a.latest is None or b.earliest is None or b.latest is None:
        return "", 0.0
    first, second = _range(a.earliest, a.latest), _range(b.earliest, b.latest)
    gap = max((first[0] - second[1]).days, (second[0] - first[1]).days)
    width = (first[1] - first[0]).days + (second[1] - second[0]).days + 1
    if gap <= 0:
        return "overlap", rates.bits("birth", "overlap", min(width / _SPAN, 0.95))
    age = max((max(a.seen, b.seen) - max(first[1], second[1])).days, 0)
    tolerance = 366 + age // 10
    if gap <= tolerance:
        return "near", rates.bits("birth", "near", min((width + 2 * tolerance) / _SPAN, 0.95))
    return "apart", rates.bits("birth", "apart")


def _range(earliest: date, latest: date) -> tuple[date, date]:
    if earliest == latest and (earliest.month, earliest.day) == (1, 1):
        return earliest, earliest + timedelta(days=364)
    return earliest, latest
