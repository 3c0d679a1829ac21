"""Checking what was typed: every problem with its field and what to do, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission, Scopes, access_of
from common import clock
from common.errors import FieldProblem, InvalidInput
from common.ready import read_row
from intake.births import (
    BRACKETS,
    Birth,
    BirthError,
    birth_of_bracket,
    is_child,
    parse_birth,
)
from intake.choices import (
    BirthSource,
    LegalBasis,
    MaritalStatus,
    RegistrationLevel,
    Relationship,
    Sex,
)
from intake.inputs import HouseholdInput, MemberInput
from intake.lookups import Codes, codes
from intake.models import EntryPoint
from intake.names import is_blank
from intake.quality.sent import check_answers
from intake.services.consent_checks import check_consents, known_recipients
from intake.services.groups import check_group
from intake.services.permitted import tiers_of

LONGEST_NAME = 200
LONGEST_NOTE = 4000
LONGEST_OPERATION = 100
MOST_MEMBERS = 60
# Django makes the list of values anew each time that it is asked for.
BASES, LEVELS = tuple(LegalBasis.values), tuple(RegistrationLevel.values)
SEXES, RELATIONSHIPS = tuple(Sex.values), tuple(Relationship.values)
MARITAL, SOURCES = tuple(MaritalStatus.values), tuple(BirthSource.values)
# A clock that runs a little ahead is no arrival in the future.
CLOCK_TOLERANCE = timedelta(minutes=10)
OLDEST_ARRIVAL = timedelta(days=3660)


@dataclass(frozen=True)
class Context:
    """What one call of the services checks against, read once."""

    operation: Operation
    codes: Codes
    entry_points: dict[str, EntryPoint]
    register_at: Scopes
    tiers: frozenset[int]
    agencies: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Checked:
    """An input that may be written: the arrival on the operation's clock, births as ranges.

    `sent` is what was sent; in `data` its counts have become members.
    """

    sent: HouseholdInput
    data: HouseholdInput
    entry_point: EntryPoint
    arrived_at: datetime
    births: list[Birth | None]
    focal_point: int


def context_for(actor: Any, entry_points: Iterable[str], recipients: Iterable[str] = ()) -> Context:
    """Read what is needed to check inputs for these entry points and recipients of consents."""
    access = access_of(actor)
    return Context(
        operation=Operation.current(),
        codes=codes(),
        entry_points=_known_points(set(entry_points)),
        register_at=access.scopes(Permission.HOUSEHOLDS_REGISTER),
        tiers=tiers_of(actor),
        agencies=known_recipients(recipients),
    )


def _known_points(wanted: set[str]) -> dict[str, EntryPoint]:
    """Entry points by code, asked at every registration, mostly of one."""
    if len(wanted) == 1:
        found = read_row((EntryPoint,), "WHERE m0.code = %s", list(wanted))
        return {point.code: point for point in found or ()}
    return {point.code: point for point in EntryPoint.objects.filter(code__in=wanted).only("code")}


def invalid(problems: Sequence[FieldProblem]) -> InvalidInput:
    """The error that carries these problems."""
    return InvalidInput(
        "invalid", _("Correct the fields named in errors and send it again."), problems=problems
    )


def check_household(
    data: HouseholdInput, context: Context, found: Sequence[FieldProblem] = ()
) -> Checked:
    """Check everything; InvalidInput with all problems, those already `found` among them."""
    problems = list(found)
    arrived_at = _arrival(data, context, problems)
    said_on = arrived_at.astimezone(context.operation.zone).date()
    _codes_of_household(data, context.codes, problems)
    sent, data = data, check_group(data, MOST_MEMBERS, problems)
    check_consents(data.consents, context.codes.languages, context.agencies, problems)
    if not data.members:
        problems.append(FieldProblem("members", "required", _("Register at least one person.")))
    elif len(data.members) > MOST_MEMBERS:
        problems.append(
            FieldProblem("members", "too_many", _("Register at most 60 people in one household."))
        )
    births = [
        check_member(
            member,
            context,
            f"members.{index}",
            said_on,
            problems,
            unnamed=data.level == RegistrationLevel.GROUP,
        )
        for index, member in enumerate(data.members)
    ]
    focal_point = _focal_point(data.members, births, said_on)
    _one_focal_point(data.members, problems)
    _unique_ids(data.members, problems)
    check_answers(data, problems)
    if problems:
        raise invalid(problems)
    return Checked(
        sent=sent,
        data=data,
        entry_point=context.entry_points[data.entry_point],
        arrived_at=arrived_at,
        births=births,
        focal_point=focal_point,
    )


def arrival_time(moment: datetime, field: str, problems: list[FieldProblem]) -> datetime:
    """When they crossed, on the operation's clock; the present, and a problem, when it cannot be.

    Ages are read against the answer also then, so that all problems are told at once.
    """
    arrived_at = clock.on_operation_clock(moment)
    if arrived_at > clock.now() + CLOCK_TOLERANCE:
        problems.append(
            FieldProblem(field, "future", _("The arrival lies in the future: check date and time."))
        )
    elif arrived_at < clock.now() - OLDEST_ARRIVAL:
        problems.append(
            FieldProblem(field, "too_old", _("The arrival is too long ago: check the year."))
        )
    else:
        return arrived_at
    return clock.now()


def _arrival(data: HouseholdInput, context: Context, problems: list[FieldProblem]) -> datetime:
    arrived_at = arrival_time(data.arrived_at, "arrival.arrived_at", problems)
    if data.entry_point not in context.entry_points:
        problems.append(
            FieldProblem(
                "arrival.entry_point",
                "unknown_code",
                _("This entry point is not known: choose one from the list."),
            )
        )
    elif not (
        context.register_at.everywhere or data.entry_point in context.register_at.entry_points
    ):
        problems.append(
            FieldProblem(
                "arrival.entry_point",
                "not_permitted",
                _("You register at other entry points only: choose one of yours."),
            )
        )
    return arrived_at


def _codes_of_household(data: HouseholdInput, known: Codes, problems: list[FieldProblem]) -> None:
    for field, value, allowed in (
        ("origin_area", data.origin_area, known.areas),
        ("preferred_language", data.preferred_language, known.languages),
        ("interpreter_language", data.interpreter_language, known.languages),
        ("legal_basis", data.legal_basis, BASES),
        ("level", data.level, LEVELS),
    ):
        if value and value not in allowed:
            problems.append(_unknown(field))
    if len(data.transferred_from) > LONGEST_OPERATION:
        problems.append(
            FieldProblem("arrival.transferred_from", "too_long", _("Write at most 100 letters."))
        )
    if data.declared_size is not None and not 1 <= data.declared_size <= 200:
        problems.append(
            FieldProblem("declared_size", "out_of_range", _("Write a number from 1 to 200."))
        )


def check_member(
    member: MemberInput,
    context: Context,
    path: str,
    said_on: date,
    problems: list[FieldProblem],
    *,
    unnamed: bool = False,
) -> Birth | None:
    """Check one person and read the birth; problems are added under `path`.

    With `unnamed`, a person may be counted only: without a name, and by age bracket.
    """
    known = context.codes
    if is_blank(member.name) and not unnamed:
        problems.append(
            FieldProblem(f"{path}.name", "required", _("Write the name; one name is enough."))
        )
    for field in ("name", "father_name", "grandfather_name"):
        if len(getattr(member, field)) > LONGEST_NAME:
            problems.append(
                FieldProblem(f"{path}.{field}", "too_long", _("Write at most 200 letters."))
            )
    if len(member.notes) > LONGEST_NOTE:
        problems.append(FieldProblem(f"{path}.notes", "too_long", _("Write at most 4000 letters.")))
    for field, value, allowed in (
        ("sex", member.sex, SEXES),
        ("relationship", member.relationship, RELATIONSHIPS),
        ("marital_status", member.marital_status, MARITAL),
        ("birth_source", member.birth_source, SOURCES),
        ("nationality", member.nationality or None, known.countries),
    ):
        if value is not None and value not in allowed:
            problems.append(_unknown(f"{path}.{field}"))
    for index, document in enumerate(member.documents):
        if document.type not in known.document_types:
            problems.append(_unknown(f"{path}.documents.{index}.type"))
        if not document.number.strip():
            problems.append(
                FieldProblem(f"{path}.documents.{index}.number", "required", _("Write the number."))
            )
    _check_needs(member, known, path, problems)
    if member.bracket:
        return _counted_birth(member, path, said_on, problems, counted=unnamed)
    return _birth(member, path, said_on, problems)


def _check_needs(
    member: MemberInput, known: Codes, path: str, problems: list[FieldProblem]
) -> None:
    for index, code in enumerate(member.specific_needs):
        field = f"{path}.specific_needs.{index}"
        if code in known.legacy_needs:
            problems.append(
                FieldProblem(
                    field, "legacy_code", _("This code is no longer used: choose another.")
                )
            )
        elif code not in known.needs:
            problems.append(_unknown(field))


def _birth(
    member: MemberInput, path: str, said_on: date, problems: list[FieldProblem]
) -> Birth | None:
    if not member.birth.strip():
        return None
    try:
        return parse_birth(member.birth, said_on=said_on)
    except BirthError as error:
        problems.append(FieldProblem(f"{path}.birth", error.code, error.message))
        return None


def _counted_birth(
    member: MemberInput,
    path: str,
    said_on: date,
    problems: list[FieldProblem],
    *,
    counted: bool,
) -> Birth | None:
    field = f"{path}.bracket"
    if not counted:
        detail = _("An age group is for people who are counted only: write the birth or age.")
        problems.append(FieldProblem(field, "not_at_this_level", detail))
    elif member.bracket not in BRACKETS:
        problems.append(_unknown(field))
    elif member.birth.strip():
        detail = _("Write the birth or the age group, not both.")
        problems.append(FieldProblem(field, "conflict", detail))
    else:
        return birth_of_bracket(member.bracket, said_on)
    return _birth(member, path, said_on, problems)


def _focal_point(members: Sequence[MemberInput], births: Sequence[Birth | None], on: date) -> int:
    """Who was marked; else the head, of several the first (families say so); else the eldest
    adult, else the eldest. Not marked, always one who has a name, where anybody has.
    """
    marked = next((index for index, member in enumerate(members) if member.focal_point), None)
    if marked is not None:
        return marked

    def rank(index: int) -> tuple[bool, bool, bool, date]:
        head = members[index].relationship == Relationship.HEAD
        unnamed = is_blank(members[index].name)
        birth = births[index]
        if head or birth is None:
            return (unnamed, not head, False, date.min if head else date.max)
        return (unnamed, True, is_child(birth.earliest, birth.latest, on), birth.earliest)

    return min(range(len(members)), key=rank, default=0)


def _one_focal_point(members: Sequence[MemberInput], problems: list[FieldProblem]) -> None:
    marked = [index for index, member in enumerate(members) if member.focal_point]
    problems += [
        FieldProblem(
            f"members.{index}.is_focal_point",
            "several",
            _("A household has one focal point: mark one person only."),
        )
        for index in marked[1:]
    ]


def _unique_ids(members: Sequence[MemberInput], problems: list[FieldProblem]) -> None:
    seen = set()
    for index, member in enumerate(members):
        if member.id is not None and member.id in seen:
            problems.append(
                FieldProblem(f"members.{index}.id", "duplicate", _("Two people have the same id."))
            )
        seen.add(member.id)


def _unknown(field: str) -> FieldProblem:
    return FieldProblem(
        field, "unknown_code", _("This value is not known: choose one from the list.")
    )
