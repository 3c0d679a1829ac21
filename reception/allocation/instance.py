"""A problem as arrays: families alike become one class, each kind of place a cell.

Everything is in the order of keys, so that the same families and sites in another order are the
same instance. Families alike in all that the rules and aims look at are one class with a count:
ten thousand families are a few thousand classes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from reception.allocation import aims
from reception.allocation.facts import Family, Places, Policy, Problem, SiteFacts
from reception.allocation.rules import may_use, refusals

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Group:
    """Families that should be together: a village or an extended family.

    Each family gets `worth` points at a site with at least `least` families of the group, or where
    people of the group are already (`there`). Each site where the group begins anew costs
    `spread`. `members` are class numbers.
    """

    kind: str
    name: str
    worth: int
    spread: int
    least: int
    members: tuple[int, ...]
    there: Bools


@dataclass(frozen=True)
class Instance:
    """The arrays. C classes, J cells (kinds of places), S sites."""

    problem: Problem
    sites: tuple[SiteFacts, ...]
    cells: tuple[tuple[int, Places], ...]
    classes: tuple[Family, ...]
    members: tuple[tuple[Family, ...], ...]
    allowed: Bools  # C x J: the rules permit it, were it empty
    points: Ints  # C x J: the aims that class and cell settle
    groups: tuple[Group, ...]
    apart: tuple[tuple[int, int], ...]

    @cached_property
    def size(self) -> Ints:
        """Places that a family of the class needs."""
        return np.array([each.size for each in self.classes], dtype=np.int64)

    @cached_property
    def count(self) -> Ints:
        """Families in the class."""
        return np.array([len(each) for each in self.members], dtype=np.int64)

    @cached_property
    def site_of(self) -> Ints:
        """The site of each cell."""
        return np.array([site for site, _ in self.cells], dtype=np.int64)

    @cached_property
    def cell_free(self) -> Ints:
        """Free places of each cell, never more than its site has."""
        return np.array(
            [max(min(each.free, self.sites[s].free), 0) for s, each in self.cells], dtype=np.int64
        )

    @cached_property
    def site_free(self) -> Ints:
        """Free places of each site."""
        return np.array([max(each.free, 0) for each in self.sites], dtype=np.int64)

    @cached_property
    def reserve(self) -> Ints:
        """Places of each site that are better left for the next ones."""
        return np.array(
            [int(each * aims.HEADROOM_SHARE) for each in self.site_free.tolist()], dtype=np.int64
        )

    @cached_property
    def persons(self) -> int:
        """All who are asked for."""
        return int((self.size * self.count).sum())

    @cached_property
    def locked(self) -> Bools:
        """Classes whose site an officer chose."""
        return np.array([bool(each.locked) for each in self.classes], dtype=np.bool_)

    @cached_property
    def groups_of(self) -> tuple[tuple[int, ...], ...]:
        """The groups of each class."""
        found: list[list[int]] = [[] for _ in self.classes]
        for number, group in enumerate(self.groups):
            for member in group.members:
                found[member].append(number)
        return tuple(tuple(each) for each in found)

    @cached_property
    def open_to(self) -> Bools:
        """Whether a class may be at a site (C x S)."""
        found = np.zeros((len(self.classes), len(self.sites)), dtype=np.bool_)
        for cell, site in enumerate(self.site_of):
            found[:, site] |= self.allowed[:, cell]
        return found

    def most_at(self, group: Group) -> Ints:
        """The most persons of a group that can be at each site."""
        members = list(group.members)
        persons = (self.size * self.count)[members]
        most: Ints = np.minimum(persons @ self.open_to[members], self.site_free)
        return most

    def can_gather(self, group: Group) -> Bools:
        """The sites where a family of the group can be with enough others of it."""
        members = list(group.members)
        families = self.count[members] @ self.open_to[members]
        smallest = int(self.size[members].min())
        enough: Bools = np.minimum(families, self.site_free // smallest) >= group.least
        return enough | group.there


def build(problem: Problem) -> Instance:
    """The arrays of a problem."""
    sites = tuple(sorted(problem.sites, key=lambda each: each.code))
    families = sorted(problem.families, key=lambda each: each.key)
    cells = tuple(
        (number, kind)
        for number, site in enumerate(sites)
        for kind in sorted(site.kinds, key=lambda each: (each.section, each.accessible))
    )
    entangled = _entangled(families)
    alike: dict[Family, list[Family]] = defaultdict(list)
    for family in families:
        alike[_features(family, entangled, problem.policy)].append(family)
    members = tuple(
        tuple(sorted(each, key=lambda family: (-family.arrived, family.key)))
        for each in alike.values()
    )
    classes = tuple(each[0] for each in members)
    features = tuple(alike)
    return Instance(
        problem=problem,
        sites=sites,
        cells=cells,
        classes=classes,
        members=members,
        allowed=_allowed(problem, features, classes, sites, cells),
        points=_points(features, sites, cells),
        groups=_groups(classes, members, sites),
        apart=_apart(classes),
    )


def _entangled(families: list[Family]) -> set[str]:
    """Families that take part in a keep-apart pair of this problem: each is a class by itself."""
    keys = {each.key for each in families}
    pairs = [(each.key, other) for each in families for other in each.apart_from & keys]
    return {key for pair in pairs for key in pair}


def _features(family: Family, entangled: set[str], policy: Policy) -> Family:
    """The family with nothing left but what rules and aims look at."""
    return replace(
        family,
        key=family.key if family.key in entangled else "",
        women=0,
        men=0,
        children=0,
        older=0,
        accessible=min(family.accessible, 1),
        near_services=min(family.near_services, 1),
        arrived=0,
        nights=policy.first_nights if family.nights >= policy.first_nights else 0,
    )


def _allowed(
    problem: Problem,
    features: tuple[Family, ...],
    classes: tuple[Family, ...],
    sites: tuple[SiteFacts, ...],
    cells: tuple[tuple[int, Places], ...],
) -> Bools:
    """Rules are asked once for families that differ only in what no rule looks at."""
    policy = problem.policy
    free = np.array([min(kind.free, sites[site].free) for site, kind in cells], dtype=np.int64)
    known: dict[Family, Bools] = {}
    allowed = np.zeros((len(features), len(cells)), dtype=np.bool_)
    for number, family in enumerate(features):
        judged = replace(
            family, size=1, village="", kin="", languages=frozenset(), origin_point=None,
            near_services=0, female_headed=False,
        )  # fmt: skip
        if judged not in known:
            fits = [
                not refusals(judged, site, policy=policy, without=("places",)) for site in sites
            ]
            known[judged] = np.array(
                [fits[site] and may_use(judged, kind, policy) for site, kind in cells],
                dtype=np.bool_,
            )
        allowed[number] = known[judged] & (free >= classes[number].size)
    return allowed


def _points(
    features: tuple[Family, ...],
    sites: tuple[SiteFacts, ...],
    cells: tuple[tuple[int, Places], ...],
) -> Ints:
    known: dict[tuple[str, Family], Ints] = {}
    points = np.zeros((len(features), len(cells)), dtype=np.int64)
    for number, family in enumerate(features):
        plain = Family(key="", size=1)
        seen = {
            "step_free": replace(plain, accessible=family.accessible),
            "services": replace(plain, near_services=family.near_services),
            "section": replace(
                plain,
                women_only=family.women_only,
                men_only=family.men_only,
                female_headed=family.female_headed,
            ),
            "language": replace(plain, languages=family.languages),
            "travel": replace(plain, origin_point=family.origin_point),
            "lasting": plain,
        }
        for name, asked in seen.items():
            if (name, asked) not in known:
                aim = aims.LINEAR[name]
                known[name, asked] = np.array(
                    [aim(asked, sites[site], kind) for site, kind in cells], dtype=np.int64
                )
            points[number] += known[name, asked]
    return points


def _groups(
    classes: tuple[Family, ...],
    members: tuple[tuple[Family, ...], ...],
    sites: tuple[SiteFacts, ...],
) -> tuple[Group, ...]:
    """Groups in which anybody can join anybody."""
    found: list[Group] = []
    for kind, worth, spread, least in (
        ("kin", aims.KIN, aims.KIN, 1),
        ("village", aims.VILLAGE, aims.SPREAD, aims.COMMUNITY),
    ):
        belonging: dict[str, list[int]] = defaultdict(list)
        for number, family in enumerate(classes):
            if name := getattr(family, kind):
                belonging[name].append(number)
        for name in sorted(belonging):
            there = np.array(
                [
                    bool((site.kin if kind == "kin" else site.villages).get(name, 0))
                    for site in sites
                ],
                dtype=np.bool_,
            )
            numbers = belonging[name]
            families = sum(len(members[each]) for each in numbers)
            if there.any() or families > 1:
                enough = min(least, families)
                found.append(Group(kind, name, worth, spread, enough, tuple(numbers), there))
    return tuple(found)


def _apart(classes: tuple[Family, ...]) -> tuple[tuple[int, int], ...]:
    number = {family.key: index for index, family in enumerate(classes)}
    pairs = {
        (min(number[a.key], number[b]), max(number[a.key], number[b]))
        for a in classes
        for b in a.apart_from
        if b in number and b != a.key
    }
    return tuple(sorted(pairs))
