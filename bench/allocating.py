"""The allocation: time, gap to the proven bound, rules broken; and streams of arrivals.

All at once at three sizes beside first-fit; then buses over days, decided batch by batch without
knowing what comes, beside everything decided at the end (hindsight). Seconds are on the wall and,
because a loaded machine stretches them, of the processor.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace

from bench.allocation_streams import Stream, arrivals, one_question
from bench.registry import Row, World, bench
from reception.allocation.checking import broken
from reception.allocation.facts import Expected, Family, Problem, SiteFacts
from reception.allocation.filling import Filling, first_fit, worth
from reception.allocation.instance import Instance, build
from reception.allocation.solving import Effort, find, propose

SIZES = ((200, 10), (2_000, 50), (10_000, 200))
TARGETS = {2_000: "under 10 s, within 1 % of the bound, no rule broken"}
STREAM_SEEDS = (1, 2, 3)
QUICK = Effort(steps=2_000, least_steps=600, placing=0.3, exact=0.3)


@bench("allocation")
def allocation(world: World) -> list[Row]:
    """Everybody at once, at three sizes."""
    rows = []
    for households, sites in SIZES:
        rows += at_once(households, sites)
    return [*rows, *streams()]


def at_once(households: int, sites: int) -> list[Row]:
    """One question; beside first-fit in the order of arrival."""
    problem = one_question(households, sites)
    wall, cpu = time.perf_counter(), time.process_time()
    answer = propose(problem)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    wrong = len(broken(problem, answer.assignment, answer.kinds))
    plain = first_fit(build(problem))
    name = f"allocation of {households:,} households to {sites} sites"
    return [
        Row(
            name,
            f"{wall:.1f} s ({cpu:.1f} s of one core), {100 * answer.gap:.2f} % from the bound,"
            f" {answer.placed:,} of {answer.persons:,} persons placed (at most"
            f" {answer.placed_bound:,}), {wrong} rules broken",
            f"{answer.points / max(worth(plain), 1):.2f} × the points of first-fit",
            TARGETS.get(households, ""),
        ),
        Row(
            "… first-fit in the order of arrival",
            f"{plain.placed:,} persons placed, {worth(plain):,} points",
            "1",
        ),
    ]


@dataclass(frozen=True)
class Outcome:
    """What a way of deciding had reached when all had come."""

    placed: int
    needy: int
    points: int


def streams() -> list[Row]:
    """Three streams of buses over days: sums over the streams."""
    ways = ("first-fit", "proposals without prices", "proposals with shadow prices", "hindsight")
    sums: dict[str, list[Outcome]] = {way: [] for way in ways}
    for seed in STREAM_SEEDS:
        stream = arrivals(seed)
        sums["first-fit"].append(_online(stream, "first"))
        sums["proposals without prices"].append(_online(stream, "plain"))
        sums["proposals with shadow prices"].append(_online(stream, "priced"))
        sums["hindsight"].append(_hindsight(stream))
    best = sum(each.points for each in sums["hindsight"])
    most = sum(each.placed for each in sums["hindsight"])
    needy = sum(each.needy for each in sums["hindsight"])
    rows = []
    for way, found in sums.items():
        points = sum(each.points for each in found)
        placed = sum(each.placed for each in found)
        rows.append(
            Row(
                f"arrival streams, {way}",
                f"{placed:,} persons placed, of those with a hard need"
                f" {sum(each.needy for each in found):,} of {needy:,}; {points:,} points",
                f"{placed / max(most, 1):.3f} of hindsight's persons,"
                f" {points / max(best, 1):.3f} of its points",
            )
        )
    return rows


def _needy(family: Family) -> bool:
    return family.children_alone or family.medical_minutes is not None


def _online(stream: Stream, way: str) -> Outcome:
    """Batch by batch; places taken stay taken, and who found none asks again with the next bus."""
    sites: dict[str, SiteFacts] = {}
    waiting: list[Family] = []
    chosen: dict[str, tuple[str, tuple[str, bool]]] = {}
    for number, batch in enumerate(stream.batches):
        for site in stream.opening[number]:
            sites[site.code] = site
        waiting += batch
        expected = _expected(stream, number) if way == "priced" else ()
        problem = Problem(tuple(waiting), tuple(sites.values()), expected=expected)
        found = _decide(problem, way)
        for family in waiting:
            if family.key in found:
                code, kind = found[family.key]
                sites[code] = _taken(sites[code], family, kind)
        chosen |= found
        waiting = [each for each in waiting if each.key not in chosen]
    return _judged(stream, chosen)


def _decide(problem: Problem, way: str) -> dict[str, tuple[str, tuple[str, bool]]]:
    if way == "first":
        one = build(problem)
        filling = first_fit(one)
    else:
        found = find(problem, effort=QUICK)
        one, filling = found.instance, found.filling
    return _chosen(one, filling)


def _chosen(one: Instance, filling: Filling) -> dict[str, tuple[str, tuple[str, bool]]]:
    found = {}
    for number, members in enumerate(one.members):
        cells = [
            j for j in filling.taken[number].nonzero()[0] for _ in range(filling.taken[number, j])
        ]
        for family, j in zip(members, cells, strict=False):
            site, kind = one.cells[j]
            found[family.key] = (one.sites[site].code, (kind.section, kind.accessible))
    return found


def _taken(site: SiteFacts, family: Family, kind: tuple[str, bool]) -> SiteFacts:
    """The site after a family came: fewer places, more of its village and relatives."""
    places = tuple(
        replace(each, free=each.free - family.size)
        if (each.section, each.accessible) == kind
        else each
        for each in site.places
    )
    villages, kin = dict(site.villages), dict(site.kin)
    if family.village:
        villages[family.village] = villages.get(family.village, 0) + family.size
    if family.kin:
        kin[family.kin] = kin.get(family.kin, 0) + family.size
    return replace(site, free=site.free - family.size, places=places, villages=villages, kin=kin)


def _expected(stream: Stream, now: int) -> tuple[Expected, ...]:
    """What has been seen so far, in its proportions, for as many as are still to come.

    The number to come is the planning figure, which is not what will come exactly.
    """
    seen = [family for batch in stream.batches[: now + 1] for family in batch]
    left = stream.planned - len(seen)
    if left <= 0:
        return ()
    mix = Counter(replace(each, key="", village="", kin="", arrived=0, nights=0) for each in seen)
    return tuple(
        Expected(family, count * left / len(seen))
        for family, count in sorted(mix.items(), key=lambda each: repr(each[0]))
    )


def _everything(stream: Stream) -> Problem:
    return Problem(
        tuple(family for batch in stream.batches for family in batch),
        tuple(site for sites in stream.opening for site in sites),
    )


def _hindsight(stream: Stream) -> Outcome:
    """All families over all sites as if everything had been known at the beginning."""
    found = find(_everything(stream))
    return _judged(stream, _chosen(found.instance, found.filling))


def _judged(stream: Stream, chosen: dict[str, tuple[str, tuple[str, bool]]]) -> Outcome:
    """The final allocation, judged the same way for all: as one question with these answers."""
    one = build(_everything(stream))
    cell = {
        (one.sites[site].code, (kind.section, kind.accessible)): j
        for j, (site, kind) in enumerate(one.cells)
    }
    filling = Filling(one)
    placed = needy = 0
    for number, members in enumerate(one.members):
        for family in members:
            if family.key not in chosen:
                continue
            j = cell[chosen[family.key]]
            filling.put(number, j)
            placed += family.size
            needy += family.size * _needy(family)
    return Outcome(placed, needy, worth(filling))
