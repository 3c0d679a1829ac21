"""The sealed record of what the authority decided."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.encryption import SealedJSONField
from common.models import BaseModel
from intake.models.persons import Person
from intake.querysets import ScreeningQuerySet


class ScreeningOutcome(BaseModel):
    """What the authority decided about one person, sealed; readable by its own role only.

    Personal and life-endangering data: `sealed` (outcome, authority, reference, remarks). No
    column says which outcome it is, so that the table is no list of fighters.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="screenings")
    sealed = SealedJSONField(_("record"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = ScreeningQuerySet.as_manager()

    class Meta:
        verbose_name = _("screening record")
        verbose_name_plural = _("screening records")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.pk)[:8]}"
