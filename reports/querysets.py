"""Sets of reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from accounts.policies import Permission, access_of
from reports.choices import ReportStatus

if TYPE_CHECKING:
    from reports.models import SituationReport  # noqa: F401


class SituationReportQuerySet(models.QuerySet["SituationReport"]):
    """Situation reports."""

    def visible_to(self, user: Any) -> Self:
        """All for staff who read reports; others, who read the public edition, the published."""
        access = access_of(user)
        if access.can(Permission.REPORTS_READ):
            return self.all()
        if access.can(Permission.REPORTS_READ_PUBLIC):
            return self.filter(status=ReportStatus.PUBLISHED)
        return self.none()
