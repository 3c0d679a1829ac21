"""The floor: what the database alone asks for the rows of a registration."""

from __future__ import annotations

import time

from django.db import connection, transaction

from bench.registry import Row, World, bench
from bench.world import inputs, registrar

# Every table that a registration writes to, in the order of their foreign keys.
TABLES = (
    "intake_household",
    "intake_arrival",
    "intake_person",
    "intake_identity",
    "intake_identityindex",
    "intake_consent",
    "intake_specificneed",
    "intake_openquestion",
    "audit_event",
)
HOUSEHOLDS = 600
TRIES = 3


@bench("floor")
def floor(world: World) -> list[Row]:
    """Write rows that a registration made once more, with nothing computed: best of three tries.

    Empties and fills the tables of the scratch database, so that it comes before all others.
    """
    from intake.services import register_many

    register_many(actor=registrar(), data=inputs(8_000_000, HOUSEHOLDS))
    world.known["copy"] = max(_by_copy() for _ in range(TRIES))
    world.known["insert"] = max(_by_insert() for _ in range(TRIES))
    world.known["plain"] = max(_by_plain_insert() for _ in range(TRIES))
    return [
        Row(
            f"floor: the rows of {5 * HOUSEHOLDS:,} persons by COPY, one transaction",
            f"{world.known['copy']:,.0f} persons/s",
            "1",
        ),
        Row(
            "… by INSERT … SELECT",
            f"{world.known['insert']:,.0f} persons/s",
            world.times_floor(world.known["insert"]),
        ),
        Row(
            "… by one plain INSERT a row, one transaction",
            f"{world.known['plain']:,.0f} persons/s",
            world.times_floor(world.known["plain"]),
        ),
    ]


def _by_copy() -> float:
    """Persons a second, the commit included."""
    with connection.cursor() as cursor:
        rows: dict[str, bytes] = {}
        for table in TABLES:
            with cursor.cursor.copy(f"COPY {table} TO STDOUT (FORMAT BINARY)") as source:
                rows[table] = b"".join(source)
        persons = _persons()
        _empty()
        began = time.perf_counter()
        with transaction.atomic():
            for table, content in rows.items():
                with cursor.cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as target:
                    target.write(content)
        return persons / (time.perf_counter() - began)


def _by_insert() -> float:
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE TEMP TABLE floor_{table} AS SELECT * FROM {table}")  # noqa: S608
        persons = _persons()
        _empty()
        began = time.perf_counter()
        with transaction.atomic():
            for table in TABLES:
                cursor.execute(f"INSERT INTO {table} SELECT * FROM floor_{table}")  # noqa: S608
        seconds = time.perf_counter() - began
        for table in TABLES:
            cursor.execute(f"DROP TABLE floor_{table}")
    return persons / seconds


def _by_plain_insert() -> float:
    """What a program would do that knows no other way: a statement for every row."""
    with connection.cursor() as cursor:
        rows = {}
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
            rows[table] = cursor.fetchall()
        persons = _persons()
        _empty()
        began = time.perf_counter()
        with transaction.atomic():
            for table, found in rows.items():
                places = ", ".join(["%s"] * len(found[0])) if found else ""
                for row in found:
                    cursor.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608
        return persons / (time.perf_counter() - began)


def _persons() -> int:
    from intake.models import Person

    return Person.objects.count()


def _empty() -> None:
    """By itself: tables emptied in the transaction that fills them may be written without WAL."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
