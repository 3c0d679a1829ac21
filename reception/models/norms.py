"""The norms that say how many people a measured resource serves."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from reception.choices import NormPhase, ResourceKind


class Norm(models.Model):
    """How much of a resource one person needs, or how many persons one unit serves.

    Loaded from reception/codelists/norms.csv with its source. `units` of the resource serve
    `persons`: 3.5 m² serve 1, one latrine serves 50. Two whole figures instead of a quotient, so
    that 420 m² at 3.5 m² are 120 persons and not 119.
    """

    code = models.CharField(_("code"), max_length=40, primary_key=True)
    kind = models.CharField(_("resource"), max_length=30, choices=ResourceKind)
    phase = models.CharField(_("phase"), max_length=20, choices=NormPhase)
    persons = models.PositiveIntegerField(_("persons served"))
    units = models.DecimalField(_("by so many units"), max_digits=8, decimal_places=2)
    label = models.CharField(_("norm"), max_length=200)
    source = models.CharField(_("source"), max_length=200)
    disabled_on = models.DateField(_("disabled on"), null=True, blank=True)

    class Meta:
        verbose_name = _("norm")
        verbose_name_plural = _("norms")
        constraints = [
            models.UniqueConstraint(fields=["kind", "phase"], name="norm_once_per_kind_and_phase"),
            models.CheckConstraint(
                condition=Q(persons__gte=1, units__gt=0), name="norm_serves_someone"
            ),
        ]

    def __str__(self) -> str:
        return self.label
