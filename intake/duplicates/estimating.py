"""Estimating the weights of features from what officers decided, or without any decision.

`m` of a level is its share among matched people of pairs decided "same"; `u` its share among random
people of different households, and among the matches of pairs decided "different". Both are drawn
towards the shipped table as if that had been seen in so many pairs (a Dirichlet prior), so that few
decisions change little. Only pairs that were offered are decided: repeats that no key brought
together, or whose score was low, are not among them, and agreement looks somewhat likelier than it
is. That bias cannot be estimated away; the prior only dampens it.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from audit.events import record_event
from common import clock
from common.errors import InvalidState
from intake.choices import NEVER_COUNTED, ExitReason, PairStatus
from intake.duplicates import weights
from intake.duplicates.finding import candidate_pairs
from intake.duplicates.levels import name_level
from intake.duplicates.mixture import Pattern, Table, counted, told_apart
from intake.duplicates.people import Member, Rates, pair_of
from intake.models import DuplicatePair, Household, MatchWeight, Person

# Of people: each compared pair is at one level of each, or says nothing.
FEATURES = ("name", "father", "grandfather", "sex", "birth", "document", "phone", "origin")
ABSENT = ("absent", "member")
FEWEST_PAIRS = 100
PRIOR_PAIRS = 50.0
RANDOM_PAIRS = 20_000
_RANDOM_PEOPLE = 4_000
_EM_HOUSEHOLDS = 2_000
_FIRST_SHARE = 0.05
# What stands in for a chance that follows from the value, where a first guess needs a number.
_BY_VALUE = 0.01
_CHUNK = 500

Row = tuple[str, str]
Counts = Mapping[Row, float]


@dataclass(frozen=True)
class Estimate:
    """A row of the table before and after, and in how many pairs of people it was seen."""

    feature: str
    level: str
    old_m: float
    m: float
    old_u: float | None
    u: float | None
    seen_m: float
    seen_u: float


@dataclass(frozen=True)
class Estimates:
    """A whole table, from so many pairs of households, and where it comes from."""

    rows: list[Estimate]
    pairs: int
    source: str


def estimate_from_decisions(*, fewest: int = FEWEST_PAIRS) -> Estimates:
    """What the decided pairs say; InvalidState with fewer than `fewest` decided "same"."""
    same = list(DuplicatePair.objects.filter(status=PairStatus.SAME))
    if len(same) < fewest:
        raise InvalidState(
            "too_few_pairs",
            _("Only %(count)d pairs are decided to be the same; %(fewest)d are needed.")
            % {"count": len(same), "fewest": fewest},
        )
    different = list(DuplicatePair.objects.filter(status=PairStatus.DIFFERENT))
    m = _levels(_matched(same))
    for pair in same:
        for reason in pair.reasons:
            if reason.get("code") == "members":
                m[ABSENT] += max(int(reason.get("of", 0)) - int(reason.get("count", 0)), 0)
                m[ABSENT[0], ""] += int(reason.get("of", 0))
    u = _levels([*_random_pairs(), *_matched(different)])
    total = len(same) + len(different)
    source = f"estimated from {total} decided pairs on {clock.now():%Y-%m-%d}"
    return Estimates(_smoothed(m, u), total, source)


def estimate_by_mixture() -> Estimates:
    """What the candidates of a sample say, taken for two kinds of pairs (see `mixture`).

    For an operation that has decided too little. Weaker: it takes for repeats what the first table
    takes for repeats, and features that agree together in families count twice.
    """
    pairs = candidate_pairs(_some_households())
    patterns = _patterns(pairs)
    table = weights.first_weights()
    m, u = _guess(table, 0), _guess(table, 1)
    found = told_apart(counted(patterns), m, u, _FIRST_SHARE)
    total = len(pairs)
    source = f"estimated by EM from {total} candidate pairs on {clock.now():%Y-%m-%d}"
    rows = _smoothed(_by_row(found.counts_m), _by_row(found.counts_u))
    return Estimates(rows, total, source)


@transaction.atomic
def apply_estimates(estimates: Estimates) -> None:
    """Let the estimates take the place of the shipped numbers; recorded as an event."""
    now = clock.now()
    MatchWeight.objects.bulk_create(
        [
            MatchWeight(
                feature=each.feature,
                level=each.level,
                m=each.m,
                u=each.u,
                source=estimates.source,
                estimated_at=now,
            )
            for each in estimates.rows
        ],
        update_conflicts=True,
        unique_fields=["feature", "level"],
        update_fields=["m", "u", "source", "estimated_at"],
    )
    _changed(pairs=estimates.pairs, source=estimates.source)


@transaction.atomic
def forget_estimates() -> int:
    """Return to the shipped table; how many rows were estimated. Recorded as an event."""
    count, _each = MatchWeight.objects.all().delete()
    _changed(pairs=0, source="shipped")
    return count


def _changed(**data: int | str) -> None:
    record_event("match_weights.changed", Operation.current(), actor=None, **data)
    transaction.on_commit(weights.forget)


# Counting ----------------------------------------------------------------------------------
def levels_of(a: Member, b: Member, rates: Rates) -> Pattern:
    """The level of each of FEATURES, as the scores see it; empty where a side says nothing."""
    pair = pair_of(a, b, rates)
    return (
        pair.name,
        name_level(a.father, b.father),
        name_level(a.grandfather, b.grandfather),
        pair.sex,
        pair.birth,
        _numbers(a.documents, b.documents),
        _numbers(a.phones, b.phones),
        ("same" if a.area == b.area else "different") if a.area and b.area else "",
    )


def _numbers(a: frozenset[int], b: frozenset[int]) -> str:
    if not a or not b:
        return ""
    return "same" if a & b else "different"


def _levels(pairs: Iterable[tuple[Member, Member]]) -> Counter[Row]:
    """How many pairs are at each level; under the level "" how many say anything."""
    rates, found = Rates.present(), Counter[Row]()
    for first, second in pairs:
        for feature, level in zip(FEATURES, levels_of(first, second, rates), strict=True):
            if level:
                found[feature, level] += 1
                found[feature, ""] += 1
    return found


def _matched(pairs: Sequence[DuplicatePair]) -> Iterable[tuple[Member, Member]]:
    """Who was taken for whom in decided pairs; opened chunk by chunk, also merged people."""
    for start in range(0, len(pairs), _CHUNK):
        ids = [
            (uuid.UUID(a), uuid.UUID(b))
            for pair in pairs[start : start + _CHUNK]
            for a, b in pair.matches
        ]
        people = _people({key for each in ids for key in each})
        yield from ((people[a], people[b]) for a, b in ids if a in people and b in people)


def _people(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Member]:
    rows = Person.objects.filter(pk__in=set(ids)).select_related("identity", "household", "index")
    found = {}
    for person in rows:
        data, index = person.identity.open(), getattr(person, "index", None)
        found[person.pk] = Member(
            id=person.pk,
            name=data.name,
            father=data.father_name,
            grandfather=data.grandfather_name,
            known_as=tuple(data.also_known_as),
            sex=person.sex,
            earliest=person.birth_earliest,
            latest=person.birth_latest,
            seen=person.arrived_at.date(),
            documents=frozenset(index.documents if index else ()),
            phones=frozenset(index.phones if index else ()),
            area=person.household.origin_area_id or "",
        )
    return found


def _random_pairs() -> list[tuple[Member, Member]]:
    """People of different households, at random; nobody whom the search leaves out."""
    out = [*NEVER_COUNTED, ExitReason.SEPARATED]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, household_id FROM intake_person WHERE exit_reason <> ALL(%s)"
            " ORDER BY hashtext(id::text) LIMIT %s",
            [out, _RANDOM_PEOPLE],
        )
        home = dict(cursor.fetchall())
    people = [each for each in _people(home).values() if each.name]
    if len(people) < 2:
        return []
    draw = random.Random(len(people))  # noqa: S311 - a sample, the same for the same people
    drawn = (draw.sample(people, 2) for _each in range(2 * RANDOM_PAIRS))
    apart = ((a, b) for a, b in drawn if home[a.id] != home[b.id])
    return list(islice(apart, RANDOM_PAIRS))


def _some_households() -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM intake_household WHERE merged_into_id IS NULL"
            " ORDER BY hashtext(id::text) LIMIT %s",
            [_EM_HOUSEHOLDS],
        )
        return [row[0] for row in cursor.fetchall()]


def _patterns(pairs: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> list[Pattern]:
    """How every two named people of two candidate households agree."""
    rates, found = Rates.present(), []
    pairs = sorted(pairs)
    for start in range(0, len(pairs), _CHUNK):
        chunk = pairs[start : start + _CHUNK]
        members: dict[uuid.UUID, list[Member]] = defaultdict(list)
        homes = Household.objects.filter(pk__in={key for pair in chunk for key in pair})
        ids = dict(
            Person.objects.filter(household__in=homes)
            .exclude(exit_reason__in=[*NEVER_COUNTED, ExitReason.SEPARATED])
            .values_list("pk", "household_id")
        )
        for pk, member in _people(ids).items():
            if member.name:
                members[ids[pk]].append(member)
        found += [
            levels_of(first, second, rates)
            for one, other in chunk
            for first in members[one]
            for second in members[other]
        ]
    return found


# From counts to a table --------------------------------------------------------------------
def _guess(table: Mapping[Row, tuple[float, float | None]], column: int) -> Table:
    """A first m (0) or u (1) that adds up to one in each feature, with every level in it."""
    found: Table = []
    for feature in FEATURES:
        levels = {
            level: values[column] or _BY_VALUE
            for (name, level), values in table.items()
            if name == feature
        }
        if "different" not in levels and "apart" not in levels:
            levels["different"] = max(1 - sum(levels.values()), _BY_VALUE)
        total = sum(levels.values())
        found.append({level: value / total for level, value in levels.items()})
    return found


def _by_row(counts: Table) -> dict[Row, float]:
    found: dict[Row, float] = {}
    for feature, levels in zip(FEATURES, counts, strict=True):
        found |= {(feature, level): count for level, count in levels.items()}
        found[feature, ""] = sum(levels.values())
    return found


def _smoothed(m: Counts, u: Counts) -> list[Estimate]:
    table = weights.first_weights()
    prior_m, prior_u = _priors(table, 0), _priors(table, 1)
    rows = []
    for (feature, level), (old_m, old_u) in table.items():
        row, every = (feature, level), (feature, "")
        new_m = smoothed(m.get(row, 0), m.get(every, 0), old_m, prior_m[feature])
        new_u = None  # where a chance follows from the value it stays so
        if old_u is not None:
            new_u = smoothed(u.get(row, 0), u.get(every, 0), old_u, prior_u[feature])
        rows.append(
            Estimate(feature, level, old_m, new_m, old_u, new_u, m.get(row, 0), u.get(row, 0))
        )
    return rows


def _priors(table: Mapping[Row, tuple[float, float | None]], column: int) -> dict[str, float]:
    """How many pairs the shipped numbers of a feature count like: as many at least as would show
    its rarest level once. That nobody of some thousands shares a document says nothing of one in
    ten million."""
    found: dict[str, float] = defaultdict(lambda: PRIOR_PAIRS)
    for (feature, _level), values in table.items():
        if shipped := values[column]:
            found[feature] = max(found[feature], 1 / shipped)
    return found


def smoothed(seen: float, of: float, shipped: float, prior: float = PRIOR_PAIRS) -> float:
    """The share `seen` of `of`, drawn towards the shipped one as if of `prior` pairs."""
    return (seen + prior * shipped) / (of + prior)
