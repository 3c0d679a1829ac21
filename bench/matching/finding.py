"""Finding one person among all: search by another's spelling, the check, and what keys cost."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import httpx
from django.db import connection

from bench.matching.population import Asked, Truth, names_of
from bench.registry import Row
from bench.server import load, percentile, serving
from bench.world import registrar

ASKED = 300
FIRST = 10
FAST = "at 1,000,000: p95 under 100 ms"
# The table of keyed hashes, by the names that it has had.
_TABLES = ("intake_identityindex", "intake_identitykey")


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
    found: dict[int, list[str]] = {}

    def find(client: httpx.Client, number: int) -> httpx.Response:
        # One more than is looked at: the other registration is itself among them.
        query: dict[str, str | int] = {"search": texts[number], "page_size": FIRST + 1}
        answer = client.get("persons/", params=query)
        found[number] = [row["id"] for row in answer.json()["results"]]
        return answer

    with serving() as base:
        load(base, 1, 10, find)
        _, times = load(base, 1, len(texts), find)
    ranks = [rank(each.person, each.repeat, found[n]) for n, each in enumerate(asked)]
    across = [place for place, each in zip(ranks, asked, strict=True) if each.across]
    user = registrar()
    inside = _times(lambda text: _in_process(user, text), texts)
    chance = sum(min(1.0, FIRST / max(count - 1, 1)) for count in counts) / len(counts)
    return Row(
        f"{what} as the other registration has it ({len(asked)} asked)",
        f"in the first {FIRST}: {_share(ranks):.3f}, across scripts {_share(across):.3f} of"
        f" {len(across)} (by chance among those of the same name: {chance:.3f}); mean reciprocal"
        f" rank {_reciprocal(ranks):.3f}",
        f"REST p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms;"
        f" query alone p50 {percentile(inside, 0.5):.0f} ms,"
        f" p95 {percentile(inside, 0.95):.0f} ms",
        FAST,
    )


def _share(ranks: Sequence[int]) -> float:
    return sum(0 < place <= FIRST for place in ranks) / len(ranks) if ranks else 1.0


def _reciprocal(ranks: Sequence[int]) -> float:
    return sum(1 / place for place in ranks if place) / len(ranks) if ranks else 1.0


def _in_process(user: Any, text: Any) -> object:
    from intake.models import Person
    from intake.searching import find_persons

    persons = Person.objects.known_to(user).order_by("-pk")
    return list(find_persons(persons, text)[:FIRST])


def _checked(what: str, households: Sequence[uuid.UUID]) -> Row:
    from intake.duplicates import candidates_for
    from intake.models import Household

    known = list(Household.objects.filter(pk__in=households).order_by("pk"))
    times = _times(candidates_for, known)
    return Row(
        f"{what}: duplicate check of a household ({len(known)} of them)",
        f"p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms",
        "",
        FAST,
    )


def _times(call: Callable[..., object], values: Sequence[object]) -> list[float]:
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
    from intake.models import Identity, Person
    from intake.services.rows import keys_of

    persons = list(Person.objects.order_by("pk")[:2000])
    opened = {
        identity.person_id: Identity.opened(identity.person_id, identity.sealed)
        for identity in Identity.objects.filter(person__in=persons)
    }
    began = time.perf_counter()
    for person in persons:
        keys_of(person, opened[person.pk], ())
    each = (time.perf_counter() - began) / max(len(persons), 1)
    count = max(Person.objects.count(), 1)
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        table = next(name for name in _TABLES if name in tables)
        cursor.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
        size = cursor.fetchone()[0]
        cursor.execute("SELECT pg_relation_size(%s::regclass)", [table])
        bare = cursor.fetchone()[0]
    return Row(
        f"{what}: keys of a person",
        f"{size / count:,.0f} bytes with indexes, {bare / count:,.0f} without",
        f"{each * 1e6:,.0f} µs to make",
    )
