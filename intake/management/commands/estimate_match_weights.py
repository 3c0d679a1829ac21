"""Estimate what agreements of two records are worth, from decided pairs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.errors import DomainError
from intake.duplicates.estimating import (
    FEWEST_PAIRS,
    PRIOR_PAIRS,
    Estimates,
    apply_estimates,
    estimate_by_mixture,
    estimate_from_decisions,
    forget_estimates,
)


class Command(BaseCommand):
    """`manage.py estimate_match_weights`."""

    help = (
        "Estimates the weights by which possible duplicates are scored from the pairs that were"
        " decided, and shows them beside the shipped table. Changes nothing without --apply."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """What to estimate from, and whether to use it."""
        parser.add_argument("--apply", action="store_true", help="use the estimates from now on")
        parser.add_argument(
            "--min-pairs",
            type=int,
            default=FEWEST_PAIRS,
            help="refuse with fewer pairs decided to be the same (%(default)s)",
        )
        parser.add_argument(
            "--em", action="store_true", help="without decisions, from candidate pairs"
        )
        parser.add_argument("--forget", action="store_true", help="return to the shipped table")

    def handle(self, *args: Any, **options: Any) -> None:
        """Numbers only: nothing of anybody is printed."""
        if options["forget"]:
            count = forget_estimates()
            self.stdout.write(f"{count} estimated weights are forgotten; the shipped table holds.")
            return
        try:
            if options["em"]:
                found = estimate_by_mixture()
            else:
                found = estimate_from_decisions(fewest=options["min_pairs"])
        except DomainError as error:
            raise CommandError(str(error.message)) from error
        self._print(found, by_decision=not options["em"])
        if options["apply"]:
            apply_estimates(found)
            self.stdout.write("These weights are used from now on; --forget takes them back.")
        else:
            self.stdout.write("Nothing is changed. --apply uses these weights.")

    def _print(self, found: Estimates, *, by_decision: bool) -> None:
        self.stdout.write(found.source)
        self.stdout.write(
            f"{'feature':12} {'level':10} {'m was':>8} {'m':>8} {'of':>7}"
            f" {'u was':>10} {'u':>10} {'of':>7}"
        )
        for each in found.rows:
            self.stdout.write(
                f"{each.feature:12} {each.level:10} {each.old_m:8.3f} {each.m:8.3f}"
                f" {each.seen_m:7.0f} {_chance(each.old_u):>10} {_chance(each.u):>10}"
                f" {each.seen_u:7.0f}"
            )
        if by_decision:
            self.stdout.write(
                "Only pairs that were offered are decided: repeats that no key brought together, or"
                " that scored low, are not among them, so agreement looks likelier than it is."
                f" Against that the shipped table counts like {PRIOR_PAIRS:.0f} pairs."
            )


def _chance(u: float | None) -> str:
    return "by value" if u is None else f"{u:.3g}"
