"""Vehicles that bring families from one place to another, and who is on their lists."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.encryption import SealedTextField
from common.models import BaseModel
from intake.models import EntryPoint
from reception.choices import (
    LineState,
    MissingReason,
    StayedBehindReason,
    TransportStatus,
    VehicleKind,
)
from reception.models.placements import Placement
from reception.models.sites import Site
from reception.querysets_transports import TransportLineQuerySet, TransportQuerySet

T, L = TransportStatus, LineState
TRANSPORT_TRANSITIONS: dict[str, frozenset[str]] = {
    T.PLANNED: frozenset({T.LOADING, T.CANCELLED}),
    T.LOADING: frozenset({T.DEPARTED, T.CANCELLED}),
    T.DEPARTED: frozenset({T.ARRIVED}),
    T.ARRIVED: frozenset(),
    T.CANCELLED: frozenset(),
}
LINE_TRANSITIONS: dict[str, frozenset[str]] = {
    L.LISTED: frozenset({L.BOARDED, L.LEFT_BEHIND, L.REMOVED}),
    L.BOARDED: frozenset({L.LISTED, L.REMOVED, L.ARRIVED, L.MISSING}),
    # Who was missed may come after all.
    L.MISSING: frozenset({L.ARRIVED}),
    L.LEFT_BEHIND: frozenset(),
    L.ARRIVED: frozenset(),
    L.REMOVED: frozenset(),
}


class Transport(BaseModel):
    """One journey of one vehicle, from a site or an entry point to a site.

    Planned, loading, departed, arrived; or cancelled before it left. `seats_taken` and
    `wheelchairs_taken` count the people on its list; the database refuses more than there are.
    `copies` counts how often its manifest was printed. Personal data: `contact` (sealed), the
    names and phones of driver and escort.
    """

    reference = models.CharField(_("reference"), max_length=20, unique=True, editable=False)
    from_site = models.ForeignKey(
        Site,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="transports_out",
        verbose_name=_("from site"),
    )
    from_entry_point = models.ForeignKey(
        EntryPoint,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="transports",
        verbose_name=_("from entry point"),
    )
    to_site = models.ForeignKey(
        Site, models.PROTECT, related_name="transports_in", verbose_name=_("to site")
    )
    status = models.CharField(
        _("status"), max_length=10, choices=TransportStatus, default=TransportStatus.PLANNED
    )
    vehicle = models.CharField(_("vehicle"), max_length=10, choices=VehicleKind)
    seats = models.PositiveSmallIntegerField(_("seats"))
    wheelchair_places = models.PositiveSmallIntegerField(_("wheelchair places"), default=0)
    seats_taken = models.PositiveSmallIntegerField(_("seats taken"), default=0, editable=False)
    wheelchairs_taken = models.PositiveSmallIntegerField(
        _("wheelchair places taken"), default=0, editable=False
    )
    planned_departure = models.DateTimeField(_("planned departure"))
    departed_at = models.DateTimeField(_("departed at"), null=True, blank=True)
    arrived_at = models.DateTimeField(_("arrived at"), null=True, blank=True)
    contact = SealedTextField(_("driver and escort"))
    cancelled_reason = models.CharField(_("why it was cancelled"), max_length=200, blank=True)
    copies = models.PositiveSmallIntegerField(_("copies printed"), default=0, editable=False)
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )

    objects = TransportQuerySet.as_manager()

    class Meta:
        verbose_name = _("transport")
        verbose_name_plural = _("transports")
        ordering = ["-planned_departure", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_site__isnull=False, from_entry_point__isnull=True)
                | Q(from_site__isnull=True, from_entry_point__isnull=False),
                name="transport_begins_at_one_place",
                violation_error_message=_("A transport begins at a site or at an entry point."),
            ),
            models.CheckConstraint(
                condition=Q(from_site__isnull=True) | ~Q(from_site=F("to_site")),
                name="transport_goes_to_another_site",
                violation_error_message=_("A transport goes to another site."),
            ),
            models.CheckConstraint(
                condition=Q(seats_taken__lte=F("seats")),
                name="transport_seats_within_vehicle",
                violation_error_message=_("There are not enough free seats in this vehicle."),
            ),
            models.CheckConstraint(
                condition=Q(wheelchairs_taken__lte=F("wheelchair_places")),
                name="transport_wheelchairs_within_vehicle",
                violation_error_message=_("There are not enough places for wheelchairs."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=(T.DEPARTED, T.ARRIVED), departed_at__isnull=False)
                | (~Q(status__in=(T.DEPARTED, T.ARRIVED)) & Q(departed_at__isnull=True)),
                name="transport_departed_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(status=T.ARRIVED, arrived_at__isnull=False)
                | (~Q(status=T.ARRIVED) & Q(arrived_at__isnull=True)),
                name="transport_arrived_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(arrived_at__isnull=True) | Q(arrived_at__gte=F("departed_at")),
                name="transport_arrives_after_it_departed",
                violation_error_message=_("A transport cannot arrive before it departed."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["planned_departure"],
                condition=Q(status__in=(T.PLANNED, T.LOADING, T.DEPARTED)),
                name="transport_open",
            )
        ]

    def __str__(self) -> str:
        return self.reference

    def may_become(self, status: str) -> bool:
        """Whether the table of transitions allows it."""
        return status in TRANSPORT_TRANSITIONS[self.status]

    @property
    def seats_left(self) -> int:
        """Seats that nobody has."""
        return self.seats - self.seats_taken

    @property
    def wheelchair_places_left(self) -> int:
        """Places for wheelchairs that nobody has."""
        return self.wheelchair_places - self.wheelchairs_taken


class TransportLine(BaseModel):
    """A family on the list of a transport, with the place it leaves and the one that waits for it.

    `placement` is where it is (empty when the transport begins at an entry point), `target` the
    places at the other end. `made_here`: the places at the target were taken for this journey and
    go with it. Personal data: `baggage` (sealed), a short note on luggage and livestock.
    """

    transport = models.ForeignKey(Transport, models.PROTECT, related_name="lines")
    placement = models.ForeignKey(
        Placement, models.PROTECT, null=True, related_name="+", editable=False
    )
    target = models.ForeignKey(Placement, models.PROTECT, related_name="journeys", editable=False)
    made_here = models.BooleanField(default=True, editable=False)
    persons = models.PositiveSmallIntegerField(_("persons"))
    wheelchairs = models.PositiveSmallIntegerField(_("wheelchairs"), default=0)
    step_free = models.BooleanField(_("needs step-free boarding"), default=False)
    escort = models.BooleanField(_("needs a medical escort"), default=False)
    baggage = SealedTextField(_("luggage and livestock"))
    state = models.CharField(_("state"), max_length=12, choices=LineState, default=L.LISTED)
    boarded_at = models.DateTimeField(_("boarded at"), null=True, blank=True)
    arrived_at = models.DateTimeField(_("arrived at"), null=True, blank=True)
    arrived_persons = models.PositiveSmallIntegerField(_("persons who arrived"), default=0)
    stayed_behind = models.CharField(
        _("why they did not travel"), max_length=12, choices=StayedBehindReason, blank=True
    )
    missing_reason = models.CharField(
        _("why they did not arrive"), max_length=12, choices=MissingReason, blank=True
    )

    objects = TransportLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("family on a transport")
        verbose_name_plural = _("families on transports")
        constraints = [
            models.UniqueConstraint(
                fields=["target"],
                condition=Q(state__in=(L.LISTED, L.BOARDED)),
                name="transport_line_family_on_one_list",
                violation_error_message=_("This family is on the list of a transport already."),
            ),
            models.CheckConstraint(
                condition=Q(persons__gte=1, wheelchairs__lte=F("persons")),
                name="transport_line_persons_with_wheelchairs",
                violation_error_message=_("There cannot be more wheelchairs than persons."),
            ),
            models.CheckConstraint(
                condition=Q(arrived_persons__lte=F("persons")),
                name="transport_line_not_more_arrive_than_left",
            ),
            models.CheckConstraint(
                condition=(~Q(state__in=(L.BOARDED, L.ARRIVED, L.MISSING)))
                | Q(boarded_at__isnull=False),
                name="transport_line_on_board_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state=L.ARRIVED, arrived_at__isnull=False)
                | (~Q(state=L.ARRIVED) & Q(arrived_at__isnull=True)),
                name="transport_line_arrived_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(state=L.LEFT_BEHIND) ^ Q(stayed_behind=""),
                name="transport_line_left_behind_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=L.MISSING) | ~Q(missing_reason=""),
                name="transport_line_missing_has_a_reason",
                violation_error_message=_("Say why the family did not arrive."),
            ),
        ]

    def __str__(self) -> str:
        return self.target.household.reference

    def may_become(self, state: str) -> bool:
        """Whether the table of transitions allows it."""
        return state in LINE_TRANSITIONS[self.state]

    @property
    def seats(self) -> int:
        """Seats that the family takes: one for each person who does not sit in a wheelchair."""
        return self.persons - self.wheelchairs
