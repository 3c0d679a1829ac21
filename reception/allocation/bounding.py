"""A sharper bound: extended families are judged as a whole.

In the relaxation an extended family pays for its sites in shares, so that dividing it is free.
With the prices of places fixed, an extended family of up to five families can be solved exactly:
every way to divide it into parts, each part at its best site. All others keep their share of the
relaxation. The sum, with what the places are worth at these prices, is still a bound for every
allocation, for any prices (Lagrangian relaxation), and a few steps on the prices sharpen it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from reception.allocation.instance import Floats, Instance, Ints
from reception.allocation.relaxing import NEVER, Relaxed, slopes

MOST_FAMILIES = 5
STEPS = 120
FIRST = 0.03


@dataclass(frozen=True)
class _Clan:
    """The families of an extended family as class numbers, with what a new site costs."""

    families: tuple[int, ...]
    charge: Floats  # S


def sharpen(one: Instance, points: Ints, least: int, relaxed: Relaxed, known: int) -> int:
    """The lowest bound found near the relaxation's prices; `known`: what an allocation reaches."""
    clans = _clans(one)
    if not clans:
        return int(relaxed.bound + 1e-3)
    inside = np.zeros(len(one.classes), dtype=np.bool_)
    for clan in clans:
        inside[list(clan.families)] = True
    value = slopes(one, points, without_spread=inside)
    site = relaxed.site_price
    cell = np.maximum(relaxed.price - site[one.site_of], 0)
    best, step = relaxed.bound, 1.0
    for _ in range(STEPS):
        bound, slope_cell, slope_site = _bound(one, value, least, cell, site, relaxed.push, clans)
        if bound >= best:
            step /= 1.6
        best = min(best, bound)
        length = float(slope_cell @ slope_cell + slope_site @ slope_site)
        if length < 1e-9 or best <= known:
            break
        move = step * FIRST * (bound - known) / length
        cell = np.maximum(cell - move * slope_cell, 0)
        site = np.maximum(site - move * slope_site, 0)
    return int(best + 1e-3)


def _clans(one: Instance) -> list[_Clan]:
    found = []
    for group in one.groups:
        families = tuple(c for c in group.members for _ in range(int(one.count[c])))
        if group.least == 1 and len(families) <= MOST_FAMILIES:
            found.append(_Clan(families, np.where(group.there, 0.0, group.spread)))
    return found


def _bound(
    one: Instance,
    value: Floats,
    least: int,
    cell: Floats,
    site: Floats,
    push: float,
    clans: list[_Clan],
) -> tuple[float, Floats, Floats]:
    """The bound at these prices, and how it changes with the prices of cells and sites."""
    size = one.size
    total = cell + site[one.site_of] - push
    reduced = np.where(one.allowed, value - size[:, None] * total[None, :], NEVER)
    best = np.maximum(reduced.max(axis=1), 0)
    choice = np.where(reduced.max(axis=1) > 0, reduced.argmax(axis=1), -1)
    persons = (size * one.count).astype(np.float64)
    worth = best * one.count
    asked = np.zeros(len(one.cells))
    starts = np.flatnonzero(np.r_[True, one.site_of[1:] != one.site_of[:-1]])
    sum_of_clans = 0.0
    for clan in clans:
        gain, cells = _best_division(reduced[list(clan.families)], clan.charge, starts)
        sum_of_clans += gain
        for c, at in zip(clan.families, cells, strict=True):
            persons[c], worth[c] = 0.0, 0.0
            if at >= 0:
                asked[at] += size[c]
    ok = choice >= 0
    asked += np.bincount(choice[ok], persons[ok], minlength=len(asked))
    at_site = np.bincount(one.site_of, asked, minlength=len(one.sites))
    over = np.where(site > 1, one.reserve, 0)
    bound = float(
        worth.sum()
        + sum_of_clans
        + cell @ one.cell_free
        + site @ (one.site_free - one.reserve)
        + np.maximum(site - 1, 0) @ one.reserve
        - push * least
    )
    return bound, one.cell_free - asked, one.site_free - one.reserve + over - at_site


def _best_division(rows: Floats, charge: Floats, starts: Ints) -> tuple[float, list[int]]:
    """The best way to divide families over sites, and the cell of each (-1: none)."""
    at_site = np.maximum(np.maximum.reduceat(rows, starts, axis=1), 0)
    part: dict[tuple[int, ...], tuple[float, int]] = {}
    best, chosen = 0.0, ()
    for division in divisions(len(rows)):
        gain = 0.0
        for members in division:
            if members not in part:
                worth = at_site[list(members)].sum(axis=0) - charge
                part[members] = (float(worth.max()), int(worth.argmax()))
            gain += max(part[members][0], 0)
        if gain > best:
            best, chosen = gain, division
    cells = [-1] * len(rows)
    ends = np.r_[starts[1:], rows.shape[1]]
    for members in chosen:
        site = part[members][1]
        if part[members][0] > 0:
            for row in members:
                inside = rows[row, starts[site] : ends[site]]
                cells[row] = int(starts[site] + inside.argmax()) if inside.max() > 0 else -1
    return best, cells


@cache
def divisions(many: int) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Every way to divide so many into parts."""
    return tuple(_divide(tuple(range(many))))


def _divide(items: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], ...]]:
    if not items:
        yield ()
        return
    for rest in _divide(items[1:]):
        yield ((items[0],), *rest)
        for number, part in enumerate(rest):
            yield (*rest[:number], (items[0], *part), *rest[number + 1 :])
