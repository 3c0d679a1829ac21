"""Invented populations of any size, to measure search and duplicates by (see README.md here)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from demo.population.households import UNTIL
from demo.population.plan import CHUNK, plan
from demo.population.registering import Generated, again, first_time

__all__ = ["CHUNK", "ENTRY_POINTS", "REPEATS", "Generated", "chunks", "generate", "generate_chunk"]

# Codes of crossings, the busiest first; an operation has its own.
ENTRY_POINTS = ("TEM", "ISHKOSHIM", "RUZVAI", "KHUMROGI")
REPEATS = 0.05


def chunks(persons: int) -> list[tuple[int, int]]:
    """The chunks of a population: number and persons of each."""
    whole, rest = divmod(persons, CHUNK)
    return [(chunk, CHUNK) for chunk in range(whole)] + ([(whole, rest)] if rest else [])


def generate(
    persons: int,
    seed: int,
    repeats: float = REPEATS,
    *,
    entry_points: Sequence[str] = ENTRY_POINTS,
    until: datetime = UNTIL,
) -> Iterator[Generated]:
    """Households with `persons` members in all, repeats included, in the order of registration.

    The same arguments give the same people, ids included; a larger population begins with a
    smaller one where that fills its chunks. Nothing is kept: memory does not grow. `repeats` is
    the share of households that are registered a second time; a repeat comes after its original.
    """
    for chunk, size in chunks(persons):
        yield from generate_chunk(
            chunk, size, seed, repeats, entry_points=entry_points, until=until
        )


def generate_chunk(
    chunk: int,
    persons: int,
    seed: int,
    repeats: float = REPEATS,
    *,
    entry_points: Sequence[str] = ENTRY_POINTS,
    until: datetime = UNTIL,
) -> Iterator[Generated]:
    """One chunk of the population; no household is tied to one outside of its chunk."""
    for place in plan(seed, chunk, persons, repeats):
        tell = again if place.original is not None else first_time
        yield tell(seed, place, entry_points, until)
