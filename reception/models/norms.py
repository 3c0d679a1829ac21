"""The norms that say how many people a measured resource serves."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.models import CodeListEntry
from reception.choices import NormPhase, ResourceKind
from reception.querysets_norms import NormQuerySet


class Norm(CodeListEntry):
    """How much of a resource one person needs, or how many persons one unit serves.

    Loaded from reception/codelists/norms.csv with its source. `units` of the resource serve
    `persons`: 3.5 m² serve 1, one latrine serves 50. Two whole figures instead of a quotient, so
    that 420 m² at 3.5 m² are 120 persons and not 119. A norm that changes is a new row with its
    own `version` and the day from which it counts; the older one stays, so that what was
    reckoned by it can be read later.
    """

    kind = models.CharField(_("resource"), max_length=30, choices=ResourceKind)
    phase = models.CharField(_("phase"), max_length=20, choices=NormPhase)
    persons = models.PositiveIntegerField(_("persons served"))
    units = models.DecimalField(_("by so many units"), max_digits=8, decimal_places=2)
    source = models.CharField(_("source"), max_length=200)
    version = models.CharField(_("edition"), max_length=20)
    valid_from = models.DateField(_("counts from"))

    objects = NormQuerySet.as_manager()

    class Meta:
        verbose_name = _("norm")
        verbose_name_plural = _("norms")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "phase", "version"],
                name="norm_once_per_kind_phase_and_version",
            ),
            models.UniqueConstraint(
                fields=["kind", "phase", "valid_from"],
                name="norm_one_begins_per_kind_phase_and_day",
            ),
            models.CheckConstraint(
                condition=Q(disabled_on__isnull=True) | Q(disabled_on__gte=F("valid_from")),
                name="norm_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(persons__gte=1, units__gt=0), name="norm_serves_someone"
            ),
        ]

    def __str__(self) -> str:
        return self.name
