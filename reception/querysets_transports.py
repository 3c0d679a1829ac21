"""Transports: what is visible to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission, access_of
from reception.choices import LineState, TransportStatus
from reception.querysets import sites_q

if TYPE_CHECKING:
    from reception.models import Transport, TransportLine  # noqa: F401

READ = Permission.PLACEMENTS_READ


def transports_q(user: Any, permission: Permission = READ, prefix: str = "") -> Q:
    """The condition for transports (at `prefix`) with one end where the user holds `permission`.

    The other end may be a hidden site: pages and routes then say only "another site".
    """
    scopes = access_of(user).scopes(permission)
    if not scopes:
        return Q(pk__in=[])
    from_site = Q(**{f"{prefix}from_site__isnull": False})
    condition = sites_q(user, permission, f"{prefix}to_site__")
    condition |= from_site & sites_q(user, permission, f"{prefix}from_site__")
    if scopes.everywhere:
        return condition | ~from_site
    return condition | Q(**{f"{prefix}from_entry_point__code__in": scopes.entry_points})


class TransportQuerySet(models.QuerySet["Transport"]):
    """Transports."""

    def visible_to(self, user: Any) -> Self:
        """Those that begin or end where the user may read placements."""
        return self.filter(transports_q(user))

    def open(self) -> Self:
        """Still to leave, or on the road."""
        return self.filter(
            status__in=(TransportStatus.PLANNED, TransportStatus.LOADING, TransportStatus.DEPARTED)
        )

    def with_somebody_missing(self) -> Self:
        """Arrived, and a family that left with it neither came nor was its absence explained."""
        return self.filter(
            status=TransportStatus.ARRIVED, lines__state=LineState.BOARDED
        ).distinct()


class TransportLineQuerySet(models.QuerySet["TransportLine"]):
    """Families on the lists of transports."""

    def visible_to(self, user: Any) -> Self:
        """Lines of visible transports."""
        return self.filter(transports_q(user, prefix="transport__"))

    def open(self) -> Self:
        """On the list or on board: nothing has become of them yet."""
        return self.filter(state__in=(LineState.LISTED, LineState.BOARDED))
