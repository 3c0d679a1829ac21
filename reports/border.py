"""What a situation report says of the border: entry points, who was seen, what visits found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Q

from intake.border import crossings, status_at
from intake.models import BorderAssessment


def border_block(as_of: datetime, since: datetime) -> dict[str, Any]:
    """The key `border` of a report's figures: states and counts at `as_of`, visits since `since`.

    Rows: entry_points {code, name, kind, status, reason, since}, crossings {code, name, seen,
    registered, not_yet_registered}, assessments {code, name, visited_at, organisations, summary};
    and not_yet_registered, the sum of the crossings. Places by name, never with coordinates.
    """
    rows = [
        {
            "code": row.code,
            "name": row.name,
            "seen": row.seen,
            "registered": row.registered,
            "not_yet_registered": row.not_yet_registered,
        }
        for row in crossings(as_of)
    ]
    return {
        "entry_points": [
            {
                "code": state.code,
                "name": state.name,
                "kind": state.kind,
                "status": state.status,
                "reason": state.reason,
                "since": state.since.isoformat() if state.since else None,
            }
            for state in status_at(as_of)
        ],
        "crossings": rows,
        "not_yet_registered": sum(row["not_yet_registered"] for row in rows),
        "assessments": _assessments(as_of, since),
    }


def _assessments(as_of: datetime, since: datetime) -> list[dict[str, Any]]:
    """Quotable visits of the period, and older ones that were written down in it."""
    told = Q(visit_ended_at__gt=since) | Q(recorded_at__gt=since, recorded_at__lte=as_of)
    rows = (
        BorderAssessment.objects.filter(told, quotable=True, visit_ended_at__lte=as_of)
        .select_related("entry_point", "area")
        .defer("findings")
        .order_by("visit_began_at", "pk")
    )
    return [
        {
            "code": row.entry_point.code if row.entry_point else str(row.area_id),
            "name": row.place,
            "visited_at": row.visit_began_at.isoformat(),
            "organisations": row.organisations,
            "summary": row.summary,
        }
        for row in rows
    ]
