"""Finding one person among all: search by another's spelling, the check, and what keys cost."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import httpx
from django.db import connection

from bench.matching.population import Asked, Truth, names_of
from bench.registry import Row
from bench.server import load, percentile, serving
from bench.world import registrar

Value = TypeVar("Value")
ASKED = 300
FIRST = 10
FAST = "at 1,000,000: p95 under 100 ms"
TABLE = "intake_identityindex"


def measured(truth: Truth, what: str) -> list[Row]:
    """Search, check and keys over the registered population."""
    dice = random.Random(1)  # noqa: S311
    asked = dice.sample(truth.asked, min(ASKED, len(truth.asked)))
    rows = []
    if asked:
        with_father = [f"{each.name} {each.father}".strip() for each in asked]
        for words, texts, column in (
            ("name", [each.name for each in asked], 0),
            ("name and father's name", with_father, 1),
        ):
            counts = [truth.called[names_of(each.name, each.father)[column]] for each in asked]
            rows.append(_searched(f"{what}: search by {words}", asked, texts, counts))
    rows.append(_checked(what, dice.sample(truth.households, min(ASKED, len(truth.households)))))
    return [*rows, keys(what)]


def rank(person: str, repeat: str, found: Sequence[str]) -> int:
    """At which place (from 1) the person stands, the other registration left out; 0 for nowhere."""
    others = [each for each in found if each != repeat]
    return others.index(person) + 1 if person in others else 0


def _searched(what: str, asked: list[Asked], texts: list[str], counts: list[int]) -> Row:
    """`counts` says how many persons have each name: who shares it cannot be told apart."""

    def find(client: httpx.Client, number: int) -> httpx.Response:
        return client.get("persons/", params={"search": texts[number], "page_size": FIRST})

    with serving() as base:
        load(base, 1, 10, find)
        _, times = load(base, 1, len(texts), find)
    user = registrar()
    # One more than is looked at: the other registration is itself among them.
    found = [_hits(user, text, FIRST + 1) for text in texts]
    ranks = [rank(each.person, each.repeat, hits) for each, hits in zip(asked, found, strict=True)]
    across = [place for place, each in zip(ranks, asked, strict=True) if each.across]
    inside = _times(lambda text: _hits(user, text), texts)
    chance = sum(min(1.0, FIRST / max(count - 1, 1)) for count in counts) / len(counts)
    return Row(
        f"{what} as the other registration has it ({len(asked)} asked)",
        f"in the first {FIRST}: {_share(ranks):.3f}, across scripts {_share(across):.3f} of"
        f" {len(across)} (by chance among those of the same name: {chance:.3f}); mean reciprocal"
        f" rank {_reciprocal(ranks):.3f}",
        f"REST p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms;"
        f" search alone p50 {percentile(inside, 0.5):.0f} ms,"
        f" p95 {percentile(inside, 0.95):.0f} ms",
        FAST,
    )


def _share(ranks: Sequence[int]) -> float:
    return sum(0 < place <= FIRST for place in ranks) / len(ranks) if ranks else 1.0


def _reciprocal(ranks: Sequence[int]) -> float:
    return sum(1 / place for place in ranks if place) / len(ranks) if ranks else 1.0


def _hits(user: Any, text: str, limit: int = 20) -> list[str]:
    """Whom the search shows, best first."""
    from intake.searching import search_people

    return [str(hit.person.pk) for hit in search_people(user=user, text=text, limit=limit).hits]


def _checked(what: str, households: Sequence[uuid.UUID]) -> Row:
    from intake.duplicates import candidates_for
    from intake.models import Household

    known = list(Household.objects.filter(pk__in=households).order_by("pk"))
    user = registrar()
    times = _times(lambda household: candidates_for(household, user=user), known)
    return Row(
        f"{what}: duplicate check of a household ({len(known)} of them)",
        f"p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms",
        "",
        FAST,
    )


def _times(call: Callable[[Value], object], values: Sequence[Value]) -> list[float]:
    """Sorted seconds of one call for each value, after a few to warm up."""
    for value in values[:5]:
        call(value)
    times = []
    for value in values:
        began = time.perf_counter()
        call(value)
        times.append(time.perf_counter() - began)
    return sorted(times)


def keys(what: str) -> Row:
    """Time to make the keys of a person, and their size in the database with its indexes."""
    from intake.keys import household_values
    from intake.models import Household, Person
    from intake.services.indexing import index_columns, subject_of

    households = Household.objects.order_by("pk").prefetch_related("members__identity")[:1000]
    families = [
        (
            [subject_of(each, each.identity.open(), household.phones) for each in members],
            household.origin_area_id or "",
        )
        for household in households
        if (members := list(household.members.all()))
    ]
    began = time.perf_counter()
    made = [
        index_columns(values)
        for subjects, area in families
        for values in household_values(subjects, area)
    ]
    each = (time.perf_counter() - began) / max(len(made), 1)
    words = sum(len(columns[0]) for columns in made) / max(len(made), 1)
    blocks = sum(len(columns[1]) for columns in made) / max(len(made), 1)
    count = max(Person.objects.count(), 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size(%(table)s::regclass),"
            " pg_table_size(%(table)s::regclass)",
            {"table": TABLE},
        )
        size, bare = cursor.fetchone()
    return Row(
        f"{what}: keys of a person",
        f"{size / count:,.0f} bytes with indexes, {bare / count:,.0f} without;"
        f" {words:.0f} words and {blocks:.0f} blocks",
        f"{each * 1e6:,.0f} µs to make",
    )
