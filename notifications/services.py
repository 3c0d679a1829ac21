"""Who is told of an event, and the life of a subscription."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency, User
from accounts.policies import Permission, access_of
from aid.models import AidRequest
from audit.events import record_event, sent_to_broker
from audit.models import Event
from common import clock
from common.errors import FieldProblem, InvalidInput, NotPermitted
from notifications.addresses import AddressRefused, check_url
from notifications.choices import Channel, NotificationStatus
from notifications.messages import TITLES
from notifications.models import Notification, Subscription

EVENT_KINDS = frozenset(TITLES)


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it: `whsec_` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def notify(event: Event) -> None:
    """Write one notification for every subscription that wants this event.

    Called at least once for each event; the unique constraint makes it once.
    """
    wanted = [each for each in _interested(event) if not each.kinds or event.kind in each.kinds]
    Notification.objects.bulk_create(
        [
            Notification(
                event=event,
                subscription=each,
                status=NotificationStatus.SENT
                if each.channel == Channel.IN_APP
                else NotificationStatus.WAITING,
                sent_at=clock.now() if each.channel == Channel.IN_APP else None,
            )
            for each in wanted
        ],
        ignore_conflicts=True,
    )
    ids = list(
        Notification.objects.filter(event=event, status=NotificationStatus.WAITING).values_list(
            "pk", flat=True
        )
    )
    transaction.on_commit(lambda: _send_soon(ids), robust=True)


def _send_soon(ids: list[Any]) -> None:
    """Hand messages to the workers; without a broker the sweeper finds them."""
    from notifications.tasks import deliver_notification

    for pk in ids:
        if not sent_to_broker(deliver_notification, str(pk)):
            return


def _interested(event: Event) -> list[Subscription]:
    """The addressed agency, and whoever asked; for reports, who subscribed to them."""
    condition = Q(pk__in=[])
    if event.subject_type == AidRequest._meta.label_lower:
        request = AidRequest.objects.filter(pk=event.subject_id).select_related("agency").first()
        if request is not None and event.actor_id != request.requested_by_id:
            _have_in_app(request.requested_by)
            condition |= Q(user=request.requested_by_id)
        if event.agency_code and not _acts_for(event.actor, event.agency_code):
            condition |= Q(agency__code=event.agency_code, agency__is_active=True)
    elif event.kind.startswith("situation_report."):
        condition |= Q(kinds__contains=[event.kind])
    return list(Subscription.objects.filter(condition, is_active=True).distinct())


def _acts_for(actor: User | None, agency_code: str) -> bool:
    """Whether the event was the agency's own doing, of which it need not be told."""
    return bool(actor and actor.agency_id and actor.agency and actor.agency.code == agency_code)


def _have_in_app(user: User) -> None:
    Subscription.objects.get_or_create(user=user, agency=None, channel=Channel.IN_APP)


@transaction.atomic
def subscribe_webhook(
    *, actor: User, agency: Agency, url: str, kinds: list[str], subscription_id: Any = None
) -> tuple[Subscription, str]:
    """Register an agency's webhook; its signing secret is returned this once."""
    _require_manager(actor, agency)
    secret = new_secret()
    subscription = Subscription(
        agency=agency,
        channel=Channel.WEBHOOK,
        kinds=_known_kinds(kinds),
        target=_checked_url(url),
        secret=secret,
    )
    if subscription_id:
        subscription.pk = subscription_id
    subscription.save(force_insert=True)
    record_event("webhook.subscribed", subscription, actor=actor, agency_code=agency.code)
    return subscription, secret


@transaction.atomic
def change_webhook(
    *,
    actor: User,
    subscription: Subscription,
    url: str | None = None,
    kinds: list[str] | None = None,
    is_active: bool | None = None,
) -> Subscription:
    """Change address, kinds of events or whether it is on; turning it on forgets why it was off."""
    _require_manager(actor, subscription.agency)
    if url is not None:
        subscription.target = _checked_url(url)
    if kinds is not None:
        subscription.kinds = _known_kinds(kinds)
    if is_active is not None:
        subscription.is_active = is_active
        subscription.disabled_reason = ""
    subscription.save()
    record_event("webhook.changed", subscription, actor=actor)
    return subscription


@transaction.atomic
def rotate_secret(*, actor: User, subscription: Subscription) -> str:
    """A new signing secret; messages are signed with both until the next rotation."""
    _require_manager(actor, subscription.agency)
    subscription.previous_secret = subscription.secret
    secret = new_secret()
    subscription.secret = secret
    subscription.save(update_fields=["secret", "previous_secret"])
    record_event("webhook.secret_rotated", subscription, actor=actor)
    return secret


@transaction.atomic
def remove_webhook(*, actor: User, subscription: Subscription) -> None:
    """Send nothing more and forget address and secrets; the record of what was sent stays."""
    _require_manager(actor, subscription.agency)
    subscription.is_active = False
    subscription.removed_at = clock.now()
    subscription.target = subscription.secret = subscription.previous_secret = ""
    subscription.save()
    record_event("webhook.removed", subscription, actor=actor)


@transaction.atomic
def send_ping(*, actor: User, subscription: Subscription) -> Notification:
    """A test message to one webhook, through the same delivery as every other."""
    _require_manager(actor, subscription.agency)
    event = record_event("webhook.ping", subscription, actor=actor)
    sent = Notification.objects.create(event=event, subscription=subscription)
    transaction.on_commit(lambda: _send_soon([sent.pk]), robust=True)
    return sent


@transaction.atomic
def subscribe_email(
    *, actor: User, email: str, agency: Agency | None = None, user: User | None = None
) -> Subscription:
    """Tell an agency's duty desk, or a member of staff, by email."""
    if not access_of(actor).can(Permission.ACCOUNTS_MANAGE):
        raise NotPermitted("not_permitted", _("Only administrators add addresses."))
    made = Subscription.objects.create(
        agency=agency, user=user, channel=Channel.EMAIL, target=email
    )
    record_event("subscription.made", made, actor=actor)
    return made


@transaction.atomic
def mark_read(*, actor: User, notification: Notification) -> Notification:
    """The receiver has read it."""
    if notification.read_at is None:
        notification.read_at = clock.now()
        notification.save(update_fields=["read_at"])
    return notification


@transaction.atomic
def redeliver(*, actor: User, notification: Notification) -> Notification:
    """Send a message again under its own id: the receiver sees that it is the same one."""
    _require_manager(actor, notification.subscription.agency)
    notification.status = NotificationStatus.WAITING
    notification.next_attempt_at = clock.now()
    notification.save(update_fields=["status", "next_attempt_at"])
    pk = notification.pk
    transaction.on_commit(lambda: _send_soon([pk]), robust=True)
    return notification


def _require_manager(actor: User, agency: Agency | None) -> None:
    scopes = access_of(actor).scopes(Permission.WEBHOOKS)
    if agency is None or (agency.code not in scopes.agencies and not scopes.everywhere):
        raise NotPermitted("not_permitted", _("An agency manages its own webhooks only."))


def _known_kinds(kinds: list[str]) -> list[str]:
    unknown = sorted(set(kinds) - EVENT_KINDS)
    if unknown:
        raise InvalidInput(
            "invalid",
            _("Correct the fields named in errors and send it again."),
            problems=[
                FieldProblem(
                    "kinds",
                    "unknown_kind",
                    _("Choose from: %(kinds)s.") % {"kinds": ", ".join(sorted(EVENT_KINDS))},
                )
            ],
        )
    return sorted(set(kinds))


def _checked_url(url: str) -> str:
    try:
        check_url(url)
    except AddressRefused as refused:
        raise InvalidInput(
            "invalid",
            _("Correct the fields named in errors and send it again."),
            problems=[FieldProblem("url", refused.code, refused.message)],
        ) from refused
    return url
