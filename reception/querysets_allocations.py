"""Who sees which proposal, and which of its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission, access_of
from intake.querysets import households_q
from reception.choices import ProposedState
from reception.querysets import sites_q

if TYPE_CHECKING:
    from reception.models import AllocationLine, AllocationRun  # noqa: F401


def known_site_q(user: Any, field: str) -> Q:
    """The condition that the key at `field` is empty, or a site that the user may read."""
    condition = sites_q(user, Permission.SITES_READ, f"{field}__")
    # An empty condition is no condition: with "or" it would be forgotten.
    return Q(**{f"{field}__isnull": True}) | condition if condition else Q()


class RunQuerySet(models.QuerySet["AllocationRun"]):
    """Proposals."""

    def visible_to(self, user: Any) -> Self:
        """Own ones; those of others for who places people everywhere, or at that entry point.

        What of a proposal they see is decided line by line (LineQuerySet).
        """
        scopes = access_of(user).scopes(Permission.PLACEMENTS_WRITE)
        if not scopes:
            return self.none()
        if scopes.everywhere:
            return self.all()
        return self.filter(Q(asked_by=user) | Q(entry_point__code__in=scopes.entry_points))


class LineQuerySet(models.QuerySet["AllocationLine"]):
    """Lines of proposals."""

    def visible_to(self, user: Any) -> Self:
        """Of households that the user may read, at sites that the user may know of.

        A line at a hidden site is left out whole: without its site it would tell that there is
        one.
        """
        if not access_of(user).can(Permission.PLACEMENTS_WRITE):
            return self.none()
        return self.filter(
            households_q(user, Permission.HOUSEHOLDS_READ, "household__"),
            known_site_q(user, "site"),
            known_site_q(user, "proposed_site"),
        )

    def to_confirm(self) -> Self:
        """Those with a site that were neither confirmed nor left out."""
        return self.filter(site__isnull=False).exclude(state=ProposedState.CONFIRMED)
