"""The steps of a request from asked to done. Who may take which: see `_take`.

Every step locks the row, checks `TRANSITIONS`, writes one StatusChange and one event. A step
into the state in which the request already is answers that state and writes nothing, so that a
client that heard no answer may simply send it again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aid.choices import RequestStatus
from aid.models import TRANSITIONS, AidRequest
from aid.querysets import OPEN
from aid.services.base import (
    limited_text,
    lock_request,
    require_agency,
    require_requester,
    require_text,
    trace_step,
)
from common import clock
from common.errors import InvalidState

S = RequestStatus
Side = Callable[[Any, AidRequest], None]
_SAY_WHY = _("Say why.")


@transaction.atomic
def acknowledge(*, actor: Any, request: AidRequest, note: str = "") -> AidRequest:
    """The agency has seen it. Acknowledging what was accepted since changes nothing."""
    row = lock_request(request)
    require_agency(actor, row)
    if row.acknowledged_at is not None and row.status in OPEN:
        return row
    return _take(row, S.RECEIVED, actor=actor, note=note)


@transaction.atomic
def accept(*, actor: Any, request: AidRequest, note: str = "") -> AidRequest:
    """The agency will do it; also acknowledges."""
    return _take(lock_request(request), S.ACCEPTED, actor=actor, note=note)


@transaction.atomic
def decline(*, actor: Any, request: AidRequest, reason: str) -> AidRequest:
    """The agency will not do it, with a reason; also acknowledges."""
    return _take(lock_request(request), S.DECLINED, actor=actor, reason=reason)


@transaction.atomic
def start(*, actor: Any, request: AidRequest, note: str = "") -> AidRequest:
    """The agency has begun."""
    return _take(lock_request(request), S.IN_PROGRESS, actor=actor, note=note)


@transaction.atomic
def hold(*, actor: Any, request: AidRequest, reason: str) -> AidRequest:
    """The agency cannot go on for now; the clock stands still from this moment."""
    return _take(lock_request(request), S.ON_HOLD, actor=actor, reason=reason)


@transaction.atomic
def resume(*, actor: Any, request: AidRequest, note: str = "") -> AidRequest:
    """Go on as before the hold; both deadlines move by the time it lasted."""
    row = lock_request(request)
    require_agency(actor, row)
    if row.status != S.ON_HOLD:
        last = row.changes.order_by("-id").first()
        if last is not None and last.from_status == S.ON_HOLD and row.status in OPEN:
            return row
        raise _refused(row)
    return _take(row, row.status_before_hold, actor=actor, note=note, kind="resumed")


@transaction.atomic
def fulfil(*, actor: Any, request: AidRequest, complete: bool = True, note: str = "") -> AidRequest:
    """The agency is done: all of it, or with `complete=False` a part of it."""
    target = S.FULFILLED if complete else S.PARTLY_FULFILLED
    return _take(lock_request(request), target, actor=actor, note=note)


@transaction.atomic
def fail(*, actor: Any, request: AidRequest, reason: str) -> AidRequest:
    """The agency could not do it after all, with a reason."""
    return _take(lock_request(request), S.NOT_FULFILLED, actor=actor, reason=reason)


@transaction.atomic
def cancel(*, actor: Any, request: AidRequest, reason: str) -> AidRequest:
    """Coordination takes it back, with a reason."""
    row = lock_request(request)
    return _take(row, S.CANCELLED, actor=actor, reason=reason, side=require_requester)


def _take(
    row: AidRequest,
    target: str,
    *,
    actor: Any,
    note: str = "",
    reason: str | None = None,
    side: Side = require_agency,
    kind: str = "",
) -> AidRequest:
    """Move the locked `row` to `target`; `reason` is required where it is not None."""
    side(actor, row)
    if row.status == target:
        return row
    # What is on hold goes on by `resume` alone, to where it was.
    skips_resume = row.status == S.ON_HOLD and target in OPEN and kind != "resumed"
    if skips_resume or not row.may_become(target):
        raise _refused(row)
    if reason is not None:
        row.reason = note = require_text("reason", reason, _SAY_WHY)
    else:
        note = limited_text("note", note)
    before = row.status
    move(row, target, clock.now())
    trace_step(row, actor=actor, from_status=before, note=note, kind=kind)
    return row


def move(row: AidRequest, target: str, now: datetime) -> None:
    """Change status, times and deadlines of a locked row, and save it.

    Deadlines of a request that was on hold move by the time held when it goes on, not when it
    ends.
    """
    if row.status == S.ON_HOLD and row.held_at is not None:
        if target in OPEN:
            row.acknowledge_by += now - row.held_at
            row.act_by += now - row.held_at
            row.reason = ""
        row.held_at, row.status_before_hold = None, ""
    if target == S.ON_HOLD:
        row.held_at, row.status_before_hold = now, row.status
    if target in {S.RECEIVED, S.ACCEPTED, S.DECLINED} and row.acknowledged_at is None:
        row.acknowledged_at = now
    if target not in OPEN and row.closed_at is None:
        row.closed_at = now
    row.status = target
    row.save()


def _refused(row: AidRequest) -> InvalidState:
    return InvalidState(
        "invalid_state",
        _("The request is in a state that does not allow this step. Read it again."),
        current=row.status,
        allowed=sorted(TRANSITIONS[row.status]),
    )
