"""Registering households: one implementation for the form, the API, the import and batches."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission, access_of
from audit.events import build_event, events_written, record_event
from audit.models import Event
from common import clock
from common.copying import copy_rows, copy_values
from common.encryption import lookup_hash
from common.errors import Conflict, DomainError, FieldProblem, InvalidState, NotPermitted
from common.ids import new_id
from intake.births import Birth
from intake.choices import ExitReason, HouseholdStatus, NeedStatus, RegistrationLevel
from intake.hooks import household_changed
from intake.inputs import HouseholdInput, MemberInput
from intake.keys import key_values
from intake.models import (
    Arrival,
    Consent,
    Household,
    Identity,
    IdentityKey,
    ImportBatch,
    Person,
    SpecificNeed,
)
from intake.models.persons import IdentityData
from intake.references import format_reference, new_token
from intake.services.checking import (
    Checked,
    Context,
    check_household,
    check_member,
    context_for,
    invalid,
)
from intake.services.composition import refresh_suggestions, suggestions


@dataclass(frozen=True)
class Registration:
    """A registered household; `created` is False when the same one was registered before.

    `written` is what was just written, so that an answer need not read it again; empty when the
    household was there already.
    """

    household: Household
    members: list[Person]
    created: bool
    written: Written | None = None


@dataclass(frozen=True)
class Written:
    """The rows of a new household beside its members, and the identities as they were typed."""

    operation: Operation
    arrival: Arrival
    consents: list[Consent]
    needs: list[SpecificNeed]
    identities: dict[uuid.UUID, IdentityData]


# The person, the kind and the digest of an IdentityKey. There are six or seven to a person, and as
# objects of the model they would take a quarter of the time of a registration.
Key = tuple[uuid.UUID, str, bytes]


@dataclass
class _Rows:
    """Rows of many households, written table by table."""

    households: list[Household]
    arrivals: list[Arrival]
    persons: list[Person]
    identities: list[Identity]
    keys: list[Key]
    consents: list[Consent]
    needs: list[SpecificNeed]
    events: list[Event]

    def write(self) -> None:
        """One COPY a table, in the order of their foreign keys.

        Ids that clients make are written in their order: two devices that send the same
        households in another order wait for each other and never deadlock.
        """
        self.households.sort(key=_by_key)
        self.persons.sort(key=_by_key)
        for rows in (
            self.households,
            self.arrivals,
            self.persons,
            self.identities,
            self.consents,
            self.needs,
            self.events,
        ):
            copy_rows(rows)
        copy_values(IdentityKey, ("person_id", "kind", "digest"), self.keys)
        events_written(self.events)


def _by_key(row: Household | Person) -> uuid.UUID:
    return row.pk


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
    context = context_for(actor, (each.entry_point for each in data))
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
    results: list[Registration | DomainError | None] = [None] * len(data)
    known = _known_households(data)
    taken = _taken_persons(data, known)
    rows = _Rows([], [], [], [], [], [], [], [])
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
            checked = check_household(each, context)
            _refuse_taken(each, taken)
        except DomainError as error:
            results[index] = error
            continue
        if each.id is not None:
            first[each.id] = index
        taken |= {member.id for member in each.members if member.id is not None}
        accepted.append((index, checked))
    serials = _serials(len(accepted))
    for (index, checked), serial in zip(accepted, serials, strict=True):
        results[index] = _build(actor, checked, context, serial, import_batch, rows)
    rows.write()
    for index in again:
        made = results[first[data[index].id]]  # type: ignore[index]
        assert isinstance(made, Registration)
        results[index] = replace(made, created=False, written=None)
    return [result for result in results if result is not None]


def _refuse_other_content(one: HouseholdInput, other: HouseholdInput) -> None:
    if one != other:
        raise Conflict("conflict", _("This id stands twice in what was sent."))


def _known_households(data: Sequence[HouseholdInput]) -> dict[uuid.UUID, Household]:
    ids = [each.id for each in data if each.id is not None]
    return Household.objects.in_bulk(ids) if ids else {}


def _taken_persons(
    data: Sequence[HouseholdInput], known: dict[uuid.UUID, Household]
) -> set[uuid.UUID]:
    ids = [
        member.id
        for each in data
        if each.id not in known
        for member in each.members
        if member.id is not None
    ]
    return set(Person.objects.filter(pk__in=ids).values_list("pk", flat=True)) if ids else set()


def _refuse_taken(data: HouseholdInput, taken: set[uuid.UUID]) -> None:
    problems = [
        FieldProblem(f"members.{index}.id", "duplicate", _("This id belongs to another person."))
        for index, member in enumerate(data.members)
        if member.id in taken
    ]
    if problems:
        raise Conflict("conflict", _("An id in this household is used already."), problems=problems)


def fingerprint(data: HouseholdInput) -> bytes:
    """A keyed hash of everything that was sent: equal for equal content, and says nothing."""
    return lookup_hash("household", repr(data))


def _again(household: Household, data: HouseholdInput, context: Context) -> Registration:
    own = context.register_at
    mine = own.everywhere or data.entry_point in own.entry_points
    kept = household.fingerprint
    if not mine or kept is None or bytes(kept) != fingerprint(data):
        raise Conflict("conflict", _("This id was used for a household with other content."))
    members = list(household.members.order_by("position"))
    return Registration(household=household, members=members, created=False)


def _serials(count: int) -> list[int]:
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('intake_household_serial') FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


def _build(
    actor: Any,
    checked: Checked,
    context: Context,
    serial: int,
    import_batch: ImportBatch | None,
    rows: _Rows,
) -> Registration:
    data = checked.data
    household = _build_household(actor, data, context, serial, import_batch)
    arrival = Arrival(
        household=household, entry_point=checked.entry_point, occurred_at=checked.arrived_at
    )
    rows.households.append(household)
    rows.arrivals.append(arrival)
    identities: dict[uuid.UUID, IdentityData] = {}
    members = []
    for index, (member, birth) in enumerate(zip(data.members, checked.births, strict=True)):
        focal = index == checked.focal_point
        person, identity = _build_person(
            household, arrival, member, birth, index, focal=focal, rows=rows
        )
        members.append(person)
        identities[person.pk] = identity
    needs = _needs(actor, members, data, context, arrival)
    consents = [
        Consent(household=household, purpose=c.purpose, recipient=c.recipient, given=c.given)
        for c in data.consents
    ]
    rows.needs += needs
    rows.consents += consents
    rows.events.append(
        build_event(
            "household.registered",
            household,
            actor=actor,
            occurred_at=checked.arrived_at,
            members=len(members),
            entry_point=checked.entry_point.code,
        )
    )
    written = Written(context.operation, arrival, consents, needs, identities)
    return Registration(household=household, members=members, created=True, written=written)


def _build_household(
    actor: Any,
    data: HouseholdInput,
    context: Context,
    serial: int,
    import_batch: ImportBatch | None,
) -> Household:
    year = clock.today(context.operation.zone).year
    return Household(
        pk=data.id or new_id(),
        reference=format_reference(context.operation.reference_prefix, year, serial),
        token=new_token(),
        level=data.level,
        declared_size=data.declared_size,
        origin_area_id=data.origin_area or None,
        preferred_language_id=data.preferred_language or None,
        interpreter_language_id=data.interpreter_language or None,
        legal_basis=data.legal_basis,
        livestock=data.livestock,
        contact={"phones": list(data.phones), "notes": data.notes},
        fingerprint=fingerprint(data),
        registered_by=actor,
        import_batch=import_batch,
    )


def _build_person(
    household: Household,
    arrival: Arrival,
    member: MemberInput,
    birth: Birth | None,
    position: int,
    *,
    focal: bool,
    rows: _Rows,
) -> tuple[Person, IdentityData]:
    person = Person(
        pk=member.id or new_id(),
        household=household,
        arrival=arrival,
        arrived_at=arrival.occurred_at,
        position=position,
        relationship=member.relationship,
        is_focal_point=focal,
        sex=member.sex,
        nationality_id=member.nationality or None,
        marital_status=member.marital_status,
        birth_source=member.birth_source,
    )
    if birth is not None:
        person.birth_earliest, person.birth_latest = birth.earliest, birth.latest
        person.birth_precision, person.birth_calendar = birth.precision, birth.calendar
    identity = identity_data(member)
    rows.persons.append(person)
    rows.identities.append(Identity.sealing(person, identity))
    rows.keys += _keys(person, identity, household.phones if focal else [])
    return person, identity


def _keys(person: Person, data: IdentityData, phones: Sequence[str]) -> list[Key]:
    """The keys of a person; `phones` are the household's, kept with its focal point."""
    return [
        (person.pk, kind, lookup_hash(kind, value))
        for kind, value in sorted(key_values(data, phones))
    ]


def _needs(
    actor: Any,
    members: Sequence[Person],
    data: HouseholdInput,
    context: Context,
    arrival: Arrival,
) -> list[SpecificNeed]:
    """Needs that were said, and those the composition suggests and nobody said.

    A code above the tiers of the one who records it waits for a protection officer's review.
    """
    needs = []
    on = arrival.occurred_at.astimezone(context.operation.zone).date()
    for person, member, suggested in zip(
        members, data.members, suggestions(members, on), strict=True
    ):
        said = dict.fromkeys(member.specific_needs)
        for code in said:
            confirmed = context.codes.needs[code] in context.tiers
            status = NeedStatus.CONFIRMED if confirmed else NeedStatus.PENDING_REVIEW
            needs.append(_need(actor, person, code, status))
        for code in sorted(suggested - set(said)):
            if code in context.codes.needs:
                needs.append(_need(actor, person, code, NeedStatus.SUGGESTED))
    return needs


def _need(actor: Any, person: Person, code: str, status: str) -> SpecificNeed:
    return SpecificNeed(person=person, type_id=code, status=status, recorded_by=actor)


@transaction.atomic
def add_member(
    *, actor: Any, household: Household, data: MemberInput, arrival: Arrival | None = None
) -> Person:
    """Add a person to a household that is registered, on its first arrival or the one given.

    The same id sent again is the same person. Raises InvalidInput with `name`, `birth`, …
    """
    household = Household.objects.select_for_update().get(pk=household.pk)
    if household.status != HouseholdStatus.ACTIVE:
        raise InvalidState("household_closed", _("This household is closed."))
    arrival = arrival or household.arrivals.select_related("entry_point").earliest("occurred_at")
    context = context_for(actor, [arrival.entry_point.code])
    _may_add(actor, arrival)
    problems: list[FieldProblem] = []
    said_on = arrival.occurred_at.astimezone(context.operation.zone).date()
    birth = check_member(data, context, "", said_on, problems)
    if problems:
        raise invalid([FieldProblem(p.field.lstrip("."), p.code, p.detail) for p in problems])
    if data.id is not None and (known := Person.objects.filter(pk=data.id).first()):
        if known.household_id != household.pk or not _same_person(actor, known, data, birth):
            raise Conflict("conflict", _("This id belongs to another person."))
        return known
    return _write_member(actor, household, arrival, data, birth, context)


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
    return same and known.identity.open() == identity_data(data)


def identity_data(member: MemberInput) -> IdentityData:
    """What is kept sealed of a person as typed."""
    return IdentityData(
        name=member.name.strip(),
        father_name=member.father_name.strip(),
        grandfather_name=member.grandfather_name.strip(),
        also_known_as=list(member.also_known_as),
        birth_text=member.birth.strip(),
        phones=list(member.phones),
        documents=[{"type": each.type, "number": each.number} for each in member.documents],
        notes=member.notes,
    )


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
    rows = _Rows([], [], [], [], [], [], [], [])
    person, _identity = _build_person(
        household, arrival, data, birth, position, focal=focal, rows=rows
    )
    for code in dict.fromkeys(data.specific_needs):
        confirmed = context.codes.needs[code] in context.tiers
        status = NeedStatus.CONFIRMED if confirmed else NeedStatus.PENDING_REVIEW
        rows.needs.append(_need(actor, person, code, status))
    rows.write()
    if household.level == RegistrationLevel.GROUP:
        household.level = RegistrationLevel.INDIVIDUAL
    # Also when the level stays: who follows changes by `updated_since` must learn of the person.
    household.save(update_fields=["level"])
    refresh_suggestions(actor=actor, household=household)
    record_event("household.changed", household, actor=actor, added=1)
    household_changed(household, actor)
    return person
