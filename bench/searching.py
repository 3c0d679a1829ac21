"""Searching persons by name, and a page of a list."""

from __future__ import annotations

import random

import httpx

from bench.registry import Row, World, bench
from bench.reporting import populate
from bench.server import load, percentile, serving
from bench.world import NAMES


@bench("search")
def search(world: World) -> list[Row]:
    """Two parts of a name in any script, over REST; and the first page of households."""
    persons = populate(world.size.persons)
    dice = random.Random(1)  # noqa: S311
    texts = [f"{dice.choice(NAMES)} {dice.choice(NAMES)}" for _ in range(200)]

    def find(client: httpx.Client, number: int) -> httpx.Response:
        return client.get("persons/", params={"search": texts[number], "page_size": 20})

    def page(client: httpx.Client, number: int) -> httpx.Response:
        return client.get("households/", params={"page_size": 50})

    with serving() as base:
        load(base, 1, 10, find)
        _, found = load(base, 1, len(texts), find)
        _, pages = load(base, 1, 100, page)
    return [
        Row(
            f"search by name over REST at {persons:,} persons, 1 client",
            f"p50 {percentile(found, 0.5):.0f} ms, p95 {percentile(found, 0.95):.0f} ms",
            "",
            "at 1,000,000: p95 under 100 ms",
        ),
        Row(
            f"first page of households at {persons:,} persons, 1 client",
            f"p50 {percentile(pages, 0.5):.0f} ms, p95 {percentile(pages, 0.95):.0f} ms",
            "",
            "at 1,000,000: p95 under 60 ms",
        ),
    ]
