"""Recall and precision of pairs, and of the top of a list of them. Pure functions.

A pair holds two ids, the smaller first. Pairs of equal score stand in no order: where a cut falls
among them, each counts for its share, so that nobody gains by rounding scores.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

Pair = tuple[str, str]


def pair_of(first: object, second: object) -> Pair:
    """Two ids as a pair."""
    a, b = sorted((str(first), str(second)))
    return a, b


def pairs_within(groups: Iterable[Collection[str]]) -> set[Pair]:
    """All pairs of ids that stand in one group."""
    return {pair_of(a, b) for group in groups for a in group for b in group if a < b}


@dataclass(frozen=True)
class Quality:
    """How many pairs were found, how many of them are true, and how many are true in all."""

    found: int
    right: int
    true: int

    @property
    def precision(self) -> float:
        """The share of what was found that is true; 1 when nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of what is true that was found; 1 when nothing is true."""
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both, from the counts."""
        return 2 * self.right / (self.found + self.true) if self.found + self.true else 1.0

    @property
    def words(self) -> str:
        """All three; no precision of nothing."""
        precision = f"{self.precision:.3f}" if self.found else "–"
        return f"precision {precision}, recall {self.recall:.3f}, F1 {self.f1:.3f}"


def quality(found: Collection[Pair], truth: Collection[Pair]) -> Quality:
    """Precision and recall of a set of pairs."""
    return Quality(len(found), len(set(found) & set(truth)), len(truth))


def best(scored: Mapping[Pair, float], truth: Collection[Pair]) -> Quality:
    """The quality at the score from which on F1 is highest: what hindsight would choose."""
    chosen = Quality(0, 0, len(truth))
    found = right = 0
    for _score, pairs in _descending(scored):
        found += len(pairs)
        right += sum(pair in truth for pair in pairs)
        here = Quality(found, right, len(truth))
        if here.f1 > chosen.f1:
            chosen = here
    return chosen


def right_in_top(scored: Mapping[Pair, float], truth: Collection[Pair], count: int) -> float:
    """The share of the first `count` places that hold a true pair.

    A place that stays empty holds none: a list that is too short to err gains nothing by it. With
    as many places as there are true pairs, it is the R-precision of information retrieval.
    """
    right, left = 0.0, count
    for _score, pairs in _descending(scored):
        taken = min(left, len(pairs))
        right += sum(pair in truth for pair in pairs) * taken / len(pairs)
        left -= taken
        if not left:
            break
    return right / count if count else 1.0


def grouped(scored: Mapping[Pair, float], home: Mapping[str, str]) -> dict[Pair, float]:
    """Scores of pairs of groups from scores (logarithms of odds) of pairs of their members.

    The evidence of members adds up, nobody counted twice, best first; what speaks against a pair
    counts only where nothing speaks for it. Pairs within a group are left out.
    """
    members: dict[Pair, list[tuple[float, Pair]]] = defaultdict(list)
    for pair, score in scored.items():
        if home[pair[0]] != home[pair[1]]:
            members[pair_of(home[pair[0]], home[pair[1]])].append((score, pair))
    return {group: _sum(found) for group, found in members.items()}


def _sum(found: list[tuple[float, Pair]]) -> float:
    found.sort(key=lambda each: (-each[0], each[1]))
    total, taken = 0.0, set[str]()
    for score, pair in found:
        if score > 0 and not taken & set(pair):
            taken |= set(pair)
            total += score
    return total or found[0][0]


def _descending(scored: Mapping[Pair, float]) -> Iterable[tuple[float, list[Pair]]]:
    rows = sorted(scored.items(), key=lambda each: -each[1])
    for score, group in groupby(rows, key=lambda each: each[1]):
        yield score, [pair for pair, _score in group]
