"""What an operation decided about where families may be placed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.models import BaseModel
from reception.models.sites import Site


class PlacementPolicy(BaseModel):
    """The parameters of the rules for places. The newest row holds; rows are never changed.

    Sites nearer to the border than `near_border_km` take families for the first `first_nights`
    only (domain/standards.md 4.3). A province along the border cannot keep to this: `sites` are
    those where longer stays are allowed, by the `decision`. No personal data.
    """

    near_border_km = models.PositiveSmallIntegerField(_("near the border, km"), default=50)
    first_nights = models.PositiveSmallIntegerField(_("first nights near the border"), default=5)
    sites = models.ManyToManyField(
        Site, blank=True, related_name="+", verbose_name=_("sites near the border for longer stays")
    )
    decision = models.CharField(_("decision that allows them"), max_length=200, blank=True)
    step_free_required = models.BooleanField(
        _("who needs a place without steps must have one"), default=False
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )

    class Meta:
        verbose_name = _("policy for places")
        verbose_name_plural = _("policies for places")
        constraints = [
            models.CheckConstraint(
                condition=Q(first_nights__gte=1), name="placement_policy_allows_a_night"
            )
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.recorded_at:%Y-%m-%d}"
