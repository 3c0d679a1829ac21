"""What is shown of people whom a search found. The search was recorded with the search."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Operation
from common import clock
from intake import slots
from intake.births import age_bracket
from intake.models import Arrival, Household, Person
from intake.ranking import describe
from intake.searching import Hit


@dataclass(frozen=True)
class Result:
    """A hit as the desk reads it. Personal data.

    `household` is the one that answers now, `merged_from` the reference of a repeat that was found.
    """

    person: Person
    name: str
    known_as: tuple[str, ...]
    father_name: str
    age: str
    reasons: list[str]
    household: Household
    merged_from: str
    entry_point: str
    arrived_at: datetime
    site: str


def results_of(hits: list[Hit], user: Any) -> list[Result]:
    """The hits as they are shown to the user, in the same order and in a fixed number of queries.

    A repeat leads to the household it was merged into where the user may read that one.
    """
    survivors = _survivors(hits, user)
    arrivals = Arrival.objects.select_related("entry_point").in_bulk(
        {hit.person.arrival_id for hit in hits if hit.person.arrival_id}
    )
    answering = {hit.person.pk: survivors.get(hit.person.household_id) for hit in hits}
    found = {pk: household for pk, household in answering.items() if household is not None}
    shown = {hit.person.pk: found.get(hit.person.pk, hit.person.household) for hit in hits}
    sites = slots.site_names({household.pk for household in shown.values()}, user)
    today = clock.today(Operation.current().zone)
    results = []
    for hit in hits:
        person, household = hit.person, shown[hit.person.pk]
        arrival = arrivals.get(person.arrival_id) if person.arrival_id else None
        results.append(
            Result(
                person=person,
                name=hit.identity.name,
                known_as=tuple(hit.identity.also_known_as),
                father_name=hit.identity.father_name,
                age=age_bracket(person.birth_earliest, person.birth_latest, today),
                reasons=describe(hit.reasons),
                household=household,
                merged_from=person.household.reference if person.household.merged_into_id else "",
                entry_point=arrival.entry_point.name if arrival else "",
                arrived_at=person.arrived_at,
                site=sites.get(household.pk, ""),
            )
        )
    return results


def _survivors(hits: list[Hit], user: Any) -> dict[uuid.UUID, Household]:
    """The households that answer for those that were merged, by the id of the repeat."""
    merged = {
        hit.person.household_id: hit.person.household.merged_into_id
        for hit in hits
        if hit.person.household.merged_into_id
    }
    if not merged:
        return {}
    known = Household.objects.visible_to(user).in_bulk(set(merged.values()))
    return {repeat: known[into] for repeat, into in merged.items() if into in known}
