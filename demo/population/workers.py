"""Chunks at once in several processes; what comes back is in the order of the chunks.

Nothing of Django's models is imported here before the process has been set up.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.population.writing import Done, Job


def run(jobs: list[Job], workers: int) -> Iterator[Done]:
    """Register chunks with so many processes; with one, in this process."""
    if workers <= 1:
        yield from map(_register, jobs)
        return
    from django.db import connection

    with ProcessPoolExecutor(
        workers,
        # A forked process would share its parent's connection.
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(connection.settings_dict["NAME"],),
    ) as pool:
        try:
            yield from pool.map(_register, jobs)
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(database: str) -> None:
    """Set a new process up, on the database that its parent uses at present."""
    import gc

    import django
    from django.conf import settings

    django.setup()
    from django.db import connection

    settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = database
    # A call makes tens of thousands of rows without cycles: looking for those less often saves an
    # eighth of the time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _register(job: Job) -> Done:
    from audit.context import history_context
    from demo.population.writing import register

    with history_context("command generate_population"):
        return register(job)
