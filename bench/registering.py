"""Registration: in bulk, over REST, and by batch."""

from __future__ import annotations

import base64
import os
import time
from collections import Counter
from collections.abc import Callable
from statistics import median
from unittest.mock import patch

import httpx
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.floor import TABLES
from bench.registry import Row, World, bench
from bench.server import load, percentile, serving
from bench.shares import shares
from bench.world import family, inputs, registrar
from common import copying


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
    more = inputs(1_500_000, 2 * world.size.households)
    parts = [more[start : start + 200] for start in range(0, len(more), 200)]
    return [
        Row(
            "register in bulk (`register_many`, 200 households a call)",
            f"{persons / seconds:,.0f} persons/s",
            world.times_floor(persons / seconds),
            "2,500 persons/s",
        ),
        Row(
            "… share of each step",
            shares(lambda: [service(actor=actor, data=part) for part in parts]),
        ),
    ]


@bench("register-rest")
def register_rest(world: World) -> list[Row]:
    """Families of five over REST, with all checks, by clients at once."""
    from intake.services.rebuilding import count_keys_if_due

    count_keys_if_due()  # as the scheduler does every five minutes
    calls = world.size.households

    def register(client: httpx.Client, number: int) -> httpx.Response:
        return client.post("households/", json=family(2_000_000 + number))

    with serving() as base:
        load(base, world.size.clients, 40, lambda c, n: register(c, 900_000 + n))
        seconds, times = load(base, world.size.clients, calls, register)
    rate = 5 * calls / seconds
    return [
        Row(
            f"register a household of five over REST, {world.size.clients} clients",
            f"{rate:,.0f} persons/s, p50 {percentile(times, 0.5):.0f} ms,"
            f" p95 {percentile(times, 0.95):.0f} ms",
            world.times_floor(rate),
            "400 persons/s, p95 under 100 ms",
        ),
        Row("… share of each step, one client in the process of the server", shares(_alone)),
        Row("… statements a request (the median of 40)", _statements()),
    ]


def _alone() -> None:
    """Families over REST without a network, one after another."""
    register = _desk()
    for number in range(200):
        register(2_700_000 + number)


def _desk() -> Callable[[int], None]:
    """A client in this process that registers the family of a number."""
    client = Client(SERVER_NAME="127.0.0.1")
    secret = base64.b64encode(os.environ["BENCH_CLIENT"].encode()).decode()
    granted = client.post(
        "/oauth/token/",
        {"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {secret}"},
    )
    bearer = {"Authorization": f"Bearer {granted.json()['access_token']}"}

    def register(number: int) -> None:
        answer = client.post(
            "/api/v1/households/", family(number), content_type="application/json", headers=bearer
        )
        if answer.status_code != 201:
            raise RuntimeError(f"a registration was answered by {answer.status_code}")

    return register


def _statements() -> str:
    """Counted in this process, where they can be seen; BEGIN and COMMIT are left out."""
    register = _desk()
    statements, trips = [], []
    for number in range(40):
        with (
            CaptureQueriesContext(connection) as seen,
            patch.object(copying, "_in_one_trip", wraps=copying._in_one_trip) as together,
        ):
            register(2_500_000 + number)
        texts = [str(query["sql"]) for query in seen.captured_queries]
        statements.append(len([text for text in texts if text not in {"BEGIN", "COMMIT"}]))
        trips.append(together.call_count)
    return f"{median(statements):.0f}, and {median(trips):.0f} trip with all the rows"


@bench("batch")
def batch(world: World) -> list[Row]:
    """`households/batch/` after an outage, and the same batches sent again."""
    from common.ids import new_id

    count = world.size.persons // 5
    families = [{**family(3_000_000 + number), "id": str(new_id())} for number in range(count)]
    parts = [families[start : start + 500] for start in range(0, count, 500)]

    answers: Counter[int] = Counter()

    def send(client: httpx.Client, number: int) -> httpx.Response:
        answer = client.post("households/batch/", json={"households": parts[number]})
        if answer.is_success:
            answers.update(each["status"] for each in answer.json()["results"])
        return answer

    before = _rows()
    with serving() as base:
        first, _ = load(base, 1, len(parts), send)
        made, once = dict(answers), _rows()
        answers.clear()
        again, _ = load(base, 1, len(parts), send)
    return [
        Row(
            f"batch: {count * 5:,} persons in calls of 500 households, 1 client",
            f"{first:.1f} s; sent again {again:.1f} s, "
            + _exactly_once(count, made, dict(answers), before, once),
            f"{count * 5 / first:,.0f} persons/s",
            "10,000 persons in under 12 s, exactly once",
        )
    ]


def _rows() -> dict[str, int]:
    """Rows of every table that a registration writes to."""
    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
            found[table] = cursor.fetchone()[0]
        return found


def _exactly_once(
    count: int,
    first: dict[int, int],
    again: dict[int, int],
    before: dict[str, int],
    once: dict[str, int],
) -> str:
    """Whether all were made at first, all were known the second time, and nothing was added."""
    if first != {201: count} or again != {200: count}:
        return f"answers {first}, then {again}"
    twice = _rows()
    changed = {table: twice[table] - once[table] for table in TABLES if twice[table] != once[table]}
    persons = once["intake_person"] - before["intake_person"]
    if changed or persons != 5 * count:
        return f"{persons:,} persons, and sending again added {changed}"
    return "all known by then and not a row added"
