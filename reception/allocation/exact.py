"""The whole-number model (OR-Tools CP-SAT): which families of a class go to which kind of place.

One process, one seed, and a limit that counts work instead of seconds: the same instance gives
the same answer on any machine.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from ortools.sat.python import cp_model

from reception.allocation.filling import Filling
from reception.allocation.instance import Bools, Group, Instance, Ints

SEED = 5


@dataclass(frozen=True)
class Solved:
    """Families of each class in each cell; `bound` holds for the columns that were given."""

    taken: Ints
    value: int
    bound: int


@dataclass
class _Model:
    """A model over some columns; what is outside `free` classes stays as `fixed` has it."""

    instance: Instance
    columns: list[tuple[int, int]]
    model: cp_model.CpModel
    x: list[cp_model.IntVar]
    objective: list[tuple[cp_model.IntVar, int]]
    hints: list[tuple[cp_model.IntVar, int]]


def solve(
    instance: Instance,
    value: Ints,
    *,
    columns: Bools,
    least: int,
    start: Filling,
    effort: float,
    free: Ints | None = None,
    log: bool = False,
) -> Solved | None:
    """The best allocation over `columns` with at least `least` persons placed.

    `value` (C x J, whole numbers) without groups. With `free`, only these classes may move; the
    others stay where `start` has them. None when nothing was found within `effort` (units of
    deterministic time, about a second each).
    """
    built = _build(instance, value, columns, least, start, free)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = SEED
    solver.parameters.max_deterministic_time = effort
    solver.parameters.log_search_progress = log
    solver.parameters.linearization_level = 2
    status = solver.solve(built.model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    taken = start.taken.copy() if free is not None else np.zeros_like(start.taken)
    if free is not None:
        taken[free] = 0
    for (number, cell), variable in zip(built.columns, built.x, strict=True):
        taken[number, cell] = solver.value(variable)
    return Solved(taken, round(solver.objective_value), int(solver.best_objective_bound + 1e-6))


def _build(
    instance: Instance,
    value: Ints,
    columns: Bools,
    least: int,
    start: Filling,
    free: Ints | None,
) -> _Model:
    model = cp_model.CpModel()
    moving = np.arange(len(instance.classes)) if free is None else free
    mask = np.zeros(columns.shape, dtype=np.bool_)
    mask[moving] = (columns | (start.taken > 0))[moving]
    pairs = [(int(c), int(j)) for c, j in zip(*np.nonzero(mask), strict=True)]
    x = []
    for c, j in pairs:
        most = min(int(instance.count[c]), int(instance.cell_free[j] // instance.size[c]))
        x.append(model.new_int_var(0, most, ""))
    built = _Model(instance, pairs, model, x, [], [])
    for (c, j), variable in zip(pairs, x, strict=True):
        built.objective.append((variable, int(value[c, j])))
        built.hints.append((variable, int(start.taken[c, j])))
    standing = start.taken.copy()
    standing[moving] = 0
    _limits(built, standing, least)
    _groups(built, standing, set(moving.tolist()), start)
    _apart(built, standing)
    variables, weights = zip(*built.objective, strict=True) if built.objective else ((), ())
    model.maximize(cp_model.LinearExpr.weighted_sum(list(variables), list(weights)))
    for variable, hint in built.hints:
        model.add_hint(variable, hint)
    return built


def _limits(built: _Model, standing: Ints, least: int) -> None:
    """Families there are, places of each kind and of each site, headroom, persons placed."""
    one, model = built.instance, built.model
    by_class: dict[int, list[int]] = defaultdict(list)
    by_cell: dict[int, list[int]] = defaultdict(list)
    by_site: dict[int, list[int]] = defaultdict(list)
    for number, (c, j) in enumerate(built.columns):
        by_class[c].append(number)
        by_cell[j].append(number)
        by_site[int(one.site_of[j])].append(number)
    x, size = built.x, [int(one.size[c]) for c, _ in built.columns]
    for c, columns in by_class.items():
        model.add(sum(x[k] for k in columns) <= int(one.count[c]))
    used = standing.T @ one.size
    for j, columns in by_cell.items():
        left = int(one.cell_free[j] - used[j])
        model.add(_total(x, size, columns) <= left)
    site_used = np.bincount(one.site_of, used, minlength=len(one.sites)).astype(np.int64)
    for s, columns in by_site.items():
        left, reserve = int(one.site_free[s] - site_used[s]), int(one.reserve[s])
        spent = min(max(reserve - left, 0), reserve)
        extra = model.new_int_var(spent, reserve, "")
        model.add(_total(x, size, columns) <= left - reserve + extra)
        built.objective.append((extra, -1))
        hinted = sum(size[k] * built.hints[k][1] for k in columns)
        built.hints.append((extra, min(max(hinted - left + reserve, spent), reserve)))
    if least > 0:
        model.add(_total(x, size, range(len(x))) >= least - int(used.sum()))


def _total(x: list[cp_model.IntVar], weight: list[int], columns: object) -> cp_model.LinearExpr:
    chosen = list(columns)  # type: ignore[call-overload]
    return cp_model.LinearExpr.weighted_sum([x[k] for k in chosen], [weight[k] for k in chosen])


def _groups(built: _Model, standing: Ints, moving: set[int], start: Filling) -> None:
    """Opening a site for a group costs what one family would have gained by joining others."""
    one = built.instance
    column_of: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, (c, j) in enumerate(built.columns):
        column_of[c].append((number, int(one.site_of[j])))
    for number, group in enumerate(one.groups):
        members = [c for c in group.members if c in moving]
        if not members:
            continue
        there = group.there.copy()
        for c in group.members:
            there[one.site_of[np.flatnonzero(standing[c])]] = True
        at: dict[int, list[int]] = defaultdict(list)
        for c in members:
            for column, site in column_of[c]:
                at[site].append(column)
                built.objective.append((built.x[column], group.worth))
        already = _families_at(one, group.members, standing)
        for site, columns in at.items():
            if not there[site]:
                _begin(built, number, site, columns, start)
            if group.least > 1 and not group.there[site]:
                _gather(built, group, site, columns, int(already[site]), start.at[number, site])


def _families_at(one: Instance, members: tuple[int, ...], taken: Ints) -> Ints:
    """Families of these classes at each site."""
    families = taken[list(members)].sum(axis=0)
    return np.bincount(one.site_of, families, minlength=len(one.sites)).astype(np.int64)


def _begin(built: _Model, number: int, site: int, columns: list[int], start: Filling) -> None:
    """A site where a group begins anew costs its spread."""
    one, model, x = built.instance, built.model, built.x
    group = one.groups[number]
    opened = model.new_bool_var("")
    built.objective.append((opened, -group.spread))
    built.hints.append((opened, int(start.at[number, site] > 0)))
    for k in columns:
        model.add(x[k] <= int(one.count[built.columns[k][0]]) * opened)


def _gather(
    built: _Model, group: Group, site: int, columns: list[int], already: int, hint: int
) -> None:
    """Families with fewer than enough others of their village get nothing for being with them."""
    one, model, x = built.instance, built.model, built.x
    most = int(sum(one.count[built.columns[k][0]] for k in columns))
    families = sum(x[k] for k in columns) + already
    if already >= group.least:
        return
    if already + most < group.least:
        for k in columns:
            built.objective.append((x[k], -group.worth))
        return
    gathered = model.new_bool_var("")
    alone = model.new_int_var(0, group.least - 1, "")
    model.add(families >= group.least * gathered)
    model.add(families - alone <= (already + most) * gathered)
    built.objective.append((alone, -group.worth))
    built.hints.append((gathered, int(hint >= group.least)))
    built.hints.append((alone, int(hint) if hint < group.least else 0))


def _apart(built: _Model, standing: Ints) -> None:
    """The two of a pair are never at one site; each is a class of one family."""
    one, model = built.instance, built.model
    tangled = {c for pair in one.apart for c in pair}
    at: dict[tuple[int, int], list[cp_model.IntVar]] = defaultdict(list)
    for number, (c, j) in enumerate(built.columns):
        if c in tangled:
            at[c, int(one.site_of[j])].append(built.x[number])
    fixed = {
        (c, int(one.site_of[j])) for c in tangled for j in np.flatnonzero(standing[c]).tolist()
    }
    for first, second in one.apart:
        for site in range(len(one.sites)):
            both = at[first, site] + at[second, site]
            taken = ((first, site) in fixed) + ((second, site) in fixed)
            if both:
                model.add(sum(both) <= 1 - taken)
