"""Finding a proposal.

1. As many persons as possible get a place (placing; a bound is proven).
2. With that many persons placed, the aims get as many points as can be found: a relaxation gives
   prices of places and a proven bound (relaxing), ruin and recreate finds an allocation guided by
   these prices (improving), and where what is left is small enough CP-SAT ends it (exact).
3. Every family is told why (explaining).

The same families and sites in any order, on any machine, give the same proposal: all is sorted by
keys, drawn from fixed seeds, done in one process, and limited by work and not by time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reception.allocation import aims
from reception.allocation.bounding import sharpen
from reception.allocation.exact import solve
from reception.allocation.explaining import explain
from reception.allocation.facts import Family, Problem
from reception.allocation.filling import Filling, group_points, headroom
from reception.allocation.improving import Improver
from reception.allocation.instance import Floats, Instance, Ints, build
from reception.allocation.placing import Placed, most_placed
from reception.allocation.prices import shadow_prices
from reception.allocation.proposal import Price, Proposal
from reception.allocation.relaxing import Relaxed, relax

# When not all can be placed: who waited longest, and who can least be left waiting, come first.
WAITED, FRAIL, MOST_HOURS = 10, 1500, 168


@dataclass(frozen=True)
class Effort:
    """How much work to do: whole steps and deterministic units, never seconds.

    `steps` of ruin and recreate a thousand families (at least `least_steps`); CP-SAT gets
    `exact` units where no more than `exact_columns` pairs are left to decide.
    """

    steps: int = 6500
    least_steps: int = 3000
    placing: float = 1.0
    exact: float = 1.0
    exact_columns: int = 4000

    def steps_for(self, families: int) -> int:
        """Steps for so many families; beyond three thousand they grow no more."""
        return max(self.least_steps, self.steps * min(families, 3000) // 1000)


STANDARD = Effort()


@dataclass(frozen=True)
class Found:
    """An allocation with its bounds, before it is put into words."""

    instance: Instance
    filling: Filling
    value: Ints
    placed_bound: int
    bound: int
    prices: dict[tuple[str, str, bool], int]


def propose(problem: Problem, *, effort: Effort = STANDARD) -> Proposal:
    """Where the families should go, why, and how good that is proven to be.

    Every family of the problem has a line. With `problem.expected`, scarce places are kept by
    shadow prices, which count in the points.
    """
    found = find(problem, effort=effort)
    one, filling = found.instance, found.filling
    lines = explain(one, filling)
    return Proposal(
        lines=tuple(lines[family.key] for family in problem.families),
        persons=one.persons,
        placed=filling.placed,
        placed_bound=found.placed_bound,
        points=points_of(one, filling, found.value),
        points_bound=found.bound,
        prices=tuple(
            Price(site, section, accessible, points)
            for (site, section, accessible), points in sorted(found.prices.items())
            if points
        ),
        aims=_by_aim(one, filling),
    )


def find(problem: Problem, *, effort: Effort = STANDARD) -> Found:
    """The allocation as arrays, for `propose` and for measuring."""
    prices = shadow_prices(problem)
    one = build(problem)
    if not one.classes or not one.cells:
        return Found(one, Filling(one), one.points, 0, 0, prices)
    value = one.points - one.size[:, None] * _price_of_cells(one, prices)[None, :]
    start = Improver(Filling(one), value.astype(np.float64), value.astype(np.float64))
    start.fill_all()
    placed = most_placed(one, start.filling, effort.placing)
    if placed.bound < one.persons:
        value = value + _urgency(one)[:, None]
    relaxed = relax(one, value, placed.persons, placed.filling.taken > 0)
    filling = _improved(one, value, placed, relaxed, effort)
    bound = sharpen(one, value, placed.persons, relaxed, points_of(one, filling, value))
    filling, bound = _finished(one, value, filling, relaxed, bound, effort)
    return Found(one, filling, value, placed.bound, bound, prices)


def points_of(one: Instance, filling: Filling, value: Ints) -> int:
    """What an allocation is worth with these points of class and cell."""
    linear = int((value * filling.taken).sum())
    return linear + sum(group_points(filling)) - headroom(filling)


def _price_of_cells(one: Instance, prices: dict[tuple[str, str, bool], int]) -> Ints:
    return np.array(
        [
            prices.get((one.sites[site].code, kind.section, kind.accessible), 0)
            for site, kind in one.cells
        ],
        dtype=np.int64,
    )


def _urgency(one: Instance) -> Ints:
    """Points for having a place at all, where not everybody can have one."""
    found = []
    for family, members in zip(one.classes, one.members, strict=True):
        hours = sum(min(each.arrived, MOST_HOURS) for each in members) // len(members)
        frail = family.children_alone or family.medical_minutes is not None or family.accessible
        frail = frail or family.near_services or family.female_headed
        found.append(WAITED * hours + (FRAIL if frail else 0))
    return np.array(found, dtype=np.int64)


def _improved(
    one: Instance, value: Ints, placed: Placed, relaxed: Relaxed, effort: Effort
) -> Filling:
    """The best of two beginnings, improved with the prices of places as a guide."""
    guide = value - one.size[:, None] * relaxed.price[None, :]
    fresh = Improver(Filling(one), value.astype(np.float64), guide)
    fresh.fill_all()
    reached = (fresh.filling.locked, fresh.filling.placed)
    if reached < (placed.filling.locked, placed.persons):
        fresh = Improver(placed.filling, value.astype(np.float64), guide)
    fresh.run(effort.steps_for(sum(map(len, one.members))))
    return fresh.filling


def _finished(
    one: Instance,
    value: Ints,
    filling: Filling,
    relaxed: Relaxed,
    bound: int,
    effort: Effort,
) -> tuple[Filling, int]:
    """Where few pairs can still matter, CP-SAT decides them and proves its bound.

    A pair whose use would cost more than the distance to the bound is in no better allocation.
    """
    slack = int(relaxed.bound + 1) - points_of(one, filling, value)
    best: Floats = np.maximum(relaxed.reduced.max(axis=1, initial=0), 0)
    matter = one.allowed & (relaxed.reduced - best[:, None] >= -slack - 1)
    if slack <= 0 or int(matter.sum()) > effort.exact_columns:
        return filling, bound
    solved = solve(
        one, value, columns=matter, least=filling.placed, start=filling, effort=effort.exact
    )
    if solved is None:
        return filling, bound
    better = Filling(one)
    for c, j in zip(*np.nonzero(solved.taken), strict=True):
        better.put(int(c), int(j), int(solved.taken[c, j]))
    if points_of(one, better, value) < points_of(one, filling, value):
        better = filling
    return better, min(bound, max(solved.bound, points_of(one, better, value)))


def _by_aim(one: Instance, filling: Filling) -> tuple[tuple[str, int, int], ...]:
    """What each aim got, and what it would get if it were the only one and places endless."""
    got = dict.fromkeys(aims.AIMS, 0)
    most = dict.fromkeys(aims.AIMS, 0)
    for points, group in zip(group_points(filling), one.groups, strict=True):
        got[group.kind] += points
        families = int(one.count[list(group.members)].sum())
        most[group.kind] += group.worth * families - (0 if group.there.any() else group.spread)
    known: dict[Family, dict[str, Ints]] = {}
    for c, family in enumerate(one.classes):
        alike = _seen_by_aims(family)
        if alike not in known:
            cells = [aims.earned(alike, one.sites[site], kind) for site, kind in one.cells]
            known[alike] = {
                name: np.array([earned[name] for earned in cells], dtype=np.int64)
                for name in aims.LINEAR
            }
        for name, each in known[alike].items():
            got[name] += int((each * filling.taken[c]).sum())
            most[name] += int(one.count[c]) * int(each[one.allowed[c]].max(initial=0))
    return tuple((name, got[name], most[name]) for name in aims.AIMS)


def _seen_by_aims(family: Family) -> Family:
    """The family with nothing but what the aims look at."""
    return Family(
        key="",
        size=1,
        accessible=min(family.accessible, 1),
        near_services=min(family.near_services, 1),
        women_only=family.women_only,
        men_only=family.men_only,
        female_headed=family.female_headed,
        languages=family.languages,
        origin_point=family.origin_point,
    )
