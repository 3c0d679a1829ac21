"""Figures about aid, for the situation report and the dashboard. A fixed number of queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Q, Sum

from aid.choices import RequestStatus
from aid.models import AidRequest, Delivery

S = RequestStatus


def _open_at(as_of: datetime) -> Q:
    return Q(closed_at__isnull=True) | Q(closed_at__gt=as_of)


def _overdue_at(as_of: datetime) -> Q:
    """Open and past a deadline, the clock not standing still (deadlines as they stand now)."""
    unanswered = Q(acknowledged_at__isnull=True) | Q(acknowledged_at__gt=as_of)
    running = Q(held_at__isnull=True) | Q(held_at__gt=as_of)
    late = Q(act_by__lt=as_of) | (unanswered & Q(acknowledge_by__lt=as_of))
    return _open_at(as_of) & running & late


def by_sector(as_of: datetime) -> list[dict[str, Any]]:
    """One row per sector that was ever asked for: `sector, open, overdue, fulfilled,
    persons_reached`.

    Counts are requests, at `as_of`; `fulfilled` counts partly fulfilled ones too.
    `persons_reached` adds up deliveries: one person reached twice counts twice.
    """
    reached = dict(
        Delivery.objects.filter(delivered_at__lte=as_of)
        .values_list("request__sector")
        .annotate(persons=Sum("persons_reached"))
        .order_by()
    )
    done = Q(status__in=(S.FULFILLED, S.PARTLY_FULFILLED), closed_at__lte=as_of)
    rows = (
        AidRequest.objects.filter(submitted_at__lte=as_of)
        .values("sector")
        .annotate(
            open=Count("pk", filter=_open_at(as_of)),
            overdue=Count("pk", filter=_overdue_at(as_of)),
            fulfilled=Count("pk", filter=done),
        )
        .order_by("sector")
    )
    return [{**row, "persons_reached": reached.get(row["sector"], 0)} for row in rows]


def counts(as_of: datetime) -> dict[str, int]:
    """`open` and `overdue` requests at `as_of`."""
    rows = AidRequest.objects.filter(submitted_at__lte=as_of)
    return rows.aggregate(
        open=Count("pk", filter=_open_at(as_of)), overdue=Count("pk", filter=_overdue_at(as_of))
    )


def delivered(as_of: datetime) -> list[dict[str, Any]]:
    """What was delivered by `as_of`, by sector, item, unit and agency; quantities as numbers."""
    rows = (
        Delivery.objects.filter(delivered_at__lte=as_of)
        .values("request__sector", "item", "unit", "request__agency__code")
        .annotate(
            total=Sum("quantity"),
            households=Sum("households_reached"),
            persons=Sum("persons_reached"),
        )
        .order_by("request__sector", "item", "unit", "request__agency__code")
    )
    return [
        {
            "sector": row["request__sector"],
            "item": row["item"],
            "quantity": float(row["total"]),
            "unit": row["unit"],
            "agency": row["request__agency__code"],
            "households_reached": row["households"],
            "persons_reached": row["persons"],
        }
        for row in rows
    ]
