"""Two households that may be one."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.models import BaseModel
from intake.choices import PairStatus
from intake.models.households import Household
from intake.querysets import DuplicatePairQuerySet


class DuplicatePair(BaseModel):
    """Two households that may be the same people; only a person decides. No personal data.

    `first` has the smaller key. `reasons` are codes with counts, `matches` pairs of person ids.
    """

    first = models.ForeignKey(Household, models.CASCADE, related_name="+")
    second = models.ForeignKey(Household, models.CASCADE, related_name="+")
    score = models.FloatField(_("score"))
    reasons = models.JSONField(_("reasons"), default=list)
    matches = models.JSONField(default=list)
    status = models.CharField(
        _("status"), max_length=10, choices=PairStatus, default=PairStatus.OPEN
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    # What is needed to put everything back: ids only.
    undo = models.JSONField(default=dict, editable=False)

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_once"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="duplicate_pair_in_key_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} ~ {self.second_id}"
