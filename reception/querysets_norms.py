"""Which norms count on a day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from reception.models import Norm  # noqa: F401


class NormQuerySet(models.QuerySet["Norm"]):
    """Norms of every edition."""

    def counting_on(self, day: date) -> Self:
        """Those that count on `day`; of one resource and phase the newest edition only.

        An edition counts from its own day until a newer one begins or it is disabled.
        """
        return (
            self.filter(Q(disabled_on__isnull=True) | Q(disabled_on__gt=day), valid_from__lte=day)
            .order_by("kind", "phase", "-valid_from")
            .distinct("kind", "phase")
        )
