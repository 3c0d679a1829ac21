"""Sets of reports."""

from __future__ import annotations

from typing import Any, Self

from django.db import models

from accounts.policies import Permission, access_of
from reports.choices import ReportStatus


class SituationReportQuerySet(models.QuerySet[Any]):
    """Situation reports."""

    def visible_to(self, user: Any) -> Self:
        """All for staff who read reports; others, who read the public edition, the published."""
        access = access_of(user)
        if access.can(Permission.REPORTS_READ):
            return self.all()
        if access.can(Permission.REPORTS_READ_PUBLIC):
            return self.filter(status=ReportStatus.PUBLISHED)
        return self.none()
