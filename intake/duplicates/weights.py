"""What agreements and differences are worth, in bits (Fellegi and Sunter 1969).

A feature of two records that is at some level of agreement speaks for one person by log2(m / u):
`m` is how often true repeats are at that level, `u` how often two different people are. Where a
value is common, different people agree in it more often: `u` is then the share of people with
that value (Winkler 1988, frequency-based matching). The numbers stand in one table with their
sources, intake/data/match_weights.csv; what was estimated from decided pairs takes their place.
"""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass
from functools import lru_cache
from math import log2
from pathlib import Path

from intake.models import MatchWeight

TABLE = Path(__file__).resolve().parents[1] / "data" / "match_weights.csv"
_KEEP_SECONDS = 60.0
_kept: tuple[float, Weights] | None = None


@dataclass(frozen=True)
class Weights:
    """The table: m and u by feature and level; u is None where it follows from the value."""

    rows: dict[tuple[str, str], tuple[float, float | None]]

    def bits(self, feature: str, level: str, share: float | None = None) -> float:
        """What a level says; `share` is how common the value is. 0 for a level nobody knows.

        Where the table has a `u` as well, a value that is more common than it counts less still.
        """
        found = self.rows.get((feature, level))
        if found is None:
            return 0.0
        m, u = found
        by_chance = max(u or 0.0, share or 0.0)
        return log2(m / by_chance) if by_chance else 0.0


def weights() -> Weights:
    """The present table, kept in the process for a minute."""
    global _kept
    now = time.monotonic()
    if _kept is None or now - _kept[0] > _KEEP_SECONDS:
        estimated = MatchWeight.objects.values_list("feature", "level", "m", "u")
        rows = {(feature, level): (m, u) for feature, level, m, u in estimated}
        _kept = (now, Weights({**first_weights(), **rows}))
    return _kept[1]


@lru_cache(maxsize=1)
def first_weights() -> dict[tuple[str, str], tuple[float, float | None]]:
    """The table as it is shipped: what holds before any pair was decided."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            (row["feature"], row["level"]): (float(row["m"]), float(row["u"]) if row["u"] else None)
            for row in csv.DictReader(file)
        }


@dataclass(frozen=True)
class WeightRow:
    """A row of the table that holds, with its source; `bits` where they follow from it alone."""

    feature: str
    level: str
    m: float
    u: float | None
    source: str

    @property
    def bits(self) -> float | None:
        """For (or, below 0, against) one person; None where it depends on the value."""
        return log2(self.m / self.u) if self.u else None

    @property
    def u_text(self) -> str:
        """With three figures, however small."""
        return "" if self.u is None else f"{self.u:.3g}"


def weight_rows() -> list[WeightRow]:
    """The table as it holds now, in the order of the shipped one."""
    estimated = {(each.feature, each.level): each for each in MatchWeight.objects.all()}
    with TABLE.open(encoding="utf-8", newline="") as file:
        sources = {(row["feature"], row["level"]): row["source"] for row in csv.DictReader(file)}
    rows = []
    for (feature, level), (m, u) in first_weights().items():
        if found := estimated.get((feature, level)):
            rows.append(WeightRow(feature, level, found.m, found.u, found.source))
        else:
            rows.append(WeightRow(feature, level, m, u, sources[feature, level]))
    return rows


def forget() -> None:
    """Read the table anew at the next use."""
    global _kept
    _kept = None
