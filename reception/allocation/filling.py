"""Filling places family by family: the state of a partial allocation, and greedy rules on it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from reception.allocation.instance import Floats, Instance, Ints

NO_CELL = -1


@dataclass
class Filling:
    """How many families of each class are in each cell, and what is left.

    Never breaks a rule: `fits` gives only cells where one more family of a class may go.
    """

    instance: Instance
    taken: Ints = field(init=False)  # C x J families
    cell_left: Ints = field(init=False)
    site_left: Ints = field(init=False)
    at: Ints = field(init=False)  # groups x S: families of the group
    waiting: Ints = field(init=False)  # families of each class that have no place
    rivals: dict[int, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        one = self.instance
        self.taken = np.zeros((len(one.classes), len(one.cells)), dtype=np.int64)
        self.cell_left = one.cell_free.copy()
        self.site_left = one.site_free.copy()
        self.at = np.zeros((len(one.groups), len(one.sites)), dtype=np.int64)
        self.waiting = one.count.copy()
        self.rivals = {}
        for first, second in one.apart:
            self.rivals.setdefault(first, []).append(second)
            self.rivals.setdefault(second, []).append(first)

    def fits(self, number: int) -> Ints:
        """The cells where one more family of the class may go."""
        one = self.instance
        size = one.size[number]
        room = (self.cell_left >= size) & (self.site_left >= size)[one.site_of]
        ok = one.allowed[number] & room
        for rival in self.rivals.get(number, ()):
            sites = one.site_of[np.flatnonzero(self.taken[rival])]
            ok &= ~np.isin(one.site_of, sites)
        return np.flatnonzero(ok)

    def put(self, number: int, cell: int, families: int = 1) -> None:
        """Put families of a class into a cell (negative: take them out)."""
        one = self.instance
        site = one.site_of[cell]
        self.taken[number, cell] += families
        self.waiting[number] -= families
        self.cell_left[cell] -= families * one.size[number]
        self.site_left[site] -= families * one.size[number]
        for group in one.groups_of[number]:
            self.at[group, site] += families

    def gain(self, number: int, cells: Ints, value: Floats) -> Floats:
        """What one more family of the class adds in each of the cells.

        `value` are the points of class and cell without groups, prices taken off. Without the
        headroom, which the caller may leave out of a greedy choice.
        """
        one = self.instance
        gain = value[number, cells].astype(np.float64)
        sites = one.site_of[cells]
        for group in one.groups_of[number]:
            kind = one.groups[group]
            joins = (self.at[group, sites] > 0) | kind.there[sites]
            gain += np.where(joins, kind.worth, kind.worth - kind.spread if kind.least == 1 else 0)
        return gain

    @property
    def placed(self) -> int:
        """Persons with a place."""
        return int((self.taken.sum(axis=1) * self.instance.size).sum())


def hardest_first(instance: Instance) -> list[int]:
    """Classes in the order of filling: chosen by an officer, few choices, large."""
    choices = instance.allowed.sum(axis=1)
    return sorted(
        range(len(instance.classes)),
        key=lambda number: (
            not instance.locked[number],
            int(choices[number]) // 10,
            -int(instance.size[number]),
            number,
        ),
    )


def fill(filling: Filling, value: Floats, order: list[int]) -> None:
    """Put every waiting family where it adds most, in this order; ties to the roomiest site."""
    one = filling.instance
    roomy = one.site_free / max(float(one.site_free.max(initial=1)), 1) * 0.5
    waiting = filling.waiting.copy()
    for number in order:
        for _ in range(int(waiting[number])):
            cells = filling.fits(number)
            if not len(cells):
                break
            gain = filling.gain(number, cells, value) + roomy[one.site_of[cells]]
            filling.put(number, int(cells[int(gain.argmax())]))


def first_fit(instance: Instance) -> Filling:
    """The yardstick: in the order of arrival, the first site with room that the rules permit."""
    filling = Filling(instance)
    queue = sorted(
        (
            (-family.arrived, family.key, number)
            for number, members in enumerate(instance.members)
            for family in members
        ),
    )
    for _, _, number in queue:
        cells = filling.fits(number)
        if len(cells):
            filling.put(number, int(cells[0]))
    return filling


def worth(filling: Filling) -> int:
    """The points of an allocation: what the aims got, less the headroom used."""
    one = filling.instance
    return int((one.points * filling.taken).sum()) + sum(group_points(filling)) - headroom(filling)


def group_points(filling: Filling) -> list[int]:
    """The points of each group: of its families that are with enough others, less the spread."""
    found = []
    for number, group in enumerate(filling.instance.groups):
        at = filling.at[number]
        together = at[(at >= group.least) | group.there].sum()
        begun = ((at > 0) & ~group.there).sum()
        found.append(group.worth * int(together) - group.spread * int(begun))
    return found


def headroom(filling: Filling) -> int:
    """Places taken that were better left for the next ones: a point each."""
    one = filling.instance
    return int(np.maximum(one.reserve - filling.site_left, 0).sum())
