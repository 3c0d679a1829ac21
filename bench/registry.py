"""The list of measurements and what a measurement returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module


@dataclass(frozen=True)
class Row:
    """One line of docs/benchmarks.md.

    `figure` is absolute, `ratio` compares with something measured in the same run, `target` is
    design.md's number where it names one.
    """

    what: str
    figure: str
    ratio: str = ""
    target: str = ""


@dataclass(frozen=True)
class Size:
    """How much to measure with."""

    households: int = 400
    persons: int = 10_000
    clients: int = 4
    population: int = 10_000  # persons of the generated one


@dataclass
class World:
    """The scratch database that is measured in, and figures that later rows compare with."""

    size: Size
    known: dict[str, float] = field(default_factory=dict)

    def times_floor(self, rate: float) -> str:
        """How often the time of a raw COPY something takes that does `rate` persons a second."""
        return f"{self.known['copy'] / rate:.1f} × the floor's time"


Measure = Callable[[World], list[Row]]
_found: dict[str, Measure] = {}


def bench(name: str) -> Callable[[Measure], Measure]:
    """Register a measurement under a name that the command line takes."""

    def mark(measure: Measure) -> Measure:
        _found[name] = measure
        return measure

    return mark


def measurements() -> dict[str, Measure]:
    """All of them, in the order in which they are run. The floor, first, is always measured."""
    for module in MODULES:
        import_module(module)
    # A module may have been imported by itself before.
    return dict(sorted(_found.items(), key=lambda each: MODULES.index(each[1].__module__)))


MODULES = tuple(
    f"bench.{module}"
    for module in (
        "floor", "registering", "checking_in", "imports", "reporting", "searching", "webhooks",
        "allocating",
        "matching.febrl", "matching.matching",
    )
)  # fmt: skip
