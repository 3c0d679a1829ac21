"""The given names of the population: roots, how each is written, and how common it is.

The tables in `data/` are written by hand from how people write names in Dari, Pashto, Tajik,
Russian and Latin letters. They know nothing of the rules in `intake.names`: the population is the
yardstick for those rules, and a yardstick made by them would always find them right.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from random import Random

DATA = Path(__file__).parent / "data"

ARABIC, TAJIK, RUSSIAN, LATIN = "arabic", "tajik", "russian", "latin"
DARI, PASHTO, PAMIRI = "dari", "pashto", "pamiri"
COMMUNITIES = (DARI, PASHTO, PAMIRI)

# Zipf-Mandelbrot: the weight of the root at a rank is (rank + FLATTENING) ** -STEEPNESS. Given
# names follow Zipf's law in their middle; its head is flatter, since many names of a first place
# compete. Both numbers are chosen so that at a million persons the commonest full own names have
# several thousand bearers (README beside this file).
FLATTENING = {"M": 9.0, "F": 24.0}  # more women than men bear a name alone
STEEPNESS = 0.9
# A name of a community in and outside of it.
AT_HOME, ELSEWHERE = 4.0, 0.25


@dataclass(frozen=True, slots=True)
class Root:
    """A root with its spellings by script, the usual one first. `roles`: see the tables."""

    spellings: dict[str, tuple[str, ...]]
    roles: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """Roots to draw from, as indexes of `ROOTS` with the running sum of their weights."""

    indexes: tuple[int, ...]
    sums: tuple[float, ...]

    def draw(self, dice: Random) -> int:
        """The index of a root, by weight."""
        return self.indexes[bisect(self.sums, dice.random() * self.sums[-1])]


def _table(name: str) -> list[list[str]]:
    lines = (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [
        [cell.strip() for cell in line.split("|")]
        for line in lines
        if line and not line.startswith("#")
    ]


def _root(cells: list[str], roles: str = "") -> Root:
    spellings = (tuple(dict.fromkeys(cell.split())) for cell in cells)
    return Root(dict(zip((ARABIC, TAJIK, RUSSIAN, LATIN), spellings, strict=True)), roles)


MEN = tuple(_root(row[:4], row[4]) for row in _table("male"))
WOMEN = tuple(_root(row[:4], row[4]) for row in _table("female"))
_PARTS = {row[0]: _root(row[1:]) for row in _table("parts")}
# Everything that is written, by index: a name holds indexes only, so that it is small and hashed
# at once.
ROOTS = (*MEN, *WOMEN, *_PARTS.values())
PART = {key: len(MEN) + len(WOMEN) + place for place, key in enumerate(_PARTS)}


def _weight(rank: int, root: Root, sex: str, community: str) -> float:
    weight: float = (rank + 1 + FLATTENING[sex]) ** -STEEPNESS
    for mark, home in (("p", PASHTO), ("t", PAMIRI)):
        if mark in root.roles:
            weight *= AT_HOME if community == home else ELSEWHERE
    return weight


@cache
def pool(sex: str, role: str, community: str) -> Pool:
    """Roots of women ("F") or men ("M") that may stand in a role, as a community names them."""
    roots, first = (WOMEN, len(MEN)) if sex == "F" else (MEN, 0)
    weights = {
        first + rank: _weight(rank, root, sex, community)
        for rank, root in enumerate(roots)
        if role in root.roles
    }
    return Pool(tuple(weights), tuple(accumulate(weights.values())))
