"""Prove that the counters of taken places are the sums of the rows."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reception.selectors import counter_drifts, places_drifts, unit_drifts
from reception.services.mending import mend_counters
from reception.services.site_upkeep import blocked_drifts, mend_blocked


class Command(BaseCommand):
    """`manage.py check_counters [--mend]`: exit status 1 where they differ and were not mended."""

    help = "Compare the counters of sites, units and placements with who stays; --mend sets right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one option."""
        parser.add_argument("--mend", action="store_true", help="write what the rows say")

    def handle(self, *args: Any, mend: bool = False, **options: Any) -> None:
        """Compare, tell, and mend when asked."""
        told = [
            f"{drift.site.code}: reserved {drift.site.reserved}, the rows hold {drift.reserved}; "
            f"present {drift.site.present}, the rows hold {drift.present}"
            for drift in counter_drifts()
        ]
        told += [
            f"{drift.unit.site.code}/{drift.unit.code}: taken {drift.unit.taken}, the rows hold "
            f"{drift.taken}"
            for drift in unit_drifts()
        ]
        told += [
            f"placement {drift.placement.pk}: {drift.placement.places} places, the rows hold "
            f"{drift.places}"
            for drift in places_drifts()
        ]
        told += [
            f"{drift.site.code}: blocked {drift.site.blocked}, the blocks hold {drift.blocked}, "
            f"in units {sum(drift.units.values())}"
            for drift in blocked_drifts()
        ]
        for line in told:
            self.stdout.write(line)
        if not told:
            self.stdout.write("The counters of all sites agree with who stays there.")
        elif mend:
            self.stdout.write(f"Mended: {mend_counters() + mend_blocked()}.")
        else:
            raise CommandError(f"{len(told)} counters differ. Run it again with --mend.")
