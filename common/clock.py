"""The clock of the operation: UTC instants, days in the operation's time zone.

An exercise runs on another date: PANAH_CLOCK_SHIFT_DAYS moves this clock by whole days, so that
the hours of the day stay those on the wall. Sessions, tokens and signatures keep the real clock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

_replayed: ContextVar[datetime | None] = ContextVar("replayed", default=None)


def shift() -> timedelta:
    """How far the operation's clock is from the real one (zero outside exercises)."""
    return timedelta(days=settings.CLOCK_SHIFT_DAYS)


def now() -> datetime:
    """The present instant of the operation, in UTC."""
    return _replayed.get() or timezone.now() + shift()


@contextmanager
def replaying(moment: datetime) -> Iterator[None]:
    """Let `now` be `moment` inside the block: to load a past that was kept on paper."""
    token = _replayed.set(moment)
    try:
        yield
    finally:
        _replayed.reset(token)


def today(zone: ZoneInfo) -> date:
    """The present day of the operation in `zone`."""
    return now().astimezone(zone).date()


def on_operation_clock(moment: datetime) -> datetime:
    """`moment` as the operation counts it.

    In an exercise a device's own clock stays the real one: an instant that lies after the
    exercise's present and not after the real present was stamped by such a device.
    """
    if _replayed.get() is None and shift() and now() < moment <= timezone.now() + timedelta(minutes=5):
        return moment + shift()
    return moment
