"""Sets of consents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from accounts.policies import Permission
from intake.querysets import households_q

if TYPE_CHECKING:
    from intake.models import Consent  # noqa: F401


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Answers of households and persons."""

    def visible_to(self, user: Any) -> Self:
        """Answers of households the user may read."""
        return self.filter(households_q(user, Permission.HOUSEHOLDS_READ, "household__"))

    def standing(self) -> Self:
        """The present answers: neither withdrawn nor replaced."""
        return self.filter(withdrawn_at__isnull=True)
