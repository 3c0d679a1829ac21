"""Where people cross."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import BaseModel
from intake.choices import EntryPointKind, EntryPointStatus
from intake.models.codelists import Area
from intake.querysets import EntryPointQuerySet


class EntryPoint(BaseModel):
    """An official crossing or an informal one with coarse coordinates. No personal data.

    `aliases` are other spellings, one a line, that an import accepts.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=20, choices=EntryPointKind)
    status = models.CharField(
        _("status"), max_length=20, choices=EntryPointStatus, default=EntryPointStatus.OPEN
    )
    status_reason = models.CharField(_("reason"), max_length=200, blank=True)
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

    def __str__(self) -> str:
        return self.name
