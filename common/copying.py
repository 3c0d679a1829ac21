"""Writing rows of several tables at once, several times faster than one INSERT after another.

Few rows go as one INSERT a table, all of them in one trip to the database (libpq's pipeline); many
rows go by COPY. Constraints, defaults of the database and triggers hold either way. Rows are
written as they are: model signals and `save` are not called, exactly as with `bulk_create`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection, connections, models
from django.utils.functional import Promise
from psycopg import sql
from psycopg.types.json import Json, Jsonb

# Up to so many rows in all the trips cost more than the rows.
FEW = 250


@dataclass(frozen=True)
class TableRows:
    """Rows of one table: values of the named columns, as the database takes them."""

    model: type[models.Model]
    columns: tuple[str, ...]
    values: Sequence[tuple[Any, ...]]


@lru_cache(maxsize=64)
def _fields(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    """The columns to write; keys that the database numbers are left out."""
    return tuple(
        field
        for field in model._meta.local_concrete_fields
        if not isinstance(field, models.AutoField)
    )


@lru_cache(maxsize=64)
def _copy(model: type[models.Model], columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


@lru_cache(maxsize=64)
def _insert(model: type[models.Model], columns: tuple[str, ...]) -> str:
    """One statement for any number of rows, given as one JSON text.

    The database reads each value as the type of its column: what is too long is refused.
    """
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    rows = f"json_populate_recordset(NULL::{table}, %s)"
    return f"INSERT INTO {table} ({names}) SELECT {names} FROM {rows}"  # noqa: S608


def _as_json(value: Any) -> Any:
    """What JSON does not know: bytes, times, keys, and values wrapped for the driver."""
    if isinstance(value, bytes | memoryview | bytearray):
        return f"\\x{bytes(value).hex()}"
    if isinstance(value, psycopg.Binary):
        return _as_json(value.obj)
    if isinstance(value, Json | Jsonb):
        return value.obj
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID | Decimal | Promise):
        return str(value)
    raise TypeError(f"no way to write a {type(value).__name__}")


def rows_of(rows: Sequence[models.Model]) -> TableRows:
    """Unsaved rows of one model (at least one), as values; they count as saved from here on."""
    model = type(rows[0])
    fields = _fields(model)
    # The proxy of the default connection looks up the thread at every use.
    real = connections[connection.alias]
    values = [
        tuple(field.get_db_prep_save(field.pre_save(row, True), real) for field in fields)
        for row in rows
    ]
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias
    return TableRows(model, tuple(str(field.column) for field in fields), values)


def write_together(tables: Sequence[TableRows]) -> None:
    """Insert rows of several tables in the order given, in the transaction that is open.

    django.db.IntegrityError when a constraint refuses; then nothing of it counts.
    """
    tables = [table for table in tables if table.values]
    if not tables:
        return
    if sum(len(table.values) for table in tables) <= FEW:
        _in_one_trip(tables)
        return
    for table in tables:
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.cursor.copy(_copy(table.model, table.columns)) as copy,
        ):
            for row in table.values:
                copy.write_row(row)


def _in_one_trip(tables: Sequence[TableRows]) -> None:
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    real: Any = connection.connection
    with connection.wrap_database_errors, real.pipeline():
        cursor = psycopg.Cursor(real)
        for table in tables:
            rows = [dict(zip(table.columns, row, strict=True)) for row in table.values]
            text = json.dumps(rows, default=_as_json, ensure_ascii=False)
            cursor.execute(_insert(table.model, table.columns), [text])
