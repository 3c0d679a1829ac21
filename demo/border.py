"""The border in the first days: how crossings stood, whom staff saw, what a visit found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.models import User
from common import clock
from demo.story import at
from intake.choices import CountMethod
from intake.models import EntryPoint
from intake.services.assessments import AssessmentInput, record_border_assessment
from intake.services.counts import CountInput, record_crossing_count
from intake.services.entry_points import change_entry_point_status

# Entry point, when, state, why.
STATES = (
    ("ISHKOSHIM", at(4, 19, 30), "restricted", "Women, children and the wounded first"),
    ("ISHKOSHIM", at(6, 7), "open", ""),
    ("RUZVAI", at(5, 8), "restricted", "Bridge open from 06:00 to 20:00"),
    ("SHOHON", at(5, 11), "closed", "Closed by the border service on 5 July"),
)


@dataclass(frozen=True)
class _Seen:
    point: str
    began: datetime
    ended: datetime
    total: int
    method: str
    numbers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


# Whole days at each crossing: the people the border service and the desk saw come over.
COUNTS = (
    _Seen("ISHKOSHIM", at(4, 18), at(5, 0), 60, CountMethod.ESTIMATED),
    _Seen(
        "ISHKOSHIM",
        at(5, 0),
        at(5, 18),
        231,
        CountMethod.COUNTED,
        {"female": {"unknown": 118}, "male": {"unknown": 104}, "unknown": {"0-4": 9}},
    ),
    _Seen("TEM", at(5, 0), at(5, 18), 214, CountMethod.COUNTED, {"female": {"unknown": 109}}),
    _Seen("KHUMROGI", at(5, 0), at(6, 12), 103, CountMethod.REPORTED),
    _Seen("SHUGHNON-RIVER", at(6, 4), at(6, 7), 22, CountMethod.ESTIMATED),
)


def tell(*, registrar: User, officer: User, say: Callable[[str], None]) -> None:
    """Enter what happened, each at its own time."""
    for code, when, status, reason in STATES:
        with clock.replaying(when + timedelta(minutes=20)):
            change_entry_point_status(
                actor=registrar,
                entry_point=EntryPoint.objects.get(code=code),
                status=status,
                reason=reason,
                occurred_at=when,
            )
    for seen in COUNTS:
        with clock.replaying(seen.ended + timedelta(hours=1)):
            record_crossing_count(
                actor=registrar,
                entry_point=EntryPoint.objects.get(code=seen.point),
                data=CountInput(
                    began_at=seen.began,
                    ended_at=seen.ended,
                    total=seen.total,
                    numbers=seen.numbers,
                    method=seen.method,
                ),
            )
    with clock.replaying(at(7, 20)):
        record_border_assessment(actor=officer, data=_visit())
    say(f"  {len(STATES)} changes of entry points, {len(COUNTS)} counts, 1 visit")


def _visit() -> AssessmentInput:
    return AssessmentInput(
        area="3590226",
        visit_began_at=at(7, 9),
        visit_ended_at=at(7, 13),
        organisations="UNHCR, Border Service, Red Crescent Society",
        findings={
            "people_waiting": "About 60 on the far bank in the morning, most of them women and"
            " children; they cross before light.",
            "needs": "Drinking water, blankets, dry clothes for children.",
            "access_and_security": "Armed men were seen on the road behind the second ford.",
            "health": "Two women near term; one child with fever.",
            "recommendations": "A registrar and a nurse at the nearest village each morning.",
        },
        summary="People wade the river before light because the road to the bridge is not safe."
        " They come wet and cold; water, blankets and a nurse are needed where they arrive.",
        quotable=True,
    )
