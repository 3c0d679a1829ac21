"""Sets of reception's rows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission, access_of
from reception.choices import HOLDING_STATES, OPEN_STATUSES, SiteStatus, SiteType

if TYPE_CHECKING:
    from reception.models import Placement, Site, Stay  # noqa: F401


def sites_q(user: Any, permission: Permission, prefix: str = "") -> Q:
    """The condition for sites (at `prefix`) where the user holds `permission`."""
    access = access_of(user)
    scopes = access.scopes(permission)
    if not scopes:
        return Q(pk__in=[])
    condition = Q()
    if not scopes.everywhere and not scopes.entry_points:
        condition &= Q(**{f"{prefix}code__in": scopes.sites})
    if not access.can(Permission.SITES_HIDDEN):
        condition &= Q(**{f"{prefix}hidden": False}) | Q(**{f"{prefix}code__in": scopes.sites})
    return condition


class SiteQuerySet(models.QuerySet["Site"]):
    """Sites."""

    def visible_to(self, user: Any) -> Self:
        """Sites the user may read; hidden ones only with the right or an assignment there."""
        return self.filter(sites_q(user, Permission.SITES_READ))

    def for_refugees(self) -> Self:
        """Without the facilities that the authority runs: nobody is placed there."""
        return self.exclude(type=SiteType.SEPARATED)

    def open(self) -> Self:
        """Open and receiving."""
        return self.filter(status=SiteStatus.OPEN)


class PlacementQuerySet(models.QuerySet["Placement"]):
    """Placements."""

    def visible_to(self, user: Any) -> Self:
        """Placements at sites where the user may read them."""
        return self.filter(sites_q(user, Permission.PLACEMENTS_READ, "site__"))

    def open(self) -> Self:
        """Those that hold places."""
        return self.filter(status__in=OPEN_STATUSES)

    def expired(self, now: datetime) -> Self:
        """Places kept for somebody until a time that has come; not those at the end of a transfer.

        Also of families of whom a part has come: the places of the others.
        """
        return self.filter(
            status__in=OPEN_STATUSES, reserved_until__lte=now, transfer_of__isnull=True
        )


class StayQuerySet(models.QuerySet["Stay"]):
    """Stays."""

    def standing(self) -> Self:
        """The present state of each member."""
        return self.filter(until__isnull=True)

    def holding(self) -> Self:
        """Those that hold a place now."""
        return self.filter(until__isnull=True, state__in=HOLDING_STATES)

    def at(self, moment: datetime) -> Self:
        """Those that went on at a moment."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=moment), since__lte=moment)
