"""Sets of intake's rows: what is visible to whom, who is counted when."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from accounts.policies import Permission, access_of
from intake.choices import NEVER_COUNTED, ExitReason, NeedStatus

if TYPE_CHECKING:
    from intake.models import (  # noqa: F401
        EntryPoint,
        Household,
        ImportBatch,
        Person,
        PersonExit,
        ScreeningOutcome,
        SpecificNeed,
    )


def register_household_visibility(rule: Any) -> None:
    """Let a higher app widen what site-scoped users see (reception: households at their site).

    `rule(sites) -> Q` on Household, for a frozenset of site codes.
    """
    _site_rules.append(rule)


_site_rules: list[Any] = []


def households_q(user: Any, permission: Permission, prefix: str = "") -> Q:
    """The condition for rows whose household (at `prefix`) the user may see; none by default.

    Everything for the whole operation; by entry point, those that arrived there; by site, what
    reception registered.
    """
    scopes = access_of(user).scopes(permission)
    if scopes.everywhere:
        return Q()
    from intake.models import Arrival

    condition = Q(pk__in=[])
    path = prefix.rstrip("_") if prefix else "pk"
    if scopes.entry_points:
        arrived = Arrival.objects.filter(entry_point__code__in=scopes.entry_points)
        condition |= Q(**{f"{path}__in": arrived.values("household_id")})
    if scopes.sites:
        from intake.models import Household

        for rule in _site_rules:
            households = Household.objects.filter(rule(scopes.sites)).values("pk")
            condition |= Q(**{f"{path}__in": households})
    return condition


class HouseholdQuerySet(models.QuerySet["Household"]):
    """Households."""

    def visible_to(self, user: Any) -> Self:
        """Those the user may read."""
        return self.filter(households_q(user, Permission.HOUSEHOLDS_READ))

    def active(self) -> Self:
        """Neither closed nor merged."""
        return self.filter(status="active")


class PersonQuerySet(models.QuerySet["Person"]):
    """Persons."""

    def visible_to(self, user: Any) -> Self:
        """Members of households the user may read."""
        return self.filter(households_q(user, Permission.HOUSEHOLDS_READ, "household__"))

    def known_to(self, user: Any) -> Self:
        """Members of households the user may read, as the user may know them.

        Who was separated by the authority is nobody to those without the screening permission.
        """
        visible = self.visible_to(user)
        if access_of(user).can(Permission.SCREENING):
            return visible
        return visible.exclude(exit_reason=ExitReason.SEPARATED)

    def counted(self, as_of: datetime) -> Self:
        """Civilians who arrived by `as_of`: the arrivals figure.

        Leaves out records that are no person of their own, and persons who were referred to the
        authority on arrival. One who was separated later stays in arrivals and leaves by a flow.
        """
        return self.filter(arrived_at__lte=as_of).exclude(
            Q(exit_reason__in=NEVER_COUNTED)
            | Q(exit_reason=ExitReason.SEPARATED, left_at__lte=F("arrived_at"))
        )

    def present(self, as_of: datetime) -> Self:
        """Counted and not gone by `as_of`: the stock.

        Also on a past day between an exit and the return that followed it.
        """
        from intake.models import PersonExit

        away = PersonExit.objects.over(as_of).filter(person=OuterRef("pk"))
        return self.counted(as_of).filter(
            Q(left_at__isnull=True) | Q(left_at__gt=as_of), ~Exists(away)
        )

    def in_household_of(self, as_of: datetime | None = None) -> Self:
        """With `household_then`: the id of the household in which each person was at `as_of`.

        Without `as_of` the one with which they came.
        """
        from intake.models import HouseholdMove

        later = HouseholdMove.objects.filter(person=OuterRef("pk"))
        if as_of is not None:
            later = later.filter(occurred_at__gt=as_of)
        first = later.order_by("occurred_at", "recorded_at").values("from_household_id")[:1]
        then = Coalesce(Subquery(first), F("household_id"), output_field=models.UUIDField())
        return self.annotate(household_then=then)

    def in_count(self) -> Self:
        """In the count now, whatever the clock says."""
        return self.filter(left_at__isnull=True)


class PersonExitQuerySet(models.QuerySet["PersonExit"]):
    """Exits."""

    def standing(self) -> Self:
        """Neither taken back nor ended by a return: the person is away."""
        return self.filter(reversed_at__isnull=True, returned_at__isnull=True)

    def happened(self) -> Self:
        """Not taken back."""
        return self.filter(reversed_at__isnull=True)

    def over(self, as_of: datetime) -> Self:
        """Absences that have ended since, and lasted at `as_of`."""
        return self.happened().filter(occurred_at__lte=as_of, returned_at__gt=as_of)


class SpecificNeedQuerySet(models.QuerySet["SpecificNeed"]):
    """Specific needs."""

    def visible_to(self, user: Any) -> Self:
        """Needs of visible persons, of the tiers the user may see; others are not hinted at."""
        access = access_of(user)
        tiers = [
            tier
            for tier, permission in (
                (1, Permission.NEEDS_TIER_1),
                (2, Permission.NEEDS_TIER_2),
                (3, Permission.NEEDS_TIER_3),
            )
            if access.can(permission)
        ]
        return self.filter(
            households_q(user, Permission.HOUSEHOLDS_READ, "person__household__"),
            type__tier__in=tiers,
        )

    def open(self) -> Self:
        """Not closed."""
        return self.exclude(status=NeedStatus.CLOSED)


class EntryPointQuerySet(models.QuerySet["EntryPoint"]):
    """Entry points."""

    def visible_to(self, user: Any) -> Self:
        """All for whoever may read them at all: places of crossing are public knowledge."""
        return self.all() if access_of(user).can(Permission.ENTRY_POINTS_READ) else self.none()


class ScreeningQuerySet(models.QuerySet["ScreeningOutcome"]):
    """Sealed screening records."""

    def visible_to(self, user: Any) -> Self:
        """Holders of the screening permission only."""
        return self.all() if access_of(user).can(Permission.SCREENING) else self.none()

    def due(self, on: date) -> Self:
        """To be reviewed by `on`: not reviewed, and no later record takes its place."""
        later = self.model._default_manager.filter(
            person=OuterRef("person"), recorded_at__gt=OuterRef("recorded_at")
        )
        return self.filter(~Exists(later), reviewed_at__isnull=True, review_on__lte=on)


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    """Imports."""

    def visible_to(self, user: Any) -> Self:
        """Own imports; all for who may import everywhere."""
        scopes = access_of(user).scopes(Permission.HOUSEHOLDS_IMPORT)
        if scopes.everywhere:
            return self.all()
        return self.filter(imported_by=user) if scopes else self.none()
