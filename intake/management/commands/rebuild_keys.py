"""Make all search keys anew now, instead of waiting for the background."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from intake.services.rebuilding import count_keys_if_due, rebuild_some


class Command(BaseCommand):
    """`manage.py rebuild_keys`."""

    help = (
        "Makes the keys by which people are found anew, with the present rules and the first secret"
        " of PANAH_LOOKUP_KEY. Registration goes on meanwhile; it can be stopped and started again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Until all are done, saying how far it is."""
        while (rebuild := rebuild_some(seconds=5)).finished_at is None:
            self.stdout.write(f"{rebuild.done} of {rebuild.total} households", ending="\n")
        count_keys_if_due()
        self.stdout.write(
            f"All keys are made with {rebuild.made_with}: {rebuild.done} households."
            " Older secrets can be taken out of PANAH_LOOKUP_KEY."
        )
