"""Relatives in different households, and those who are still looked for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.history import keeps_history
from common.encryption import SealedJSONField, SealedTextField
from common.errors import InvalidState
from common.models import BaseModel
from intake.choices import (
    KIN,
    TRACING_TRANSITIONS,
    LinkEnd,
    LinkSource,
    LinkStrength,
    MatchStatus,
    TracingEnd,
    TracingStatus,
)
from intake.models.persons import Person
from intake.querysets_family import FamilyLinkQuerySet, TracingMatchQuerySet, TracingRequestQuerySet


@keeps_history(listed=False)
class FamilyLink(BaseModel):
    """That `relative` is the `kind` of `person`. Holds no personal data beyond that.

    Followed while `ended_at` is empty. `separated`: they were parted and do not live together.
    `sealed`: one of them was separated by the authority, or was found by tracing and has not said
    yet whether to be in contact; only holders of the tracing permission learn that it exists. A
    sealed and a plain link of the same two may stand side by side: refusing the second would tell
    of the first.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="family_links")
    relative = models.ForeignKey(Person, models.PROTECT, related_name="family_links_to")
    kind = models.CharField(_("the relative is"), max_length=20, choices=KIN)
    strength = models.CharField(_("how well known"), max_length=12, choices=LinkStrength)
    said_by = models.CharField(_("who said so"), max_length=15, choices=LinkSource)
    separated = models.BooleanField(_("parted from each other"), default=False)
    sealed = models.BooleanField(default=False, editable=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    end_reason = models.CharField(
        _("why it ended"), max_length=12, choices=LinkEnd, blank=True, editable=False
    )
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = FamilyLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("family link")
        verbose_name_plural = _("family links")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "relative", "sealed"],
                condition=Q(ended_at__isnull=True),
                name="family_link_one_open_per_pair",
                violation_error_message=_("These two are linked already."),
            ),
            models.CheckConstraint(
                condition=~Q(person=F("relative")),
                name="family_link_is_not_with_oneself",
                violation_error_message=_("Choose another person."),
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end_reason="", ended_by__isnull=True)
                | (Q(ended_at__isnull=False, ended_by__isnull=False) & ~Q(end_reason="")),
                name="family_link_end_has_time_reason_and_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.pk)[-8:]}"


class TracingRequest(BaseModel):
    """A person who is registered asks for a relative who is not with them.

    Open, a candidate to look at, found, and at last reunited or closed (TRACING_TRANSITIONS).
    Personal data: `sealed` (who is looked for: names, sex, birth as it was said, what they are to
    the one who asks, where and when last seen, notes) and `override_reason` (why they are looked
    for without a consent). `searched_at` is up to when people who registered were compared.
    """

    reference = models.CharField(_("reference"), max_length=20, unique=True, editable=False)
    asker = models.ForeignKey(
        Person, models.PROTECT, related_name="tracing_requests", verbose_name=_("who asks")
    )
    sealed = SealedJSONField(_("who is looked for"))
    status = models.CharField(
        _("status"), max_length=10, choices=TracingStatus, default=TracingStatus.OPEN
    )
    override_reason = SealedTextField(_("why without a consent"))
    override_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    searched_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(_("closed at"), null=True, editable=False)
    end_reason = models.CharField(
        _("why it ended"), max_length=15, choices=TracingEnd, blank=True, editable=False
    )

    objects = TracingRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("tracing request")
        verbose_name_plural = _("tracing requests")
        constraints = [
            models.CheckConstraint(
                condition=(Q(status=TracingStatus.CLOSED) & ~Q(end_reason=""))
                | (~Q(status=TracingStatus.CLOSED) & Q(end_reason="")),
                name="tracing_request_closed_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=[TracingStatus.REUNITED, TracingStatus.CLOSED],
                    closed_at__isnull=False,
                )
                | Q(
                    status__in=[TracingStatus.OPEN, TracingStatus.CANDIDATE, TracingStatus.FOUND],
                    closed_at__isnull=True,
                ),
                name="tracing_request_ended_has_time",
            ),
        ]
        indexes = [models.Index(fields=["status", "searched_at"], name="tracing_to_search")]

    def __str__(self) -> str:
        return self.reference

    def go_to(self, status: str) -> None:
        """Change the status in memory; InvalidState `tracing_<status>` where it cannot follow."""
        if status not in TRACING_TRANSITIONS[self.status]:
            raise InvalidState(
                f"tracing_{self.status}", _("This tracing request no longer allows that.")
            )
        self.status = status


class TracingKey(models.Model):
    """A keyed hash of who is looked for, as IdentityIndex has of who is registered.

    `kind`: name, part, father, pair. No personal data without the lookup key.
    """

    request = models.ForeignKey(TracingRequest, models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=10)
    digest = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["digest", "kind"], name="tracing_key_lookup")]

    def __str__(self) -> str:
        return f"{self.kind} key"


class TracingMatch(BaseModel):
    """Somebody registered who may be the one looked for; only a person decides.

    Open, rejected or confirmed. `reasons` are codes with numbers. Holds no personal data.
    """

    request = models.ForeignKey(TracingRequest, models.CASCADE, related_name="matches")
    person = models.ForeignKey(Person, models.PROTECT, related_name="tracing_matches")
    score = models.FloatField(_("score"))
    reasons = models.JSONField(_("reasons"), default=list)
    status = models.CharField(
        _("status"), max_length=10, choices=MatchStatus, default=MatchStatus.OPEN
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)

    objects = TracingMatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("candidate")
        verbose_name_plural = _("candidates")
        constraints = [
            models.UniqueConstraint(fields=["request", "person"], name="tracing_match_once"),
            models.UniqueConstraint(
                fields=["request"],
                condition=Q(status=MatchStatus.CONFIRMED),
                name="tracing_match_one_confirmed_per_request",
                violation_error_message=_("Somebody else is confirmed already."),
            ),
            models.CheckConstraint(
                condition=Q(
                    status=MatchStatus.OPEN, decided_at__isnull=True, decided_by__isnull=True
                )
                | Q(
                    status__in=[MatchStatus.REJECTED, MatchStatus.CONFIRMED],
                    decided_at__isnull=False,
                    decided_by__isnull=False,
                ),
                name="tracing_match_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {str(self.pk)[-8:]}"
