"""People as their keys are made of them, read from the database and opened."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from intake.keys import Subject, Values, household_values
from intake.models import Household, Person
from intake.models.persons import IdentityData


def subject_of(person: Person, data: IdentityData, phones: Sequence[str]) -> Subject:
    """A person as keys are made; `phones` are the household's, kept with its focal point."""
    earliest, latest = person.birth_earliest, person.birth_latest
    born = (earliest, latest) if earliest is not None and latest is not None else None
    return Subject(data, person.sex, born, phones if person.is_focal_point else ())


def members_in_order(household_ids: Sequence[uuid.UUID]) -> Any:
    """All members of these households with their identities, household by household."""
    people = Person.objects.filter(household_id__in=household_ids).select_related("identity")
    return people.order_by("household_id", "position", "pk")


def values_of(household: Household, people: Sequence[Person]) -> list[Values]:
    """The values of all members of a household, in their order. The caller keeps only hashes."""
    subjects = [subject_of(each, each.identity.open(), household.phones) for each in people]
    return household_values(subjects, household.origin_area_id or "")


def present_values(household_ids: Sequence[uuid.UUID]) -> list[tuple[Person, Values]]:
    """The values of all members as they would be indexed now, opened; the caller keeps none.

    For comparing people while their keys are under several secrets (`keys.several_secrets`).
    """
    members = members_in_order(household_ids).select_related("identity", "household")
    found: list[tuple[Person, Values]] = []
    for _household, group in groupby(members, key=lambda person: person.household_id):
        people = list(group)
        found += zip(people, values_of(people[0].household, people), strict=True)
    return found
