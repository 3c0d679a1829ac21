"""Remarks about weapons, uniforms or armed service: they go into the sealed record.

An import decides nothing about anybody. Where staff wrote down that the authority took a person
over, that is recorded, as the statement it is. Everything else is left to a protection officer.
"""

from __future__ import annotations

import uuid
from typing import Any

from intake.choices import ScreeningOutcomeKind
from intake.imports.rows import ReadRow
from intake.imports.vocabulary import belongs_sealed, states_handover
from intake.models import Person, ScreeningOutcome
from intake.services.screening import separate_person


def seal_remarks(actor: Any, rows: dict[uuid.UUID, ReadRow]) -> None:
    """Seal the remarks of newly registered persons (by id) that need it."""
    hinted = {pk: row for pk, row in rows.items() if belongs_sealed(row.remarks)}
    if hinted:
        for person in Person.objects.filter(pk__in=hinted).order_by("pk"):
            _seal(actor, person, hinted[person.pk])


def _seal(actor: Any, person: Person, row: ReadRow) -> None:
    """Seal the remark of a row; separate the person if it states a handover.

    Whoever may be under 18, or whose age nobody knows, is never separated: the service hands
    them to child protection.
    """
    assert row.arrived_at is not None  # rows without one were refused
    record = {"remarks": row.remarks, "source": "import"}
    if states_handover(row.remarks):
        separate_person(
            actor=actor,
            person=person,
            outcome=ScreeningOutcomeKind.REFERRED,
            occurred_at=row.arrived_at,
            record=record,
        )
    else:
        ScreeningOutcome.objects.create(
            person=person, sealed={**record, "to_review": True}, recorded_by=actor
        )
