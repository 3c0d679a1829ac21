"""Registering households: one implementation for the form, the API, the import and batches."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, access_of
from audit.events import record_event
from common.errors import Conflict, DomainError, FieldProblem, InvalidState, NotPermitted
from intake.births import Birth
from intake.choices import ExitReason, HouseholdStatus
from intake.hooks import household_changed
from intake.inputs import HouseholdInput, MemberInput
from intake.models import (
    Arrival,
    Household,
    ImportBatch,
    Person,
)
from intake.needs import stated_status
from intake.quality.refreshing import questions_of_new
from intake.quality.sent import as_answered
from intake.services.checking import (
    Checked,
    Context,
    check_household,
    check_member,
    context_for,
    invalid,
)
from intake.services.composition import refresh_suggestions
from intake.services.rows import (
    Registration,
    Rows,
    build_need,
    build_person,
    build_registration,
    fingerprints,
    identity_data,
    new_serials,
)
from intake.services.slips import GivenSlips


def register_household(*, actor: Any, data: HouseholdInput) -> Registration:
    """Register one household with its members, arrival, needs and consents.

    Raises InvalidInput with every problem by field, NotPermitted, or Conflict("conflict") when
    the id was used for other content. The same id with the same content is the same household.
    """
    (result,) = register_many(actor=actor, data=[data])
    if isinstance(result, DomainError):
        raise result
    return result


def register_many(
    *, actor: Any, data: Sequence[HouseholdInput], import_batch: ImportBatch | None = None
) -> list[Registration | DomainError]:
    """Register many households; each is answered by itself, in the order given.

    All that can be accepted are written in one transaction. A household that cannot is answered
    by its error and leaves no trace.
    """
    if not access_of(actor).can(Permission.HOUSEHOLDS_REGISTER):
        raise NotPermitted("not_permitted", _("Only registrars register households."))
    context = context_for(
        actor,
        (each.entry_point for each in data),
        (consent.recipient for each in data for consent in each.consents),
    )
    for last_try in (False, True):
        try:
            with transaction.atomic():
                return _register(actor, data, context, import_batch)
        except IntegrityError:
            # Someone registered one of these ids a moment ago: it is found at the second try.
            if last_try:
                raise
    raise AssertionError("unreachable")


def _register(
    actor: Any,
    data: Sequence[HouseholdInput],
    context: Context,
    import_batch: ImportBatch | None,
) -> list[Registration | DomainError]:
    data = [as_answered(each, context.operation.zone) for each in data]
    results: list[Registration | DomainError | None] = [None] * len(data)
    slips = GivenSlips(data)
    # In this order: who is found to be taken has a household that is found then, too, if it is
    # this one, sent by another hand a moment ago.
    taken = _taken_persons(data)
    known = _known_households(data)
    rows = Rows()
    accepted: list[tuple[int, Checked]] = []
    first: dict[uuid.UUID, int] = {}  # where an id stands in what was sent
    again: list[int] = []
    for index, each in enumerate(data):
        try:
            if each.id is not None and each.id in known:
                results[index] = _again(known[each.id], each, context)
                continue
            if each.id is not None and each.id in first:
                _refuse_other_content(data[first[each.id]], each)
                again.append(index)
                continue
            checked = check_household(each, context, slips.problems(each))
            _refuse_taken(each, taken)
        except DomainError as error:
            results[index] = error
            continue
        if each.id is not None:
            first[each.id] = index
        slips.reserve(each)
        taken |= {member.id for member in each.members if member.id is not None}
        accepted.append((index, checked))
    serials = new_serials(len(accepted))
    for (index, checked), serial in zip(accepted, serials, strict=True):
        made = build_registration(actor, checked, context, serial, import_batch, rows)
        slips.give(checked.data, made.household)
        results[index] = made
    _ask(actor, accepted, results, context, rows)
    rows.write()
    slips.write(actor)
    for index in again:
        sent_first = results[first[data[index].id]]  # type: ignore[index]
        assert isinstance(sent_first, Registration)
        results[index] = replace(sent_first, created=False, written=None)
    return [result for result in results if result is not None]


def _ask(
    actor: Any,
    accepted: Sequence[tuple[int, Checked]],
    results: Sequence[Registration | DomainError | None],
    context: Context,
    rows: Rows,
) -> None:
    """Put what is doubtful about the new households into `rows`, as open questions."""
    made = {}
    homes = []
    for index, checked in accepted:
        registration = results[index]
        assert isinstance(registration, Registration)
        made[registration.household.pk] = registration
        on = checked.arrived_at.astimezone(context.operation.zone).date()
        answers = {(each.code, each.member): each.answer for each in checked.data.answers}
        homes.append((registration.household, registration.members, on, answers))
    rows.questions += questions_of_new(homes, rows.shared(), actor)
    for question in rows.questions:
        if (written := made[question.household_id].written) is not None:
            written.questions.append(question)


def _refuse_other_content(one: HouseholdInput, other: HouseholdInput) -> None:
    if one != other:
        raise Conflict("conflict", _("This id stands twice in what was sent."))


def _known_households(data: Sequence[HouseholdInput]) -> dict[uuid.UUID, Household]:
    ids = [each.id for each in data if each.id is not None]
    return Household.objects.in_bulk(ids) if ids else {}


def _taken_persons(data: Sequence[HouseholdInput]) -> set[uuid.UUID]:
    ids = [member.id for each in data for member in each.members if member.id is not None]
    return set(Person.objects.filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()


def _refuse_taken(data: HouseholdInput, taken: set[uuid.UUID]) -> None:
    problems = [
        FieldProblem(f"members.{index}.id", "duplicate", _("This id belongs to another person."))
        for index, member in enumerate(data.members)
        if member.id in taken
    ]
    if problems:
        raise Conflict("conflict", _("An id in this household is used already."), problems=problems)


def _again(household: Household, data: HouseholdInput, context: Context) -> Registration:
    own = context.register_at
    mine = own.everywhere or data.entry_point in own.entry_points
    kept = household.fingerprint
    if not mine or kept is None or bytes(kept) not in fingerprints(data):
        raise Conflict("conflict", _("This id was used for a household with other content."))
    members = list(household.members.order_by("position"))
    return Registration(household=household, members=members, created=False)


@transaction.atomic
def add_member(
    *, actor: Any, household: Household, data: MemberInput, arrival: Arrival | None = None
) -> Person:
    """Add a person to a household that is registered, on its first arrival or the one given.

    The same id sent again is the same person. Raises InvalidInput with `name`, `birth`, …
    """
    household = Household.objects.select_for_update().get(pk=household.pk)
    arrival = arrival or household.arrivals.select_related("entry_point").earliest("occurred_at")
    context = context_for(actor, [arrival.entry_point.code])
    _may_add(actor, arrival)
    problems: list[FieldProblem] = []
    said_on = arrival.occurred_at.astimezone(context.operation.zone).date()
    birth = check_member(data, context, "", said_on, problems)
    _check_focal_point(household, data, problems)
    if problems:
        raise invalid([FieldProblem(p.field.lstrip("."), p.code, p.detail) for p in problems])
    if data.id is not None and (known := Person.objects.filter(pk=data.id).first()):
        if known.household_id != household.pk or not _same_person(actor, known, data, birth):
            raise Conflict("conflict", _("This id belongs to another person."))
        return known
    if household.status != HouseholdStatus.ACTIVE:
        raise InvalidState("household_closed", _("This household is closed."))
    return _write_member(actor, household, arrival, data, birth, context)


def _check_focal_point(
    household: Household, data: MemberInput, problems: list[FieldProblem]
) -> None:
    present = household.members.filter(is_focal_point=True, left_at__isnull=True)
    if data.id is not None:
        present = present.exclude(pk=data.id)  # sent again
    if data.focal_point and present.exists():
        problems.append(
            FieldProblem(
                "is_focal_point", "several", _("This household has a focal point already.")
            )
        )


def _same_person(actor: Any, known: Person, data: MemberInput, birth: Birth | None) -> bool:
    """Whether what was sent is this person as recorded, and the sender may know of them."""
    separated = known.exit_reason == ExitReason.SEPARATED
    if separated and not access_of(actor).can(Permission.SCREENING):
        return False
    same = (
        known.sex == data.sex
        and known.birth_earliest == (birth.earliest if birth else None)
        and known.birth_latest == (birth.latest if birth else None)
        and (known.nationality_id or "") == data.nationality
    )
    kept, sent = known.identity.open(), identity_data(data)
    if not kept.notes:
        sent.notes = ""  # moved into the sealed record since: the device cannot know of it
    return same and kept == sent


def _may_add(actor: Any, arrival: Arrival) -> None:
    scopes = access_of(actor).scopes(Permission.HOUSEHOLDS_REGISTER)
    if not (scopes.everywhere or arrival.entry_point.code in scopes.entry_points):
        raise NotPermitted("not_permitted", _("Only registrars of this entry point add people."))


def _write_member(
    actor: Any,
    household: Household,
    arrival: Arrival,
    data: MemberInput,
    birth: Birth | None,
    context: Context,
) -> Person:
    members = list(household.members.order_by("position"))
    focal = not any(m.is_focal_point and m.left_at is None for m in members)
    position = max((m.position for m in members), default=-1) + 1
    rows = Rows()
    person, _identity = build_person(
        household, arrival, data, birth, position, focal=focal, rows=rows
    )
    add_said_needs(actor, person, data, context, rows)
    rows.write()
    # Also when nothing changes: who follows changes by `updated_since` must learn of the person.
    household.save(update_fields=["level"])
    refresh_suggestions(actor=actor, household=household)
    record_event("household.changed", household, actor=actor, added=1)
    household_changed(household, actor)
    return person


def add_said_needs(
    actor: Any, person: Person, data: MemberInput, context: Context, rows: Rows
) -> None:
    """Put the needs that were said of one person into `rows`.

    A code above the tiers of the one who records it waits for a protection officer's review.
    """
    for code in dict.fromkeys(data.specific_needs):
        status = stated_status(code, context.codes.needs[code], context.tiers)
        rows.needs.append(build_need(actor, person, code, status))
