"""Weights without any decision: two kinds of pairs told apart by how their features agree.

The estimate of Fellegi and Sunter's m and u by expectation and maximisation (Dempster, Laird and
Rubin 1977; Winkler 1988): each pair is a repeat with some probability, features are independent
within each kind. Pure functions of counted patterns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import log

# The level of each feature, in one order for all pairs; empty where a side says nothing.
Pattern = tuple[str, ...]
# Of each feature, by level.
Table = list[dict[str, float]]

_ROUNDS = 200
_STILL = 1e-9  # of the likelihood, per pair


@dataclass(frozen=True)
class Mixture:
    """The share of repeats, m and u, expected counts of each level, and the way there.

    `likelihoods` are the logarithms of the likelihood before each round: they never fall.
    """

    share: float
    m: Table
    u: Table
    counts_m: Table
    counts_u: Table
    likelihoods: list[float]


def told_apart(
    patterns: Mapping[Pattern, float], m: Table, u: Table, share: float, rounds: int = _ROUNDS
) -> Mixture:
    """The mixture from a first guess on, with at most so many rounds.

    `patterns` says how many pairs agree in which way; every level in it must stand in `m` and `u`
    with a probability above 0, `share` lies within (0, 1).
    """
    likelihoods: list[float] = []
    total = sum(patterns.values())
    counts_m, counts_u = _empty(m), _empty(u)
    for _round in range(rounds):
        counts_m, counts_u = _empty(m), _empty(u)
        repeats = likelihood = 0.0
        for pattern, count in patterns.items():
            one, two = share * _chance(pattern, m), (1 - share) * _chance(pattern, u)
            likelihood += count * log(one + two)
            here = count * one / (one + two)
            repeats += here
            for feature, level in enumerate(pattern):
                if level:
                    counts_m[feature][level] += here
                    counts_u[feature][level] += count - here
        still = bool(likelihoods) and likelihood - likelihoods[-1] <= _STILL * total
        likelihoods.append(likelihood)
        if still or not total:
            break
        m, u = _shares(counts_m, m), _shares(counts_u, u)
        share = repeats / total
        if not 0 < share < 1:
            break
    return Mixture(share, m, u, counts_m, counts_u, likelihoods)


def _chance(pattern: Pattern, table: Table) -> float:
    chance = 1.0
    for feature, level in enumerate(pattern):
        if level:
            chance *= table[feature][level]
    return chance


def _empty(table: Table) -> Table:
    return [dict.fromkeys(levels, 0.0) for levels in table]


def _shares(counts: Table, before: Table) -> Table:
    found = []
    for levels, old in zip(counts, before, strict=True):
        total = sum(levels.values())
        found.append({level: n / total for level, n in levels.items()} if total else old)
    return found


def counted(patterns: list[Pattern]) -> dict[Pattern, float]:
    """How many pairs agree in each way."""
    found: dict[Pattern, float] = defaultdict(float)
    for pattern in patterns:
        found[pattern] += 1
    return dict(found)
