"""Whether an assignment breaks a rule: written apart from the model, so that each proves the other.

Knows families, sites and the hard rules, and counts places by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from reception.allocation.facts import Family, Places, Problem, Refusal, SiteFacts
from reception.allocation.rules import may_use, refusals, together_refusals


def broken(
    problem: Problem,
    assignment: Mapping[str, str],
    kinds: Mapping[str, tuple[str, bool]] | None = None,
) -> list[tuple[str, Refusal]]:
    """(family, rule) for each rule that the assignment (family -> site) breaks; empty when none.

    `kinds` (family -> section and step-free) says which kind of place each family has; without
    it any division over the kinds of a site will do, which takes long to look for where a site
    is nearly full. A family that is at no site breaks nothing: it waits. Raises KeyError for a
    family or a site that the problem does not know.
    """
    sites = {site.code: site for site in problem.sites}
    families = {family.key: family for family in problem.families}
    at: dict[str, list[Family]] = defaultdict(list)
    for key, code in sorted(assignment.items()):
        at[sites[code].code].append(families[key])
    found: list[tuple[str, Refusal]] = []
    for code, there in sorted(at.items()):
        site = sites[code]
        for family in there:
            judged = refusals(family, site, policy=problem.policy)
            found += [(family.key, each) for each in judged]
            found += [(family.key, each) for each in together_refusals(family, there, site)]
        found += _overfull(problem, site, there, kinds)
    return found


def _overfull(
    problem: Problem,
    site: SiteFacts,
    there: list[Family],
    kinds: Mapping[str, tuple[str, bool]] | None,
) -> list[tuple[str, Refusal]]:
    """Too many at the site, or no way to give every family one kind of place."""
    needed = sum(family.size for family in there)
    if needed > site.free:
        return [("", Refusal.of("site_overfull", site=site.name, needed=needed, free=site.free))]
    if kinds is not None:
        shared = _shared_so(problem, site, there, kinds)
    else:
        shared = not site.places or _can_share(problem, site.kinds, there)
    return [] if shared else [("", Refusal.of("kinds_overfull", site=site.name, needed=needed))]


def _shared_so(
    problem: Problem,
    site: SiteFacts,
    there: list[Family],
    kinds: Mapping[str, tuple[str, bool]],
) -> bool:
    """Whether the kinds of places named are for these families and have room for them."""
    known = {(kind.section, kind.accessible): kind for kind in site.kinds}
    taken: dict[tuple[str, bool], int] = defaultdict(int)
    for family in there:
        kind = known.get(kinds[family.key])
        if kind is None or not may_use(family, kind, problem.policy):
            return False
        taken[kinds[family.key]] += family.size
    return all(many <= known[kind].free for kind, many in taken.items())


def _can_share(problem: Problem, kinds: tuple[Places, ...], there: list[Family]) -> bool:
    """Whether the families can be divided over the kinds of places, none of them divided.

    Depth first, states seen before left out: families alike in size and choices are alike.
    """
    choices = sorted(
        (
            tuple(n for n, kind in enumerate(kinds) if may_use(family, kind, problem.policy)),
            -family.size,
        )
        for family in there
    )
    order = sorted(choices, key=lambda each: (len(each[0]), each[1], each[0]))
    seen: set[tuple[int, tuple[int, ...]]] = set()
    stack = [(0, tuple(kind.free for kind in kinds))]
    while stack:
        number, left = stack.pop()
        if number == len(order):
            return True
        if (number, left) in seen:
            continue
        seen.add((number, left))
        options, size = order[number][0], -order[number][1]
        for kind in sorted(options, key=lambda n: left[n]):
            if left[kind] >= size:
                after = (*left[:kind], left[kind] - size, *left[kind + 1 :])
                stack.append((number + 1, after))
    return False
