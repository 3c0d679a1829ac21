"""Writing events, and the registry of those who act on them.

A service calls `record_event` inside its transaction. An app that wants to act on events
registers a consumer in its `apps.py`; it is called with the event after commit, in a worker, at
least once: consumers must be idempotent.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from audit.models import Event
from common import clock

log = logging.getLogger(__name__)
# Seconds without an attempt after the broker did not answer.
BROKER_PAUSE = 5.0
_broker_away_until = 0.0

Consumer = Callable[[Event], None]
_consumers: dict[str, tuple[frozenset[str], Consumer]] = {}


class Subject(Protocol):
    """Anything an event can be about."""

    @property
    def pk(self) -> uuid.UUID: ...


def register_consumer(name: str, kinds: frozenset[str], consumer: Consumer) -> None:
    """Have `consumer` called for events of `kinds`. Called from an app's `ready`."""
    _consumers[name] = (kinds, consumer)


def consumers_of(kind: str) -> list[tuple[str, Consumer]]:
    """The registered consumers of a kind of event, in the order of their names."""
    return [(name, call) for name, (kinds, call) in sorted(_consumers.items()) if kind in kinds]


def build_event(
    kind: str,
    subject: Any,
    *,
    actor: Any,
    occurred_at: datetime | None = None,
    agency_code: str = "",
    **data: Any,
) -> Event:
    """An unsaved event, for services that write many at once (then call `events_written`)."""
    return Event(
        kind=kind,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        subject_reference=getattr(subject, "reference", "") or getattr(subject, "code", ""),
        actor=actor,
        agency_code=agency_code,
        data=data,
        occurred_at=occurred_at or clock.now(),
        dispatched_at=None if consumers_of(kind) else clock.now(),
    )


def record_event(kind: str, subject: Any, *, actor: Any, **data: Any) -> Event:
    """Write one event about `subject` (a model instance) in the current transaction.

    `data` must hold no personal data. `occurred_at` and `agency_code` are taken from it.
    """
    event = build_event(kind, subject, actor=actor, **data)
    event.save(force_insert=True)
    events_written([event])
    return event


def events_written(events: list[Event]) -> None:
    """Have the consumers called for saved events once the transaction commits."""
    waiting = [event.pk for event in events if event.dispatched_at is None]
    if waiting:
        transaction.on_commit(lambda: _send(waiting), robust=True)


def sent_to_broker(task: Any, *args: str) -> bool:
    """Send a task; False when the broker does not answer, and then the sweepers find the row.

    After a failure nothing is tried for a moment: nobody at a desk waits for a broker that is
    away.
    """
    global _broker_away_until
    if time.monotonic() < _broker_away_until:
        return False
    try:
        task.delay(*args)
    except Exception as error:
        _broker_away_until = time.monotonic() + BROKER_PAUSE
        log.warning("left to the sweeper, no broker: %s", type(error).__name__)
        return False
    return True


def _send(ids: list[uuid.UUID]) -> None:
    from audit.tasks import dispatch_event

    for pk in ids:
        if not sent_to_broker(dispatch_event, str(pk)):
            return


def dispatch(event: Event) -> None:
    """Call every consumer of `event` and mark it dispatched.

    One that fails keeps no other from being called; what it raised is raised at the end, and the
    event is left to the sweeper, which calls them all again.
    """
    failure: Exception | None = None
    for name, consumer in consumers_of(event.kind):
        try:
            consumer(event)
        except Exception as error:
            log.warning("%s failed on event %s: %s", name, event.pk, type(error).__name__)
            failure = failure or error
    if failure is not None:
        raise failure
    Event.objects.filter(pk=event.pk, dispatched_at__isnull=True).update(dispatched_at=clock.now())
