"""Code lists: versioned CSV files in each app, loaded into tables without ever deleting."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import models, transaction


@dataclass(frozen=True)
class CodeList:
    """One CSV file and the table it fills.

    `row` turns a CSV row into the fields of the table, `code` among them. `order` lets a list
    that points to another come after it.
    """

    name: str
    model: Callable[[], type[models.Model]]
    path: Path
    row: Callable[[dict[str, str]], dict[str, Any]]
    order: int = 0


_lists: dict[str, CodeList] = {}


def register_codelist(codelist: CodeList) -> None:
    """Have `load_codelists` load it. Called from an app's `ready`."""
    _lists[codelist.name] = codelist


def registered() -> list[CodeList]:
    """All code lists, in the order in which they must be loaded."""
    return sorted(_lists.values(), key=lambda each: (each.order, each.name))


def read_rows(path: Path) -> Iterable[dict[str, str]]:
    """The rows of a CSV file, as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


@transaction.atomic
def load(codelist: CodeList) -> int:
    """Insert or update every entry of the file; how many it holds. Idempotent.

    Entries that the file no longer has stay as they are: records point to them.
    """
    model = codelist.model()
    rows = [codelist.row(row) for row in read_rows(codelist.path)]
    if rows:
        model._default_manager.bulk_create(
            [model(**row) for row in rows],
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=[name for name in rows[0] if name != "code"],
            batch_size=1000,
        )
    return len(rows)
