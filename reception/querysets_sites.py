"""Sets of what belongs to sites: as visible as the site itself."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission
from reception.choices import BlockState
from reception.querysets import sites_q

if TYPE_CHECKING:
    from reception.models import SiteBlock, SiteContact, Unit  # noqa: F401


class PartQuerySet(models.QuerySet[Any]):
    """Rows with a `site`."""

    def visible_to(self, user: Any) -> Self:
        """Those of sites that the user may read."""
        return self.filter(sites_q(user, Permission.SITES_READ, "site__"))


class UnitQuerySet(models.QuerySet["Unit"]):
    """Rooms and tents."""

    def visible_to(self, user: Any) -> Self:
        """Those of sites that the user may read."""
        return self.filter(sites_q(user, Permission.SITES_READ, "site__"))


class ContactQuerySet(models.QuerySet["SiteContact"]):
    """Whom to call."""

    def visible_to(self, user: Any) -> Self:
        """For those who place people at the site or change it: staff's names are theirs only."""
        where = [
            sites_q(user, permission, "site__")
            for permission in (Permission.PLACEMENTS_READ, Permission.SITES_EDIT)
        ]
        # No condition means every site; "or" would drop it and leave the narrower one.
        return self.filter(where[0] | where[1]) if all(where) else self.all()


class BlockQuerySet(models.QuerySet["SiteBlock"]):
    """Blocked places."""

    def visible_to(self, user: Any) -> Self:
        """Those of sites that the user may read."""
        return self.filter(sites_q(user, Permission.SITES_READ, "site__"))

    def in_force(self) -> Self:
        """Counted as blocked now."""
        return self.filter(state=BlockState.IN_FORCE)

    def standing(self) -> Self:
        """Planned or in force."""
        return self.exclude(state=BlockState.ENDED)

    def over(self, now: datetime) -> Self:
        """Standing ones whose time is over."""
        return self.standing().filter(until__lte=now)

    def begun(self, now: datetime) -> Self:
        """Planned ones whose time has come and is not over."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=now)).filter(
            state=BlockState.PLANNED, since__lte=now
        )
