"""Corrected rows: people whose household was registered by an earlier import."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction

from common.errors import DomainError
from intake.duplicates import surviving
from intake.imports.households import Group, member_input, person_id
from intake.imports.rows import ReadRow, RowProblem
from intake.imports.sealing import seal_remarks
from intake.models import Household, ImportBatch, ImportRow, Person
from intake.references import InvalidReferenceError, parse_reference
from intake.services.registration import add_member


def join_household(actor: Any, batch: ImportBatch, group: Group) -> list[ReadRow]:
    """Add the people of a group to the household that its reference names.

    Returns the rows that were refused. A row that already joined at an earlier attempt is left
    alone.
    """
    household = _household(actor, group.reference)
    if household is None:
        for row in group.rows:
            row.problems.append(RowProblem("household_ref", "unknown"))
        return list(group.rows)
    refused = []
    for row in group.rows:
        try:
            with transaction.atomic():
                _join(actor, batch, household, row)
        except DomainError as error:
            field = error.problems[0].field if error.problems else "household_ref"
            code = error.problems[0].code if error.problems else error.code
            row.problems.append(RowProblem(field, code))
            refused.append(row)
    return refused


def _join(actor: Any, batch: ImportBatch, household: Household, row: ReadRow) -> None:
    # The namespace is the batch's: the same row of the same file is the same person.
    namespace = uuid.UUID(bytes=bytes(batch.digest)[:16])
    member = member_input(row, namespace)
    if Person.objects.filter(pk=person_id(namespace, row)).exists():
        return
    person = add_member(actor=actor, household=household, data=member)
    seal_remarks(actor, {person.pk: row})
    mark_corrected(actor, batch, [row])


def _household(actor: Any, text: str) -> Household | None:
    try:
        reference = parse_reference(text)
    except InvalidReferenceError:
        return None
    household: Household | None = (
        Household.objects.visible_to(actor).filter(reference=reference).first()
    )
    return surviving(household) if household else None


def mark_corrected(actor: Any, batch: ImportBatch, rows: list[ReadRow]) -> None:
    """Note on refused rows of earlier imports that they came back and were accepted."""
    ids = []
    for row in rows:
        try:
            ids.append(uuid.UUID(row.row_ref))
        except ValueError:
            continue
    if ids:
        batches = ImportBatch.objects.visible_to(actor).exclude(pk=batch.pk)
        ImportRow.objects.filter(pk__in=ids, batch__in=batches).update(corrected_in=batch)
