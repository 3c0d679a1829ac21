"""Search and check over a population that `generate_population` made before, by samples.

For sizes at which comparing everybody takes too long for one run: a million people are registered
once, with `--truth`, and measured as often as needed.
"""

from __future__ import annotations

import csv
import random
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

from bench.matching import finding
from bench.matching.scores import Pair, pair_of, quality
from bench.registry import Row
from bench.server import percentile

ASKED = 300
_CHUNK = 100
_SEED = 3
# Two letters are too few for a search; from six on it is nearly a whole name.
_TYPED = (3, 4, 5)


@dataclass(frozen=True)
class Known:
    """What is true: pairs of households, and persons with who they are, as texts of ids."""

    pairs: frozenset[Pair]
    persons: Sequence[tuple[str, str]]

    @classmethod
    def read(cls, path: Path) -> Known:
        """From the file of `generate_population --truth`."""
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        pairs = {pair_of(row["household"], row["original_household"]) for row in rows}
        persons = [(r["person"], r["original_person"]) for r in rows if r["person"]]
        return cls(frozenset(pairs), persons)


def measured(database: str, truth: Path, sample: int) -> list[Row]:
    """All rows; changes nothing but the access records of the searches and the count of names."""
    known, dice = Known.read(truth), random.Random(_SEED)  # noqa: S311
    with _using(database):
        from intake.models import IdentityIndex

        what = f"population of {IdentityIndex.objects.count():,}"
        asked = dice.sample(known.persons, min(ASKED, len(known.persons)))
        return [
            _counted(what),
            finding.keys(what),
            *_searched(what, asked),
            _checked(what, dice, known),
            _sampled(what, known, sample, dice),
        ]


@contextmanager
def _using(database: str) -> Iterator[None]:
    original = connection.settings_dict["NAME"]
    for name in (database, original):
        connections.close_all()
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
        if name == database:
            yield


def _counted(what: str) -> Row:
    from intake.models import KeyFrequency
    from intake.services.rebuilding import count_keys

    began = time.perf_counter()
    count_keys()
    seconds = time.perf_counter() - began
    return Row(
        f"{what}: counting how common names and keys are",
        f"{seconds:.1f} s, {KeyFrequency.objects.count():,} keys that several people have",
    )


def _searched(what: str, asked: Sequence[tuple[str, str]]) -> list[Row]:
    from django.contrib.auth import get_user_model

    from intake.models import Identity
    from intake.names import script_of
    from intake.searching import search_people

    user = get_user_model().objects.filter(role_assignments__role="registrar").first()
    opened = {
        str(i.person_id): i.open()
        for i in Identity.objects.filter(person__in=[each for pair in asked for each in pair])
    }
    rows = []
    both, found, across, times = 0, 0, [], []
    for person, original in asked:
        said, kept = opened[person], opened[original]
        if not (said.name and said.father_name and kept.father_name):
            continue
        began = time.perf_counter()
        hits = search_people(user=user, text=f"{said.name} {said.father_name}", limit=11).hits
        times.append(time.perf_counter() - began)
        shown = [str(hit.person.pk) for hit in hits if str(hit.person.pk) != person][:10]
        both, found = both + 1, found + (original in shown)
        if script_of(said.name) != script_of(kept.name):
            across.append(original in shown)
    rows.append(
        Row(
            f"{what}: search by name and father's name as the other registration has it",
            f"in the first 10: {found / max(both, 1):.3f} of {both},"
            f" across scripts {sum(across) / max(len(across), 1):.3f} of {len(across)}",
            _spread(times),
            finding.FAST,
        )
    )
    typed = []
    for person, _original in asked[: ASKED // 3]:
        for letters in _TYPED:
            began = time.perf_counter()
            search_people(user=user, text=opened[person].name[:letters])
            typed.append(time.perf_counter() - began)
    rows.append(
        Row(f"{what}: search as three to five letters are typed", _spread(typed), "", finding.FAST)
    )
    return rows


def _spread(times: list[float]) -> str:
    times = sorted(times)
    return f"p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms"


def _checked(what: str, dice: random.Random, known: Known) -> Row:
    households = [uuid.UUID(pair[0]) for pair in sorted(known.pairs)]
    return finding._checked(what, dice.sample(households, min(ASKED, len(households))))


def _sampled(what: str, known: Known, sample: int, dice: random.Random) -> Row:
    """Compare some households with everybody: what is offered of them, and what is missed."""
    from intake.duplicates.finding import compared
    from intake.models import Household

    every = list(Household.objects.filter(merged_into=None).values_list("pk", flat=True))
    ids = dice.sample(sorted(every), min(sample, len(every)))
    began = time.perf_counter()
    offered: set[Pair] = set()
    for start in range(0, len(ids), _CHUNK):
        offered |= {pair_of(*key) for key in compared(ids[start : start + _CHUNK])}
    seconds = time.perf_counter() - began
    chosen = {str(pk) for pk in ids}
    true = {pair for pair in known.pairs if chosen & set(pair)}
    return Row(
        f"{what}: Panah, {len(ids):,} households compared with everybody",
        f"offered: {quality(offered, true).words}",
        f"{len(ids) / seconds:,.0f} households/s",
        "recall 0.95, precision 0.90",
    )
