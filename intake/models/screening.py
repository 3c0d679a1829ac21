"""The sealed record of what the authority decided."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.history import keeps_history
from common import clock
from common.encryption import SealedJSONField
from common.models import BaseModel
from intake.models.persons import Person
from intake.querysets import ScreeningQuerySet

REVIEW_AFTER = timedelta(days=30)


def next_review() -> date:
    """The day on which a record is looked at again, where nobody named one."""
    return (clock.now() + REVIEW_AFTER).date()


@keeps_history(listed=False)
class ScreeningOutcome(BaseModel):
    """What the authority decided about one person, sealed; readable by its own role only.

    Personal and life-endangering data: `sealed` (outcome, authority, its reference number,
    remarks). No column says which outcome it is, so that the table is no list of fighters:
    every record has a day of review, of whatever kind it is. To be reviewed until `reviewed_at`
    is set, or a later record of the person takes its place.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="screenings")
    sealed = SealedJSONField(_("record"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    review_on = models.DateField(_("review on"), default=next_review)
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True, editable=False)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = ScreeningQuerySet.as_manager()

    class Meta:
        verbose_name = _("screening record")
        verbose_name_plural = _("screening records")
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                | Q(reviewed_at__isnull=False, reviewed_by__isnull=False),
                name="screening_review_was_made_by_somebody",
            )
        ]
        indexes = [models.Index(fields=["review_on"], name="screening_review_on")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.pk)[:8]}"
