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
    event = Event.objects.filter(pk=event_id, dispatched_at__isnull=True).first()
    if event is not None:
        dispatch(event)


@shared_task
def dispatch_waiting_events(limit: int = 500) -> int:
    """Dispatch events whose task was lost (broker down, worker killed); how many there were."""
    waiting = list(Event.objects.filter(dispatched_at__isnull=True).order_by("id")[:limit])
    for event in waiting:
        try:
            dispatch(event)
        except Exception:
            log.exception("event %s could not be dispatched", event.pk)
    return len(waiting)


@shared_task
def forget_replies() -> int:
    """Delete first answers that nobody will ask for again; how many there were."""
    old = IdempotentReply.objects.filter(recorded_at__lt=clock.now() - KEEP_REPLIES)
    return old.delete()[0]
