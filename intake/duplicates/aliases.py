"""Who answers for a household or a person that was registered twice."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from intake.models import Household, Person, PersonMerge


def surviving(household: Household) -> Household:
    """The household that answers for this one: itself unless it was merged."""
    seen = {household.pk}
    while household.merged_into_id and household.merged_into_id not in seen:
        seen.add(household.merged_into_id)
        household = Household.objects.get(pk=household.merged_into_id)
    return household


def answering_for(persons: Iterable[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Of these person ids those that are repeats, each with the id that answers for it.

    A repeat of a repeat leads to the last. One query for each step, whatever the number.
    """
    found: dict[uuid.UUID, uuid.UUID] = {}
    asked = set(persons)
    while asked:
        rows = PersonMerge.objects.standing().filter(repeat__in=asked)
        step = dict(rows.values_list("repeat_id", "survivor_id"))
        found |= step
        asked = set(step.values()) - set(found)
    return {pk: _last(pk, found) for pk in found}


def _last(pk: uuid.UUID, found: dict[uuid.UUID, uuid.UUID]) -> uuid.UUID:
    seen = {pk}
    while (after := found.get(pk)) is not None and after not in seen:
        seen.add(after)
        pk = after
    return pk


def surviving_person(person: Person) -> Person:
    """The person that answers for this one: itself unless it was merged."""
    answering = answering_for([person.pk]).get(person.pk)
    return person if answering is None else Person.objects.get(pk=answering)
