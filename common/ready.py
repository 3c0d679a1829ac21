"""Reading a row by a statement that is kept ready.

For the few rows that every request reads: composing such a statement through the ORM takes longer
than running it. What is read is the same object that the ORM would give.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models


@lru_cache(maxsize=32)
def _plan(kinds: tuple[type[models.Model], ...], tail: str) -> tuple[str, list[list[Any]]]:
    fields: list[list[Any]] = [list(kind._meta.concrete_fields) for kind in kinds]
    quote = connection.ops.quote_name
    columns = ", ".join(
        f"m{number}.{quote(field.column)}" for number, each in enumerate(fields) for field in each
    )
    table = quote(kinds[0]._meta.db_table)
    return f"SELECT {columns} FROM {table} m0 {tail}", fields  # noqa: S608


def read_row(
    kinds: tuple[type[models.Model], ...], tail: str, params: Sequence[Any] = ()
) -> tuple[Any, ...] | None:
    """The first row as one object of each of `kinds`, or None.

    `tail` is what follows `SELECT … FROM <table of the first> m0`: joins of the others as m1, m2
    (table names from their `_meta`), the condition, the order. It holds no values: those are
    `params`.
    """
    statement, fields = _plan(kinds, tail)
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        row = cursor.fetchone()
    if row is None:
        return None
    found, start = [], 0
    for kind, each in zip(kinds, fields, strict=True):
        values = [
            field.from_db_value(value, None, connection)
            if hasattr(field, "from_db_value")
            else value
            for field, value in zip(each, row[start : start + len(each)], strict=True)
        ]
        start += len(each)
        found.append(kind.from_db(connection.alias, [field.attname for field in each], values))
    return tuple(found)
