"""The rows of new households and persons, built in memory and written table by table."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from django.db import connection

from accounts.models import Operation
from audit.events import build_event, events_written
from audit.models import Event
from common import clock
from common.copying import TableRows, rows_of, write_together
from common.encryption import lookup_hash, lookup_hashes
from common.ids import new_id
from intake.births import Birth
from intake.choices import EntryKind, NeedStatus, RegistrationLevel
from intake.inputs import ConsentInput, HouseholdInput, MemberInput
from intake.keys import DOCUMENT, PHONE, household_values
from intake.models import (
    Arrival,
    Consent,
    Household,
    Identity,
    IdentityIndex,
    ImportBatch,
    OpenQuestion,
    Person,
    SpecificNeed,
)
from intake.models.persons import IdentityData
from intake.names import is_blank
from intake.needs import stated_status
from intake.references import format_reference, new_token
from intake.services.checking import Checked, Context
from intake.services.composition import suggestions
from intake.services.indexing import index_columns, subject_of
from intake.services.moments import happened_at


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
    questions: list[OpenQuestion] = field(default_factory=list)


# The person and the columns of an IdentityIndex.
IndexRow = tuple[uuid.UUID, list[int], list[int], list[int], list[int], str]
_INDEX = ("person_id", "words", "blocks", "documents", "phones", "made_with")


@dataclass
class Rows:
    """Rows of many households, written table by table."""

    households: list[Household] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    persons: list[Person] = field(default_factory=list)
    identities: list[Identity] = field(default_factory=list)
    index: list[IndexRow] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    needs: list[SpecificNeed] = field(default_factory=list)
    questions: list[OpenQuestion] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def shared(self) -> list[tuple[uuid.UUID, str, int]]:
        """Person, kind and digest of every document and phone."""
        return [
            (person, kind, digest)
            for person, _words, _blocks, documents, phones, _made in self.index
            for kind, found in ((DOCUMENT, documents), (PHONE, phones))
            for digest in found
        ]

    def write(self) -> None:
        """Table by table, in the order of their foreign keys.

        Ids that clients make are written in their order: two devices that send the same
        households in another order wait for each other and never deadlock.
        """
        self.households.sort(key=_by_key)
        self.persons.sort(key=_by_key)
        tables = (
            self.households,
            self.arrivals,
            self.persons,
            self.identities,
            self.consents,
            self.needs,
            self.questions,
            self.events,
        )
        index = TableRows(IdentityIndex, _INDEX, self.index)
        write_together([*(rows_of(rows) for rows in tables if rows), index])
        events_written(self.events)


def _by_key(row: Household | Person) -> uuid.UUID:
    return row.pk


def new_serials(count: int) -> list[int]:
    """The next numbers of household references."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('intake_household_serial') FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


def fingerprint(data: HouseholdInput) -> bytes:
    """A keyed hash of everything that was sent: equal for equal content, and says nothing.

    Of what was said only: a field that a later version adds, and that nobody fills, leaves the
    hash as it was, so that a device's repeat is still known after an upgrade.
    """
    return lookup_hash("household", repr(_said(data)))


def fingerprints(data: HouseholdInput) -> list[bytes]:
    """The same under every key of the ring: what an older key made still counts."""
    return lookup_hashes("household", repr(_said(data)))


def _said(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_said(each) for each in value]
    if not is_dataclass(value):
        return value
    said = ((each.name, getattr(value, each.name), each.default) for each in fields(value))
    return [
        (name, _said(found))
        for name, found, default in said
        if found != default and (found or found is False or found == 0)
    ]


def build_registration(
    actor: Any,
    checked: Checked,
    context: Context,
    serial: int,
    import_batch: ImportBatch | None,
    rows: Rows,
) -> Registration:
    """Build every row of one checked household into `rows`."""
    data = checked.data
    household = _build_household(
        actor, data, context, serial, import_batch, fingerprint(checked.sent)
    )
    arrival = Arrival(
        household=household,
        entry_point=checked.entry_point,
        occurred_at=checked.arrived_at,
        transferred_from=data.transferred_from.strip(),
    )
    rows.households.append(household)
    rows.arrivals.append(arrival)
    identities: dict[uuid.UUID, IdentityData] = {}
    members = []
    for index, (member, birth) in enumerate(zip(data.members, checked.births, strict=True)):
        focal = index == checked.focal_point
        person, identity = build_person(
            household, arrival, member, birth, index, focal=focal, rows=rows
        )
        members.append(person)
        identities[person.pk] = identity
    rows.index += _index(household, members, identities)
    needs = _needs(actor, members, data, context, arrival)
    consents = [build_consent(actor, household, each) for each in data.consents]
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
    mark: bytes,
) -> Household:
    year = clock.today(context.operation.zone).year
    return Household(
        pk=data.id or new_id(),
        reference=format_reference(context.operation.reference_prefix, year, serial),
        token=new_token(),
        level=_level(data),
        declared_size=data.declared_size,
        origin_area_id=data.origin_area or None,
        preferred_language_id=data.preferred_language or None,
        interpreter_language_id=data.interpreter_language or None,
        legal_basis=data.legal_basis,
        livestock=data.livestock,
        contact={"phones": list(data.phones), "notes": data.notes},
        fingerprint=mark,
        registered_by=actor,
        import_batch=import_batch,
    )


def _level(data: HouseholdInput) -> str:
    """A group while anybody has no name yet; one alone who has a name is no group."""
    unnamed = any(is_blank(member.name) for member in data.members)
    return RegistrationLevel.GROUP if unnamed else RegistrationLevel.INDIVIDUAL


def build_person(
    household: Household,
    arrival: Arrival | None,
    member: MemberInput,
    birth: Birth | None,
    position: int,
    *,
    focal: bool,
    rows: Rows,
) -> tuple[Person, IdentityData]:
    """Build a person with the sealed identity into `rows`; the keys are the household's matter."""
    person = Person(
        pk=member.id or new_id(),
        household=household,
        arrival=arrival,
        entry=EntryKind.TRANSFER
        if arrival is not None and arrival.transferred_from
        else EntryKind.ARRIVAL,
        arrived_at=arrival.occurred_at if arrival is not None else clock.now(),
        position=position,
        relationship=member.relationship,
        is_focal_point=focal,
        pre_registered=is_blank(member.name),
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
    return person, identity


def _index(
    household: Household, members: Sequence[Person], identities: dict[uuid.UUID, IdentityData]
) -> list[IndexRow]:
    subjects = [subject_of(each, identities[each.pk], household.phones) for each in members]
    values = household_values(subjects, household.origin_area_id or "")
    return [(person.pk, *index_columns(made)) for person, made in zip(members, values, strict=True)]


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
            status = stated_status(code, context.codes.needs[code], context.tiers)
            needs.append(build_need(actor, person, code, status))
        for code in sorted(suggested - set(said)):
            if code in context.codes.needs:
                needs.append(build_need(actor, person, code, NeedStatus.SUGGESTED))
    return needs


def build_consent(
    actor: Any, household: Household, data: ConsentInput, person: Person | None = None
) -> Consent:
    """An unsaved answer that was checked."""
    return Consent(
        household=household,
        person=person,
        purpose=data.purpose,
        recipient=data.recipient,
        given=data.given,
        legal_basis=data.legal_basis,
        explained=data.explained,
        explained_in_id=data.explained_in or None,
        explained_by=actor,
        how=data.how,
        occurred_at=happened_at(data.occurred_at, "", []),
    )


def build_need(actor: Any, person: Person, code: str, status: str) -> SpecificNeed:
    """An unsaved need of a person."""
    return SpecificNeed(person=person, type_id=code, status=status, recorded_by=actor)


def identity_data(member: MemberInput) -> IdentityData:
    """What is kept sealed of a person as typed."""
    return IdentityData(
        name="" if is_blank(member.name) else member.name.strip(),
        father_name=member.father_name.strip(),
        grandfather_name=member.grandfather_name.strip(),
        also_known_as=list(member.also_known_as),
        birth_text=member.birth.strip(),
        phones=list(member.phones),
        documents=[{"type": each.type, "number": each.number} for each in member.documents],
        notes=member.notes,
    )
