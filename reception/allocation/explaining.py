"""Why each family goes where it goes, and what is missing for those who have no place.

Reasons are codes with numbers taken from the finished allocation; `words` puts them into words.
What is missing is found by leaving out one rule at a time and asking which sites would then do.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from reception.allocation import aims
from reception.allocation.facts import Family, Said
from reception.allocation.filling import Filling
from reception.allocation.instance import Instance, Ints
from reception.allocation.proposal import NO_PLACE, Line
from reception.allocation.rules import RULES, free_for, may_use, refusals

MOST_ALTERNATIVES, MOST_MISSING = 2, 3
# The rules whose lack can be told as something missing, in the order they are tried.
RELAXED = ("places", "kinds", "border", "medical", "care", "quarantine", "apart", "decided")


def explain(one: Instance, filling: Filling, value: Ints) -> dict[str, Line]:
    """A line for every family, by its key."""
    told: dict[str, Line] = {}
    for number, members in enumerate(one.members):
        cells = [
            int(j)
            for j in np.flatnonzero(filling.taken[number])
            for _ in range(int(filling.taken[number, j]))
        ]
        reasons = {j: _placed(one, filling, value, number, j) for j in dict.fromkeys(cells)}
        without = _unplaced(one, filling, number) if len(cells) < len(members) else ()
        for position, family in enumerate(members):
            if position >= len(cells):
                told[family.key] = Line(family.key, family.size, missing=without)
                continue
            site, kind = one.cells[cells[position]]
            reason, alternatives = reasons[cells[position]]
            told[family.key] = Line(
                family.key,
                family.size,
                one.sites[site].code,
                kind.section,
                kind.accessible,
                reason,
                alternatives,
            )
    return told


def _placed(
    one: Instance, filling: Filling, value: Ints, number: int, cell: int
) -> tuple[Said, tuple[Said, ...]]:
    site, _ = one.cells[cell]
    family, name = one.classes[number], one.sites[site].name
    if family.locked:
        return Said.of("locked", site=name), ()
    gains = _gains(one, filling, value, number)
    others = _alternatives(one, filling, gains, number, cell)
    return _reason(one, filling, number, cell), others


def _reason(one: Instance, filling: Filling, number: int, cell: int) -> Said:
    """The first rule or aim, in their order, that set this site apart from others."""
    site, kind = one.cells[cell]
    family, facts = one.classes[number], one.sites[site]
    fitting = len(np.unique(one.site_of[one.allowed[number]]))
    if fitting == 1:
        return Said.of("only_site", site=facts.name, sites=len(one.sites))
    for g in one.groups_of[number]:
        group = one.groups[g]
        others = int(filling.at[g, site]) - 1
        there = (facts.kin if group.kind == "kin" else facts.villages).get(group.name, 0)
        if there:
            return Said.of(f"with_{group.kind}_there", site=facts.name, count=there)
        if others > 0 and others + 1 >= group.least:
            return Said.of(f"with_{group.kind}", site=facts.name, families=others)
    earned = aims.earned(family, facts, kind)
    for name in ("step_free", "services", "section", "language"):
        if earned[name]:
            return _aim_said(name, family, one, cell)
    if family.origin_point and facts.lat is not None and facts.lon is not None:
        way = round(aims.km(family.origin_point, (facts.lat, facts.lon)))
        return Said.of("near_by", site=facts.name, km=way)
    return Said.of("has_room", site=facts.name, free=facts.free)


def _aim_said(name: str, family: Family, one: Instance, cell: int) -> Said:
    site, kind = one.cells[cell]
    facts = one.sites[site]
    if name == "services":
        return Said.of("services", site=facts.name, minutes=int(facts.health_minutes or 0))
    if name == "section":
        section = kind.section if facts.places else "women"
        return Said.of("section", site=facts.name, section=section)
    return Said.of(name, site=facts.name)


def _gains(one: Instance, filling: Filling, value: Ints, number: int) -> Ints:
    """What each kind of place is worth to one family, all others where they are."""
    gain = value[number].copy()
    own = np.bincount(one.site_of, filling.taken[number], minlength=len(one.sites))
    for g in one.groups_of[number]:
        group = one.groups[g]
        others = filling.at[g] - np.minimum(own, 1).astype(np.int64)
        enough = (others + 1 >= group.least) | group.there
        spread = np.where((others > 0) | group.there, 0, group.spread)
        gain += (np.where(enough, group.worth, 0) - spread)[one.site_of]
    return np.asarray(gain, dtype=np.int64)


def _alternatives(
    one: Instance, filling: Filling, gains: Ints, number: int, cell: int
) -> tuple[Said, ...]:
    """Sites that would be better for this family alone, and what stands against them."""
    family, here = one.classes[number], one.site_of[cell]
    better = np.flatnonzero(one.allowed[number] & (gains > gains[cell]) & (one.site_of != here))
    best: dict[int, int] = {}
    for j in sorted(better.tolist(), key=lambda j: (-int(gains[j]), j)):
        best.setdefault(int(one.site_of[j]), j)
    found = []
    for site, j in list(best.items())[:MOST_ALTERNATIVES]:
        left = int(min(filling.cell_left[j], filling.site_left[site]))
        facts = one.sites[site]
        together = _together_at(one, filling, number, site)
        if left >= family.size:
            found.append(Said.of("kept_for_others", site=facts.name, left=left))
        elif together:
            kind, families = together
            found.append(
                Said.of(
                    f"full_{kind}",
                    site=facts.name,
                    families=families,
                    left=left,
                    needed=family.size,
                )
            )
        else:
            found.append(Said.of("full", site=facts.name, left=left, needed=family.size))
    return tuple(found)


def _together_at(one: Instance, filling: Filling, number: int, site: int) -> tuple[str, int] | None:
    for g in one.groups_of[number]:
        families = int(filling.at[g, site])
        if families and families + 1 >= one.groups[g].least:
            return one.groups[g].kind, families
    return None


def _unplaced(one: Instance, filling: Filling, number: int) -> tuple[Said, ...]:
    """What is missing: places at the sites that would do, or one rule that no site meets."""
    family, policy = one.classes[number], one.problem.policy
    found: list[Said] = []
    for rule in RELAXED:
        sites = [
            n
            for n, site in enumerate(one.sites)
            if not refusals(family, site, policy=policy, without=(rule, "places"))
            and (rule == "places" or free_for(family, site, policy) >= family.size)
            and (rule != "places" or any(may_use(family, k, policy) for k in site.kinds))
        ]
        if rule != "places":
            sites = [n for n in sites if RULES[rule](family, one.sites[n], policy, False)]
        if not sites:
            continue
        if rule == "places":
            found.append(_too_few(one, filling, number, sites))
        else:
            found.append(
                Said.of(f"without_{rule}", sites=len(sites), site=one.sites[sites[0]].name)
            )
    return tuple(found[:MOST_MISSING]) or (NO_PLACE,)


def _too_few(one: Instance, filling: Filling, number: int, sites: list[int]) -> Said:
    """Some sites would do by the rules: how many places they have left for this family."""
    family, policy = one.classes[number], one.problem.policy
    left: dict[int, int] = defaultdict(int)
    for j, (site, kind) in enumerate(one.cells):
        if site in sites and may_use(family, kind, policy):
            room = int(min(filling.cell_left[j], filling.site_left[site]))
            left[site] = max(left[site], room)
    best = min(sites, key=lambda n: (-left[n], n))
    return Said.of(
        "places_missing",
        needed=family.size,
        sites=len(sites),
        left=left[best],
        site=one.sites[best].name,
        minutes=family.medical_minutes or 0,
    )
