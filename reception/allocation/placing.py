"""How many persons can be placed at all: the first step, before any aim.

Only sizes and hard rules matter here, so families alike in both are one number and the model is
small. Families for whom an officer chose a site come before all others.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from reception.allocation.filling import Filling
from reception.allocation.instance import Instance, Ints

SEED = 3


@dataclass(frozen=True)
class Placed:
    """The most persons found and the proven limit; `filling` places them, aims not looked at."""

    filling: Filling
    persons: int
    bound: int


def most_placed(instance: Instance, start: Filling, effort: float) -> Placed:
    """Place as many persons as possible, beginning with `start`."""
    locked = np.where(instance.locked, instance.size, 0)
    filling = start
    if _persons(filling.taken, locked) < _limit(instance, locked):
        filling, _ = _solve(instance, filling, locked, None, effort)
    limit = _limit(instance, instance.size)
    if filling.placed >= limit:
        return Placed(filling, filling.placed, limit)
    filling, bound = _solve(instance, filling, instance.size, locked, effort)
    return Placed(filling, filling.placed, min(bound, limit))


def _persons(taken: Ints, weight: Ints) -> int:
    return int((taken.sum(axis=1) * weight).sum())


def _limit(instance: Instance, weight: Ints) -> int:
    """More than this cannot be, whatever is chosen: who may be anywhere, and all free places."""
    able = int((weight * instance.count)[instance.allowed.any(axis=1)].sum())
    return min(able, int(instance.site_free.sum()))


def _solve(
    instance: Instance, start: Filling, weight: Ints, keep: Ints | None, effort: float
) -> tuple[Filling, int]:
    """Maximise the weighted families placed; `keep`: at least as much as `start` by these."""
    alike = _alike(instance)
    model = cp_model.CpModel()
    x: dict[tuple[int, int], cp_model.IntVar] = {}
    for number, classes in enumerate(alike):
        count = int(instance.count[classes].sum())
        for j in np.flatnonzero(instance.allowed[classes[0]]).tolist():
            x[number, j] = model.new_int_var(0, count, "")
            model.add_hint(x[number, j], int(start.taken[classes, j].sum()))
    _limits(instance, alike, model, x)
    of = [int(weight[classes[0]]) for classes in alike]
    if keep is not None and keep.any():
        kept = [int(keep[classes[0]]) for classes in alike]
        model.add(sum(kept[n] * v for (n, _), v in x.items()) >= _persons(start.taken, keep))
    model.maximize(sum(of[n] * v for (n, _), v in x.items()))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return start, _limit(instance, weight)
    found = Filling(instance)
    for (number, j), variable in x.items():
        _hand_out(found, alike[number], j, solver.value(variable))
    better = _persons(found.taken, weight) > _persons(start.taken, weight)
    return (found if better else start), int(solver.best_objective_bound + 1e-6)


def _alike(instance: Instance) -> list[list[int]]:
    """Classes that are the same for the hard rules."""
    tangled = {c for pair in instance.apart for c in pair}
    found: dict[object, list[int]] = defaultdict(list)
    for c in range(len(instance.classes)):
        if instance.allowed[c].any():
            own = c if c in tangled else -1
            key = (
                int(instance.size[c]),
                instance.allowed[c].tobytes(),
                own,
                bool(instance.locked[c]),
            )
            found[key].append(c)
    return list(found.values())


def _limits(
    instance: Instance,
    alike: list[list[int]],
    model: cp_model.CpModel,
    x: dict[tuple[int, int], cp_model.IntVar],
) -> None:
    of_class, of_cell, of_site = (defaultdict[int, list[object]](list) for _ in range(3))
    at: dict[tuple[int, int], list[object]] = defaultdict(list)
    for (number, j), variable in x.items():
        first = alike[number][0]
        site, term = int(instance.site_of[j]), int(instance.size[first]) * variable
        of_class[number].append(variable)
        of_cell[j].append(term)
        of_site[site].append(term)
        at[first, site].append(variable)
    for number, terms in of_class.items():
        model.add(sum(terms) <= int(instance.count[alike[number]].sum()))
    for j, terms in of_cell.items():
        model.add(sum(terms) <= int(instance.cell_free[j]))
    for site, terms in of_site.items():
        model.add(sum(terms) <= int(instance.site_free[site]))
    for first, second in instance.apart:
        for site in range(len(instance.sites)):
            both = at[first, site] + at[second, site]
            if both:
                model.add(sum(both) <= 1)


def _hand_out(filling: Filling, classes: list[int], cell: int, families: int) -> None:
    for c in classes:
        number = min(families, int(filling.waiting[c]))
        if number > 0:
            filling.put(c, cell, number)
            families -= number
