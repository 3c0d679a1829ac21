"""Who wants to know of what, what they were told, and each attempt."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from audit.models import Event
from common import clock
from common.encryption import SealedTextField
from common.models import BaseModel
from notifications.choices import Channel, NotificationStatus
from notifications.querysets import (
    NotificationQuerySet,
    OwnMessageQuerySet,
    SubscriptionQuerySet,
)


class Subscription(BaseModel):
    """That a user or an agency is told of some kinds of events by one channel.

    `target` is an email address or a URL (sealed: a person's address is personal data); `secret`
    (sealed) signs webhooks. Disabled by the receiver's 410, or by hand, with a reason. A removed
    one has `removed_at` and neither address nor secrets; its messages stay on record. A user's
    email without a target goes to the address of the account.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    agency = models.ForeignKey(
        Agency, models.CASCADE, null=True, blank=True, related_name="subscriptions"
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    kinds = models.JSONField(_("events"), default=list, help_text=_("Empty means all."))
    target = SealedTextField(_("address"))
    secret = SealedTextField(_("signing secret"), editable=False)
    previous_secret = SealedTextField(editable=False)
    previous_secret_until = models.DateTimeField(null=True, editable=False)
    language = models.CharField(
        _("language"), max_length=10, blank=True, choices=settings.LANGUAGES, default=""
    )
    is_active = models.BooleanField(_("active"), default=True)
    disabled_reason = models.CharField(_("disabled because"), max_length=200, blank=True)
    removed_at = models.DateTimeField(_("removed at"), null=True, blank=True, editable=False)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, agency__isnull=True)
                | Q(user__isnull=True, agency__isnull=False),
                name="subscription_has_one_owner",
                violation_error_message=_("A subscription belongs to a user or to an agency."),
            ),
            models.UniqueConstraint(
                fields=["user", "channel"],
                condition=Q(user__isnull=False),
                name="subscription_once_per_user_and_channel",
                violation_error_message=_("This user is told by this channel already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {str(self.pk)[:8]}"

    @property
    def address(self) -> str:
        """Where it is sent to; empty when there is nowhere (an account turned off, no email)."""
        if self.user is None:
            return str(self.target)
        if not self.user.is_active:
            return ""
        return str(self.target or self.user.email)

    @property
    def spoken(self) -> str:
        """The language of its messages: its own, the user's, or the installation's."""
        return self.language or (self.user.language if self.user else "") or settings.LANGUAGE_CODE


class Notification(BaseModel):
    """One message about one event to one subscription; its id is the webhook-id.

    Carries a reference, a level and a link; no personal data.
    """

    event = models.ForeignKey(Event, models.PROTECT, related_name="notifications")
    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="notifications")
    status = models.CharField(
        _("status"), max_length=10, choices=NotificationStatus, default=NotificationStatus.WAITING
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), default=clock.now)
    claimed_until = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "subscription"], name="notification_once_per_event"
            )
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(status=NotificationStatus.WAITING),
                name="notification_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.status} {str(self.pk)[:8]}"


class OwnMessage(Notification):
    """A message in the application, as the user it is for sees it. No table of its own."""

    objects = OwnMessageQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = _("my notification")
        verbose_name_plural = _("my notifications")


class DeliveryAttempt(BaseModel):
    """One attempt to send a notification and what came of it. No personal data."""

    notification = models.ForeignKey(Notification, models.CASCADE, related_name="tries")
    number = models.PositiveSmallIntegerField(_("attempt"))
    succeeded = models.BooleanField(_("succeeded"))
    status_code = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    error = models.CharField(_("error"), max_length=100, blank=True)
    milliseconds = models.PositiveIntegerField(_("milliseconds"), default=0)

    class Meta:
        verbose_name = _("delivery attempt")
        verbose_name_plural = _("delivery attempts")
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "number"], name="delivery_attempt_once_per_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.status_code or self.error}"
