"""Who sees which requirement for a place."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission, access_of
from common import clock
from intake.models import Household
from intake.querysets import households_q
from reception.querysets_allocations import known_site_q

if TYPE_CHECKING:
    from reception.models import KeepApart, KinGroup, PlacementRequirement  # noqa: F401


class KeepApartQuerySet(models.QuerySet["KeepApart"]):
    """Pairs of families to keep apart."""

    def visible_to(self, user: Any) -> Self:
        """Pairs of which the user may read a household, and who places people or protects them.

        The reason is for holders of `KEEP_APART`; the other household for who may read it.
        """
        access = access_of(user)
        if not (access.can(Permission.PLACEMENTS_WRITE) or access.can(Permission.KEEP_APART)):
            return self.none()
        known = Household.objects.visible_to(user).values("pk")
        return self.filter(Q(household__in=known) | Q(other__in=known))

    def in_force(self, now: datetime | None = None) -> Self:
        """Those that hold now."""
        moment = now or clock.now()
        return self.filter(
            Q(until__isnull=True) | Q(until__gt=moment), since__lte=moment, ended_at__isnull=True
        )

    def of(self, household: Any) -> Self:
        """Pairs to which a household belongs."""
        return self.filter(Q(household=household) | Q(other=household))


class RequirementQuerySet(models.QuerySet["PlacementRequirement"]):
    """Requirements for a place."""

    def visible_to(self, user: Any) -> Self:
        """Of households the user may read, for who places people; none that names a hidden site."""
        if not access_of(user).can(Permission.PLACEMENTS_READ):
            return self.none()
        return self.filter(
            households_q(user, Permission.HOUSEHOLDS_READ, "household__"),
            known_site_q(user, "site"),
        )

    def in_force(self, now: datetime | None = None) -> Self:
        """Those that hold now."""
        moment = now or clock.now()
        return self.filter(Q(until__isnull=True) | Q(until__gt=moment), ended_at__isnull=True)


class KinGroupQuerySet(models.QuerySet["KinGroup"]):
    """Extended families."""

    def visible_to(self, user: Any) -> Self:
        """Those with a household that the user may read."""
        known = Household.objects.visible_to(user).values("pk")
        return self.filter(members__household__in=known, members__ended_at__isnull=True).distinct()

    def standing(self) -> Self:
        """Not ended."""
        return self.filter(ended_at__isnull=True)
