"""Calls made together, with real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from common.errors import DomainError


def at_once(*calls: Callable[[], Any]) -> list[str]:
    """What became of each, in their order: "done" or the code of its error; a thread for each."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> str:
        try:
            gate.wait(timeout=20)
            call()
        except DomainError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
