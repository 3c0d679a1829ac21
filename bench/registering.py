"""Registration: over REST, in bulk, by batch, and the floor that the database sets."""

from __future__ import annotations

import cProfile
import pstats
import time
from typing import Any

import httpx
from django.db import connection, transaction

from bench.registry import Row, World, bench
from bench.server import load, percentile, serving
from bench.world import family, registrar

TABLES = (
    "intake_household",
    "intake_arrival",
    "intake_person",
    "intake_identity",
    "intake_identitykey",
    "intake_consent",
    "intake_specificneed",
    "audit_event",
)
# Steps of a registration and the functions that they spend their time in.
STEPS = {
    "checking and births": ("check_household",),
    "encryption": ("seal",),
    "keys": ("identity_keys",),
    "inserts": ("write",),
}


def inputs(start: int, count: int) -> list[Any]:
    """Families as the service takes them."""
    from intake.api.serializers import HouseholdInputSerializer, household_input

    found = []
    for seed in range(start, start + count):
        typed = HouseholdInputSerializer(data=family(seed))
        typed.is_valid(raise_exception=True)
        found.append(household_input(typed.validated_data))
    return found


@bench("register-many")
def register_many(world: World) -> list[Row]:
    """The service in bulk, as import and batch use it, with the share of each step."""
    from intake.services import register_many as service

    households = inputs(1_000_000, world.size.households)
    persons = 5 * len(households)
    actor = registrar()
    began = time.perf_counter()
    for start in range(0, len(households), 200):
        service(actor=actor, data=households[start : start + 200])
    seconds = time.perf_counter() - began
    world.known["bulk"] = persons / seconds
    profile = cProfile.Profile()
    more = inputs(1_500_000, min(200, world.size.households))
    profile.enable()
    service(actor=actor, data=more)
    profile.disable()
    floor = _floor(persons)
    world.known["floor"] = floor
    return [
        Row(
            "floor: the same rows by INSERT … SELECT of prepared rows, one transaction",
            f"{floor:,.0f} persons/s",
            "1",
        ),
        Row(
            "register in bulk (`register_many`, 200 households a call)",
            f"{persons / seconds:,.0f} persons/s",
            f"{floor / (persons / seconds):.1f} × the floor's time",
            "2,500 persons/s",
        ),
        Row("… share of each step (profiled)", _shares(profile)),
    ]


def _shares(profile: cProfile.Profile) -> str:
    stats: Any = pstats.Stats(profile)
    rows = stats.stats.items()
    total = max(row[3] for _, row in rows)

    def spent(names: tuple[str, ...]) -> float:
        return float(sum(row[3] for (_file, _line, name), row in rows if name in names))

    found = {step: spent(names) for step, names in STEPS.items()}
    parts = [f"{step} {100 * spent / total:.0f} %" for step, spent in found.items()]
    rest = 100 * (1 - sum(found.values()) / total)
    return ", ".join([*parts, f"rest {rest:.0f} %"])


def _floor(persons: int) -> float:
    """Persons a second when rows like those just written are inserted and nothing is computed."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE TEMP TABLE floor_{table} AS SELECT * FROM {table}")  # noqa: S608
        cursor.execute("SELECT count(*) FROM floor_intake_person")
        rows = cursor.fetchone()[0]
        with transaction.atomic():
            cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
            began = time.perf_counter()
            for table in TABLES:
                cursor.execute(f"INSERT INTO {table} SELECT * FROM floor_{table}")  # noqa: S608
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            seconds = time.perf_counter() - began
    return float(rows / seconds)


@bench("register-rest")
def register_rest(world: World) -> list[Row]:
    """Families of five over REST, with all checks, by clients at once."""
    calls = world.size.households

    def register(client: httpx.Client, number: int) -> httpx.Response:
        return client.post("households/", json=family(2_000_000 + number))

    with serving() as base:
        load(base, world.size.clients, 40, lambda c, n: register(c, 900_000 + n))
        seconds, times = load(base, world.size.clients, calls, register)
    rate = 5 * calls / seconds
    floor = world.known.get("floor")
    return [
        Row(
            f"register a household of five over REST, {world.size.clients} clients",
            f"{rate:,.0f} persons/s, p50 {percentile(times, 0.5):.0f} ms,"
            f" p95 {percentile(times, 0.95):.0f} ms",
            f"{floor / rate:.0f} × the floor's time" if floor else "",
            "400 persons/s, p95 under 100 ms",
        )
    ]


@bench("batch")
def batch(world: World) -> list[Row]:
    """`households/batch/` after an outage, and the same batches sent again."""
    from common.ids import new_id

    count = world.size.persons // 5
    families = [{**family(3_000_000 + number), "id": str(new_id())} for number in range(count)]
    parts = [families[start : start + 500] for start in range(0, count, 500)]

    def send(client: httpx.Client, number: int) -> httpx.Response:
        return client.post("households/batch/", json={"households": parts[number]})

    with serving() as base:
        first, _ = load(base, 1, len(parts), send)
        again, _ = load(base, 1, len(parts), send)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM intake_household WHERE id = ANY(%s)",
            [[each["id"] for each in families]],
        )
        made = cursor.fetchone()[0]
    once = "each household once" if made == count else f"{made} of {count} households"
    return [
        Row(
            f"batch: {count * 5:,} persons in calls of 500 households, 1 client",
            f"{first:.1f} s; sent again {again:.1f} s, {once}",
            f"{count * 5 / first:,.0f} persons/s",
            "10,000 persons in under 12 s, exactly once",
        )
    ]
