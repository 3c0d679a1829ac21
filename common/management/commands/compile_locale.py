"""Compile the translations without GNU gettext, which a bare machine lacks."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """`manage.py compile_locale`."""

    help = "Compiles locale/*/LC_MESSAGES/*.po to .mo files where they changed."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Compile each catalogue that is newer than its compiled file."""
        for root in settings.LOCALE_PATHS:
            for po in sorted(Path(root).glob("*/LC_MESSAGES/*.po")):
                mo = po.with_suffix(".mo")
                if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
                    continue
                with po.open("rb") as source:
                    catalogue = read_po(source, locale=po.parent.parent.name)
                temporary = mo.with_suffix(".mo.part")
                with temporary.open("wb") as target:
                    write_mo(target, catalogue)
                temporary.replace(mo)
                self.stdout.write(f"compiled {po.parent.parent.name}/{po.name}")
