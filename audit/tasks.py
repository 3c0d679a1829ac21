"""Background work on events."""

import logging

from celery import shared_task

from audit.events import dispatch
from audit.idempotency import forget_old_replies
from audit.models import Event

log = logging.getLogger(__name__)


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
def sweep_idempotent_replies() -> int:
    """Forget the answers to writes with an Idempotency-Key that are older than a day."""
    return forget_old_replies()
