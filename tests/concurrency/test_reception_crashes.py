"""Processes and connections that die between two statements: all of a step is there, or nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import Error, connection

from accounts.choices import Role
from reception.models import Placement, Site, Stay, Unit
from tests.concurrency import placing_worker
from tests.concurrency.storm import all_is_well
from tests.factories.accounts import make_operation, make_user
from tests.factories.reception import make_household_of, make_placement, make_site, make_unit

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
MOST_STATEMENTS = 60
STEPS = sorted(placing_worker.STEPS)


@pytest.fixture
def told() -> dict[str, Any]:
    """Two sites, a room, a family that has come, and one without a place."""
    make_operation()
    actor = make_user(Role.PROTECTION_OFFICER)
    home, other = make_site("HOME", places=9), make_site("OTHER", places=9)
    room = make_unit(other, capacity=5)
    return {"actor": actor, "home": home, "site": other, "unit": room}


def beginning(told: dict[str, Any], step: str) -> dict[str, Any]:
    """What a step begins from, as it is told to the worker."""
    actor = told["actor"]
    message: dict[str, Any] = {
        "actor": str(actor.pk),
        "step": step,
        "site": told["site"].code,
        "unit": str(told["unit"].pk),
    }
    if step == "place":
        message["household"] = str(make_household_of(3, by=actor).pk)
    else:
        status = "reserved" if step == "check_in" else "checked_in"
        placed = make_placement(told["home"], status=status, size=3, by=actor)
        message["placement"] = str(placed.pk)
    return message


def as_it_is() -> list[Any]:
    """All rows that a step writes."""
    return [
        sorted(Placement.objects.values_list("pk", "status", "places", "site_id")),
        sorted(Stay.objects.values_list("pk", "state", "placement_id", "until"), key=str),
        sorted(Site.objects.values_list("pk", "reserved", "present", "overflow")),
        sorted(Unit.objects.values_list("pk", "taken")),
    ]


@pytest.fixture
def worker() -> Iterator[Callable[[dict[str, Any]], str]]:
    """The real process over this test's database."""
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    name = connection.settings_dict["NAME"]
    database = head.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.placing_worker"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def send(message: dict[str, Any]) -> str:
        process.stdin.write(json.dumps(message) + "\n")  # type: ignore[union-attr]
        process.stdin.flush()  # type: ignore[union-attr]
        return process.stdout.readline().strip()  # type: ignore[union-attr]

    yield send
    process.stdin.close()
    process.stdout.close()
    process.wait(timeout=20)


def test_a_process_killed_between_any_two_statements_leaves_all_or_nothing(
    told: dict[str, Any], worker: Callable[[dict[str, Any]], str]
) -> None:
    deaths = 0
    for step in STEPS:
        message = beginning(told, step)
        before = as_it_is()
        for statement in range(1, MOST_STATEMENTS):
            said = worker({**message, "statement": statement})
            if said == "done":
                break
            assert said == "killed"
            deaths += 1
            assert as_it_is() == before, f"{step} was killed before statement {statement}"
        else:
            pytest.fail(f"{step} never came to its end")
        # The same step, sent again after every death, is done: nothing was left locked or taken.
        assert as_it_is() != before
        all_is_well()
    assert deaths > 40


def test_a_connection_that_the_database_ends_leaves_all_or_nothing(told: dict[str, Any]) -> None:
    name = connection.settings_dict["NAME"]
    known = connection.get_connection_params()
    wanted = {k: v for k, v in known.items() if k in {"host", "port", "user", "password"}}

    def end_before(link: Any, statement: int) -> Callable[..., Any]:
        left = statement

        def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                pid = connection.connection.info.backend_pid
                link.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            return execute(sql, params, many, context)

        return wrapper

    with psycopg.connect(**wanted, dbname=name, autocommit=True) as link:
        for step in ("place", "split"):
            message = beginning(told, step)
            before, ends = as_it_is(), 0
            for statement in range(1, MOST_STATEMENTS):
                actor = told["actor"]
                try:
                    with connection.execute_wrapper(end_before(link, statement)):
                        placing_worker.STEPS[step](actor, message)
                    break
                except Error:
                    connection.close()
                    ends += 1
                assert as_it_is() == before
            assert ends > 8
            assert as_it_is() != before
            all_is_well()
