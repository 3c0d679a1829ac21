"""Ruin and recreate: take some families out of their places and put them back better.

A step takes out a village with its neighbours, the families of two sites, or those who are alone,
and gives each of them the place where they add most, the hardest first. What is worse is undone.
The steps are counted and drawn from one seed, so the same instance ends the same.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from math import log

import numpy as np

from reception.allocation.filling import Filling
from reception.allocation.instance import Floats, Instance, Ints
from reception.allocation.relaxing import NEVER

SEED = 11
SOME = 10
# One step in so many is a ruin; the others give one family what it wishes.
RUINS = 4
Move = tuple[int, int]


@dataclass
class Improver:
    """One allocation on its way.

    `value` are the points of class and cell without groups; `guide` the same less what the places
    are worth to others (duals of the relaxation), by which a family chooses.
    """

    filling: Filling
    value: Floats
    guide: Floats

    def __post_init__(self) -> None:
        one = self.filling.instance
        self.dice = random.Random(SEED)  # noqa: S311
        self.kin_persons = np.array(
            [
                int((one.size * one.count)[list(group.members)].sum()) if group.least == 1 else 0
                for group in one.groups
            ],
            dtype=np.int64,
        )
        self.rank = _ranks(one)
        self.starts = np.flatnonzero(np.r_[True, one.site_of[1:] != one.site_of[:-1]])
        self.ends = np.r_[self.starts[1:], len(one.cells)]
        self.villages = [n for n, group in enumerate(one.groups) if group.least > 1]
        self.clans = [n for n, group in enumerate(one.groups) if group.least == 1]

    def run(self, steps: int, heat: float = 0.0) -> None:
        """So many steps. Never fewer persons placed; points may fall by chance while it is hot.

        `heat` (points) falls evenly to nothing over three quarters of the steps.
        """
        for number in range(steps):
            warm = heat * max(1 - number / max(steps * 0.75, 1), 0)
            may_lose = -warm * log(1 - self.dice.random())
            if number % RUINS:
                picked, first = self._wish()
            else:
                picked, first = self._pick(number // RUINS), []
            if picked:
                self._step(picked, first, may_lose)

    def fill_all(self) -> None:
        """Put everybody who waits where they add most."""
        waiting = self.filling.waiting
        self.fill([c for c in range(len(waiting)) for _ in range(int(waiting[c]))])

    def fill(self, waiting: list[int]) -> list[Move]:
        """Put families (one for each mention of a class) where they add most; what was done."""
        done: list[Move] = []
        one, filling = self.filling.instance, self.filling
        stuck: set[int] = set()
        for number in sorted(waiting, key=lambda c: self.rank[c]):
            if number in stuck:
                continue
            cells = filling.fits(number)
            if not len(cells):
                stuck.add(number)
                continue
            gain = self.guide[number, cells] + self._pull(number, one.site_of[cells])
            cell = int(cells[int(gain.argmax())])
            filling.put(number, cell)
            done.append((number, cell))
        return done

    def _pull(self, number: int, sites: Ints) -> Floats:
        """What the groups of a class add at the sites, with what they may add once more come."""
        one, filling = self.filling.instance, self.filling
        pull = np.zeros(len(sites))
        for g in one.groups_of[number]:
            group = one.groups[g]
            at, there = filling.at[g, sites], group.there[sites]
            if group.least == 1:
                room = filling.site_left[sites] >= self.kin_persons[g]
                fresh = np.where(room, group.worth * 0.5, 0)
                pull += np.where((at > 0) | there, group.worth, fresh)
            else:
                next_at = at + 1
                most = group.least
                marginal = np.where(next_at <= most, (next_at**2 - at**2) / most, 1.0)
                pull += np.where(there, 1.0, marginal) * group.worth
                pull -= np.where((at == 0) & ~there, group.spread, 0)
        return pull

    def _pick(self, number: int) -> list[Move]:
        """Families to take out: (class, cell), once for each family."""
        one, filling = self.filling.instance, self.filling
        kind = number % 4
        if kind == 0 and self.villages:
            return self._of_group(self.dice.choice(self.villages), neighbours=True)
        if kind == 1 and self.clans:
            return self._divided_clan()
        if kind == 2 and self.villages:
            return self._lonely()
        sites = self.dice.sample(range(len(one.sites)), min(2, len(one.sites)))
        found: list[Move] = []
        for site in sites:
            there = self._in_cells(np.flatnonzero(one.site_of == site), filling.taken)
            found += self.dice.sample(there, min(len(there), SOME))
        return found

    def _of_group(self, g: int, *, neighbours: bool) -> list[Move]:
        one, filling = self.filling.instance, self.filling
        members = np.array(one.groups[g].members)
        rows, cells = np.nonzero(filling.taken[members])
        found = [
            (int(members[r]), int(j))
            for r, j in zip(rows, cells, strict=True)
            for _ in range(int(filling.taken[members[r], j]))
        ]
        if neighbours and found:
            site = int(one.site_of[self.dice.choice(found)[1]])
            found = self.dice.sample(found, min(len(found), SOME))
            inside = set(members.tolist())
            others = [
                each
                for each in self._in_cells(np.flatnonzero(one.site_of == site), filling.taken)
                if each[0] not in inside
            ]
            found += self.dice.sample(others, min(len(others), SOME))
        return found

    def _divided_clan(self) -> list[Move]:
        """An extended family that is at two sites, with some families of a site it could be at."""
        one, filling = self.filling.instance, self.filling
        divided = [g for g in self.clans if (filling.at[g] > 0).sum() > 1]
        if not divided:
            return []
        g = self.dice.choice(divided)
        found = self._of_group(g, neighbours=False)
        inside = set(one.groups[g].members)
        sites = np.flatnonzero(one.open_to[list(inside)].all(axis=0))
        if len(sites):
            site = int(self.dice.choice(sites.tolist()))
            others = [
                each
                for each in self._in_cells(np.flatnonzero(one.site_of == site), filling.taken)
                if each[0] not in inside
            ]
            found += self.dice.sample(others, min(len(others), SOME))
        return found

    def _lonely(self) -> list[Move]:
        """All of a village who are with too few others, and families of the sites nearby."""
        one, filling = self.filling.instance, self.filling
        alone = [
            g
            for g in self.villages
            if ((filling.at[g] > 0) & (filling.at[g] < one.groups[g].least)).any()
        ]
        if not alone:
            return []
        g = self.dice.choice(alone)
        few = (filling.at[g] > 0) & (filling.at[g] < one.groups[g].least)
        found = [
            each
            for each in self._of_group(g, neighbours=False)
            if few[one.site_of[each[1]]] or self.dice.random() < 0.2
        ]
        taken = set(found)
        site = self.dice.randrange(len(one.sites))
        others = [
            each
            for each in self._in_cells(np.flatnonzero(one.site_of == site), filling.taken)
            if each not in taken
        ]
        return found + self.dice.sample(others, min(len(others), SOME))

    def _in_cells(self, cells: Ints, taken: Ints) -> list[Move]:
        rows, columns = np.nonzero(taken[:, cells])
        return [
            (int(c), int(cells[k]))
            for c, k in zip(rows, columns, strict=True)
            for _ in range(int(taken[c, cells[k]]))
        ]

    def _wish(self) -> tuple[list[Move], list[Move]]:
        """A family with its relatives, where they would rather be, and others who make room."""
        one, filling, dice = self.filling.instance, self.filling, self.dice
        number = dice.randrange(len(one.classes))
        cells = np.flatnonzero(filling.taken[number])
        if not len(cells):
            return [], []
        clan = next((g for g in one.groups_of[number] if one.groups[g].least == 1), None)
        if clan is None:
            moving = [(number, int(dice.choice(cells.tolist())))]
        else:
            moving = self._of_group(clan, neighbours=False)
        for c, j in moving:
            filling.put(c, j, -1)
        wish = self._wish_of([c for c, _ in moving])
        for c, j in moving:
            filling.put(c, j)
        if not wish or wish == moving:
            return [], []
        return moving + self._making_room(moving, wish), wish

    def _wish_of(self, classes: list[int]) -> list[Move]:
        """One of the four best sites for all of them, and the best cell there of each."""
        one = self.filling.instance
        everywhere = np.arange(len(one.cells))
        rows = []
        for c in classes:
            worth = self.guide[c] + self._pull(c, one.site_of[everywhere])
            rows.append(np.where(one.allowed[c], worth, NEVER))
        at_site = np.maximum.reduceat(np.array(rows), self.starts, axis=1).sum(axis=0)
        order = np.argsort(-at_site, kind="stable")[:4]
        site = int(order[self.dice.randrange(len(order))])
        if at_site[site] < NEVER / 2:
            return []
        first, last = self.starts[site], self.ends[site]
        return [
            (c, int(first + row[first:last].argmax())) for c, row in zip(classes, rows, strict=True)
        ]

    def _making_room(self, moving: list[Move], wish: list[Move]) -> list[Move]:
        """Families to take out so that the wish fits, drawn by chance."""
        one, filling = self.filling.instance, self.filling
        for c, j in moving:
            filling.put(c, j, -1)
        site = int(one.site_of[wish[0][1]])
        short: dict[int, int] = {}
        for c, j in wish:
            short[j] = short.get(j, -int(filling.cell_left[j])) + int(one.size[c])
        short_site = sum(int(one.size[c]) for c, _ in wish) - int(filling.site_left[site])
        found: list[Move] = []
        for j, missing in sorted(short.items()):
            if missing > 0:
                freed = self._draw(np.array([j]), missing)
                found += freed
                short_site -= sum(int(one.size[c]) for c, _ in freed)
        if short_site > 0:
            others = [j for j in range(self.starts[site], self.ends[site]) if j not in short]
            found += self._draw(np.array(others, dtype=np.int64), short_site)
        for c, j in moving:
            filling.put(c, j)
        return found

    def _draw(self, cells: Ints, missing: int) -> list[Move]:
        one = self.filling.instance
        there = self._in_cells(cells, self.filling.taken)
        self.dice.shuffle(there)
        found: list[Move] = []
        for each in there:
            if missing <= 0:
                break
            found.append(each)
            missing -= int(one.size[each[0]])
        return found

    def _step(self, picked: list[Move], first: list[Move], may_lose: float) -> None:
        one, filling = self.filling.instance, self.filling
        absent = [
            int(c) for c in np.flatnonzero(filling.waiting) for _ in range(int(filling.waiting[c]))
        ]
        touched = {g for c in {*(c for c, _ in picked), *absent} for g in one.groups_of[c]}
        before = self._score(picked, touched)
        for c, j in picked:
            filling.put(c, j, -1)
        waiting = [c for c, _ in picked] + absent
        done: list[Move] = []
        for c, j in first:
            if j in filling.fits(c):
                filling.put(c, j)
                waiting.remove(c)
                done.append((c, j))
        done += self.fill(waiting)
        placed, points = self._score(done, touched)
        if (placed, points + may_lose) < before:
            for c, j in done:
                filling.put(c, j, -1)
            for c, j in picked:
                filling.put(c, j)

    def _score(self, moves: list[Move], touched: set[int]) -> tuple[int, float]:
        """Persons placed, then points, of what a step can change."""
        one, filling = self.filling.instance, self.filling
        placed = sum(int(one.size[c]) for c, _ in moves)
        points = float(sum(self.value[c, j] for c, j in moves))
        for g in touched:
            group, at = one.groups[g], filling.at[g]
            points += group.worth * int(at[(at >= group.least) | group.there].sum())
            points -= group.spread * int(((at > 0) & ~group.there).sum())
        points -= float(np.maximum(one.reserve - filling.site_left, 0).sum())
        return placed, points


def _ranks(one: Instance) -> Ints:
    """The order of filling: few choices first, extended families in one go, the large first."""
    choices = one.allowed.sum(axis=1)
    clan = np.full(len(one.classes), len(one.groups), dtype=np.int64)
    together = one.size * one.count
    for g, group in enumerate(one.groups):
        if group.least == 1:
            members = list(group.members)
            clan[members] = g
            together[members] = together[members].sum()
    order = sorted(
        range(len(one.classes)),
        key=lambda c: (
            not one.locked[c],
            int(choices[c]) > 0.2 * len(one.cells),
            -int(together[c]),
            int(clan[c]),
            int(choices[c]),
            c,
        ),
    )
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank
