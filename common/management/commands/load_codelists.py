"""Load every registered code list; safe to run at every start."""

from typing import Any

from django.core.management.base import BaseCommand

from common import codelists


class Command(BaseCommand):
    """`manage.py load_codelists`."""

    help = "Loads the code lists (areas, needs, languages, sectors, norms). Idempotent."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load them in order and say how many entries each has."""
        for codelist in codelists.registered():
            self.stdout.write(f"{codelist.name}: {codelists.load(codelist)}")
