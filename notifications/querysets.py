"""Sets of notifications' rows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission, access_of
from notifications.choices import Channel, NotificationStatus

if TYPE_CHECKING:
    from notifications.models import Notification, Subscription  # noqa: F401


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Subscriptions."""

    def visible_to(self, user: Any) -> Self:
        """One's own; an agency's webhooks for who manages them; all for administrators."""
        access = access_of(user)
        if access.can(Permission.ACCOUNTS_MANAGE):
            return self.all()
        agencies = access.scopes(Permission.WEBHOOKS).agencies
        return self.filter(Q(user_id=getattr(user, "pk", None)) | Q(agency__code__in=agencies))


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Notifications."""

    def visible_to(self, user: Any) -> Self:
        """Those of visible subscriptions."""
        from notifications.models import Subscription

        return self.filter(subscription__in=Subscription.objects.visible_to(user))

    def due(self, now: datetime) -> Self:
        """Waiting, and their next attempt's time has come."""
        return self.filter(status=NotificationStatus.WAITING, next_attempt_at__lte=now)


class OwnMessageQuerySet(NotificationQuerySet):
    """Messages in the application."""

    def visible_to(self, user: Any) -> Self:
        """One's own, also for administrators."""
        return self.filter(
            subscription__user_id=getattr(user, "pk", None),
            subscription__channel=Channel.IN_APP,
        )

    def unread(self) -> Self:
        """Not opened yet."""
        return self.filter(read_at__isnull=True)
