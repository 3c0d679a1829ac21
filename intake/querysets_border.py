"""Sets of what is known at the border: states, counts, assessments, and who sees them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.policies import Permission, access_of

if TYPE_CHECKING:
    from intake.models import (  # noqa: F401
        BorderAssessment,
        CrossingCount,
        EntryPoint,
        EntryPointStatusChange,
        Person,
    )


def reports_at(user: Any, code: str) -> bool:
    """Whether the user says how things stand at the entry point with this code."""
    access = access_of(user)
    if access.scopes(Permission.ENTRY_POINTS_EDIT).everywhere:
        return True
    scopes = access.scopes(Permission.ENTRY_POINTS_REPORT)
    return scopes.everywhere or code in scopes.entry_points


class StatusChangeQuerySet(models.QuerySet["EntryPointStatusChange"]):
    """States of entry points over time."""

    def visible_to(self, user: Any) -> Self:
        """All for whoever may read entry points."""
        return self.all() if access_of(user).can(Permission.ENTRY_POINTS_READ) else self.none()

    def latest_first(self) -> Self:
        """By when it happened; of two at one time, the one recorded later counts."""
        return self.order_by("-occurred_at", "-recorded_at", "-pk")


class CrossingCountQuerySet(models.QuerySet["CrossingCount"]):
    """Counts of people seen crossing."""

    def visible_to(self, user: Any) -> Self:
        """All for whoever may read entry points: numbers, nobody in particular."""
        return self.all() if access_of(user).can(Permission.ENTRY_POINTS_READ) else self.none()

    def standing(self) -> Self:
        """Not replaced by a correction and not taken back."""
        return self.filter(superseded_at__isnull=True)

    def over_by(self, as_of: datetime) -> Self:
        """Standing counts whose period had ended at `as_of`."""
        return self.standing().filter(ended_at__lte=as_of)

    def around_arrivals(self) -> Exists:
        """Whether a count of this set covers the arrival of a person: their place and time."""
        return Exists(
            self.filter(
                entry_point=OuterRef("arrival__entry_point"),
                began_at__lte=OuterRef("arrived_at"),
                ended_at__gt=OuterRef("arrived_at"),
            )
        )


class BorderAssessmentQuerySet(models.QuerySet["BorderAssessment"]):
    """Visits to the border."""

    def with_findings_for(self, user: Any) -> Self:
        """Those whose sealed findings the user may read: by scope, and the user's own."""
        scopes = access_of(user).scopes(Permission.BORDER_READ)
        if scopes.everywhere:
            return self.all()
        if not scopes:
            return self.none()
        return self.filter(Q(entry_point__code__in=scopes.entry_points) | Q(recorded_by=user))

    def visible_to(self, user: Any) -> Self:
        """Those with findings for the user; who publishes reports sees what may be quoted."""
        seen = self.with_findings_for(user)
        if access_of(user).can(Permission.REPORTS_PUBLISH):
            return self.filter(Q(quotable=True) | Q(pk__in=seen.values("pk")))
        return seen
