"""Sets of events and access records."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from accounts.policies import Permission, access_of
from audit.withholding import withheld_from


class AuditQuerySet(models.QuerySet[Any]):
    """What happened, or who looked."""

    def visible_to(self, user: Any) -> Self:
        """Everything for auditors of the whole operation; nothing for anybody else."""
        scopes = access_of(user).scopes(Permission.AUDIT_READ)
        return self.all() if scopes.everywhere else self.none()


class EventQuerySet(AuditQuerySet):
    """What happened."""

    def visible_to(self, user: Any) -> Self:
        """As above, without what is hidden even from this auditor (audit.withholding)."""
        events = super().visible_to(user)
        withheld = withheld_from(user)
        return events if withheld is None else events.exclude(withheld)
