"""Safe locations, what limits them, and who has a place there."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.history import keeps_history
from common.encryption import SealedTextField
from common.models import BaseModel
from intake.models import Area, Household
from reception.choices import (
    OPEN_STATUSES,
    AbsenceReason,
    NormPhase,
    PlacementStatus,
    ResourceKind,
    SiteStatus,
    SiteType,
)
from reception.querysets import PlacementQuerySet, SiteQuerySet

S = PlacementStatus
TRANSITIONS: dict[str, frozenset[str]] = {
    S.RESERVED: frozenset({S.CONFIRMED, S.CHECKED_IN, S.NO_SHOW, S.CANCELLED, S.EXPIRED}),
    S.CONFIRMED: frozenset({S.CHECKED_IN, S.NO_SHOW, S.CANCELLED, S.EXPIRED}),
    S.CHECKED_IN: frozenset({S.ABSENT, S.TRANSFER_PENDING, S.CHECKED_OUT}),
    S.ABSENT: frozenset({S.CHECKED_IN, S.CHECKED_OUT}),
    S.TRANSFER_PENDING: frozenset({S.CHECKED_IN, S.CHECKED_OUT}),
    S.CHECKED_OUT: frozenset(),
    S.NO_SHOW: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
}


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


class Site(BaseModel):
    """A safe location. Holds no personal data; `hidden` ones are shown to few.

    `capacity` is derived: the least of the measured resources by the norms of `norm_phase`, and
    the manager's `operational_capacity` where it is lower (reception.capacity). `reserved` and
    `present` count places taken; the database refuses more than may be taken. `overflow` places
    are granted by a named person, with a reason, in an event.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=150)
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
        ]

    def __str__(self) -> str:
        return self.name

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


@keeps_history(
    shown=("household", "status", "places", "reserved_until", "checked_in_at", "ended_at")
)
class Placement(BaseModel):
    """A household's place at a site through time. One is open per household.

    `places` is how many places it holds (one place, one person). Personal data: `note` (sealed).
    """

    household = models.ForeignKey(Household, models.PROTECT, related_name="placements")
    site = models.ForeignKey(Site, models.PROTECT, related_name="placements")
    status = models.CharField(_("status"), max_length=20, choices=PlacementStatus)
    places = models.PositiveSmallIntegerField(_("places"))
    reserved_until = models.DateTimeField(_("reserved until"), null=True, blank=True)
    checked_in_at = models.DateTimeField(_("checked in at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    absence_reason = models.CharField(
        _("reason of absence"), max_length=20, choices=AbsenceReason, blank=True
    )
    previous = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    note = SealedTextField(_("note"))
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )

    objects = PlacementQuerySet.as_manager()

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        constraints = [
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(status__in=OPEN_STATUSES),
                name="placement_one_open_per_household",
                violation_error_message=_("This household already has a place."),
            ),
            models.CheckConstraint(condition=Q(places__gte=1), name="placement_holds_places"),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_STATUSES, ended_at__isnull=True)
                | (~Q(status__in=OPEN_STATUSES) & Q(ended_at__isnull=False)),
                name="placement_ended_has_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reserved_until"],
                condition=Q(status="reserved"),
                name="placement_expiring",
            )
        ]

    def __str__(self) -> str:
        return self.household.reference

    def may_become(self, status: str) -> bool:
        """Whether the table of transitions allows it."""
        return status in TRANSITIONS[self.status]
