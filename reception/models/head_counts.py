"""Head counts: who was expected at a site, who was seen, and what became of the differences."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.encryption import SealedTextField
from common.models import BaseModel
from intake.models import Household
from reception.choices import (
    DifferenceKind,
    DifferenceState,
    HeadCountHow,
    HeadCountKind,
    Resolution,
)
from reception.models.placements import Placement
from reception.models.sites import Site, Unit
from reception.querysets_counts import (
    HeadCountDifferenceQuerySet,
    HeadCountLineQuerySet,
    HeadCountQuerySet,
    HeadCountTallyQuerySet,
)

USER = settings.AUTH_USER_MODEL


class HeadCount(BaseModel):
    """One roll call of a site. Open until it is closed; one open count per site.

    `expected` is frozen when it starts. Closing writes the figures: `expected_after` is what was
    expected in the light of who came and left meanwhile, and then
    expected_after + unexpected - missing = counted. A count changes nothing but itself. Holds no
    personal data.
    """

    site = models.ForeignKey(Site, models.PROTECT, related_name="head_counts")
    day = models.DateField(_("day"))
    kind = models.CharField(
        _("kind of count"), max_length=10, choices=HeadCountKind, default=HeadCountKind.DAILY
    )
    method = models.CharField(
        _("way of counting"), max_length=10, choices=HeadCountHow, default=HeadCountHow.SCAN
    )
    started_by = models.ForeignKey(USER, models.PROTECT, related_name="+", editable=False)
    started_at = models.DateTimeField(_("started at"))
    closed_by = models.ForeignKey(
        USER, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    expected = models.PositiveIntegerField(_("expected persons"))
    expected_after = models.PositiveIntegerField(_("expected at the end"), null=True, blank=True)
    counted = models.PositiveIntegerField(_("counted persons"), null=True, blank=True)
    missing = models.PositiveIntegerField(_("expected and not seen"), null=True, blank=True)
    unexpected = models.PositiveIntegerField(_("seen and not expected"), null=True, blank=True)

    objects = HeadCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("head count")
        verbose_name_plural = _("head counts")
        constraints = [
            models.UniqueConstraint(
                fields=["site"],
                condition=Q(closed_at__isnull=True),
                name="head_count_one_open_per_site",
                violation_error_message=_("A count of this site is going on."),
            ),
            models.UniqueConstraint(
                fields=["site", "day"],
                condition=Q(kind=HeadCountKind.DAILY),
                name="head_count_one_daily_per_day",
                violation_error_message=_("This site has its daily count of this day."),
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("started_at")),
                name="head_count_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(
                    closed_at__isnull=True,
                    expected_after__isnull=True,
                    counted__isnull=True,
                    missing__isnull=True,
                    unexpected__isnull=True,
                )
                | Q(
                    closed_at__isnull=False,
                    expected_after__isnull=False,
                    counted__isnull=False,
                    missing__isnull=False,
                    unexpected__isnull=False,
                ),
                name="head_count_closed_has_figures",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True)
                | Q(counted=F("expected_after") + F("unexpected") - F("missing")),
                name="head_count_adds_up",
            ),
        ]
        indexes = [models.Index(fields=["site", "started_at"], name="head_count_of_site")]

    def __str__(self) -> str:
        return f"{self.site.code} {self.day:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        """Whether people can still be counted."""
        return self.closed_at is None


class HeadCountLine(BaseModel):
    """One household of a count: how many were expected, and how many seen (None: not yet).

    `expected` 0: they have no place here. `household` is empty where the slip or reference that
    was read (`text_read`) leads to nobody whom the counter may know: then only that stands here.
    Holds no personal data.
    """

    count = models.ForeignKey(HeadCount, models.CASCADE, related_name="lines")
    household = models.ForeignKey(
        Household, models.PROTECT, null=True, blank=True, related_name="+"
    )
    placement = models.ForeignKey(Placement, models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    text_read = models.CharField(_("what was read"), max_length=40, blank=True)
    expected = models.PositiveSmallIntegerField(_("expected persons"), default=0)
    seen = models.PositiveSmallIntegerField(_("seen persons"), null=True, blank=True)
    how = models.CharField(_("how"), max_length=10, choices=HeadCountHow, blank=True)
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)
    seen_by = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", editable=False)
    sent_key = models.UUIDField(null=True, editable=False)

    objects = HeadCountLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a head count")
        verbose_name_plural = _("lines of head counts")
        constraints = [
            models.UniqueConstraint(
                fields=["count", "household"], name="head_count_line_once_per_household"
            ),
            models.UniqueConstraint(
                fields=["count", "text_read"],
                condition=Q(household__isnull=True),
                name="head_count_line_once_per_unknown",
            ),
            models.CheckConstraint(
                condition=Q(seen__isnull=True, seen_at__isnull=True, seen_by__isnull=True, how="")
                | (
                    Q(seen__isnull=False, seen_at__isnull=False, seen_by__isnull=False) & ~Q(how="")
                ),
                name="head_count_seen_says_when_who_and_how",
            ),
            models.CheckConstraint(
                condition=Q(household__isnull=False) | ~Q(text_read=""),
                name="head_count_line_is_about_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.expected} {self.seen}"


class HeadCountTally(BaseModel):
    """How many people were seen in a unit, by number only; without a unit: everybody else.

    The newest number of a unit counts. Holds no personal data.
    """

    count = models.ForeignKey(HeadCount, models.CASCADE, related_name="tallies")
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    seen = models.PositiveSmallIntegerField(_("seen persons"))
    seen_at = models.DateTimeField(_("seen at"))
    seen_by = models.ForeignKey(USER, models.PROTECT, related_name="+", editable=False)
    sent_key = models.UUIDField(null=True, editable=False)

    objects = HeadCountTallyQuerySet.as_manager()

    class Meta:
        verbose_name = _("number of a room")
        verbose_name_plural = _("numbers of rooms")
        constraints = [
            models.UniqueConstraint(
                fields=["count", "unit"],
                nulls_distinct=False,
                name="head_count_tally_once_per_unit",
            ),
        ]

    def __str__(self) -> str:
        return str(self.seen)


class HeadCountDifference(BaseModel):
    """So many persons expected and not seen, or seen and not expected: open until resolved.

    About one household (`line`) or the number of a room (`tally`). `resolution` says what it was;
    what that changed (a check-out, an absence) went through the same services as the buttons.
    Personal data: `note` (sealed).
    """

    count = models.ForeignKey(HeadCount, models.CASCADE, related_name="differences")
    line = models.ForeignKey(HeadCountLine, models.CASCADE, null=True, related_name="differences")
    tally = models.ForeignKey(HeadCountTally, models.CASCADE, null=True, related_name="differences")
    kind = models.CharField(_("difference"), max_length=12, choices=DifferenceKind)
    persons = models.PositiveSmallIntegerField(_("persons"))
    state = models.CharField(
        _("state"), max_length=10, choices=DifferenceState, default=DifferenceState.OPEN
    )
    resolution = models.CharField(_("resolution"), max_length=20, choices=Resolution, blank=True)
    note = SealedTextField(_("note"))
    resolved_by = models.ForeignKey(
        USER, models.PROTECT, null=True, related_name="+", editable=False
    )
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)

    objects = HeadCountDifferenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("difference of a head count")
        verbose_name_plural = _("differences of head counts")
        constraints = [
            models.UniqueConstraint(
                fields=["line"],
                condition=Q(state=DifferenceState.OPEN),
                name="head_count_one_open_difference_per_line",
            ),
            models.UniqueConstraint(
                fields=["tally"],
                condition=Q(state=DifferenceState.OPEN),
                name="head_count_one_open_difference_per_tally",
            ),
            models.CheckConstraint(
                condition=Q(line__isnull=False, tally__isnull=True)
                | Q(line__isnull=True, tally__isnull=False),
                name="head_count_difference_is_about_one_thing",
            ),
            models.CheckConstraint(condition=Q(persons__gte=1), name="head_count_differs_by_some"),
            models.CheckConstraint(
                condition=Q(
                    state=DifferenceState.OPEN,
                    resolution="",
                    resolved_at__isnull=True,
                    resolved_by__isnull=True,
                )
                | (
                    Q(
                        state=DifferenceState.RESOLVED,
                        resolved_at__isnull=False,
                        resolved_by__isnull=False,
                    )
                    & ~Q(resolution="")
                ),
                name="head_count_resolved_says_what_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.persons}"
