"""Proposals for tests, and a plain solver where a test needs to know the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reception.allocation.facts import Problem, Said
from reception.allocation.proposal import Line, Proposal
from reception.allocation.rules import refusals, together_refusals
from reception.models import AllocationLine, AllocationRun


def first_fit(problem: Problem, **_more: Any) -> Proposal:
    """Families in their order, each to the first site (by code) that may take it."""
    sites = {site.code: site for site in problem.sites}
    there: dict[str, list[Any]] = {code: [] for code in sites}
    lines = []
    for family in problem.families:
        chosen = ""
        for code, site in sites.items():
            if refusals(family, site, policy=problem.policy):
                continue
            if not together_refusals(family, there[code], site):
                chosen = code
                break
        if not chosen:
            missing = tuple(
                said
                for site in sites.values()
                for said in refusals(family, site, policy=problem.policy)[:1]
            )
            lines.append(Line(family.key, family.size, missing=missing))
            continue
        there[chosen].append(family)
        site = sites[chosen]
        sites[chosen] = replace(site, free=site.free - family.size)
        said = Said.of("too_few_places", site=chosen, needed=1, free=0)
        lines.append(Line(family.key, family.size, site=chosen, reason=said))
    placed = sum(line.size for line in lines if line.site)
    persons = sum(line.size for line in lines)
    return Proposal(tuple(lines), persons, placed, persons, placed, placed)


def line_of(run: AllocationRun, household: Any) -> AllocationLine:
    """The line of a household."""
    return AllocationLine.objects.select_related("site", "household", "run").get(
        run=run, household=household
    )
