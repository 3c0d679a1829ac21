"""Generate invented people, to measure search and duplicates by."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from demo.population import REPEATS, chunks, generate
from demo.population.households import UNTIL
from demo.population.workers import run
from demo.population.writing import (
    TRUTH_COLUMNS,
    Job,
    Refused,
    Truth,
    prepare,
    refuse_real_people,
    truth_of,
    write_inputs,
)

_EVERY = 2.0  # seconds between two lines of progress


class Command(BaseCommand):
    """`manage.py generate_population`."""

    help = (
        "Registers invented households, some of them twice with other spellings and dates, and"
        " writes which are truly the same. The same seed gives the same people, also with another"
        " number of workers; a run that was broken off is completed by running it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """How many, which, and where the truth goes."""
        parser.add_argument("--persons", type=int, required=True, help="repeats included")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--repeats",
            type=float,
            default=REPEATS,
            help="share of households registered again (%(default)s)",
        )
        parser.add_argument("--truth", type=Path, help="CSV of the pairs that are the same; ids")
        parser.add_argument("--workers", type=int, default=1, help="processes at once")
        parser.add_argument(
            "--until",
            type=datetime.fromisoformat,
            default=UNTIL,
            help="when the last of them arrives, in UTC (%(default)s)",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="write what would be registered as CSV to standard output, and nothing else",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Generate and register, or write only."""
        if options["persons"] < 1 or not 0 <= options["repeats"] <= 1 or options["workers"] < 1:
            raise CommandError(
                "Give at least one person and one worker, and a share from 0 to 1 for --repeats."
            )
        if options["until"].tzinfo is None:
            options["until"] = options["until"].replace(tzinfo=UTC)
        with _truth(options["truth"]) as truth:
            try:
                (self.only_write if options["dry_run"] else self.register)(truth, options)
            except Refused as refused:
                raise CommandError(str(refused)) from None

    def only_write(self, truth: Any, options: dict[str, Any]) -> None:
        """CSV on standard output; the database is not asked for anything."""
        progress = _Progress(self, options["persons"])
        made = generate(
            options["persons"], options["seed"], options["repeats"], until=options["until"]
        )
        for each in write_inputs(made, sys.stdout):
            truth(truth_of(each))
            progress.add(len(each.data.members), 1)
        progress.end()

    def register(self, truth: Any, options: dict[str, Any]) -> None:
        """Into the database, chunk by chunk."""
        refuse_real_people()
        entry_points = prepare()
        jobs = [
            Job(chunk, size, options["seed"], options["repeats"], entry_points, options["until"])
            for chunk, size in chunks(options["persons"])
        ]
        progress = _Progress(self, options["persons"])
        known = 0
        for done in run(jobs, min(options["workers"], len(jobs))):
            truth(done.truth)
            known += done.known
            progress.add(done.persons, done.households)
        progress.end()
        if known:
            self.stderr.write(f"{known:,} of the households were registered before.")


@contextmanager
def _truth(path: Path | None) -> Iterator[Any]:
    """A function that writes rows of the truth; the file has its name once it is whole."""
    if path is None:
        yield lambda rows: None
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TRUTH_COLUMNS)

        def write(rows: Iterator[Truth] | list[Truth]) -> None:
            writer.writerows(rows)

        yield write
    part.replace(path)


class _Progress:
    """Says on standard error how far it is."""

    def __init__(self, command: BaseCommand, wanted: int) -> None:
        self.command, self.wanted = command, wanted
        self.persons = self.households = 0
        self.began = self.said = time.monotonic()

    def add(self, persons: int, households: int) -> None:
        """Count, and say so every few seconds."""
        self.persons += persons
        self.households += households
        now = time.monotonic()
        if now - self.said >= _EVERY:
            self.said = now
            rate = self.persons / (now - self.began)
            left = (self.wanted - self.persons) / rate
            self.command.stderr.write(
                f"{self.persons:,} of {self.wanted:,} persons, {rate:,.0f} a second,"
                f" about {left:,.0f} s left"
            )

    def end(self) -> None:
        """The sum."""
        seconds = time.monotonic() - self.began
        self.command.stderr.write(
            f"{self.persons:,} persons in {self.households:,} households in {seconds:,.1f} s"
        )
