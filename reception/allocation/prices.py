"""Shadow prices: what a place is worth to the families that are expected.

The relaxation of today's families together with the expected ones, over the same places, gives
for each kind of place a dual: what one place more would be worth (Ahani et al. 2024, who placed
98 % as well as with hindsight by such "potentials"). A family that gains less from a scarce place
than it is worth to others is better elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from reception.allocation.facts import Family, Problem
from reception.allocation.filling import Filling, fill, hardest_first
from reception.allocation.instance import Floats, Instance, build
from reception.allocation.relaxing import relax

# What it counts in the prices that an expected person has no place at all, in points.
UNPLACED = 400
# So many times the families expected are reckoned with: where places would just suffice for them,
# a place has no clear price, and it should not be the lowest.
MARGIN = 1.1


def shadow_prices(problem: Problem) -> dict[tuple[str, str, bool], int]:
    """Points that one place of (site, section, step-free) is worth to later families.

    The lowest price of all is taken off: what all places have in common decides nothing. Empty
    when nobody is expected.
    """
    if not problem.expected:
        return {}
    instance, count = _with_expected(problem)
    scaled = replace(instance)
    scaled.__dict__["count"] = count
    value = scaled.points + (UNPLACED * scaled.size)[:, None]
    filling = Filling(scaled)
    fill(filling, scaled.points.astype(np.float64), hardest_first(scaled))
    relaxed = relax(scaled, value, 0, filling.taken > 0)
    return _by_kind(scaled, relaxed.price)


def _with_expected(problem: Problem) -> tuple[Instance, Floats]:
    """Today's families and one of each kind that is expected; how many families each class has.

    The numbers need not be whole: the relaxation divides families anyway.
    """
    later = {
        f"\0expected {number}": each
        for number, each in enumerate(problem.expected)
        if each.count > 0
    }
    families: list[Family] = [replace(each, kin="") for each in problem.families]
    for key, each in later.items():
        families.append(replace(each.family, key=key, locked="", not_at=frozenset(), kin=""))
    instance = build(replace(problem, families=tuple(families), expected=()))
    count = [
        sum(later[each.key].count * MARGIN if each.key in later else 1.0 for each in members)
        for members in instance.members
    ]
    return instance, np.array(count, dtype=np.float64)


def _by_kind(instance: Instance, price: Floats) -> dict[tuple[str, str, bool], int]:
    usable = instance.cell_free > 0
    least = float(price[usable].min()) if usable.any() else 0.0
    found = {}
    for number, (site, kind) in enumerate(instance.cells):
        worth = round(float(price[number]) - least) if usable[number] else 0
        found[instance.sites[site].code, kind.section, kind.accessible] = max(worth, 0)
    return found
