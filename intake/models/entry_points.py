"""Where people cross."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext_lazy as _

from common.models import BaseModel
from intake.choices import EntryPointKind, EntryPointStatus
from intake.models.codelists import Area
from intake.querysets import EntryPointQuerySet

# Two decimals of a degree: about a kilometre. Closer tells who lies in wait where to stand.
COARSE_DECIMALS = 2
COARSE = Decimal(1).scaleb(-COARSE_DECIMALS)


def coarse(value: Decimal | str | None) -> Decimal | None:
    """A coordinate to about a kilometre; None stays None."""
    return None if value is None else Decimal(value).quantize(COARSE, ROUND_HALF_EVEN)


class EntryPoint(BaseModel):
    """An official crossing or an informal one with coarse coordinates. No personal data.

    Open, restricted or closed: `status`, `status_reason` and `status_since` repeat the latest
    EntryPointStatusChange. Closed means that the authority lets nobody through; people who
    crossed there all the same are registered as everywhere. The coordinates of an informal
    crossing are rounded to about a kilometre: the exact spot would put people in danger.
    `aliases` are other spellings, one a line, that an import accepts.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=EntryPointKind)
    status = models.CharField(
        _("status"), max_length=20, choices=EntryPointStatus, default=EntryPointStatus.OPEN
    )
    status_reason = models.CharField(_("reason"), max_length=200, blank=True)
    status_since = models.DateTimeField(_("since"), null=True, blank=True, editable=False)
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("district"))
    opposite_area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("opposite")
    )
    latitude = models.DecimalField(
        _("latitude"), max_digits=6, decimal_places=3, null=True, blank=True
    )
    longitude = models.DecimalField(
        _("longitude"), max_digits=6, decimal_places=3, null=True, blank=True
    )
    aliases = models.TextField(_("other spellings"), blank=True)

    objects = EntryPointQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry point")
        verbose_name_plural = _("entry points")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=EntryPointKind.INFORMAL)
                | Q(
                    latitude=Round(F("latitude"), precision=COARSE_DECIMALS),
                    longitude=Round(F("longitude"), precision=COARSE_DECIMALS),
                )
                | Q(latitude__isnull=True, longitude__isnull=True),
                name="entry_point_informal_is_on_no_exact_spot",
                violation_error_message=_(
                    "Write the coordinates of an informal crossing with two decimals."
                ),
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__isnull=False, longitude__isnull=False),
                name="entry_point_has_both_coordinates_or_none",
                violation_error_message=_("Write both coordinates, or none."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """What is typed too exactly is made coarse before it is checked."""
        self.keep_coarse()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Never keep the exact spot of an informal crossing."""
        self.keep_coarse()
        super().save(*args, **kwargs)

    def keep_coarse(self) -> None:
        """Round the coordinates of an informal crossing to about a kilometre."""
        if self.kind == EntryPointKind.INFORMAL:
            self.latitude, self.longitude = coarse(self.latitude), coarse(self.longitude)
