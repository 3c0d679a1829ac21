"""Who has a place where, through time: households and each of their members."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from audit.history import keeps_history
from common.encryption import SaysSomething, SealedTextField
from common.models import BaseModel
from intake.models import Household, Person
from reception.choices import (
    HOLDING_STATES,
    OPEN_STATUSES,
    AbsenceReason,
    PlacementStatus,
    StayState,
)
from reception.models.sites import Site, Unit
from reception.querysets import PlacementQuerySet, StayQuerySet

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


@keeps_history(
    shown=("household", "status", "places", "reserved_until", "checked_in_at", "ended_at")
)
class Placement(BaseModel):
    """A household's place at a site through time. One is open per household.

    `places` is how many places it holds (one place, one person); who holds them, each member, is
    in `stays`. A family is apart only by a decision: part 1 and on, each with its `split_reason`.
    `transfer_of` is the placement that this one follows while the family is on its way; both hold
    their places until it has come. Personal data: `note` and `split_reason` (sealed).
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
    part = models.PositiveSmallIntegerField(_("part of the family"), default=0, editable=False)
    split_reason = SealedTextField(_("why the family is apart"))
    transfer_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="transfers", editable=False
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
                fields=["household", "part"],
                condition=Q(status__in=OPEN_STATUSES, transfer_of__isnull=True),
                name="placement_one_open_per_household",
                violation_error_message=_("This household already has a place."),
            ),
            models.UniqueConstraint(
                fields=["transfer_of"],
                condition=Q(status__in=OPEN_STATUSES),
                name="placement_one_transfer_at_a_time",
                violation_error_message=_("This household is on its way to a site already."),
            ),
            models.CheckConstraint(
                condition=Q(part=0) | Q(SaysSomething("split_reason")),
                name="placement_split_has_a_reason",
                violation_error_message=_("Say why the family is placed apart."),
            ),
            # Whoever is away may have given the places up, and still belongs there.
            models.CheckConstraint(
                condition=Q(places__gte=1)
                | Q(status=PlacementStatus.ABSENT)
                | Q(ended_at__isnull=False),
                name="placement_holds_places",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_STATUSES, ended_at__isnull=True)
                | (~Q(status__in=OPEN_STATUSES) & Q(ended_at__isnull=False)),
                name="placement_ended_has_a_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reserved_until"],
                condition=Q(reserved_until__isnull=False, ended_at__isnull=True),
                name="placement_expiring",
            )
        ]

    def __str__(self) -> str:
        return self.household.reference

    @property
    def standing_stays(self) -> list[Stay]:
        """Where each member is now; empty once the placement has ended."""
        rows = self.stays.filter(until__isnull=True).select_related("unit")
        return list(rows.order_by("person__position", "person_id"))

    def may_become(self, status: str) -> bool:
        """Whether the table of transitions allows it."""
        return status in TRANSITIONS[self.status]


class Span(models.Func):
    """The time from the start of a stay to its end; open at its end while it goes on."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


class Stay(BaseModel):
    """One person in one state at a place, from `since` until `until`; the present one has no end.

    A new row for each change, so that "who was where" has an answer for every moment. Due (place
    held), present, away (place held), away_freed (no place held), not_come (no place held).
    `incoming` marks the places that wait at the other end of a transfer. Holds no personal data.
    """

    placement = models.ForeignKey(Placement, models.PROTECT, related_name="stays")
    person = models.ForeignKey(Person, models.PROTECT, related_name="stays")
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="stays", verbose_name=_("unit")
    )
    state = models.CharField(_("state"), max_length=12, choices=StayState)
    incoming = models.BooleanField(_("on the way"), default=False, editable=False)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    absence_reason = models.CharField(
        _("reason of absence"), max_length=20, choices=AbsenceReason, blank=True
    )

    objects = StayQuerySet.as_manager()

    class Meta:
        verbose_name = _("stay")
        verbose_name_plural = _("stays")
        constraints = [
            # Deferred: whoever moves from one household to another is for one statement in both.
            ExclusionConstraint(
                name="stay_no_person_in_two_places",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (Cast("incoming", models.IntegerField()), RangeOperators.EQUAL),
                    (Span("since", "until"), RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=HOLDING_STATES),
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
                name="stay_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=True) | Q(state__in=HOLDING_STATES),
                name="stay_in_a_unit_holds_a_place",
            ),
        ]
        indexes = [
            models.Index(
                fields=["placement"], condition=Q(until__isnull=True), name="stay_standing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.since:%Y-%m-%d %H:%M}"
