"""Sets of open questions: who sees which, and which wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission, access_of
from intake.choices import ExitReason, QuestionStatus
from intake.querysets import households_q

if TYPE_CHECKING:
    from intake.models import OpenQuestion  # noqa: F401


class OpenQuestionQuerySet(models.QuerySet["OpenQuestion"]):
    """Questions about the data of households."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible households.

        What was asked about a person whom the authority separated says that there is one: only
        holders of the screening permission see it.
        """
        found = self.filter(households_q(user, Permission.HOUSEHOLDS_READ, "household__"))
        if not access_of(user).can(Permission.SCREENING):
            found = found.filter(
                Q(person__isnull=True) | ~Q(person__exit_reason=ExitReason.SEPARATED)
            )
        return found

    def open(self) -> Self:
        """Still to answer."""
        return self.filter(status=QuestionStatus.OPEN)
