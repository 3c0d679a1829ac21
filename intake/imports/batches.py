"""Importing one spreadsheet: every row is either a registered person or a refused row."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, can
from audit.events import record_event
from common import clock
from common.errors import DomainError, NotPermitted
from intake.choices import ImportStatus
from intake.duplicates import find_duplicates
from intake.imports.corrections import join_household, mark_corrected
from intake.imports.households import Group, group_rows, household_id, household_input, person_id
from intake.imports.lists import load_lists
from intake.imports.reading import Sheet, read_sheet
from intake.imports.rows import ReadRow, RowProblem, match_columns, read_row
from intake.imports.sealing import seal_remarks
from intake.models import Household, ImportBatch, ImportRow, Person
from intake.services.rebuilding import count_keys_if_due
from intake.services.registration import register_many

HOUSEHOLDS_AT_ONCE = 50
T = TypeVar("T")


def import_spreadsheet(*, actor: Any, filename: str, content: bytes) -> ImportBatch:
    """Register the households of a spreadsheet (CSV or XLSX; columns as in `words.csv`).

    Each row that cannot be accepted is refused by itself and kept sealed with what is wrong; the
    others of its household are registered. The same file sent again is the same batch and changes
    nothing; after a crash it continues where it stopped, without doubles, because the ids follow
    from the file. Households are written in chunks, each household in one transaction.

    Raises NotPermitted, or InvalidInput when the file itself cannot be read; then nothing is
    saved.
    """
    if not can(actor, Permission.HOUSEHOLDS_IMPORT):
        raise NotPermitted("not_permitted", _("You may not import households."))
    digest = hashlib.sha256(content).digest()
    done = ImportBatch.objects.filter(digest=digest, status=ImportStatus.DONE).first()
    if done is not None:
        return done
    sheet = read_sheet(content)
    columns = match_columns(sheet.header)
    batch, _created = ImportBatch.objects.get_or_create(
        digest=digest,
        defaults={
            "filename": filename.replace("\\", "/").rsplit("/", 1)[-1][:200],
            "rows": len(sheet.rows),
            "imported_by": actor,
        },
    )
    _run(actor, batch, sheet, columns)
    return batch


def _run(actor: Any, batch: ImportBatch, sheet: Sheet, columns: dict[str, int]) -> None:
    lists = load_lists(actor)
    rows = [read_row(line.number, _values(line.cells, columns), lists) for line in sheet.rows]
    groups = group_rows(rows)
    _keep_refused(batch, sheet, (row for row in rows if row.problems))
    for chunk in _chunks(groups, HOUSEHOLDS_AT_ONCE):
        refused = _register(actor, batch, chunk)
        _keep_refused(batch, sheet, refused)
        _count(batch)
    _finish(actor, batch)


def _values(cells: tuple[str, ...], columns: dict[str, int]) -> dict[str, str]:
    return {name: cells[place] for name, place in columns.items() if place < len(cells)}


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _register(actor: Any, batch: ImportBatch, groups: Sequence[Group]) -> list[ReadRow]:
    """Register a chunk of households; the rows that the registration refused.

    A household of which the service refuses some members is tried again without them.
    """
    refused: list[ReadRow] = []
    joining = [group for group in groups if group.reference]
    waiting = _not_yet(batch, [group for group in groups if not group.reference])
    for group in joining:
        refused += join_household(actor, batch, group)
    while waiting:
        again: list[Group] = []
        with transaction.atomic():
            inputs = [household_input(group, batch) for group in waiting]
            results = register_many(actor=actor, data=inputs, import_batch=batch)
            for group, result in zip(waiting, results, strict=True):
                if isinstance(result, DomainError):
                    bad = _blame(group, result)
                    refused += bad
                    group.rows = [row for row in group.rows if row not in bad]
                    if group.rows:
                        again.append(group)
                else:
                    _complete(actor, batch, group, result)
        waiting = again
    return refused


def _not_yet(batch: ImportBatch, groups: list[Group]) -> list[Group]:
    """Without those that an earlier attempt registered: each is wholly there, or not at all.

    Rows that the registration refused then are among the refused rows.
    """
    ids = [household_id(batch, group.number) for group in groups]
    done = set(Household.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return [group for group, key in zip(groups, ids, strict=True) if key not in done]


def _complete(actor: Any, batch: ImportBatch, group: Group, registration: Any) -> None:
    """What follows from the rows of a household that is registered, in its transaction."""
    mark_corrected(actor, batch, group.rows)
    household = registration.household.pk
    seal_remarks(actor, {person_id(household, row): row for row in group.rows})


def _blame(group: Group, error: DomainError) -> list[ReadRow]:
    """The rows that a problem of the registration is about; all when it names none."""
    bad: list[ReadRow] = []
    for problem in error.problems:
        parts = problem.field.split(".")
        if parts[0] == "members" and len(parts) > 1 and parts[1].isdecimal():
            row = group.rows[int(parts[1])]
            row.problems.append(RowProblem(_column(parts[2:]), problem.code))
            bad.append(row)
    if not bad:
        name = _column(error.problems[0].field.split(".")) if error.problems else "household_no"
        for row in group.rows:
            row.problems.append(RowProblem(name, error.code))
        bad = list(group.rows)
    return list({row.number: row for row in bad}.values())


# Where the registration names a part of its input, the column that it came from.
_COLUMNS = {
    "documents": "document_no",
    "preferred_language": "language",
    "origin_area": "origin_district",
    "consents": "consent",
    "phones": "phone",
}


def _column(parts: Sequence[str]) -> str:
    path = [part for part in parts if part != "arrival"]
    name = path[0] if path else "name"
    return _COLUMNS.get(name, name)


def _keep_refused(batch: ImportBatch, sheet: Sheet, rows: Iterable[ReadRow]) -> None:
    typed = {line.number: line.cells for line in sheet.rows}
    ImportRow.objects.bulk_create(
        [
            ImportRow(
                batch=batch,
                number=row.number,
                values={
                    "header": list(sheet.header),
                    "cells": list(typed[row.number]),
                    "household_no": row.household_no,
                    "household_ref": row.household_ref,
                },
                problems=[{"field": each.field, "code": each.code} for each in row.problems],
            )
            for row in rows
        ],
        ignore_conflicts=True,
        batch_size=500,
    )


def _count(batch: ImportBatch) -> None:
    """Write how far it is, from what is really there."""
    households = Household.objects.filter(import_batch=batch)
    batch.households_count = households.count()
    batch.refused = batch.refused_rows.count()
    batch.persons = Person.objects.filter(household__in=households.values("pk")).count()
    batch.save(update_fields=["households_count", "persons", "refused"])


def _finish(actor: Any, batch: ImportBatch) -> None:
    _count(batch)
    # Every row is a person by now, in a household of this file or in the one it joined, or refused.
    batch.persons = batch.rows - batch.refused
    # Many new people change what is common: without that the search follows names like Mohammad.
    count_keys_if_due()
    pairs = find_duplicates(batch.households.values_list("pk", flat=True))
    with transaction.atomic():
        locked = ImportBatch.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if locked.status == ImportStatus.DONE:
            return
        batch.status = ImportStatus.DONE
        batch.save(update_fields=["status", "persons"])
        counts = {"rows": batch.rows, "persons": batch.persons, "refused": batch.refused}
        now = clock.now()
        record_event("import.done", batch, actor=actor, occurred_at=now, **counts)
        if pairs:
            record_event("duplicates.found", batch, actor=actor, occurred_at=now, pairs=len(pairs))
