"""Background work on events."""

import logging

from celery import shared_task

from audit.events import dispatch
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
