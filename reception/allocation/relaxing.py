"""The linear relaxation: families may be divided, and a group costs in proportion to its share.

Gives a proven bound for the points, prices of places (duals), and a fractional allocation to
round. Solved by generating columns: most of the pairs of class and kind of place never matter.
The bound is the Lagrangian one, computed over all pairs, so it holds whether or not every useful
column was found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from ortools.linear_solver.python import model_builder

from reception.allocation.instance import Bools, Floats, Instance, Ints

FIRST_COLUMNS, MORE_COLUMNS, ROUNDS = 8, 4, 12
STEPS = 60
TINY = 1e-6
# How finely families are told apart for the prices: steps for a doubling of the extended family,
# points for a place at all.
CLAN_STEPS, TOP_STEP = 2, 250
# A round that lowers the bound by a smaller share is the last.
ENOUGH = 0.0003
NEVER = -1e15


@dataclass(frozen=True)
class Relaxed:
    """Duals of the relaxation and the proven bound.

    `price` is what one more place of each cell is worth, `push` what placing one more person is
    worth at the margin (0 unless places are short), `reduced` what each pair would add (C x J).
    """

    price: Floats
    site_price: Floats
    push: float
    bound: float
    reduced: Floats


def slopes(instance: Instance, points: Ints, without_spread: Bools | None = None) -> Floats:
    """`points` of class and cell with the groups' points in proportion (C x J).

    This never undervalues an allocation, so that its maximum is a bound: families count as with
    enough others wherever that can be, and a group pays for a site by its share of the most that
    could be there. `without_spread`: classes for whose extended family nothing is charged here.
    """
    value = points.astype(np.float64)
    for group in instance.groups:
        members = list(group.members)
        most = np.maximum(instance.most_at(group), 1)
        charge = np.where(group.there, 0.0, group.spread / most)[instance.site_of]
        if group.least == 1 and without_spread is not None and without_spread[members[0]]:
            charge = np.zeros_like(charge)
        worth = np.where(instance.can_gather(group), group.worth, 0)[instance.site_of]
        value[members] += worth[None, :] - instance.size[members, None] * charge[None, :]
    return np.where(instance.allowed, value, NEVER)


def relax(instance: Instance, points: Ints, least: int, known: Bools) -> Relaxed:
    """Solve the relaxation with at least `least` persons placed.

    `points` of class and cell (C x J) without groups; `known` are columns to begin with, an
    allocation of `least` persons must be among them. Prices come from families put together that
    are nearly alike, the bound from all families at these prices.
    """
    value = slopes(instance, points)
    coarse, averaged, columns = _together(instance, points, value, known)
    cell, site, push = _prices(coarse, averaged, least, columns)
    total = cell + site[instance.site_of]
    bound = bound_at(instance, value, least, cell, site, push)
    return Relaxed(total, site, push, bound, _reduced(instance, value, total, push))


def _together(
    instance: Instance, points: Ints, value: Floats, known: Bools
) -> tuple[Instance, Floats, Bools]:
    """Classes that differ little as one: count, mean value, columns. Good enough for prices.

    Alike: size, where they may be, points but for what all cells have in common (about the same),
    and about as large an extended family.
    """
    clan = np.zeros(len(instance.classes))
    for group in instance.groups:
        if group.least == 1:
            members = list(group.members)
            clan[members] = (instance.size * instance.count)[members].sum()
    rough = np.round(CLAN_STEPS * np.log2(np.maximum(clan, 1))).astype(np.int64)
    top = np.where(instance.allowed, points, 0).max(axis=1, initial=0)
    shape = np.where(instance.allowed, points - top[:, None], -1 - top.max(initial=0))
    number: dict[tuple[int, int, int, bytes], int] = {}
    of = np.empty(len(clan), dtype=np.int64)
    for c, row in enumerate(shape):
        key = (
            int(instance.size[c]), int(rough[c]), int(top[c]) // TOP_STEP, row.tobytes()
        )  # fmt: skip
        of[c] = number.setdefault(key, len(number))
    first = np.unique(of, return_index=True)[1]
    count = np.bincount(of, instance.count)
    averaged = np.zeros((len(number), value.shape[1]))
    np.add.at(averaged, of, value * instance.count[:, None])
    columns = np.zeros(averaged.shape, dtype=np.bool_)
    np.logical_or.at(columns, of, known)
    coarse = replace(
        instance,
        classes=tuple(instance.classes[c] for c in first),
        allowed=instance.allowed[first],
        groups=(),
    )
    coarse.__dict__["count"] = count
    return coarse, averaged / count[:, None], columns


def _prices(
    instance: Instance, value: Floats, least: int, chosen: Bools
) -> tuple[Floats, Floats, float]:
    """Prices of cells and sites and the push, with a low bound: columns made as needed.

    Columns are made at prices between the best so far and the last, which leaps less. Ends when
    a round no longer lowers the bound by much: any prices give a bound.
    """
    first = _first_prices(instance, value, least)
    chosen = chosen | _best(_reduced(instance, value, first, 0.0), FIRST_COLUMNS, instance.allowed)
    best = (first, np.zeros(len(instance.sites)), 0.0)
    bound = bound_at(instance, value, least, *best)
    for _ in range(ROUNDS):
        last = _solve(instance, value, least, chosen)
        before = bound
        new = np.zeros_like(chosen)
        for share in (1.0, 0.5, 0.2):
            at = (
                best[0] + share * (last[0] - best[0]),
                best[1] + share * (last[1] - best[1]),
                best[2] + share * (last[2] - best[2]),
            )
            here = bound_at(instance, value, least, *at)
            reduced = _reduced(instance, value, at[0] + at[1][instance.site_of], at[2])
            wanted = reduced - np.maximum(_worth(reduced, chosen), 0)[:, None]
            new |= _best(np.where(chosen, NEVER, wanted), MORE_COLUMNS, wanted > TINY)
            if here < bound:
                bound, better = here, at
        if bound < before:
            best = better
        if not (new & ~chosen).any() or 0 < before - bound < ENOUGH * abs(bound):
            break
        chosen |= new
    return best


def bound_at(
    instance: Instance, value: Floats, least: int, cell: Floats, site: Floats, push: float
) -> float:
    """No allocation is worth more than this, for any prices that are not negative."""
    cell, site, push = np.maximum(cell, 0), np.maximum(site, 0), max(push, 0)
    reduced = _reduced(instance, value, cell + site[instance.site_of], push)
    taken = instance.count * np.maximum(reduced.max(axis=1, initial=0), 0)
    return float(
        taken.sum()
        + cell @ instance.cell_free
        + site @ (instance.site_free - instance.reserve)
        + np.maximum(site - 1, 0) @ instance.reserve
        - push * least
    )


def _reduced(instance: Instance, value: Floats, price: Floats, push: float) -> Floats:
    size = instance.size[:, None]
    return np.where(instance.allowed, value - size * price[None, :] + push * size, NEVER)


def _worth(reduced: Floats, chosen: Bools) -> Floats:
    worth: Floats = np.where(chosen, reduced, NEVER).max(axis=1, initial=NEVER)
    return worth


def _best(worth: Floats, many: int, among: Bools) -> Bools:
    """The `many` best cells of each class, ties to the first, among those allowed."""
    masked = np.where(among, worth, NEVER)
    order = np.argsort(-masked, axis=1, kind="stable")[:, :many]
    chosen = np.zeros(masked.shape, dtype=np.bool_)
    np.put_along_axis(chosen, order, True, axis=1)
    return chosen & among


def _first_prices(instance: Instance, value: Floats, least: int) -> Floats:
    """Prices by a few steps of raising what is asked for too much: where to look for columns."""
    price = np.zeros(len(instance.cells))
    none = np.zeros(len(instance.sites))
    span = float(np.where(instance.allowed, value, 0).max(initial=1)) / 5
    persons = (instance.size * instance.count).astype(np.float64)
    room = np.maximum(instance.cell_free, 1)
    best, best_price = np.inf, price
    for step in range(STEPS):
        reduced = _reduced(instance, value, price, 0.0)
        wants = np.where(reduced.max(axis=1, initial=NEVER) > 0, persons, 0)
        asked = np.bincount(reduced.argmax(axis=1), wants, minlength=len(price))
        bound = bound_at(instance, value, 0, price, none, 0.0)
        if bound < best:
            best, best_price = bound, price
        move = np.clip(asked / room - 1, -1, 2) * span * 0.3 / (1 + step * 0.5)
        price = np.maximum(price + move, 0)
    return best_price


def _solve(
    instance: Instance, value: Floats, least: int, chosen: Bools
) -> tuple[Floats, Floats, float]:
    """The relaxation over the chosen columns: prices of cells and sites, and the push."""
    rows, cols = np.nonzero(chosen)
    model: Any = model_builder.Model()  # type: ignore[no-untyped-call]
    helper = model.helper
    many, sites = len(rows), len(instance.sites)
    size = instance.size[rows].astype(np.float64)
    helper.add_var_array_with_bounds(
        np.zeros(many + sites),
        np.concatenate([np.full(many, np.inf), instance.reserve.astype(np.float64)]),
        np.zeros(many + sites, dtype=np.bool_),
        "",
    )
    helper.set_objective_coefficients(
        np.arange(many + sites, dtype=np.int32),
        np.concatenate([value[rows, cols], np.full(sites, -1.0)]),
    )
    helper.set_maximize(True)
    classes, cells = len(instance.classes), len(instance.cells)
    _rows(helper, rows, np.ones(many), instance.count)
    _rows(helper, cols, size, instance.cell_free)
    first = helper.num_constraints()
    _rows(helper, instance.site_of[cols], size, instance.site_free - instance.reserve)
    for site in range(sites):
        helper.add_term_to_constraint(first + site, many + site, -1.0)
    last = helper.add_linear_constraint()
    helper.set_constraint_lower_bound(last, float(least))
    for column, each in enumerate(size.tolist()):
        helper.add_term_to_constraint(last, column, each)
    solver = model_builder.Solver("GLOP")
    status = solver.solve(model)
    if status != model_builder.SolveStatus.OPTIMAL:
        raise ArithmeticError(f"the relaxation was not solved: {status}")
    dual = np.asarray(solver.dual_values(model.get_linear_constraints()), dtype=np.float64)
    cell = np.maximum(dual[classes : classes + cells], 0)
    site_price = np.maximum(dual[first : first + sites], 0)
    push = max(-float(dual[last]), 0.0)
    return cell, site_price, push


def _rows(helper: Any, of: Ints, weight: Floats, most: Ints) -> None:
    """A row for each number of `of`: the weights of its columns are at most `most`."""
    order = np.argsort(of, kind="stable")
    ends = np.searchsorted(of[order], np.arange(len(most) + 1))
    for number, limit in enumerate(most.tolist()):
        row = helper.add_linear_constraint()
        helper.set_constraint_upper_bound(row, float(limit))
        part = order[ends[number] : ends[number + 1]]
        for column, each in zip(part.tolist(), weight[part].tolist(), strict=True):
            helper.add_term_to_constraint(row, column, each)
