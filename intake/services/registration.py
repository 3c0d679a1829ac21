"""Stand-in until branch intake."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from accounts.models import Operation
from audit.events import record_event
from common.encryption import lookup_hash
from common.errors import DomainError, FieldProblem, InvalidInput
from intake.births import BirthError, parse_birth
from intake.models import (
    Arrival,
    Consent,
    EntryPoint,
    Household,
    Identity,
    IdentityKey,
    Person,
    SpecificNeed,
)
from intake.models.persons import IdentityData
from intake.names import name_keys, skeleton
from intake.references import format_reference, new_token


@dataclass
class Registration:
    household: Household
    members: list[Person]
    created: bool
    possible_duplicates: list[Any]


def keys_of(person: Person, data: Any, phones: list[str]) -> list[IdentityKey]:
    keys = {("name", lookup_hash("name", skeleton(data.name)))}
    keys |= {("part", lookup_hash("part", each)) for each in name_keys(data.name)}
    if data.father_name:
        keys.add(("father", lookup_hash("father", skeleton(data.father_name))))
    keys |= {("document", lookup_hash("document", d.number)) for d in data.documents}
    keys |= {("phone", lookup_hash("phone", "".join(filter(str.isdigit, p)))) for p in phones}
    return [IdentityKey(person=person, kind=k, digest=d) for k, d in keys]


def add_member(*, actor: Any, household: Household, data: Any) -> Person:
    arrival = household.arrivals.first()
    zone = Operation.current().zone
    birth = None
    if data.birth:
        try:
            birth = parse_birth(data.birth, said_on=arrival.occurred_at.astimezone(zone).date())
        except BirthError as error:
            raise InvalidInput(
                "invalid", "Correct it", problems=[FieldProblem("birth", error.code, error.message)]
            )
    n = household.members.count()
    extra = (
        dict(
            birth_earliest=birth.earliest,
            birth_latest=birth.latest,
            birth_precision=birth.precision,
            birth_calendar=birth.calendar,
        )
        if birth
        else {}
    )
    focal = (
        not household.members.filter(is_focal_point=True, left_at__isnull=True).exists()
        and data.relationship == "head"
    )
    person = Person.objects.create(
        id=data.id,
        household=household,
        arrival=arrival,
        arrived_at=arrival.occurred_at,
        position=n,
        sex=data.sex,
        relationship=data.relationship,
        is_focal_point=focal,
        nationality_id=data.nationality or None,
        **extra,
    )
    Identity.sealing(
        person,
        IdentityData(
            name=data.name,
            father_name=data.father_name,
            birth_text=data.birth,
            documents=[asdict(d) for d in data.documents],
            notes=data.notes,
        ),
    ).save(force_insert=True)
    IdentityKey.objects.bulk_create(keys_of(person, data, household.phones))
    for need in data.specific_needs:
        SpecificNeed.objects.create(
            person=person, type_id=need, status="confirmed", recorded_by=actor
        )
    return person


def register_household(*, actor: Any, data: Any, import_batch: Any = None) -> Registration:
    if (known := Household.objects.filter(pk=data.id).first()) is not None:
        return Registration(known, list(known.members.all()), False, [])
    with transaction.atomic():
        serial = Household.objects.count() + 1
        household = Household.objects.create(
            id=data.id,
            reference=format_reference("PNH", 2021, serial),
            token=new_token(),
            origin_area_id=data.origin_area or None,
            preferred_language_id=data.preferred_language or None,
            contact={"phones": data.phones},
            registered_by=actor,
            import_batch=import_batch,
            declared_size=data.declared_size,
        )
        Arrival.objects.create(
            household=household,
            entry_point=EntryPoint.objects.get(code=data.entry_point),
            occurred_at=data.arrived_at,
        )
        members = []
        for i, m in enumerate(data.members):
            try:
                members.append(add_member(actor=actor, household=household, data=m))
            except InvalidInput as error:
                raise InvalidInput(
                    "invalid",
                    "Correct it",
                    problems=[
                        FieldProblem(f"members.{i}.{p.field}", p.code, p.detail)
                        for p in error.problems
                    ],
                )
        for c in data.consents:
            Consent.objects.create(household=household, **asdict(c))
        record_event("household.registered", household, actor=actor)
    from intake.duplicates import find_duplicates

    if import_batch is None:
        find_duplicates([household.pk])
    return Registration(household, members, True, [])


def register_many(*, actor: Any, data: list[Any], import_batch: Any = None) -> list[Any]:
    results: list[Any] = []
    for each in data:
        try:
            results.append(register_household(actor=actor, data=each, import_batch=import_batch))
        except DomainError as error:
            results.append(error)
    return results
