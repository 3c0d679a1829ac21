"""Find what is not translated yet, without GNU gettext, which a bare machine lacks."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from common import translations


class Command(BaseCommand):
    """`manage.py extract_locale [--check]`."""

    help = "Adds the texts of the source to locale/*/LC_MESSAGES/django.po."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """--check changes nothing and fails when texts are missing or unfinished."""
        parser.add_argument("--check", action="store_true")

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        """Go through the catalogues and say how much of each is translated."""
        wanted = translations.words(Path(settings.BASE_DIR))
        incomplete = False
        for root in settings.LOCALE_PATHS:
            for po in sorted(Path(root).glob("*/LC_MESSAGES/django.po")):
                if not check:
                    translations.add_missing(po, wanted)
                catalogue = translations.read_catalogue(po)
                missing = len(translations.missing(catalogue, wanted))
                unfinished = len(translations.unfinished(catalogue))
                done = len(wanted) - missing - unfinished
                incomplete = incomplete or missing > 0 or unfinished > 0
                self.stdout.write(
                    f"{po.parent.parent.name}: {done} of {len(wanted)} translated"
                    f" ({100 * done // max(len(wanted), 1)} %)"
                )
        if check and incomplete:
            raise SystemExit(1)
