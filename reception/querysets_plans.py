"""Sets of plans for sites: as visible as the site, those without a site for the operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission, access_of
from reception.choices import PlanState
from reception.querysets import sites_q

if TYPE_CHECKING:
    from reception.models import SitePlan, SitePlanItem  # noqa: F401


def plans_q(user: Any, permission: Permission, prefix: str = "") -> Q:
    """The condition for plans (at `prefix`) where the user holds `permission`.

    A plan for a site is as visible as the site. A plan without one is for those whose permission
    holds for the whole operation; a hidden one only with the right to hidden locations.
    """
    access = access_of(user)
    if not access.can(permission):
        return Q(pk__in=[])
    condition = Q(**{f"{prefix}site__isnull": False}) & sites_q(user, permission, f"{prefix}site__")
    if access.scopes(permission).everywhere:
        loose = Q(**{f"{prefix}site__isnull": True})
        if not access.can(Permission.SITES_HIDDEN):
            loose &= Q(**{f"{prefix}hidden": False})
        condition |= loose
    return condition


class SitePlanQuerySet(models.QuerySet["SitePlan"]):
    """Plans for sites."""

    def visible_to(self, user: Any) -> Self:
        """Those that the user may read."""
        return self.filter(plans_q(user, Permission.SITES_READ))

    def standing(self) -> Self:
        """Neither ready nor given up."""
        return self.filter(state=PlanState.PREPARING)


class SitePlanItemQuerySet(models.QuerySet["SitePlanItem"]):
    """What is still needed at sites."""

    def visible_to(self, user: Any) -> Self:
        """Those of plans that the user may read."""
        return self.filter(plans_q(user, Permission.SITES_READ, "plan__"))

    def missing(self) -> Self:
        """Not done yet."""
        return self.filter(done_at__isnull=True)
