"""Who is told of an event: one message for each subscription that wants it."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.choices import ScopeKind, UserKind
from accounts.models import RoleAssignment, User
from accounts.policies import ROLE_PERMISSIONS, Permission
from aid.models import AidRequest
from audit.events import sent_to_broker
from audit.models import Event
from common import clock
from common.errors import NotPermitted
from notifications.choices import Channel, NotificationStatus
from notifications.models import Notification, Subscription

REPORT_MADE = "situation_report.made"
PROTECTION_ALERT = "protection.alert"
REPORT_PUBLISHED = "situation_report.published"
WEBHOOK_OFF = "webhook.disabled"


def notify(event: Event) -> None:
    """Write one notification for every subscription that wants this event.

    Called at least once for each event; the unique constraint makes it once.
    """
    wanted = [each for each in _interested(event) if not each.kinds or event.kind in each.kinds]
    now = clock.now()
    Notification.objects.bulk_create(
        [
            Notification(
                event=event, subscription=each, status=NotificationStatus.SENT, sent_at=now
            )
            if each.channel == Channel.IN_APP
            else Notification(event=event, subscription=each)
            for each in wanted
        ],
        ignore_conflicts=True,
    )
    send_soon({each.channel for each in wanted})


def send_soon(channels: set[str]) -> None:
    """Wake the workers once the transaction commits; without a broker the sweeper does."""
    from notifications import tasks

    for channel, task in (
        (Channel.WEBHOOK, tasks.deliver_due_notifications),
        (Channel.EMAIL, tasks.mail_due_notifications),
    ):
        if channel in channels:
            transaction.on_commit(partial(sent_to_broker, task), robust=True)


def _interested(event: Event) -> list[Subscription]:
    """The addressed agency and whoever asked; of reports, who reviews or may read them.

    Nobody hears of their own doing. Accounts and agencies that are off hear nothing.
    """
    if event.subject_type == AidRequest._meta.label_lower:
        condition = _about_request(event)
    elif event.kind == REPORT_MADE:
        reviewers = _holders(Permission.REPORTS_PUBLISH)
        _have_in_app(reviewers)
        condition = Q(user__in=reviewers)
    elif event.kind == PROTECTION_ALERT:
        officers = _holders(Permission.NEEDS_TIER_2)
        _have_in_app(officers)
        condition = Q(user__in=officers)
    elif event.kind == WEBHOOK_OFF:
        managers = _holders(Permission.WEBHOOKS, agency_code=event.agency_code)
        _have_in_app(managers)
        condition = Q(user__in=managers) | Q(agency__code=event.agency_code)
    elif event.kind == REPORT_PUBLISHED:
        # Everybody may read what is published; users are told when they asked for it by name.
        condition = Q(agency__is_active=True) | Q(
            user__is_active=True, kinds__contains=[REPORT_PUBLISHED]
        )
    else:
        return []
    return list(Subscription.objects.filter(condition, is_active=True, removed_at__isnull=True))


def _about_request(event: Event) -> Q:
    condition = Q(pk__in=[])
    request = (
        AidRequest.objects.filter(pk=event.subject_id)
        .exclude(requested_by=event.actor_id)
        .select_related("requested_by")
        .first()
    )
    if request is not None:
        _have_in_app([request.requested_by])
        condition |= Q(user=request.requested_by_id, user__is_active=True)
    if event.agency_code and not _acts_for(event.actor, event.agency_code):
        condition |= Q(agency__code=event.agency_code, agency__is_active=True)
    return condition


def _holders(permission: Permission, *, agency_code: str = "") -> list[User]:
    """People who hold a permission, at this agency if one is named."""
    roles = [role for role, held in ROLE_PERMISSIONS.items() if permission in held]
    now = clock.now()
    current = RoleAssignment.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now), role__in=roles
    )
    if agency_code:
        current = current.filter(scope_kind=ScopeKind.AGENCY, scope_code=agency_code)
    return list(
        User.objects.filter(pk__in=current.values("user"), is_active=True, kind=UserKind.PERSON)
    )


def _acts_for(actor: User | None, agency_code: str) -> bool:
    """Whether the event was the agency's own doing, of which it need not be told."""
    return bool(actor and actor.agency_id and actor.agency and actor.agency.code == agency_code)


def _have_in_app(users: list[User]) -> None:
    """People see messages in the application without asking for it; services have no screen."""
    Subscription.objects.bulk_create(
        [
            Subscription(user=each, channel=Channel.IN_APP)
            for each in users
            if each.kind == UserKind.PERSON
        ],
        ignore_conflicts=True,
    )


def mark_read(*, actor: User, notification: Notification) -> Notification:
    """The receiver has read it; nobody else can say so."""
    if notification.subscription.user_id != actor.pk:
        raise NotPermitted("not_permitted", _("Only the one it is for marks a message as read."))
    if notification.read_at is None:
        now = clock.now()
        Notification.objects.filter(pk=notification.pk, read_at__isnull=True).update(
            read_at=now, updated_at=now
        )
        notification.read_at = now
    return notification


def mark_all_read(*, actor: User) -> int:
    """Everything in one's list; how many were unread."""
    now = clock.now()
    return Notification.objects.filter(
        subscription__user=actor, subscription__channel=Channel.IN_APP, read_at__isnull=True
    ).update(read_at=now, updated_at=now)
