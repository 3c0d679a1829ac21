"""Sending what waits: claim, send after the claim is committed, note what came of it.

A message may arrive twice under the same webhook-id, never as a new message. Webhooks are sent
many at once, since receivers may be slow; emails one by one, since there is one mail server.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
import uuid
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.utils import timezone, translation
from standardwebhooks import Webhook

from common import clock
from notifications import queue
from notifications.addresses import AddressRefused
from notifications.choices import Channel
from notifications.messages import message_for, webhook_body
from notifications.models import Notification, Subscription
from notifications.queue import Outcome
from notifications.sending import Sender

log = logging.getLogger(__name__)
# At most so many requests under way in one process, and to one subscription.
MOST_AT_ONCE = 300
MOST_TO_ONE = 100
# A run claims for so long (s), then ends and lets others have the worker; there may be a next one.
BUDGET = 20.0
# How often (s) what has come back is noted and more is claimed.
TICK = 0.1
IDLE_TICK = 0.5
# After so many failures in a row the mail server is away: what is left waits for the next run.
MAIL_FAILURES = 3
GONE = 410


def deliver_due() -> int | None:
    """Send the webhooks that are due, many at once; how many were sent now.

    One run per machine: None, at once, while there is another.
    """
    with _one_per_machine(Channel.WEBHOOK) as ours:
        if not ours:
            return None
        return _run(only=None) if queue.due(Channel.WEBHOOK).exists() else 0


def deliver(notification_id: uuid.UUID | str) -> bool:
    """Send this one message if it is due and nobody else has it; whether it was sent now."""
    return bool(_run(only=notification_id) or _mail_run(only=notification_id))


# Webhooks ----------------------------------------------------------------------------------
def _run(*, only: uuid.UUID | str | None) -> int:
    with asyncio.Runner() as runner:
        sender = Sender()
        try:
            return _rounds(runner, sender, only=only)
        finally:
            with suppress(Exception):
                runner.run(sender.close())


def _rounds(runner: asyncio.Runner, sender: Sender, *, only: uuid.UUID | str | None) -> int:
    """Claim, let the requests go on for a moment, note what came back, claim more."""
    loop = runner.get_loop()
    until = time.monotonic() + BUDGET
    pending: dict[asyncio.Task[Outcome], Notification] = {}
    sent = 0
    while True:
        claimed: list[Notification] = []
        if (room := MOST_AT_ONCE - len(pending)) > 0 and time.monotonic() < until:
            under_way = Counter(each.subscription_id for each in pending.values())
            claimed = queue.claim(
                Channel.WEBHOOK, limit=room, of_one=MOST_TO_ONE, under_way=under_way, only=only
            )
        for each in claimed:
            pending[loop.create_task(_send_webhook(sender, each))] = each
        if not pending:
            return sent
        tick = TICK if claimed else IDLE_TICK
        done = runner.run(_wait(list(pending), tick))
        if done:
            sent += queue.record([(pending.pop(task), task.result()) for task in done])


async def _wait(tasks: list[asyncio.Task[Outcome]], seconds: float) -> set[asyncio.Task[Outcome]]:
    done, _ = await asyncio.wait(tasks, timeout=seconds)
    return done


async def _send_webhook(sender: Sender, notification: Notification) -> Outcome:
    """One attempt. Raises nothing: whatever a receiver does is an outcome."""
    subscription = notification.subscription
    if not subscription.is_active:
        return Outcome(succeeded=False, error="subscription is off", final=True)
    began = time.monotonic()
    status: int | None = None
    error = ""
    try:
        body = json.dumps(webhook_body(notification.event), separators=(",", ":"))
        headers = signed_headers(
            subscription, message_id=str(notification.pk), body=body, at=timezone.now()
        )
        status = await sender.post(subscription.target, headers=headers, body=body.encode())
        error = "" if 200 <= status < 300 else "refused"
    except AddressRefused as refused:
        error = refused.code
    except Exception as failure:
        # The name only: the text may hold the address with a token in it.
        error = type(failure).__name__
        log.warning("notification %s failed: %s", notification.pk, error)
    return Outcome(
        succeeded=not error,
        status_code=status,
        error=error,
        gone=status == GONE,
        milliseconds=int(1000 * (time.monotonic() - began)),
    )


def signed_headers(
    subscription: Subscription, *, message_id: str, body: str, at: datetime
) -> dict[str, str]:
    """The headers of Standard Webhooks; two signatures for a day after a secret was changed."""
    secrets = [subscription.secret]
    changing = subscription.previous_secret_until
    if subscription.previous_secret and changing is not None and clock.now() < changing:
        secrets.append(subscription.previous_secret)
    signatures = [Webhook(secret).sign(message_id, at, body) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Panah-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


# Email -------------------------------------------------------------------------------------
def mail_due() -> int:
    """Send the emails that are due; how many were sent now. One run per machine."""
    with _one_per_machine(Channel.EMAIL) as ours:
        return _mail_run(only=None) if ours else 0


def _mail_run(*, only: uuid.UUID | str | None) -> int:
    """One by one, each claimed by itself: a mail server may take its time."""
    until = time.monotonic() + BUDGET
    sent = failures = 0
    with closing(get_connection()) as server:
        while failures < MAIL_FAILURES and time.monotonic() < until:
            claimed = queue.claim(Channel.EMAIL, limit=1, only=only)
            if not claimed:
                break
            outcome = _send_email(server, claimed[0])
            failures = 0 if outcome.succeeded else failures + 1
            sent += queue.record([(claimed[0], outcome)])
    return sent


def _send_email(server: BaseEmailBackend, notification: Notification) -> Outcome:
    began = time.monotonic()
    subscription = notification.subscription
    if not subscription.is_active or not subscription.address:
        return Outcome(succeeded=False, error="subscription is off", final=True)
    try:
        server.open()
        email_for(notification, server).send()
    except Exception as failure:
        with suppress(Exception):
            server.close()
        error = type(failure).__name__
        log.warning("notification %s failed: %s", notification.pk, error)
    else:
        error = ""
    spent = int(1000 * (time.monotonic() - began))
    return Outcome(succeeded=not error, error=error, milliseconds=spent)


def email_for(notification: Notification, server: BaseEmailBackend | None = None) -> EmailMessage:
    """The mail in the receiver's language; sent again it has the same Message-ID."""
    subscription = notification.subscription
    with translation.override(subscription.spoken):
        message = message_for(notification.event)
        subject = f"{message.title} {message.reference}".strip()
        text = message.text
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    return EmailMessage(
        subject=subject,
        body=text,
        to=[subscription.address],
        headers={
            "Message-ID": f"<{notification.pk}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
        connection=server,
    )


# One run per machine -----------------------------------------------------------------------
@contextmanager
def _one_per_machine(channel: str) -> Iterator[bool]:
    """Whether this is the machine's only run now, so that a hanging receiver holds one process.

    This spares work only: claims keep two runs from sending the same message.
    """
    key = (_signed(f"panah.{channel}"), _signed(socket.gethostname()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", key)
        ours = bool(cursor.fetchone()[0])
    try:
        yield ours
    finally:
        if ours:
            with suppress(Exception), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def _signed(text: str) -> int:
    """A number for PostgreSQL's 32-bit signed integer."""
    return zlib.crc32(text.encode()) - 2**31
