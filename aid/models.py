"""What is asked of agencies, and what was delivered."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from aid.choices import CapacityAnswer, Level, RequestStatus
from aid.querysets import AgencyServiceQuerySet, AidRequestQuerySet
from audit.history import keeps_history
from common.encryption import SealedTextField
from common.models import BaseModel, CodeListEntry
from intake.models import Area, Household, Person
from reception.models import Site

S = RequestStatus
TRANSITIONS: dict[str, frozenset[str]] = {
    S.SUBMITTED: frozenset({S.RECEIVED, S.ACCEPTED, S.DECLINED, S.CANCELLED, S.REROUTED}),
    S.RECEIVED: frozenset({S.ACCEPTED, S.DECLINED, S.CANCELLED, S.REROUTED}),
    S.ACCEPTED: frozenset(
        {S.IN_PROGRESS, S.ON_HOLD, S.FULFILLED, S.PARTLY_FULFILLED, S.NOT_FULFILLED, S.CANCELLED}
    ),
    S.IN_PROGRESS: frozenset(
        {S.ON_HOLD, S.FULFILLED, S.PARTLY_FULFILLED, S.NOT_FULFILLED, S.CANCELLED}
    ),
    S.ON_HOLD: frozenset({S.ACCEPTED, S.IN_PROGRESS, S.NOT_FULFILLED, S.CANCELLED}),
    S.DECLINED: frozenset({S.REROUTED}),
    S.FULFILLED: frozenset(),
    S.PARTLY_FULFILLED: frozenset(),
    S.NOT_FULFILLED: frozenset(),
    S.CANCELLED: frozenset(),
    S.REROUTED: frozenset(),
}


class Sector(CodeListEntry):
    """Sectors of assistance (Refugee Coordination Model). Loaded from aid/codelists."""

    sensitive = models.BooleanField(
        _("never named in a message"),
        default=False,
        help_text=_("Protection and health are not named in notifications."),
    )

    class Meta:
        verbose_name = _("sector")
        verbose_name_plural = _("sectors")


class AgencyService(BaseModel):
    """What an agency offers, where, and whether it has capacity. No personal data."""

    agency = models.ForeignKey(Agency, models.CASCADE, related_name="services")
    sector = models.ForeignKey(Sector, models.PROTECT, related_name="+", verbose_name=_("sector"))
    areas = models.ManyToManyField(Area, blank=True, related_name="+", verbose_name=_("areas"))
    capacity_answer = models.CharField(
        _("capacity"), max_length=20, choices=CapacityAnswer, default=CapacityAnswer.CAPACITY
    )
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = AgencyServiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("agency service")
        verbose_name_plural = _("agency services")
        constraints = [
            models.UniqueConstraint(
                fields=["agency", "sector"],
                name="agency_service_once_per_sector",
                violation_error_message=_("This sector is already listed for the agency."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.sector_id}"


@keeps_history(shown=("status", "agency", "acknowledged_at", "closed_at", "held_at"))
class AidRequest(BaseModel):
    """What an agency is asked to do for one person, household or site.

    Exactly one of `person`, `household`, `site` is set. States: TRANSITIONS. The clock of a
    request on hold stands still: resuming moves both deadlines. Personal data: `summary` and
    `reason` (sealed).
    """

    reference = models.CharField(_("reference"), max_length=20, unique=True)
    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="requests", verbose_name=_("agency")
    )
    sector = models.ForeignKey(Sector, models.PROTECT, related_name="+", verbose_name=_("sector"))
    level = models.CharField(_("level"), max_length=10, choices=Level)
    status = models.CharField(
        _("status"), max_length=20, choices=RequestStatus, default=RequestStatus.SUBMITTED
    )
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="aid_requests"
    )
    household = models.ForeignKey(
        Household, models.PROTECT, null=True, blank=True, related_name="aid_requests"
    )
    site = models.ForeignKey(
        Site, models.PROTECT, null=True, blank=True, related_name="aid_requests"
    )
    summary = SealedTextField(_("what is needed"))
    reason = SealedTextField(_("reason given"))
    submitted_at = models.DateTimeField(_("asked at"))
    acknowledge_by = models.DateTimeField(_("to acknowledge by"))
    act_by = models.DateTimeField(_("to act by"))
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    held_at = models.DateTimeField(_("on hold since"), null=True, blank=True)
    status_before_hold = models.CharField(max_length=20, blank=True, editable=False)
    rerouted_to = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = AidRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("aid request")
        verbose_name_plural = _("aid requests")
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, household__isnull=True, site__isnull=True)
                | Q(person__isnull=True, household__isnull=False, site__isnull=True)
                | Q(person__isnull=True, household__isnull=True, site__isnull=False),
                name="aid_request_has_one_beneficiary",
                violation_error_message=_("Name one person, one household or one site."),
            )
        ]
        indexes = [
            models.Index(fields=["agency", "status", "-id"], name="aid_request_by_agency"),
            models.Index(fields=["act_by"], name="aid_request_due"),
        ]

    def __str__(self) -> str:
        return self.reference

    def may_become(self, status: str) -> bool:
        """Whether the table of transitions allows it."""
        return status in TRANSITIONS[self.status]

    def is_overdue(self, now: datetime) -> bool:
        """Whether it is open and past a deadline; a clock on hold does not run."""
        if self.closed_at is not None or self.status == S.ON_HOLD:
            return False
        return self.act_by < now or (self.status == S.SUBMITTED and self.acknowledge_by < now)


class AidRequestItem(BaseModel):
    """One thing asked for. No personal data."""

    request = models.ForeignKey(AidRequest, models.CASCADE, related_name="items")
    item = models.CharField(_("item"), max_length=100)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=2)
    unit = models.CharField(_("unit"), max_length=30)

    class Meta:
        verbose_name = _("item asked for")
        verbose_name_plural = _("items asked for")
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0),
                name="aid_item_quantity_is_positive",
                violation_error_message=_("The quantity must be more than zero."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.unit} {self.item}"


class Delivery(BaseModel):
    """What was done for a request, for how many. No personal data."""

    request = models.ForeignKey(AidRequest, models.PROTECT, related_name="deliveries")
    item = models.CharField(_("item"), max_length=100)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=2)
    unit = models.CharField(_("unit"), max_length=30)
    households_reached = models.PositiveIntegerField(_("households reached"), default=0)
    persons_reached = models.PositiveIntegerField(_("persons reached"))
    breakdown = models.JSONField(_("persons by sex and age"), default=dict, blank=True)
    delivered_at = models.DateTimeField(_("delivered at"))
    reported_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0),
                name="delivery_quantity_is_positive",
                violation_error_message=_("The quantity must be more than zero."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.unit} {self.item}"


class StatusChange(BaseModel):
    """One step of a request: from where to where, by whom, when. Personal data: `note`."""

    request = models.ForeignKey(AidRequest, models.CASCADE, related_name="changes")
    from_status = models.CharField(max_length=20, choices=RequestStatus, blank=True)
    to_status = models.CharField(max_length=20, choices=RequestStatus)
    note = SealedTextField(_("note"))
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"
