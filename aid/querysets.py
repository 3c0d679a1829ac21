"""Sets of aid's rows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission, access_of
from aid.choices import RequestStatus
from intake.querysets import households_q

if TYPE_CHECKING:
    from aid.models import AgencyService, AidRequest  # noqa: F401

S = RequestStatus
OPEN = (S.SUBMITTED, S.RECEIVED, S.ACCEPTED, S.IN_PROGRESS, S.ON_HOLD)


class AidRequestQuerySet(models.QuerySet["AidRequest"]):
    """Aid requests."""

    def visible_to(self, user: Any) -> Self:
        """Everything for coordination; an agency its own; a site's staff those of that site and
        of the people who stay there."""
        scopes = access_of(user).scopes(Permission.AID_READ)
        if scopes.everywhere:
            return self.all()
        condition = Q(pk__in=[])
        if scopes.agencies:
            condition |= Q(agency__code__in=scopes.agencies)
        if scopes.sites:
            condition |= Q(site__code__in=scopes.sites)
            condition |= Q(household__isnull=False) & households_q(
                user, Permission.AID_READ, "household__"
            )
            condition |= Q(person__isnull=False) & households_q(
                user, Permission.AID_READ, "person__household__"
            )
        return self.filter(condition)

    def open(self) -> Self:
        """Neither finished nor given up."""
        return self.filter(status__in=OPEN)

    def overdue(self, now: datetime) -> Self:
        """Open and past a deadline; a clock on hold does not run."""
        return self.filter(
            Q(status=S.SUBMITTED, acknowledge_by__lt=now)
            | Q(status__in=(S.SUBMITTED, S.RECEIVED, S.ACCEPTED, S.IN_PROGRESS), act_by__lt=now)
        )


class AgencyServiceQuerySet(models.QuerySet["AgencyService"]):
    """What agencies offer."""

    def visible_to(self, user: Any) -> Self:
        """All for coordination; an agency its own."""
        access = access_of(user)
        if access.can(Permission.AGENCIES_READ):
            return self.all()
        return self.filter(agency__code__in=access.scopes(Permission.SERVICES_EDIT).agencies)
