"""Households and persons as the API shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from accounts.policies import Permission, access_of
from common import clock
from intake.births import age_bracket
from intake.choices import ExitReason
from intake.lookups import codes
from intake.models import Household, HouseholdMove, Identity, Person, SpecificNeed
from intake.models.persons import IdentityData
from intake.names import latin_form
from intake.services.permitted import tiers_of
from intake.services.rows import Registration, Written


def visible_members(household: Household, user: Any) -> QuerySet[Person]:
    """Members as this user may know them.

    Who was separated by the authority is not shown as such but to holders of the screening
    permission: for others they are not part of the household.
    """
    members = household.members.order_by("position")
    if not access_of(user).can(Permission.SCREENING):
        members = members.exclude(exit_reason=ExitReason.SEPARATED)
    return members


def visible_moves(household: Household, user: Any) -> QuerySet[HouseholdMove]:
    """Moves from and to a household as this user may know them, oldest first.

    Between households that the user may read both of, of people they may know of.
    """
    households = Household.objects.visible_to(user).values("pk")
    return (
        HouseholdMove.objects.filter(Q(from_household=household) | Q(to_household=household))
        .filter(from_household__in=households, to_household__in=households)
        .filter(person__in=Person.objects.known_to(user))
        .select_related("from_household", "to_household")
        .order_by("occurred_at", "id")
    )


def visible_needs(persons: Iterable[Person], user: Any) -> dict[Any, list[SpecificNeed]]:
    """Open needs by person, of the tiers the user may see."""
    found: dict[Any, list[SpecificNeed]] = defaultdict(list)
    needs = SpecificNeed.objects.visible_to(user).open()
    for need in needs.filter(person__in=[person.pk for person in persons]).order_by("type_id"):
        found[need.person_id].append(need)
    return found


def person_shape(
    person: Person, opened: IdentityData | None, needs: Sequence[SpecificNeed], on: date
) -> dict[str, Any]:
    """One person with names opened. The caller records the access."""
    return {
        "id": person.pk,
        "name": opened.name if opened else "",
        "latin_name": latin_form(opened.name) if opened else "",
        "father_name": opened.father_name if opened else "",
        "grandfather_name": opened.grandfather_name if opened else "",
        "sex": person.sex,
        "birth": {
            "earliest": person.birth_earliest,
            "latest": person.birth_latest,
            "precision": person.birth_precision,
            "calendar": person.birth_calendar,
            "text": opened.birth_text if opened else "",
        },
        "age_bracket": age_bracket(person.birth_earliest, person.birth_latest, on),
        "relationship": person.relationship,
        "is_focal_point": person.is_focal_point,
        "pre_registered": person.pre_registered,
        "nationality": person.nationality_id or "",
        "marital_status": person.marital_status,
        "legal_status": person.legal_status,
        "process_status": person.process_status,
        "documents": opened.documents if opened else [],
        "specific_needs": [need.type_id for need in needs],
        "needs": [{"code": need.type_id, "status": need.status} for need in needs],
        "entry": person.entry,
        "arrived_at": person.arrived_at,
        "left_at": person.left_at,
        "exit_reason": person.exit_reason,
    }


def person_shapes(persons: Sequence[Person], user: Any, on: date) -> list[dict[str, Any]]:
    """Persons with names and visible needs, in three statements."""
    identities = Identity.objects.in_bulk([person.pk for person in persons])
    needs = visible_needs(persons, user)
    opened = {pk: identity.open() for pk, identity in identities.items()}
    return [person_shape(p, opened.get(p.pk), needs[p.pk], on) for p in persons]


def written_shapes(made: Registration, written: Written, user: Any) -> list[dict[str, Any]]:
    """The members of a household that was just registered, without reading them again."""
    on = clock.today(written.operation.zone)
    tiers, known = tiers_of(user), codes().needs
    needs: dict[Any, list[SpecificNeed]] = defaultdict(list)
    for need in sorted(written.needs, key=lambda each: str(each.type_id)):
        if known[need.type_id] in tiers:
            needs[need.person_id].append(need)
    return [
        person_shape(person, written.identities[person.pk], needs[person.pk], on)
        for person in made.members
    ]
