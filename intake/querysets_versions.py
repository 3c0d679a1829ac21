"""Sets of earlier versions of persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from accounts.policies import Permission, access_of
from intake.choices import ExitReason
from intake.querysets import households_q

if TYPE_CHECKING:
    from intake.models import IdentityVersion  # noqa: F401


class IdentityVersionQuerySet(models.QuerySet["IdentityVersion"]):
    """Earlier versions of persons."""

    def visible_to(self, user: Any) -> Self:
        """Of persons in households the user may change; of the separated for screening only."""
        found = self.filter(households_q(user, Permission.HOUSEHOLDS_EDIT, "person__household__"))
        if not access_of(user).can(Permission.SCREENING):
            found = found.exclude(person__exit_reason=ExitReason.SEPARATED)
        return found
