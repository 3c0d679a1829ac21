"""Safe locations, their units, and what limits them."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common import clock
from common.models import BaseModel
from intake.models import Area
from reception.choices import (
    NormPhase,
    ResourceKind,
    SiteStatus,
    SiteType,
    UnitKind,
    UnitSection,
)
from reception.querysets import SiteQuerySet
from reception.querysets_sites import UnitQuerySet

# Runs for every way of changing a site. An exercise may move the clock, so the services say since
# when (`level_since`); what changes the row behind their back gets the clock of the database.
LEVEL_FOLLOWS = pgtrigger.Trigger(
    name="level_follows",
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("capacity", "overflow", "blocked"),  # type: ignore[no-untyped-call]
    when=pgtrigger.After,
    func="""
        IF TG_OP = 'INSERT' OR (OLD.capacity, OLD.overflow, OLD.blocked)
           IS DISTINCT FROM (NEW.capacity, NEW.overflow, NEW.blocked) THEN
            INSERT INTO reception_sitelevel (site_id, since, capacity, overflow, blocked)
            VALUES (NEW.id,
                    CASE WHEN TG_OP = 'UPDATE' AND NEW.level_since = OLD.level_since
                         THEN clock_timestamp() ELSE NEW.level_since END,
                    NEW.capacity, NEW.overflow, NEW.blocked);
        END IF;
        RETURN NULL;
    """,
)


class Site(BaseModel):
    """A safe location. Holds no personal data; `hidden` ones are shown to few.

    `capacity` is derived: the least of the measured resources by the norms of `norm_phase`, and
    the manager's `operational_capacity` where it is lower (reception.capacity). `reserved` and
    `present` count places taken; the database refuses more than may be taken. `overflow` places
    are granted by a named person, with a reason, in an event.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=150)
    # {"tg": "…", "fa-af": "…"}: where a language is missing, `name` is shown.
    names = models.JSONField(_("names in other languages"), default=dict, blank=True)
    type = models.CharField(_("type"), max_length=20, choices=SiteType)
    status = models.CharField(
        _("status"), max_length=15, choices=SiteStatus, default=SiteStatus.PREPARING
    )
    area = models.ForeignKey(Area, models.PROTECT, verbose_name=_("district"))
    address = models.CharField(_("address"), max_length=200, blank=True)
    latitude = models.DecimalField(
        _("latitude"), max_digits=8, decimal_places=5, null=True, blank=True
    )
    longitude = models.DecimalField(
        _("longitude"), max_digits=8, decimal_places=5, null=True, blank=True
    )
    norm_phase = models.CharField(
        _("norms applied"), max_length=20, choices=NormPhase, default=NormPhase.COLD
    )
    operational_capacity = models.PositiveIntegerField(
        _("capacity stated by the manager"), null=True, blank=True
    )
    operational_reason = models.CharField(
        _("reason for the stated capacity"), max_length=200, blank=True
    )
    blocked = models.PositiveIntegerField(_("blocked places"), default=0)
    blocked_reason = models.CharField(_("reason for blocking"), max_length=200, blank=True)
    receives_always = models.BooleanField(_("receives arrivals at any hour"), default=True)
    hidden = models.BooleanField(_("hidden location"), default=False)
    accessible = models.BooleanField(_("step-free"), default=False)
    women_only_section = models.BooleanField(_("women-only section"), default=False)
    interim_care = models.BooleanField(_("interim care for children"), default=False)
    cold_rated = models.BooleanField(_("heated"), default=False)
    health_minutes = models.PositiveSmallIntegerField(
        _("minutes to health care"), null=True, blank=True
    )
    border_km = models.PositiveSmallIntegerField(_("km from the border"), null=True, blank=True)
    capacity = models.PositiveIntegerField(_("capacity"), default=0, editable=False)
    overflow = models.PositiveIntegerField(_("overflow granted"), default=0, editable=False)
    overflow_until = models.DateTimeField(
        _("overflow granted until"), null=True, blank=True, editable=False
    )
    level_since = models.DateTimeField(default=clock.now, editable=False)
    reserved = models.PositiveIntegerField(_("reserved"), default=0, editable=False)
    present = models.PositiveIntegerField(_("present"), default=0, editable=False)

    objects = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    reserved__lte=F("capacity") + F("overflow") - F("blocked") - F("present")
                ),
                name="site_places_within_capacity",
                violation_error_message=_("There are not enough free places at this site."),
            ),
            models.CheckConstraint(
                condition=Q(blocked=0) | ~Q(blocked_reason=""),
                name="site_blocked_places_have_a_reason",
                violation_error_message=_("Say why places are blocked."),
            ),
            models.CheckConstraint(
                condition=~Q(type=SiteType.SAFE_HOUSE) | Q(hidden=True),
                name="site_safe_house_is_hidden",
                violation_error_message=_("A safe house is always hidden."),
            ),
            # PostgreSQL judges checks in the order of their names: this one speaks before
            # `site_places_within_capacity`.
            models.CheckConstraint(
                condition=~Q(type=SiteType.SEPARATED) | Q(reserved=0, present=0),
                name="site_of_authority_holds_nobody",
                violation_error_message=_(
                    "Families hold places here: it cannot become a facility of the authority."
                ),
            ),
        ]
        triggers = [LEVEL_FOLLOWS]

    def __str__(self) -> str:
        return self.local_name

    @property
    def local_name(self) -> str:
        """The name in the reader's language, where it was given in it."""
        return str(self.names.get(get_language() or "") or self.name)

    @property
    def for_refugees(self) -> bool:
        """Whether families can be placed here: not at a facility that the authority runs."""
        return self.type != SiteType.SEPARATED

    @property
    def taken(self) -> int:
        """Places held: reserved or with people in them."""
        return self.reserved + self.present

    @property
    def free(self) -> int:
        """Places that can be taken now."""
        return self.capacity + self.overflow - self.blocked - self.reserved - self.present


class SiteResource(BaseModel):
    """How much of a resource was measured at a site, and when. No personal data."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="resources")
    kind = models.CharField(_("resource"), max_length=30, choices=ResourceKind)
    quantity = models.DecimalField(_("quantity"), max_digits=10, decimal_places=2)
    measured_on = models.DateField(_("measured on"))

    class Meta:
        verbose_name = _("measured resource")
        verbose_name_plural = _("measured resources")
        constraints = [
            models.UniqueConstraint(
                fields=["site", "kind"],
                name="site_resource_once_per_kind",
                violation_error_message=_("This resource is already listed."),
            ),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="site_resource_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.quantity:g}"


class Unit(BaseModel):
    """A room, tent or section of a site. Holds no personal data.

    `taken` counts the places held in it; the database refuses more than `capacity` less `blocked`.
    People above a site's capacity (granted overflow) have a place at the site and in no unit.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="units")
    code = models.SlugField(_("code"), max_length=40)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=15, choices=UnitKind, default=UnitKind.ROOM)
    section = models.CharField(
        _("for whom"), max_length=15, choices=UnitSection, default=UnitSection.ANY
    )
    accessible = models.BooleanField(_("step-free"), default=False)
    capacity = models.PositiveIntegerField(_("places"))
    blocked = models.PositiveIntegerField(_("blocked places"), default=0, editable=False)
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)

    objects = UnitQuerySet.as_manager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "code"],
                name="unit_code_once_per_site",
                violation_error_message=_("This site has a unit with this code already."),
            ),
            models.CheckConstraint(
                condition=Q(taken__lte=F("capacity") - F("blocked")),
                name="unit_places_within_capacity",
                violation_error_message=_("There are not enough free places in this unit."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def free(self) -> int:
        """Places that can be taken now."""
        return self.capacity - self.blocked - self.taken


class SiteLevel(models.Model):
    """What a site could take from a moment on. Written by a trigger whenever it changes.

    So that "was this site ever over" has an answer also after raw SQL. No personal data.
    """

    id = models.BigAutoField(primary_key=True)
    site = models.ForeignKey(Site, models.CASCADE, related_name="levels")
    since = models.DateTimeField(_("since"))
    capacity = models.PositiveIntegerField(_("capacity"))
    overflow = models.PositiveIntegerField(_("overflow granted"))
    blocked = models.PositiveIntegerField(_("blocked places"))

    class Meta:
        verbose_name = _("level of a site")
        verbose_name_plural = _("levels of sites")
        indexes = [models.Index(fields=["site", "since"], name="site_level_since")]

    def __str__(self) -> str:
        return f"{self.site_id} {self.since:%Y-%m-%d %H:%M}"
