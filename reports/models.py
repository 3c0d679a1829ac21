"""Situation reports, frozen, and who gets them by mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.models import BaseModel
from reports.choices import Edition, ReportStatus
from reports.querysets import SituationReportQuerySet


class SituationReport(BaseModel):
    """The figures of one period, frozen at the cut-off. No personal data.

    Draft until a reporting officer publishes it; superseded when a revision of the same number
    replaces it. `figures` has the shape of the API (design.md) and never changes.
    """

    number = models.PositiveIntegerField(_("number"))
    revision = models.PositiveSmallIntegerField(_("revision"), default=0)
    as_of = models.DateTimeField(_("data as of"))
    period_start = models.DateTimeField(_("period from"))
    period_end = models.DateTimeField(_("period to"))
    status = models.CharField(
        _("status"), max_length=12, choices=ReportStatus, default=ReportStatus.DRAFT
    )
    figures = models.JSONField(_("figures"), editable=False)
    public_figures = models.JSONField(_("figures of the public edition"), editable=False)
    highlights = models.TextField(_("highlights, one a line"), blank=True)
    notes = models.TextField(_("notes"), blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = SituationReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("situation report")
        verbose_name_plural = _("situation reports")
        ordering = ["-number", "-revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["number", "revision"], name="situation_report_once_per_revision"
            ),
            models.UniqueConstraint(
                fields=["as_of"],
                condition=Q(revision=0),
                name="situation_report_once_per_cut_off",
            ),
            models.CheckConstraint(
                condition=Q(period_start__lt=F("period_end")),
                name="situation_report_period_runs_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.number}"


class ReportRecipient(BaseModel):
    """Someone on the list. Personal data of the recipient: their address."""

    email = models.EmailField(_("email"), unique=True)
    organisation = models.CharField(_("organisation"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    edition = models.CharField(
        _("edition"),
        max_length=10,
        choices=Edition,
        default=Edition.PUBLIC,
        help_text=_("The public edition goes out when a report is published."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("report recipient")
        verbose_name_plural = _("report recipients")

    def __str__(self) -> str:
        return self.organisation or str(self.pk)[:8]


class ReportMailing(BaseModel):
    """That a report goes to a recipient, once. No personal data."""

    report = models.ForeignKey(SituationReport, models.CASCADE, related_name="mailings")
    recipient = models.ForeignKey(ReportRecipient, models.CASCADE, related_name="mailings")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        constraints = [
            models.UniqueConstraint(
                fields=["report", "recipient"], name="report_mailing_once_per_recipient"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)[:8]
