"""What must hold wherever families are placed: apart, together, in quarantine, near care."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common import clock
from common.encryption import SealedTextField
from common.models import BaseModel
from intake.models import Household
from reception.choices import RequirementKind
from reception.models.sites import Site
from reception.querysets_requirements import (
    KeepApartQuerySet,
    KinGroupQuerySet,
    RequirementQuerySet,
)


class KeepApart(BaseModel):
    """Two households that must not be at the same site.

    In force from `since` until `until` (open end: until somebody ends it) or `ended_at`. Set by
    protection officers. Others learn that the two must be apart, never why. Personal data:
    `reason` (sealed). The pair is written once: `household` is the one with the smaller key.
    """

    household = models.ForeignKey(Household, models.PROTECT, related_name="kept_apart")
    other = models.ForeignKey(
        Household, models.PROTECT, related_name="kept_apart_from", verbose_name=_("other household")
    )
    reason = SealedTextField(_("reason"))
    since = models.DateTimeField(_("since"), default=clock.now)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = KeepApartQuerySet.as_manager()

    class Meta:
        verbose_name = _("families to keep apart")
        verbose_name_plural = _("families to keep apart")
        constraints = [
            models.UniqueConstraint(
                fields=["household", "other"],
                condition=Q(ended_at__isnull=True),
                name="keep_apart_once_per_pair",
                violation_error_message=_("These two families are kept apart already."),
            ),
            models.CheckConstraint(
                condition=Q(household__lt=F("other")),
                name="keep_apart_is_with_another_household",
                violation_error_message=_("Choose another household."),
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")),
                name="keep_apart_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_by__isnull=False),
                name="keep_apart_end_has_a_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.pk)[-8:]}"


class PlacementRequirement(BaseModel):
    """What must hold wherever a household is placed.

    Quarantine; health care within `minutes`; not at, or only at, a `site`. In force until `until`
    (open end: until somebody ends it) or `ended_at`. Personal data: `note` (sealed), read with
    needs of tier 2; others learn the rule alone.
    """

    household = models.ForeignKey(Household, models.PROTECT, related_name="placement_requirements")
    kind = models.CharField(_("what must hold"), max_length=12, choices=RequirementKind)
    minutes = models.PositiveSmallIntegerField(_("minutes to health care"), null=True, blank=True)
    site = models.ForeignKey(
        Site, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("site")
    )
    note = SealedTextField(_("note"), blank=True, default="")
    until = models.DateTimeField(_("until"), null=True, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = RequirementQuerySet.as_manager()

    class Meta:
        verbose_name = _("requirement for a place")
        verbose_name_plural = _("requirements for a place")
        constraints = [
            models.UniqueConstraint(
                fields=["household", "kind", "site"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="requirement_once_per_household",
                violation_error_message=_("This is required already."),
            ),
            models.CheckConstraint(
                condition=(Q(kind=RequirementKind.MEDICAL) & Q(minutes__isnull=False))
                | (~Q(kind=RequirementKind.MEDICAL) & Q(minutes__isnull=True)),
                name="requirement_of_care_says_minutes",
                violation_error_message=_("Say how many minutes away health care may be."),
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind__in=[RequirementKind.NOT_AT, RequirementKind.ONLY_AT])
                    & Q(site__isnull=False)
                )
                | (
                    ~Q(kind__in=[RequirementKind.NOT_AT, RequirementKind.ONLY_AT])
                    & Q(site__isnull=True)
                ),
                name="requirement_of_a_site_names_it",
                violation_error_message=_("Choose the site."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_by__isnull=False),
                name="requirement_end_has_a_name",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class KinGroup(BaseModel):
    """Households that ask to stay near each other: an extended family. No personal data.

    Stands until `ended_at`. Family links that are not sealed count as well; see
    reception.gathering.
    """

    households = models.ManyToManyField(
        Household, through="KinGroupMember", related_name="kin_groups"
    )
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)

    objects = KinGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("extended family")
        verbose_name_plural = _("extended families")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.pk)[-8:]}"


class KinGroupMember(BaseModel):
    """One household of an extended family. No personal data."""

    group = models.ForeignKey(KinGroup, models.CASCADE, related_name="members")
    household = models.ForeignKey(Household, models.PROTECT, related_name="kin_memberships")
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(ended_at__isnull=True),
                name="kin_group_one_per_household",
                violation_error_message=_("This household belongs to an extended family already."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
