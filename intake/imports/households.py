"""Rows of one spreadsheet as households: who belongs together, under which ids."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field

from intake.imports.rows import ReadRow, RowProblem
from intake.imports.vocabulary import belongs_sealed
from intake.inputs import ConsentInput, DocumentInput, HouseholdInput, MemberInput
from intake.models import ImportBatch


@dataclass
class Group:
    """The accepted rows with one household number (or one reference of an earlier import)."""

    number: str
    reference: str = ""
    rows: list[ReadRow] = field(default_factory=list)


def group_rows(rows: list[ReadRow]) -> list[Group]:
    """Put accepted rows together by household, in the order of the file.

    A row whose arrival differs from the rest of its household is refused: nobody can tell which
    one is true.
    """
    groups: dict[tuple[str, str], Group] = {}
    for row in rows:
        if not row.problems:
            key = (row.household_ref, row.household_no)
            groups.setdefault(key, Group(row.household_no, row.household_ref)).rows.append(row)
    for group in groups.values():
        for name in ("arrived_at", "entry_point"):
            usual = Counter(getattr(row, name) for row in group.rows).most_common(1)[0][0]
            for row in group.rows:
                if getattr(row, name) != usual:
                    row.problems.append(RowProblem(name, "differs"))
        group.rows = [row for row in group.rows if not row.problems]
    return [group for group in groups.values() if group.rows]


def household_id(batch: ImportBatch, number: str) -> uuid.UUID:
    """The id of a household of a file, by its number there: the same at every attempt."""
    return uuid.uuid5(uuid.UUID(bytes=bytes(batch.digest)[:16]), f"household:{number}")


def person_id(household: uuid.UUID, row: ReadRow) -> uuid.UUID:
    """The id of the person in a row: the same at every attempt."""
    return uuid.uuid5(household, f"row:{row.number}")


def household_input(group: Group, batch: ImportBatch) -> HouseholdInput:
    """What the registration service takes, from the rows of one household."""
    key = household_id(batch, group.number)
    first = group.rows[0]
    assert first.arrived_at is not None  # rows without one were refused
    answers = [row.consent for row in group.rows if row.consent is not None]
    return HouseholdInput(
        id=key,
        entry_point=first.entry_point,
        arrived_at=first.arrived_at,
        origin_area=next((row.origin_area for row in group.rows if row.origin_area), ""),
        preferred_language=next((row.language for row in group.rows if row.language), ""),
        phones=list(dict.fromkeys(phone for row in group.rows for phone in row.phones)),
        # Someone who refused is not overruled by a row in which another one agreed.
        consents=[
            ConsentInput(purpose="assistance", given=all(answers), occurred_at=first.arrived_at)
        ]
        if answers
        else [],
        members=[member_input(row, key) for row in group.rows],
    )


def member_input(row: ReadRow, household: uuid.UUID) -> MemberInput:
    """One person. A remark that may belong into the sealed record is left out here."""
    return MemberInput(
        id=person_id(household, row),
        name=row.name,
        father_name=row.father_name,
        grandfather_name=row.grandfather_name,
        sex=row.sex,
        birth=row.birth,
        relationship=row.relationship,
        nationality=row.nationality,
        specific_needs=list(row.needs),
        documents=[DocumentInput(**document) for document in row.documents],
        notes="" if belongs_sealed(row.remarks) else row.remarks,
    )
