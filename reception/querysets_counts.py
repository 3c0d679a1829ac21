"""Sets of head counts and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Count, Q

from accounts.policies import Permission
from reception.choices import DifferenceState
from reception.querysets import sites_q

if TYPE_CHECKING:
    from reception.models import (  # noqa: F401
        HeadCount,
        HeadCountDifference,
        HeadCountLine,
        HeadCountTally,
    )

READ = Permission.PLACEMENTS_READ


class HeadCountQuerySet(models.QuerySet["HeadCount"]):
    """Head counts."""

    def visible_to(self, user: Any) -> Self:
        """Counts of sites where the user may read placements."""
        return self.filter(sites_q(user, READ, "site__"))

    def open(self) -> Self:
        """Those that go on."""
        return self.filter(closed_at__isnull=True)

    def with_open_differences(self) -> Self:
        """Annotated with `n_open`: differences that nobody has resolved."""
        waiting = Q(differences__state=DifferenceState.OPEN)
        return self.annotate(n_open=Count("differences", filter=waiting))


class HeadCountLineQuerySet(models.QuerySet["HeadCountLine"]):
    """Lines of counts."""

    def visible_to(self, user: Any) -> Self:
        """Lines of visible counts."""
        return self.filter(sites_q(user, READ, "count__site__"))

    def seen_ones(self) -> Self:
        """Those that somebody has counted."""
        return self.filter(seen__isnull=False)


class HeadCountTallyQuerySet(models.QuerySet["HeadCountTally"]):
    """Numbers of rooms."""

    def visible_to(self, user: Any) -> Self:
        """Numbers of visible counts."""
        return self.filter(sites_q(user, READ, "count__site__"))


class HeadCountDifferenceQuerySet(models.QuerySet["HeadCountDifference"]):
    """Differences."""

    def visible_to(self, user: Any) -> Self:
        """Differences of visible counts."""
        return self.filter(sites_q(user, READ, "count__site__"))

    def open(self) -> Self:
        """Not resolved."""
        return self.filter(state=DifferenceState.OPEN)
