"""Background work on events, and forgetting the answers kept for Idempotency-Key."""

import logging
from datetime import timedelta

from celery import shared_task

from audit.events import dispatch
from audit.models import Event, IdempotentReply
from common import clock

log = logging.getLogger(__name__)
KEEP_REPLIES = timedelta(days=1)


@shared_task
def dispatch_event(event_id: str) -> None:
    """Call the consumers of one event, unless someone already did."""
    event = (
        Event.objects.filter(pk=event_id, dispatched_at__isnull=True)
        .select_related("actor__agency")
        .first()
    )
    if event is not None:
        _dispatched(event)


@shared_task
def dispatch_waiting_events(limit: int = 500) -> int:
    """Dispatch events whose task was lost (broker down, worker killed); how many it was.

    Those that cannot be dispatched do not count towards the limit, so that they never stand in
    the way of what came after them.
    """
    done, last = 0, None
    while done < limit:
        rows = Event.objects.filter(dispatched_at__isnull=True).select_related("actor__agency")
        if last is not None:
            rows = rows.filter(pk__gt=last)
        waiting = list(rows.order_by("id")[:limit])
        for event in waiting:
            done += _dispatched(event)
            last = event.pk
        if len(waiting) < limit:
            break
    return done


def _dispatched(event: Event) -> bool:
    try:
        dispatch(event)
    except Exception as error:
        # The name only: an error's text may quote a row.
        log.error("event %s could not be dispatched: %s", event.pk, type(error).__name__)
        return False
    return True


@shared_task
def forget_replies() -> int:
    """Delete first answers that nobody will ask for again; how many there were."""
    old = IdempotentReply.objects.filter(recorded_at__lt=clock.now() - KEEP_REPLIES)
    return old.delete()[0]
