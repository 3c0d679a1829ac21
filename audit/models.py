"""What happened (events) and who looked at what (access records)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pghistory.models import Event as PgEvent

from audit.querysets import AuditQuerySet, EventQuerySet
from common import clock
from common.ids import new_id


class Event(models.Model):
    """One thing that happened, written in the transaction that made it happen.

    Events are the outbox: consumers (notifications, counters) are called after commit, and a
    sweeper calls them for events whose `dispatched_at` is still empty. Holds no personal data:
    `data` has codes, references and numbers only.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("kind"), max_length=60)
    subject_type = models.CharField(_("about"), max_length=40)
    subject_id = models.UUIDField(_("id"))
    subject_reference = models.CharField(_("reference"), max_length=60, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    agency_code = models.CharField(_("agency"), max_length=20, blank=True)
    data = models.JSONField(_("data"), default=dict)
    occurred_at = models.DateTimeField(_("happened at"))
    recorded_at = models.DateTimeField(_("recorded at"), default=clock.now)
    dispatched_at = models.DateTimeField(null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["subject_id"], name="event_subject"),
            models.Index(
                fields=["id"],
                condition=Q(dispatched_at__isnull=True),
                name="event_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_reference}"


class AccessRecord(models.Model):
    """That a user looked at a record with personal data, and why. Append only.

    Holds no personal data of those registered: ids and references only.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("user")
    )
    action = models.CharField(_("action"), max_length=40)
    subject_type = models.CharField(_("about"), max_length=40)
    subject_id = models.UUIDField(_("id"), null=True)
    subject_reference = models.CharField(_("reference"), max_length=60, blank=True)
    count = models.PositiveIntegerField(_("records"), default=1)
    at = models.DateTimeField(_("at"), default=clock.now)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("access record")
        verbose_name_plural = _("access records")
        indexes = [models.Index(fields=["subject_id"], name="access_subject")]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_reference}"


class RowVersion(PgEvent):
    """A row as it was before it was changed or deleted, written by a trigger. Append only.

    The base of every table that `audit.history.keeps_history` makes: the columns of the tracked
    row, when (`pgh_created_at`, real time), what (`pgh_label`: update or delete) and by whom
    (`pgh_context`). Its keys have no constraints: they keep what was. Personal data: as in the
    tracked table, sealed columns as sealed bytes.
    """

    pgh_id = models.BigAutoField(primary_key=True)

    class Meta:
        abstract = True


class IdempotentReply(models.Model):
    """The first answer to a write that carried an Idempotency-Key.

    `body` is sealed: an answer may hold names. Swept after a day.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.BinaryField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user")
        ]

    def __str__(self) -> str:
        return f"reply {self.pk}"
