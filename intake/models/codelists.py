"""Lists that the field owns; loaded from intake/codelists by `load_codelists`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.models import CodeListEntry


class Country(CodeListEntry):
    """ISO 3166-1 alpha-3 countries, as nationality and origin."""

    aliases = models.CharField(_("also written"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("country")
        verbose_name_plural = _("countries")


class Language(CodeListEntry):
    """Spoken and written languages, ISO 639-3."""

    aliases = models.CharField(_("also written"), max_length=400, blank=True)

    class Meta:
        verbose_name = _("language")
        verbose_name_plural = _("languages")


class DocumentType(CodeListEntry):
    """Kinds of identity documents."""

    class Meta:
        verbose_name = _("document type")
        verbose_name_plural = _("document types")


class Area(CodeListEntry):
    """Administrative areas by P-code (OCHA common operational datasets). Codes are text."""

    country_code = models.CharField(_("country"), max_length=3)
    level = models.PositiveSmallIntegerField(_("level"))
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")


class SpecificNeedType(CodeListEntry):
    """UNHCR specific needs codes (IOM/030-FOM/030/2009, as used in proGres).

    `tier`: 1 any reception staff, 2 protection and the assigned agency, 3 named specialists.
    """

    category = models.CharField(_("category"), max_length=2)
    tier = models.PositiveSmallIntegerField(_("sensitivity tier"))
    legacy = models.BooleanField(_("no longer used for new records"), default=False)

    class Meta:
        verbose_name = _("specific need code")
        verbose_name_plural = _("specific need codes")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(tier__in=(1, 2, 3)), name="need_type_tier_is_known"
            )
        ]
