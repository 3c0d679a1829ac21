"""The relatives of a household and whom it looks for, as each reader may know them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.policies import Permission
from intake.choices import INVERSE_KIN, TRACING_ENDED, ExitReason, Relationship
from intake.models import FamilyLink, Household, Person, TracingRequest
from intake.services.permitted import holds_for


@dataclass(frozen=True)
class KinView:
    """A link as a member of the household stands to it.

    `relative` and `household` are None where the reader may not read the relative's household:
    then only that there is a relative in another household. `kind` is what the relative is to
    the member.
    """

    link: FamilyLink
    member: Person
    relative: Person | None
    household: Household | None
    kind: str

    @property
    def kind_label(self) -> str:
        """The kind in words."""
        return str(Relationship(self.kind).label)


def relatives_of(household: Household, user: Any, *, ended: bool = False) -> list[KinView]:
    """Links of the members that the user may know of, in three queries."""
    links = FamilyLink.objects.visible_to(user)
    links = links.filter(person__household=household) | links.filter(relative__household=household)
    if not ended:
        links = links.open()
    rows = list(
        links.select_related("person__household", "relative__household").order_by("recorded_at")
    )
    others = {_other(row, household).household_id for row in rows}
    known = readable(others, user)
    return [_view(row, household, known) for row in rows]


def readable(households: Collection[uuid.UUID], user: Any) -> set[uuid.UUID]:
    """Those of the households that the user may read."""
    visible = Household.objects.visible_to(user).filter(pk__in=households)
    return set(visible.values_list("pk", flat=True))


def _other(link: FamilyLink, household: Household) -> Person:
    return link.relative if link.person.household_id == household.pk else link.person


def _view(link: FamilyLink, household: Household, known: set[uuid.UUID]) -> KinView:
    other = _other(link, household)
    forwards = other.pk == link.relative_id
    shown = other.household_id in known
    return KinView(
        link=link,
        member=link.person if forwards else link.relative,
        relative=other if shown else None,
        household=other.household if shown else None,
        kind=link.kind if forwards else INVERSE_KIN.get(link.kind, Relationship.OTHER),
    )


@dataclass(frozen=True)
class AskedView:
    """A tracing request as those see it who look after the household that asks.

    Whether somebody was found is the tracing officer's to tell: until it has ended, it is looked
    for.
    """

    request: TracingRequest
    followed: bool


def asked_by(household: Household, user: Any) -> list[AskedView]:
    """Tracing requests of the household, for who may change it or holds the tracing permission."""
    may = (Permission.TRACING, Permission.HOUSEHOLDS_EDIT)
    if not any(holds_for(user, permission, household.pk) for permission in may):
        return []
    rows = TracingRequest.objects.filter(asker__household=household).select_related("asker")
    if not holds_for(user, Permission.TRACING, household.pk):
        rows = rows.exclude(asker__exit_reason=ExitReason.SEPARATED)
    return [AskedView(row, row.status not in TRACING_ENDED) for row in rows.order_by("recorded_at")]


def label_of(person: Person) -> str:
    """A member in a list of choices: the name, or a number where only counts were taken."""
    return person.identity.open().name or f"{_('Person')} {person.position + 1}"


def known_members(household: Household, user: Any) -> list[Person]:
    """Members with their identities; who was separated only for who may know of it."""
    members = household.members.select_related("identity")
    if not holds_for(user, Permission.TRACING, household.pk):
        members = members.exclude(exit_reason=ExitReason.SEPARATED)
    members = members.exclude(exit_reason__in=(ExitReason.DUPLICATE, ExitReason.ERROR))
    return list(members.order_by("-is_focal_point", "position"))
