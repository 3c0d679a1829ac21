"""Prove that the counters of taken places are the sums of the placements."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reception.selectors import counter_drifts
from reception.services.mending import mend_counters


class Command(BaseCommand):
    """`manage.py check_counters [--mend]`: exit status 1 where they differ and were not mended."""

    help = "Compare each site's counters with its placements; --mend sets them right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The one option."""
        parser.add_argument("--mend", action="store_true", help="write what the placements say")

    def handle(self, *args: Any, mend: bool = False, **options: Any) -> None:
        """Compare, tell, and mend when asked."""
        drifts = counter_drifts()
        for drift in drifts:
            self.stdout.write(
                f"{drift.site.code}: reserved {drift.site.reserved}, placements hold "
                f"{drift.reserved}; present {drift.site.present}, placements hold {drift.present}"
            )
        if not drifts:
            self.stdout.write("The counters of all sites agree with their placements.")
        elif mend:
            self.stdout.write(f"Mended: {mend_counters()} sites.")
        else:
            raise CommandError(f"{len(drifts)} sites differ. Run it again with --mend.")
