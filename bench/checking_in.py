"""Checking families in over REST: many clients at one site, and the same at many sites."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any
from uuid import UUID

import httpx
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.registry import Row, World, bench
from bench.server import load, percentile, serving
from bench.world import inputs, registrar
from common.errors import DomainError

CLIENTS = 50
SITES = 40
WARM = 60
COUNTED = 40
FIRST = 9_000_000


@bench("check-in")
def check_in(world: World) -> list[Row]:
    """Families of five that are due, each checked in by one call; then the counters are proved."""
    calls = world.size.households
    one = _due(FIRST, calls, _sites("ONE", 1))
    many = _due(FIRST + calls, calls, _sites("MANY", SITES))
    warm = _due(FIRST + 2 * calls, WARM, _sites("WARM", SITES))
    alone = _due(FIRST + 3 * calls, COUNTED, _sites("ALONE", 1))

    with _officers_client(), serving() as base:
        _come(base, warm)
        found = {"one": _come(base, one), "many": _come(base, many)}
        statements = _statements(_desk(), alone)
    rates = {name: calls / seconds for name, (seconds, _times) in found.items()}
    what = f"check in a family of five over REST, {CLIENTS} clients"
    return [
        Row(f"{what}, one site", _figure(rates["one"], found["one"][1])),
        Row(
            f"… {SITES} sites",
            _figure(rates["many"], found["many"][1]),
            f"one site {rates['one'] / rates['many']:.2f} × as fast",
        ),
        Row("… counters after it", _proof()),
        Row(f"… statements a request (the median of {COUNTED})", statements),
    ]


def _figure(rate: float, times: list[float]) -> str:
    return (
        f"{rate:,.0f} check-ins/s, p50 {percentile(times, 0.5):.0f} ms,"
        f" p95 {percentile(times, 0.95):.0f} ms"
    )


def _come(base: str, due: list[UUID]) -> tuple[float, list[float]]:
    def call(client: httpx.Client, number: int) -> httpx.Response:
        return client.post(f"placements/{due[number]}/check-in/", json={})

    return load(base, CLIENTS, len(due), call)


def _sites(name: str, count: int) -> list[Any]:
    """Open sites with room for everybody."""
    from reception.models import Site

    return [
        Site.objects.create(
            code=f"{name}-{number}",
            name=f"{name} {number}",
            type="collective_centre",
            status="open",
            area_id="3590401",
            capacity=1_000_000,
        )
        for number in range(count)
    ]


def _due(seed: int, count: int, sites: list[Any]) -> list[UUID]:
    """Families with places at the sites in turn, expected there; the keys of their placements."""
    from intake.services import register_many
    from reception.services import place_household

    actor = _officer()
    placed: list[UUID] = []
    for start in range(0, count, 200):
        part = inputs(seed + start, min(200, count - start))
        for made in register_many(actor=registrar(), data=part):
            if isinstance(made, DomainError):
                raise made
            site = sites[len(placed) % len(sites)]
            placed.append(place_household(actor=actor, household=made.household, site=site).pk)
    return placed


def _officer() -> Any:
    from accounts.choices import Role
    from accounts.models import RoleAssignment, User

    officer, made = User.objects.get_or_create(username="bench-officer")
    if made:
        RoleAssignment.objects.create(user=officer, role=Role.PLACEMENT_OFFICER)
    return officer


@contextmanager
def _officers_client() -> Iterator[None]:
    """Inside, the bench's client is one that places and checks in."""
    from accounts.choices import Role, ScopeKind
    from accounts.models import User
    from accounts.services import create_api_client

    before = os.environ["BENCH_CLIENT"]
    client, secret = create_api_client(
        actor=User.objects.get(username="bench-administrator"),
        name="bench-places",
        scopes="placements:write",
        role=Role.PLACEMENT_OFFICER,
        scope_kind=ScopeKind.OPERATION,
        scope_code="",
    )
    os.environ["BENCH_CLIENT"] = f"{client.client_id}:{secret}"
    try:
        yield
    finally:
        os.environ["BENCH_CLIENT"] = before


def _desk() -> Any:
    """A client in this process that checks in a placement."""
    import base64

    client = Client(SERVER_NAME="127.0.0.1")
    secret = base64.b64encode(os.environ["BENCH_CLIENT"].encode()).decode()
    granted = client.post(
        "/oauth/token/",
        {"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {secret}"},
    )
    bearer = {"Authorization": f"Bearer {granted.json()['access_token']}"}

    def come(pk: UUID) -> None:
        answer = client.post(
            f"/api/v1/placements/{pk}/check-in/",
            {},
            content_type="application/json",
            headers=bearer,
        )
        if answer.status_code != 200:
            raise RuntimeError(f"a check-in was answered by {answer.status_code}")

    return come


def _statements(desk: Any, due: list[UUID]) -> str:
    """Counted in this process, where they can be seen; BEGIN and COMMIT are left out."""
    counts = []
    for pk in due:
        with CaptureQueriesContext(connection) as seen:
            desk(pk)
        texts = [str(query["sql"]) for query in seen.captured_queries]
        counts.append(len([text for text in texts if text not in {"BEGIN", "COMMIT"}]))
    return f"{median(counts):.0f}"


def _proof() -> str:
    """Whether counters of sites and placements are the sums of their rows."""
    from reception.selectors import counter_drifts, places_drifts, unit_drifts

    drifts = [*counter_drifts(), *unit_drifts(), *places_drifts()]
    return f"{len(drifts)} differ from the rows" if drifts else "all equal to the rows"
