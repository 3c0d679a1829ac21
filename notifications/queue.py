"""The rows that wait to be sent: taking them for this worker, and noting what came of it.

A message is never lost: it is a row, and a worker that dies leaves a claim that runs out. What a
worker notes after its claim ran out does not undo what the next one did: a failure counts only
for the attempt it belongs to, a success counts always.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from audit.events import record_event
from common import clock
from notifications.choices import NotificationStatus
from notifications.models import DeliveryAttempt, Notification, Subscription

# Longer than any delivery takes: TIMEOUT of a webhook, a slow mail server.
CLAIM = timedelta(minutes=2)
# Waits before attempts 2, 3, … (Standard Webhooks 1.0.0); about 75 hours in all.
RETRY_AFTER = tuple(
    timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)
# Each wait is up to a fifth longer, so that a receiver that comes back is not met by all at once.
JITTER = 0.2
GONE = "410 Gone"


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt. `final`: trying again is of no use."""

    succeeded: bool
    status_code: int | None = None
    error: str = ""
    gone: bool = False
    final: bool = False
    milliseconds: int = 0


# The oldest of each subscription first and not too many of one, so that a receiver that hangs
# does not fill the room; a row that another worker holds is passed over. Arrays, so that rows are
# found by key whatever the planner thinks of a queue that was empty a moment ago.
_CLAIM = """
WITH ranked AS (
    SELECT n.id, coalesce(b.count, 0) + row_number() OVER (
        PARTITION BY n.subscription_id ORDER BY n.next_attempt_at, n.id
    ) AS place
    FROM notifications_notification n
    JOIN notifications_subscription s ON s.id = n.subscription_id
    LEFT JOIN unnest(%(busy)s::uuid[], %(counts)s::int[]) AS b(id, count) ON b.id = s.id
    WHERE n.status = 'waiting' AND n.next_attempt_at <= %(now)s
      AND (n.claimed_until IS NULL OR n.claimed_until <= %(now)s)
      AND s.channel = %(channel)s
      AND (%(only)s::uuid IS NULL OR n.id = %(only)s)
), picked AS (
    SELECT n.id FROM notifications_notification n
    WHERE n.id = ANY(ARRAY(
        SELECT id FROM ranked WHERE place <= %(of_one)s ORDER BY place, id LIMIT %(limit)s
    ))
      AND n.status = 'waiting' AND n.next_attempt_at <= %(now)s
      AND (n.claimed_until IS NULL OR n.claimed_until <= %(now)s)
    FOR UPDATE OF n SKIP LOCKED
)
UPDATE notifications_notification n
SET claimed_until = %(until)s, attempts = n.attempts + 1, updated_at = %(now)s
WHERE n.id = ANY(ARRAY(SELECT id FROM picked))
RETURNING n.id
"""
_FAILED = """
UPDATE notifications_notification n
SET status = u.status, next_attempt_at = u.next_attempt_at, claimed_until = NULL,
    updated_at = %(now)s
FROM unnest(%(ids)s::uuid[], %(attempts)s::int[], %(statuses)s::text[], %(nexts)s::timestamptz[])
    AS u(id, attempts, status, next_attempt_at)
WHERE n.id = u.id AND n.attempts = u.attempts AND n.status = 'waiting'
"""


def claim(
    channel: str,
    *,
    limit: int,
    of_one: int = 100,
    under_way: Mapping[uuid.UUID, int] | None = None,
    only: uuid.UUID | str | None = None,
) -> list[Notification]:
    """Take up to `limit` due messages of a channel for this worker, `of_one` of a subscription.

    `under_way` says how many of a subscription this worker has in hand already. One statement,
    so that two workers never take the same.
    """
    busy = under_way or {}
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "now": now,
                "until": now + CLAIM,
                "channel": channel,
                "busy": list(busy),
                "counts": list(busy.values()),
                "only": str(only) if only else None,
                "of_one": of_one,
                "limit": limit,
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return []
    rows = Notification.objects.filter(pk__in=ids).select_related("event").order_by("pk")
    return list(rows.prefetch_related("subscription__user", "subscription__agency"))


def due(channel: str) -> QuerySet[Notification]:
    """What could be claimed now."""
    now = clock.now()
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    return Notification.objects.due(now).filter(free, subscription__channel=channel)


def record(done: Sequence[tuple[Notification, Outcome]]) -> int:
    """Note what came of claimed messages; how many were sent."""
    with transaction.atomic():
        _record(done)
    for each, outcome in done:
        if outcome.gone:
            _turn_off(each.subscription)
    return sum(outcome.succeeded for _, outcome in done)


def _record(done: Sequence[tuple[Notification, Outcome]]) -> None:
    DeliveryAttempt.objects.bulk_create(
        [
            DeliveryAttempt(
                notification=each,
                number=each.attempts,
                succeeded=outcome.succeeded,
                status_code=outcome.status_code,
                error=outcome.error[:100],
                milliseconds=outcome.milliseconds,
            )
            for each, outcome in done
        ],
        ignore_conflicts=True,
    )
    sent = sorted(each.pk for each, outcome in done if outcome.succeeded)
    failed = [(each, outcome) for each, outcome in done if not outcome.succeeded]
    now = clock.now()
    if sent:
        Notification.objects.filter(pk__in=sent).update(
            status=NotificationStatus.SENT, sent_at=now, claimed_until=None, updated_at=now
        )
    if failed:
        _record_failures(failed)


def _record_failures(failed: Sequence[tuple[Notification, Outcome]]) -> None:
    now = clock.now()
    rows = [(each, *_what_next(each, outcome)) for each, outcome in failed]
    with connection.cursor() as cursor:
        cursor.execute(
            _FAILED,
            {
                "now": now,
                "ids": [each.pk for each, _, _ in rows],
                "attempts": [each.attempts for each, _, _ in rows],
                "statuses": [str(status) for _, status, _ in rows],
                "nexts": [now + wait for _, _, wait in rows],
            },
        )


def _what_next(notification: Notification, outcome: Outcome) -> tuple[str, timedelta]:
    if outcome.final or outcome.gone or notification.attempts > len(RETRY_AFTER):
        return NotificationStatus.FAILED, timedelta()
    wait = RETRY_AFTER[notification.attempts - 1]
    return NotificationStatus.WAITING, wait * random.uniform(1, 1 + JITTER)  # noqa: S311


@transaction.atomic
def _turn_off(sent_to: Subscription) -> None:
    """The receiver said that it is gone: unless it was moved or removed meanwhile."""
    row = (
        Subscription.objects.filter(pk=sent_to.pk, is_active=True)
        .select_for_update(of=("self",))
        .select_related("agency")
        .first()
    )
    if row is None or row.target != sent_to.target:
        return
    row.is_active = False
    row.disabled_reason = GONE
    row.save(update_fields=["is_active", "disabled_reason"])
    code = row.agency.code if row.agency else ""
    record_event("webhook.disabled", row, actor=None, agency_code=code)
