"""Visits to the border and what was found there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, access_of, can
from audit.events import record_event
from common.errors import Conflict, FieldProblem, NotPermitted
from intake.choices import Finding
from intake.models import Area, BorderAssessment, EntryPoint
from intake.models.border import LONGEST_SUMMARY
from intake.names import is_blank
from intake.services.checking import invalid
from intake.services.entry_points import past_moment

LONGEST_FINDING = 4000
LONGEST_ORGANISATIONS = 200


@dataclass(frozen=True)
class AssessmentInput:
    """A visit: to an entry point (by code) or a district (by code), from when until when.

    `findings` maps headings (`choices.Finding`) to text. `summary` may be quoted if `quotable`.
    """

    visit_began_at: datetime
    visit_ended_at: datetime
    organisations: str
    summary: str
    entry_point: str = ""
    area: str = ""
    findings: Mapping[str, str] = field(default_factory=dict)
    quotable: bool = False
    id: uuid.UUID | None = None


@transaction.atomic
def record_border_assessment(*, actor: Any, data: AssessmentInput) -> BorderAssessment:
    """Record what a visit to the border found.

    The same id and content again is the same assessment. Raises InvalidInput by field
    (`entry_point`, `area`, `visit_began_at`, `organisations`, `summary`, `findings.needs`, …).
    """
    scopes = access_of(actor).scopes(Permission.BORDER_ASSESS)
    if not (scopes.everywhere or data.entry_point in scopes.entry_points):
        raise NotPermitted("not_permitted", _("You may not record assessments of this place."))
    values = _checked(data)
    made = BorderAssessment(recorded_by=actor, **values)
    if data.id is not None:
        made.id = data.id
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError:
        # Sent before, or this moment by another hand: the insert waited until that one had ended.
        known = BorderAssessment.objects.filter(pk=made.pk).first()
        if known is None:
            raise
        return _the_same(known, values)
    record_event(
        "border.assessed",
        made,
        actor=actor,
        occurred_at=made.visit_ended_at,
        place=data.entry_point or data.area,
        quotable=made.quotable,
    )
    return made


@transaction.atomic
def set_quotable(*, actor: Any, assessment: BorderAssessment, quotable: bool) -> BorderAssessment:
    """Let reports quote the summary, or no longer. Reports that are made keep what they quoted.

    By who wrote assessments of the place, and by who publishes reports.
    """
    writes = BorderAssessment.objects.with_findings_for(actor).filter(pk=assessment.pk).exists()
    may = can(actor, Permission.BORDER_ASSESS) and writes
    if not (may or can(actor, Permission.REPORTS_PUBLISH)):
        raise NotPermitted("not_permitted", _("You may not decide what reports quote."))
    row = BorderAssessment.objects.select_for_update().get(pk=assessment.pk)
    if row.quotable != quotable:
        row.quotable = quotable
        row.save(update_fields=["quotable"])
        record_event("border.assessment_quotable", row, actor=actor, quotable=quotable)
    assessment.quotable = quotable
    return row


def _the_same(known: BorderAssessment, values: dict[str, Any]) -> BorderAssessment:
    # Whether it may be quoted is decided anew at any time; everything else stays as sent.
    if any(getattr(known, k) != v for k, v in values.items() if k != "quotable"):
        raise Conflict("conflict", _("This id was used for another assessment."))
    return known


def _checked(data: AssessmentInput) -> dict[str, Any]:
    problems: list[FieldProblem] = []
    began_at = past_moment(data.visit_began_at, "visit_began_at", problems)
    ended_at = past_moment(data.visit_ended_at, "visit_ended_at", problems)
    if ended_at < began_at:
        problems.append(
            FieldProblem(
                "visit_ended_at", "before_it_began", _("The visit must end after it began.")
            )
        )
    point, area = _place(data, problems)
    summary = data.summary.strip()
    for name, text, most in (
        ("summary", summary, LONGEST_SUMMARY),
        ("organisations", data.organisations.strip(), LONGEST_ORGANISATIONS),
    ):
        problems += _of_text(name, text, most)
    findings = _findings(data, problems)
    if problems:
        raise invalid(problems)
    return {
        "visit_began_at": began_at,
        "visit_ended_at": ended_at,
        "entry_point": point,
        "area": area,
        "organisations": data.organisations.strip(),
        "summary": summary,
        "findings": findings,
        "quotable": data.quotable,
    }


def _of_text(name: str, text: str, most: int) -> list[FieldProblem]:
    if is_blank(text):
        return [FieldProblem(name, "required", _("Write this: it is needed."))]
    if len(text) > most:
        detail = _("Write at most %(count)d letters.") % {"count": most}
        return [FieldProblem(name, "too_long", detail)]
    return []


def _place(
    data: AssessmentInput, problems: list[FieldProblem]
) -> tuple[EntryPoint | None, Area | None]:
    unknown = _("This value is not known: choose one from the list.")
    point = EntryPoint.objects.filter(code=data.entry_point).first() if data.entry_point else None
    area = Area.objects.filter(code=data.area).first() if data.area else None
    if data.entry_point and point is None:
        problems.append(FieldProblem("entry_point", "unknown_code", unknown))
    if data.area and area is None:
        problems.append(FieldProblem("area", "unknown_code", unknown))
    if not data.entry_point and not data.area:
        problems.append(
            FieldProblem(
                "entry_point", "required", _("Choose the entry point or the district visited.")
            )
        )
    return point, area


def _findings(data: AssessmentInput, problems: list[FieldProblem]) -> dict[str, str]:
    found = {}
    for heading, text in data.findings.items():
        field_name = f"findings.{heading}"
        if heading not in Finding.values:
            problems.append(
                FieldProblem(field_name, "unknown_code", _("This heading is not known."))
            )
        elif len(text) > LONGEST_FINDING:
            problems.append(FieldProblem(field_name, "too_long", _("Write at most 4000 letters.")))
        elif text.strip():
            found[heading] = text.strip()
    return found
