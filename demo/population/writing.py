"""Into the database, through the service that staff register with; and out to CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any, TextIO

from django.conf import settings
from django.db import reset_queries, transaction

from accounts.choices import Role, UserKind
from accounts.models import Operation, RoleAssignment, User
from common.errors import Conflict, DomainError, InvalidInput
from demo.population import ENTRY_POINTS, Generated, generate_chunk
from intake.models import EntryPoint, Household, ImportBatch, RegistrationDraft
from intake.services import register_many

# Who registers generated people, and nobody else: the mark by which they are known.
REGISTRAR = "generated-population"
# Households a call: more gain nothing, and one transaction stays small.
CALL = 250
_AREA = "3590401"  # Khorugh

Truth = tuple[str, str, str, str, str, str]
TRUTH_COLUMNS = (
    "household",
    "original_household",
    "person",
    "original_person",
    "household_kinds",
    "person_kinds",
)
INPUT_COLUMNS = (
    "household", "person", "repeats", "entry_point", "arrived_at", "origin_area", "phones", "name",
    "father_name", "grandfather_name", "sex", "birth", "relationship", "documents",
)  # fmt: skip


class Refused(Exception):
    """Generated people do not belong where they should go; the message says why."""


@dataclass(frozen=True)
class Job:
    """One chunk to register, as plain values that go to another process."""

    chunk: int
    persons: int
    seed: int
    repeats: float
    entry_points: tuple[str, ...]
    until: datetime


@dataclass(frozen=True)
class Done:
    """What became of a chunk: counts, how many households were there already, and the truth."""

    persons: int
    households: int
    known: int
    truth: list[Truth]


def refuse_real_people() -> None:
    """Raise Refused unless there is nobody here, or generated people only.

    In production an exercise only (ADR 7): its clock is moved, and every page says so.
    """
    if settings.PRODUCTION and not settings.CLOCK_SHIFT_DAYS:
        raise Refused(
            "This is a production system. Generated people go into an exercise only: set"
            " PANAH_CLOCK_SHIFT_DAYS there, as docs/adr/0007 says."
        )
    others = Household.objects.exclude(registered_by__username=REGISTRAR).count()
    if others:
        raise Refused(
            f"This operation holds {others} households that were not generated, and generated"
            " people are never mixed with others. Use a database of its own."
        )
    if RegistrationDraft.objects.exists() or ImportBatch.objects.exists():
        raise Refused(
            "Somebody has begun to register people here (unfinished registrations or imports)."
            " Use a database of its own."
        )


@transaction.atomic
def prepare() -> tuple[str, ...]:
    """Make what registration needs and is not there; the codes of the entry points.

    An operation, crossings and the registrar of generated people; what is set up stays as it is.
    """
    if not Operation.objects.exists():
        Operation.objects.create(
            code="generated",
            name="Generated population (exercise)",
            country="TJK",
            time_zone="Asia/Dushanbe",
            cut_off=time(6, 0),
            started_on=date(2026, 7, 1),
        )
    if not EntryPoint.objects.exists():
        for code in ENTRY_POINTS:
            EntryPoint.objects.create(code=code, name=code.title(), kind="official", area_id=_AREA)
    if not User.objects.filter(username=REGISTRAR).exists():
        user = User.objects.create_user(REGISTRAR, kind=UserKind.SERVICE)
        RoleAssignment.objects.create(user=user, role=Role.REGISTRAR)
    found = set(EntryPoint.objects.values_list("code", flat=True))
    return tuple(code for code in ENTRY_POINTS if code in found) or tuple(sorted(found))


def register(job: Job) -> Done:
    """Register one chunk. Sent again, its households are found and nothing is added."""
    actor = User.objects.get(username=REGISTRAR)
    made = generate_chunk(
        job.chunk,
        job.persons,
        job.seed,
        job.repeats,
        entry_points=job.entry_points,
        until=job.until,
    )
    persons = households = known = 0
    truth: list[Truth] = []
    while call := list(islice(made, CALL)):
        known += _register(actor, call)
        households += len(call)
        persons += sum(len(each.data.members) for each in call)
        truth += (row for each in call for row in truth_of(each))
    return Done(persons, households, known, truth)


def _register(actor: Any, call: list[Generated]) -> int:
    """How many were there already."""
    known = 0
    for result in register_many(actor=actor, data=[each.data for each in call]):
        if isinstance(result, InvalidInput):
            fields = ", ".join(f"{each.field}: {each.code}" for each in result.problems)
            raise Refused(f"A generated household was not accepted ({fields}).")
        if isinstance(result, Conflict):
            raise Refused(
                "These ids were registered here with other content: with this seed and other"
                " options, or by another version. Use another seed or an empty database."
            )
        if isinstance(result, DomainError):
            raise Refused(f"A generated household was not accepted ({result.code}).")
        known += not result.created
    reset_queries()  # with DEBUG, Django keeps every statement
    return known


def truth_of(made: Generated) -> Iterator[Truth]:
    """The rows of the truth of one household: none unless it is a repeat."""
    kinds = ";".join(made.kinds)
    for (person, original), wrong in zip(made.same, made.person_kinds, strict=True):
        yield (
            str(made.id),
            str(made.repeats),
            str(person),
            str(original),
            kinds,
            ";".join(wrong),
        )


def write_inputs(made: Iterable[Generated], out: TextIO) -> Iterator[Generated]:
    """Write what would be registered, a person a row, and hand it on."""
    writer = csv.writer(out)
    writer.writerow(INPUT_COLUMNS)
    for each in made:
        writer.writerows(_input_rows(each))
        yield each


def _input_rows(made: Generated) -> Iterator[Sequence[str]]:
    home = made.data
    for person in home.members:
        yield (
            str(home.id),
            str(person.id),
            str(made.repeats or ""),
            home.entry_point,
            home.arrived_at.isoformat(),
            home.origin_area,
            ";".join(home.phones),
            person.name,
            person.father_name,
            person.grandfather_name,
            person.sex,
            person.birth,
            person.relationship,
            ";".join(f"{each.type} {each.number}" for each in person.documents),
        )
