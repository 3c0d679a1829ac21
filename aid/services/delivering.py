"""What was delivered for a request, to how many."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aid.choices import RequestStatus
from aid.models import AidRequest, Delivery
from aid.services.base import (
    invalid,
    lock_request,
    positive_quantity,
    require_agency,
    require_text,
    tell,
)
from common import clock
from common.errors import Conflict, InvalidState
from intake.births import BRACKETS
from intake.choices import Sex

S = RequestStatus
DELIVERABLE = (S.ACCEPTED, S.IN_PROGRESS)
MAX_REACHED = 10_000_000
Breakdown = dict[str, dict[str, int]]


def record_delivery(
    *,
    actor: Any,
    request: AidRequest,
    item: str,
    quantity: Any,
    unit: str,
    persons_reached: int,
    households_reached: int = 0,
    breakdown: Breakdown | None = None,
    delivered_at: datetime | None = None,
    delivery_id: uuid.UUID | None = None,
) -> Delivery:
    """Record one delivery of an accepted request; the state stays as it is.

    `breakdown` counts persons by sex and age bracket: `{"F": {"0-4": 3}}`. With `delivery_id`
    the same delivery sent again is the same row; with other content Conflict.
    """
    breakdown, persons = breakdown or {}, _count("persons_reached", persons_reached)
    _check_breakdown(breakdown, persons)
    fields: dict[str, Any] = {
        "item": _short("item", item, 100),
        "quantity": positive_quantity("quantity", quantity),
        "unit": _short("unit", unit, 30),
        "households_reached": _count("households_reached", households_reached),
        "persons_reached": persons,
        "breakdown": breakdown,
    }
    if delivered_at is not None:
        fields["delivered_at"] = _past(delivered_at)
    try:
        with transaction.atomic():
            return _record(actor, request, fields, delivery_id)
    except IntegrityError as error:
        # Another request of the same id won the race, for another aid request.
        if delivery_id is None or not Delivery.objects.filter(pk=delivery_id).exists():
            raise
        raise _conflict() from error


def _record(
    actor: Any, request: AidRequest, fields: dict[str, Any], delivery_id: uuid.UUID | None
) -> Delivery:
    row = lock_request(request)
    require_agency(actor, row)
    if delivery_id is not None:
        known = Delivery.objects.filter(pk=delivery_id).first()
        if known is not None:
            same = known.request_id == row.pk
            if not same or any(getattr(known, name) != value for name, value in fields.items()):
                raise _conflict()
            return known
    if row.status not in DELIVERABLE:
        raise InvalidState(
            "invalid_state",
            _("Deliveries are recorded for requests that are accepted or in progress."),
            current=row.status,
        )
    fields.setdefault("delivered_at", clock.now())
    if delivery_id is not None:
        fields["id"] = delivery_id
    delivery = Delivery(request=row, reported_by=actor, **fields)
    delivery.save(force_insert=True)
    row.save(update_fields=["updated_at"])
    tell(row, actor=actor, kind="delivery_recorded")
    return delivery


def _conflict() -> Conflict:
    return Conflict("conflict", _("Another delivery already has this id."))


def _short(field: str, value: str, length: int) -> str:
    text = require_text(field, value, _("This is required."))
    if len(text) > length:
        raise invalid(field, "too_long", _("This is too long."))
    return text


def _count(field: str, value: int) -> int:
    if not 0 <= value <= MAX_REACHED:
        raise invalid(field, "out_of_range", _("Write a whole number, zero or more."))
    return value


def _past(moment: datetime) -> datetime:
    moment = clock.on_operation_clock(moment)
    if moment > clock.now() + timedelta(minutes=5):
        raise invalid("delivered_at", "in_future", _("A delivery cannot lie in the future."))
    return moment


def _check_breakdown(breakdown: Breakdown, persons: int) -> None:
    total = 0
    for sex, brackets in breakdown.items():
        if sex not in Sex.values or not isinstance(brackets, dict):
            raise invalid("breakdown", "unknown_sex", _("Use F, M, other or unknown."))
        for bracket, count in brackets.items():
            if bracket not in BRACKETS:
                raise invalid(
                    f"breakdown.{sex}",
                    "unknown_bracket",
                    _("Use 0-4, 5-11, 12-17, 18-59, 60+ or unknown."),
                )
            if not isinstance(count, int) or isinstance(count, bool) or count < 0:
                raise invalid(f"breakdown.{sex}.{bracket}", "invalid", _("Write a whole number."))
            total += count
    if total > persons:
        raise invalid(
            "breakdown",
            "more_than_reached",
            _("The breakdown counts more persons than were reached."),
        )
