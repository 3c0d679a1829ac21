"""States, counts and assessments at the border. Invented places and people only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from accounts.models import User
from intake.models import BorderAssessment, CrossingCount, EntryPoint
from intake.services.assessments import AssessmentInput, record_border_assessment
from intake.services.counts import CountInput, record_crossing_count
from tests.factories.intake import DUSHANBE, make_entry_point

NIGHT = datetime(2021, 7, 5, 0, 0, tzinfo=DUSHANBE)


def hours(number: float) -> datetime:
    """So many hours into the night of 5 July 2021."""
    return NIGHT + timedelta(hours=number)


def count_input(began: float = 0, ended: float = 6, total: int = 10, **fields: Any) -> CountInput:
    """A count, in hours of that night."""
    return CountInput(began_at=hours(began), ended_at=hours(ended), total=total, **fields)


def make_count(
    actor: User,
    began: float = 0,
    ended: float = 6,
    total: int = 10,
    *,
    point: EntryPoint | None = None,
    **fields: Any,
) -> CrossingCount:
    """A recorded count."""
    return record_crossing_count(
        actor=actor,
        entry_point=point or make_entry_point("TEM"),
        data=count_input(began, ended, total, **fields),
    )


def assessment_input(**fields: Any) -> AssessmentInput:
    """A visit to Tem as it was typed."""
    return AssessmentInput(
        **{
            "entry_point": "TEM",
            "visit_began_at": hours(10),
            "visit_ended_at": hours(12),
            "organisations": "UNHCR, Border Service",
            "summary": "About 80 people wait on the far bank without shade or water.",
            "findings": {"needs": "Water, shade", "access_and_security": "A guard lets women by"},
            "quotable": True,
            **fields,
        }
    )


def make_assessment(actor: User, **fields: Any) -> BorderAssessment:
    """A recorded visit."""
    make_entry_point("TEM")
    return record_border_assessment(actor=actor, data=assessment_input(**fields))
