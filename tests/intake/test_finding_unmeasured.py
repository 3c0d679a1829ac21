"""The search reads few rows, also where the database knows nothing of its tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from intake.duplicates import find_duplicates
from intake.duplicates.finding import _people_by_block, members_of
from intake.models import Person
from tests.factories.duplicates import family

pytestmark = pytest.mark.django_db

_TABLES = ["intake_person", "intake_identity", "intake_identityindex", "intake_household"]


@pytest.fixture
def unmeasured(alice: User) -> list[Any]:
    """Thirty households in tables that the planner takes for empty, whatever their size.

    So they are when rows are written for the first time, or were written and rolled back, while
    the server counted them. Reading a whole table in its own order is forbidden here: of tables
    of a few pages it is right to, and these stand for larger ones.
    """
    homes = [family(alice) for _ in range(30)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET relpages = 40, reltuples = 0"
            " WHERE relname = ANY(%s) AND relkind = 'r'",
            [_TABLES],
        )
        cursor.execute("SET LOCAL enable_seqscan = off")
    return [home.pk for home in homes]


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def rows_read(statement: str) -> float:
    """Rows taken from tables, each as often as it was taken."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF) {statement}")
        plan = cursor.fetchone()[0][0]["Plan"]
    return sum(
        node["Actual Loops"] * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
        for node in nodes(plan)
        if node.get("Relation Name") in _TABLES
    )


@pytest.mark.parametrize(("read", "tables"), [(_people_by_block, 2), (members_of, 3)])
def test_each_row_is_read_once(unmeasured: list[Any], read: Any, tables: int) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert set(read(unmeasured)) == set(unmeasured)
    (statement,) = (each["sql"] for each in captured)
    people = Person.objects.count()
    assert people == 3 * len(unmeasured)
    assert rows_read(statement) == len(unmeasured) + tables * people


def test_no_statement_of_a_search_reads_a_table_again_and_again(unmeasured: list[Any]) -> None:
    with CaptureQueriesContext(connection) as captured:
        find_duplicates(unmeasured)
    read = [
        rows_read(each["sql"])
        for each in captured
        if each["sql"].lstrip().startswith(("SELECT", "WITH"))
        and any(table in each["sql"] for table in _TABLES)
    ]
    # Everybody shares a key with everybody here: that is read once for each household.
    assert max(read) < 1.2 * len(unmeasured) * Person.objects.count()
