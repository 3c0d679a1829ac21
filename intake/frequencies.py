"""How common names and other keys are, counted from time to time and kept in the process.

Only keys that many have are counted one by one: they are what a search must not follow, and what
says little when two records agree in it.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field

from intake.keys import every_digest
from intake.models import KeyCount, KeyFrequency

_KEEP_SECONDS = 60.0
# Of a name that was not counted by itself: in a small operation a name that is rare there may be
# common elsewhere. As if so many people had been seen before, so many of them with this name.
_PRIOR_PERSONS, _PRIOR_BEARERS = 2000, 4
_kept: tuple[float, Frequencies] | None = None


@dataclass(frozen=True)
class Frequencies:
    """Of `persons` people, how many have each key that at least `fewest` have: what is common."""

    persons: int = 0
    fewest: int = 0
    counts: dict[int, int] = field(default_factory=dict)

    def bearers(self, digest: int) -> int:
        """How many people have a key; half of the fewest where nobody counted it."""
        return self.counts.get(digest, self.fewest // 2)

    def _of_any(self, digests: list[int]) -> int:
        counted = [self.counts[digest] for digest in digests if digest in self.counts]
        return sum(counted) if counted else self.fewest // 2

    def share(self, kind: str, value: str) -> float:
        """The share of people with this value, in (0, 1): what chance makes two people agree."""
        # While keys are made anew some people are counted under an older secret.
        found = self._of_any(every_digest([(kind, value)])) + _PRIOR_BEARERS
        return min(found / (self.persons + _PRIOR_PERSONS), 0.99)


def frequencies() -> Frequencies:
    """The last count."""
    global _kept
    now = time.monotonic()
    if _kept is None or now - _kept[0] > _KEEP_SECONDS:
        _kept = (now, _load())
    return _kept[1]


def forget() -> None:
    """Read the count anew at the next use."""
    global _kept
    _kept = None


def fewest_counted(persons: int) -> int:
    """How many people must have a key for it to be counted by itself: three, or 1 in 200,000."""
    return max(3, persons // 200_000)


def common_from(persons: int) -> int:
    """How many must have it to be kept in the process: three, or 1 in 20,000."""
    return max(3, persons // 20_000)


def holders(digests: Collection[int]) -> dict[int, int]:
    """How many people had each of these keys at the last count, of those that were counted."""
    rows = KeyFrequency.objects.filter(digest__in=digests)
    return dict(rows.values_list("digest", "persons"))


def _load() -> Frequencies:
    last = KeyCount.objects.order_by("-counted_at").first()
    if last is None:
        return Frequencies()
    fewest = common_from(last.persons)
    common = KeyFrequency.objects.filter(persons__gte=fewest)
    return Frequencies(last.persons, fewest, dict(common.values_list("digest", "persons")))
