"""Prepare the demo's database in one Django process: ``python -m config.embedded.prepare``.

Each step is repeatable and leaves existing data as they are.
"""

import os
import sys
import time
from collections.abc import Callable

import django
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import Error as DatabaseError

from config.embedded.services import say


def steps(base_url: str) -> list[tuple[str, Callable[[], object]]]:
    """The steps in order: a line of progress and what to call."""
    found: list[tuple[str, Callable[[], object]]] = [
        ("Bringing the database up to date", lambda: call_command("migrate", verbosity=0)),
        ("Loading code lists", lambda: call_command("load_codelists")),
        (
            "Loading the demo operation (the first time takes a while)",
            lambda: call_command("load_demo", base_url=base_url),
        ),
    ]
    if not getattr(settings, "WHITENOISE_USE_FINDERS", False):
        collect = lambda: call_command("collectstatic", interactive=False, verbosity=0)  # noqa: E731
        found.append(("Collecting static files", collect))
    return found


def main(base_url: str) -> int:
    """Run every step; a trouble is one sentence and status 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for title, run in steps(base_url):
        say(f"{title} …")
        began = time.monotonic()
        try:
            run()
        except (CommandError, DatabaseError, OSError) as error:
            reason = str(error).strip().split("\n", 1)[0]
            say(f"Error: {title} failed: {reason}")
            return 1
        took = time.monotonic() - began
        if took >= 1:
            say(f"  done in {took:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
