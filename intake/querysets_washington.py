"""Sets of answers to the Washington Group short set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import OuterRef, Q, Subquery

from accounts.policies import Permission, access_of
from intake.querysets import households_q
from intake.washington import CUT_OFF, DOMAINS

if TYPE_CHECKING:
    from intake.models import WashingtonGroup  # noqa: F401


class WashingtonGroupQuerySet(models.QuerySet["WashingtonGroup"]):
    """Answers of persons."""

    def visible_to(self, user: Any) -> Self:
        """Of visible persons, for whoever may see needs of tier 1."""
        if not access_of(user).can(Permission.NEEDS_TIER_1):
            return self.none()
        return self.filter(households_q(user, Permission.HOUSEHOLDS_READ, "person__household__"))

    def latest(self) -> Self:  # type: ignore[override]
        """Of each person the answers that count: those asked last."""
        newest = self.model._default_manager.filter(person=OuterRef("person")).order_by(
            "-occurred_at", "-id"
        )
        return self.filter(pk=Subquery(newest.values("pk")[:1]))

    def with_disability(self) -> Self:
        """At or over the cut-off DISABILITY3 in at least one domain."""
        over = Q()
        for domain in DOMAINS:
            over |= Q(**{f"{domain}__in": CUT_OFF})
        return self.filter(over)
