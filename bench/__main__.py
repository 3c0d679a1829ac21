"""`python -m bench [name …]`: measure, and write docs/benchmarks.md when all are measured.

Everything runs on one machine in one run, on a scratch database, with fsync as the server has it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import django

from bench.registry import Row

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def machine() -> str:
    """Cores, memory and the database of this run."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0]
        cursor.execute("SHOW fsync")
        fsync = cursor.fetchone()[0]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = ".".join(map(str, sys.version_info[:2]))
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {python},"
        f" PostgreSQL {version}, fsync {fsync}, {datetime.now(UTC):%Y-%m-%d}"
        f" (load {os.getloadavg()[0]:.1f} when it began)"
    )


def table(rows: list[object]) -> str:
    """The rows as Markdown."""
    from dataclasses import astuple

    lines = ["| what | measured | ratio | to reach |", "|---|---|---|---|"]
    lines += ["| " + " | ".join(astuple(row)) + " |" for row in rows]  # type: ignore[call-overload]
    return "\n".join(lines)


def write(text: str) -> None:
    """Replace what was measured before; what people wrote around it stays."""
    page = PAGE.read_text(encoding="utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} has no {BEGIN} … {END} to write between")
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def told(rows: list[Row]) -> None:
    """Say what was measured."""
    for row in rows:
        sys.stdout.write(f"  {row.what}: {row.figure} {row.ratio}\n")
        sys.stdout.flush()


def main() -> int:
    """The command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from bench.registry import Size, World, measurements
    from bench.world import scratch_database

    known = measurements()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        choices=[[], *known],
        help="which; all by default. Then the page stays as it is",
    )
    parser.add_argument("--households", type=int, default=400)
    parser.add_argument("--persons", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument(
        "--population", type=int, default=10_000, help="persons that `matching` is measured with"
    )
    parser.add_argument("--print", action="store_true", help="do not write docs/benchmarks.md")
    parser.add_argument(
        "--prepared", metavar="DATABASE", help="measure what generate_population made there, only"
    )
    parser.add_argument("--truth", type=Path, help="its file of what is true")
    parser.add_argument("--sample", type=int, default=2_000, help="households to compare of it")
    options = parser.parse_args()
    if options.prepared:
        from bench.matching.prepared import measured

        told(measured(options.prepared, options.truth, options.sample))
        return 0
    world = World(Size(options.households, options.persons, options.clients, options.population))
    rows: list[object] = []
    with scratch_database():
        described = machine()
        for name in dict.fromkeys(["floor", *(options.names or known)]):
            sys.stdout.write(f"{name} …\n")
            sys.stdout.flush()
            began = time.perf_counter()
            found = known[name](world)
            rows += found
            told(found)
            sys.stdout.write(f"  ({time.perf_counter() - began:.0f} s)\n")
    if not (options.print or options.names):
        write(f"Measured on {described}, by `make bench`.\n\n{table(rows)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
