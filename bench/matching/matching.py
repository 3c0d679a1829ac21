"""A generated population: what the queue finds and misses, beside the yardsticks.

The yardsticks link persons and know nothing of households but that two members of one are not the
same; what they find of members is added up to pairs of households (`scores.grouped`), which is
what a queue offers.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from bench.matching import beside, finding, ours
from bench.matching.population import NAMES, Truth, noted
from bench.matching.scores import Pair, Quality, best, grouped, pair_of, quality, right_in_top
from bench.registry import Row, World, bench

SEED = 20260901
# recordlinkage holds every pair in memory; above this, and with names in three scripts, only
# Splink's best run is worth its hours.
MOST_FOR_ALL = 100_000
TARGET = "recall 0.95, precision 0.90"


@bench("matching")
def matching(world: World) -> list[Row]:
    """Candidates, queue, search, check and keys over `--population` persons."""
    from demo.population import generate

    with tempfile.TemporaryDirectory() as place:
        folder, truth = Path(place), Truth()
        ours.emptied()
        source = generate(persons=world.size.population, seed=SEED)
        began = time.perf_counter()
        persons = ours.registered(noted(source, truth, folder))
        registering = time.perf_counter() - began
        what = f"population of {persons:,}"
        rows = [_made(what, truth, persons, registering)]
        rows += _ours(what, truth, persons)
        rows += finding.measured(truth, what)
        rows += _yardsticks(what, truth, folder, everything=persons <= MOST_FOR_ALL)
        ours.emptied()
    return rows


def _made(what: str, truth: Truth, persons: int, seconds: float) -> Row:
    return Row(
        f"{what}: made and registered (seed {SEED})",
        f"{len(truth.households):,} households, {len(truth.pairs):,} of them repeats of another,"
        f" {len(truth.across(truth.pairs)):,} of these in another script",
        f"{persons / seconds:,.0f} persons/s",
    )


def _ours(what: str, truth: Truth, persons: int) -> list[Row]:
    began = time.perf_counter()
    found = ours.queue(truth.households)
    seconds = time.perf_counter() - began
    looked_at = ours.candidates(truth.households)
    rows = linked_rows(f"{what}: Panah", truth, found, set(found), None)
    candidates = quality(looked_at, truth.pairs)
    across = quality(truth.across(looked_at), truth.across(truth.pairs))
    return [
        Row(
            f"{what}: Panah's candidates",
            f"recall {candidates.recall:.3f}, across scripts {across.recall:.3f};"
            f" {candidates.found:,} pairs,"
            f" {candidates.found / max(len(truth.households), 1):.1f} a household",
            f"{persons / seconds:,.0f} persons/s compared with everyone and queued",
        ),
        *rows,
        Row(
            f"{what}: Panah's recall of households by what was different",
            by_kind(truth.kinds, found.keys()),
        ),
        _persons(what, truth),
    ]


def by_kind(kinds: Mapping[str, set[Pair]], found: Collection[Pair]) -> str:
    """The recall of each kind of difference, the worst first."""
    shares = sorted(
        (len(pairs & set(found)) / len(pairs), kind, len(pairs)) for kind, pairs in kinds.items()
    )
    return ", ".join(f"{kind} {share:.3f} of {count:,}" for share, kind, count in shares)


def _persons(what: str, truth: Truth) -> Row:
    """Whether the queue says rightly who is who, within the true pairs that it offers."""
    matches = ours.matches(truth.pairs)
    offered = {frozenset((truth.home[a], truth.home[b])) for a, b in matches}
    same = {pair for pair in truth.same if frozenset(truth.home[each] for each in pair) in offered}
    kinds = {kind: pairs & same for kind, pairs in truth.person_kinds.items() if pairs & same}
    return Row(
        f"{what}: Panah's counterparts within the true pairs offered",
        f"{quality(matches, same).words}; recall by what was different: {by_kind(kinds, matches)}",
    )


def linked_rows(
    what: str,
    truth: Truth,
    scored: dict[Pair, float],
    offered: set[Pair],
    candidates: Quality | None,
) -> list[Row]:
    """What was offered, the top of the list, and both for pairs across scripts."""
    first = min(100, len(truth.pairs))
    tops = ", ".join(
        f"{right_in_top(scored, truth.pairs, count):.3f} of the first {count:,}"
        for count in sorted({first, len(truth.pairs)})
    )
    own, hindsight = quality(offered, truth.pairs), best(scored, truth.pairs)
    true_across = truth.across(truth.pairs)
    across = quality(truth.across(offered), true_across)
    across_scored = {pair: scored[pair] for pair in truth.across(scored)}
    across_best = best(across_scored, true_across)
    tail = "" if candidates is None else f"; candidates: recall {candidates.recall:.3f}"
    return [
        Row(
            what,
            f"offered: {own.words}; right are {tops}{tail}",
            f"at the best threshold: {hindsight.words}",
        ),
        Row(
            f"{what}, across scripts",
            f"offered: {across.words}; right are"
            f" {right_in_top(across_scored, true_across, len(true_across)):.3f}"
            f" of the first {len(true_across):,}",
            f"at the best threshold: {across_best.words}",
            TARGET if what.endswith("Panah") else "",
        ),
    ]


def _yardsticks(what: str, truth: Truth, folder: Path, *, everything: bool) -> list[Row]:
    rows = []
    for tool, title in (("splink", "Splink"), ("recordlinkage", "recordlinkage (ECM)")):
        for names in reversed(NAMES):
            if everything or (tool, names) == ("splink", "romanised"):
                rows += _yardstick(tool, f"{what}: {title}, {names} names", truth, folder / names)
    return rows


def _yardstick(tool: str, what: str, truth: Truth, folder: Path) -> list[Row]:
    # At sizes at which one core takes hours, the same figure to the last digit is worth less.
    threads = 1 if len(truth.home) <= MOST_FOR_ALL else 2
    linked = beside.run(tool, "population", folder, threads)
    scored = grouped(linked.scored, truth.home)
    offered = {pair_of(truth.home[a], truth.home[b]) for a, b in linked.offered}
    candidates = Quality(linked.candidates, linked.true, len(truth.pairs))
    return linked_rows(
        f"{what} ({linked.seconds:.0f} s, {linked.memory:,} MiB)",
        truth,
        scored,
        {pair for pair in offered if pair[0] != pair[1]},
        candidates,
    )
