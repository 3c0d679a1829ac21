"""Keeping the keys by which people are found as their household changes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from intake.keys import DOCUMENT, PHONE, Subject, Values, digests, household_values, made_with
from intake.models import Household, IdentityIndex, Person
from intake.models.persons import IdentityData

_COLUMNS = ("words", "blocks", "documents", "phones", "made_with")


def index_columns(values: Values) -> tuple[list[int], list[int], list[int], list[int], str]:
    """The columns of an IdentityIndex in the order words, blocks, documents, phones, made_with."""
    return (
        digests(sorted(values.words)),
        digests(sorted(values.blocks)),
        digests(values.of(DOCUMENT)),
        digests(values.of(PHONE)),
        made_with(),
    )


def subject_of(person: Person, data: IdentityData, phones: Sequence[str]) -> Subject:
    """A person as keys are made; `phones` are the household's, kept with its focal point."""
    earliest, latest = person.birth_earliest, person.birth_latest
    born = (earliest, latest) if earliest is not None and latest is not None else None
    return Subject(data, person.sex, born, phones if person.is_focal_point else ())


def reindex_household(household: Household, actor: Any = None) -> None:
    """Make the keys of all members anew; the household is locked, `actor` is not needed."""
    _write([household], list(_members([household.pk])))


@transaction.atomic
def reindex_many(household_ids: Sequence[uuid.UUID]) -> int:
    """The same for many households, which are locked meanwhile; how many persons."""
    rows = Household.objects.filter(pk__in=household_ids).order_by("pk")
    households = list(rows.select_for_update(of=("self",), no_key=True))
    members = list(_members(household_ids))
    _write(households, members)
    return len(members)


def _members(household_ids: Sequence[uuid.UUID]) -> Any:
    people = Person.objects.filter(household_id__in=household_ids).select_related("identity")
    return people.order_by("household_id", "position", "pk")


def _write(households: Sequence[Household], members: Sequence[Person]) -> None:
    rows = []
    for household in households:
        people = [person for person in members if person.household_id == household.pk]
        subjects = [subject_of(each, each.identity.open(), household.phones) for each in people]
        values = household_values(subjects, household.origin_area_id or "")
        for person, made in zip(people, values, strict=True):
            columns = dict(zip(_COLUMNS, index_columns(made), strict=True))
            rows.append(IdentityIndex(person=person, **columns))
    IdentityIndex.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["person"], update_fields=list(_COLUMNS)
    )
