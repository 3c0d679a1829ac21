"""What is known at the border: states of entry points, people seen crossing, assessments."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.encryption import SealedJSONField, SealedTextField
from common.models import BaseModel
from intake.births.brackets import BRACKETS
from intake.choices import CountMethod, EntryPointStatus
from intake.models.codelists import Area
from intake.models.entry_points import EntryPoint
from intake.querysets_border import (
    BorderAssessmentQuerySet,
    CrossingCountQuerySet,
    StatusChangeQuerySet,
)

SEXES_SEEN = ("female", "male", "unknown")
LONGEST_SUMMARY = 600


class EntryPointStatusChange(BaseModel):
    """From when on an entry point was open, restricted or closed, and why. No personal data.

    Never changed or deleted: a mistake is followed by the right state at the same time. The entry
    point repeats the latest by `occurred_at`. The first of a point is its state when it was set
    up; `recorded_by` is empty where that was loaded.
    """

    entry_point = models.ForeignKey(
        EntryPoint, models.PROTECT, related_name="status_changes", verbose_name=_("entry point")
    )
    status = models.CharField(_("status"), max_length=20, choices=EntryPointStatus)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    occurred_at = models.DateTimeField(_("happened at"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )

    objects = StatusChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("state of an entry point")
        verbose_name_plural = _("states of entry points")
        constraints = [
            models.CheckConstraint(
                condition=Q(status=EntryPointStatus.OPEN) | ~Q(reason=""),
                name="entry_point_restriction_has_a_reason",
                violation_error_message=_("Say why it is restricted or closed."),
            )
        ]
        indexes = [
            models.Index(fields=["entry_point", "-occurred_at"], name="entry_point_history"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {timezone.localtime(self.occurred_at):%Y-%m-%d %H:%M}"


class Period(models.Func):
    """The time of a count: its beginning belongs to it, its end to the next."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def _numbers(label: Any) -> Any:
    return ArrayField(
        models.PositiveIntegerField(),
        verbose_name=label,
        size=len(BRACKETS),
        default=nobody_told,
    )


def nobody_told() -> list[int]:
    """A number for each bracket: nobody known of."""
    return [0] * len(BRACKETS)


def _told() -> Any:
    whole: Any = None
    for sex in SEXES_SEEN:
        for index in range(len(BRACKETS)):
            number = F(f"{sex}__{index}")
            whole = number if whole is None else whole + number
    return whole


class CrossingCount(BaseModel):
    """People seen crossing at an entry point from `began_at` until before `ended_at`.

    `female`, `male` and `unknown` (sex not seen) each hold a number for every age bracket in the
    order of BRACKETS, as far as known; who is in none of them is in `total` only. Standing until
    `superseded_at`: replaced by a correction (the row whose `corrects` it is) or taken back; kept.
    Standing counts of one entry point never overlap. Personal data: `note` (sealed), in case
    somebody writes a name all the same.
    """

    entry_point = models.ForeignKey(
        EntryPoint, models.PROTECT, related_name="counts", verbose_name=_("entry point")
    )
    began_at = models.DateTimeField(_("from"))
    ended_at = models.DateTimeField(_("until"))
    total = models.PositiveIntegerField(_("people seen"))
    female = _numbers(_("female"))
    male = _numbers(_("male"))
    unknown = _numbers(_("sex not seen"))
    method = models.CharField(
        _("how"), max_length=12, choices=CountMethod, default=CountMethod.COUNTED
    )
    note = SealedTextField(_("note"))
    corrects = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="correction",
        verbose_name=_("corrects"),
    )
    superseded_at = models.DateTimeField(_("replaced at"), null=True, blank=True, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )

    objects = CrossingCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("count of people seen crossing")
        verbose_name_plural = _("counts of people seen crossing")
        constraints = [
            models.CheckConstraint(
                condition=Q(began_at__lt=F("ended_at")),
                name="crossing_count_begins_before_it_ends",
                violation_error_message=_("The count must end after it began."),
            ),
            models.CheckConstraint(
                condition=Q(**{f"{sex}__len": len(BRACKETS) for sex in SEXES_SEEN}),
                name="crossing_count_has_every_bracket",
            ),
            models.CheckConstraint(
                condition=Q(
                    **{
                        f"{sex}__{index}__gte": 0
                        for sex in SEXES_SEEN
                        for index in range(len(BRACKETS))
                    }
                ),
                name="crossing_count_has_no_negative_number",
            ),
            models.CheckConstraint(
                condition=Q(total__gte=_told()),
                name="crossing_count_tells_no_more_than_its_total",
                violation_error_message=_(
                    "Women, men and children together are more than the people seen."
                ),
            ),
            ExclusionConstraint(
                name="crossing_counts_do_not_overlap",
                expressions=[
                    ("entry_point", RangeOperators.EQUAL),
                    (Period("began_at", "ended_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(superseded_at__isnull=True),
                violation_error_message=_("People of this time were already counted here."),
            ),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.began_at):%Y-%m-%d %H:%M}"

    def seen(self, sex: str) -> int:
        """How many of a sex ("female", "male", "unknown") were told apart."""
        return sum(getattr(self, sex))

    def table(self) -> dict[str, dict[str, int]]:
        """The numbers by sex and bracket."""
        return {sex: dict(zip(BRACKETS, getattr(self, sex), strict=True)) for sex in SEXES_SEEN}


class BorderAssessment(BaseModel):
    """A visit to an entry point or a district at the border, and what was found.

    `findings` (sealed) is text by heading (`choices.Finding`): it may say where people hide or
    which guard lets them through. `summary` is plain and without names: a situation report quotes
    it while `quotable`. `organisations` names organisations, not persons. Personal data:
    `findings`, in case it names somebody.
    """

    entry_point = models.ForeignKey(
        EntryPoint,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assessments",
        verbose_name=_("entry point"),
    )
    area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("district")
    )
    visit_began_at = models.DateTimeField(_("visited from"))
    visit_ended_at = models.DateTimeField(_("visited until"))
    organisations = models.CharField(
        _("organisations"),
        max_length=200,
        help_text=_("Who visited: organisations and authorities, no names of persons."),
    )
    findings = SealedJSONField(_("findings"))
    summary = models.TextField(
        _("summary"),
        max_length=LONGEST_SUMMARY,
        help_text=_("A few sentences that the situation report may quote. Write no names."),
    )
    quotable = models.BooleanField(
        _("may be quoted"),
        default=False,
        help_text=_("The situation report quotes the summary, also in its public edition."),
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )

    objects = BorderAssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("border assessment")
        verbose_name_plural = _("border assessments")
        constraints = [
            models.CheckConstraint(
                condition=Q(entry_point__isnull=False) | Q(area__isnull=False),
                name="border_assessment_was_somewhere",
                violation_error_message=_("Choose the entry point or the district visited."),
            ),
            models.CheckConstraint(
                condition=Q(visit_began_at__lte=F("visit_ended_at")),
                name="border_assessment_begins_before_it_ends",
                violation_error_message=_("The visit must end after it began."),
            ),
            models.CheckConstraint(
                condition=~Q(summary=""),
                name="border_assessment_has_a_summary",
                violation_error_message=_("Write a short summary."),
            ),
        ]
        indexes = [models.Index(fields=["visit_began_at"], name="border_assessment_time")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {timezone.localtime(self.visit_began_at):%Y-%m-%d}"

    @property
    def place(self) -> str:
        """The entry point's name, else the district's."""
        place: Any = self.entry_point or self.area
        return str(getattr(place, "name", "") or place)
