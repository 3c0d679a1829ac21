"""Sending what waits: claim, send after the claim is committed, note what came of it.

A message is never lost: it is a row, and a worker that dies leaves a claim that runs out. It may
arrive twice under the same webhook-id, never as a new message.
"""

from __future__ import annotations

import json
import logging
import random
import ssl
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import httpx
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone, translation
from standardwebhooks import Webhook

from common import clock
from notifications.addresses import AddressRefused, resolve
from notifications.choices import Channel, NotificationStatus
from notifications.messages import message_for, webhook_body
from notifications.models import DeliveryAttempt, Notification, Subscription

log = logging.getLogger(__name__)
TIMEOUT = 15.0
LONGEST_BODY = 10_000
CLAIM = timedelta(minutes=2)
# Waits before attempts 2, 3, … (Standard Webhooks 1.0.0); about 75 hours in all.
RETRY_AFTER = tuple(
    timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt."""

    succeeded: bool
    status_code: int | None = None
    error: str = ""
    gone: bool = False


def claim(notification_id: uuid.UUID | str) -> Notification | None:
    """Take one due notification for this worker; None when it is not due or another has it.

    One UPDATE that compares and sets: of two workers, one finds no row.
    """
    now = clock.now()
    taken = _unclaimed(now).filter(pk=notification_id)
    if not taken.update(claimed_until=now + CLAIM, attempts=F("attempts") + 1, updated_at=now):
        return None
    found: Notification = Notification.objects.select_related(
        "event", "subscription", "subscription__user"
    ).get(pk=notification_id)
    return found


def _unclaimed(now: datetime) -> QuerySet[Notification]:
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    return Notification.objects.due(now).filter(free)


def due_ids(limit: int) -> list[uuid.UUID]:
    """Ids of what is due and unclaimed, oldest first."""
    waiting = _unclaimed(clock.now()).order_by("next_attempt_at")
    return list(waiting.values_list("pk", flat=True)[:limit])


def deliver(notification_id: uuid.UUID | str) -> bool:
    """Claim and send one notification; whether it was sent now."""
    notification = claim(notification_id)
    if notification is None:
        return False
    started = time.monotonic()
    try:
        outcome = _attempt(notification)
    except Exception as error:
        log.warning("notification %s failed: %s", notification.pk, type(error).__name__)
        outcome = Outcome(succeeded=False, error=type(error).__name__)
    _record(notification, outcome, milliseconds=int(1000 * (time.monotonic() - started)))
    return outcome.succeeded


def _attempt(notification: Notification) -> Outcome:
    subscription = notification.subscription
    if not subscription.is_active:
        return Outcome(succeeded=False, error="subscription is off", gone=True)
    if subscription.channel == Channel.EMAIL:
        return _send_email(notification)
    return _send_webhook(notification)


def _send_email(notification: Notification) -> Outcome:
    subscription = notification.subscription
    language = getattr(subscription.user, "language", "") or translation.get_language() or "en"
    with translation.override(language):
        message = message_for(notification.event)
        subject = f"{message.title} {message.reference}".strip()
        EmailMessage(subject=subject, body=message.text, to=[subscription.target]).send()
    return Outcome(succeeded=True)


def signed_headers(
    subscription: Subscription, *, message_id: str, body: str, at: datetime
) -> dict[str, str]:
    """The three headers of Standard Webhooks; two signatures while a secret is being rotated."""
    secrets = [s for s in (subscription.secret, subscription.previous_secret) if s]
    signatures = [Webhook(secret).sign(message_id, at, body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Loading the trusted authorities takes longer than a delivery: once per process."""
    return ssl.create_default_context()


@lru_cache(maxsize=64)
def _client(host: str) -> httpx.Client:
    """Connections are kept per host name: at one address, each name has its own certificate."""
    return httpx.Client(
        timeout=TIMEOUT, follow_redirects=False, trust_env=False, verify=_certificates()
    )


def _leave_body(response: httpx.Response) -> None:
    """Read an empty or short body, so that the connection can be used again; else hang up."""
    length = response.headers.get("Content-Length", "")
    if response.status_code == httpx.codes.NO_CONTENT or (
        length.isdecimal() and int(length) <= LONGEST_BODY
    ):
        response.read()
    response.close()


def _send_webhook(notification: Notification) -> Outcome:
    subscription = notification.subscription
    try:
        target = resolve(subscription.target)
    except AddressRefused as refused:
        return Outcome(succeeded=False, error=refused.code)
    body = json.dumps(webhook_body(notification.event), separators=(",", ":"))
    headers = signed_headers(
        subscription, message_id=str(notification.pk), body=body, at=timezone.now()
    )
    client = _client(target.host)
    request = client.build_request(
        "POST",
        target.url,
        content=body.encode(),
        headers={
            **headers,
            "Host": target.host_header,
            "Content-Type": "application/json",
            "User-Agent": "Panah-Webhooks/1",
        },
        extensions={"sni_hostname": target.host},
    )
    # The answer's body is not read: a hostile receiver could send without end.
    response = client.send(request, stream=True)
    _leave_body(response)
    return Outcome(
        succeeded=response.is_success,
        status_code=response.status_code,
        error="" if response.is_success else "refused",
        gone=response.status_code == httpx.codes.GONE,
    )


@transaction.atomic
def _record(notification: Notification, outcome: Outcome, *, milliseconds: int) -> None:
    DeliveryAttempt.objects.create(
        notification=notification,
        number=notification.attempts,
        succeeded=outcome.succeeded,
        status_code=outcome.status_code,
        error=outcome.error[:100],
        milliseconds=milliseconds,
    )
    notification.claimed_until = None
    if outcome.succeeded:
        notification.status = NotificationStatus.SENT
        notification.sent_at = clock.now()
    elif outcome.gone or notification.attempts > len(RETRY_AFTER):
        notification.status = NotificationStatus.FAILED
    else:
        wait = RETRY_AFTER[notification.attempts - 1]
        # Jitter, so that a receiver that comes back is not met by all at once.
        notification.next_attempt_at = clock.now() + wait * random.uniform(1.0, 1.2)  # noqa: S311
    notification.save(update_fields=["status", "sent_at", "next_attempt_at", "claimed_until"])
    if outcome.gone and notification.subscription.is_active:
        subscription = notification.subscription
        subscription.is_active = False
        subscription.disabled_reason = "410 Gone"
        subscription.save(update_fields=["is_active", "disabled_reason"])
