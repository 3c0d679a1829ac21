"""What happens at entry points: open, restricted, closed, and crossings nobody built."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, can
from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, NotPermitted
from intake.choices import EntryPointKind, EntryPointStatus
from intake.models import Area, EntryPoint, EntryPointStatusChange
from intake.models.entry_points import coarse
from intake.names import is_blank, romanise
from intake.querysets_border import reports_at
from intake.services.checking import CLOCK_TOLERANCE, OLDEST_ARRIVAL, invalid

LONGEST_REASON = 200
LONGEST_POINT = 120
LONGEST_CODE = 40


def require_reporter(actor: Any, entry_point: EntryPoint) -> None:
    """NotPermitted unless the actor says how things stand at this entry point."""
    if not reports_at(actor, entry_point.code):
        raise NotPermitted(
            "not_permitted", _("You may not report what happens at this entry point.")
        )


def past_moment(moment: datetime, field: str, problems: list[FieldProblem]) -> datetime:
    """A moment on the operation's clock; a problem when it is in the future or too long ago."""
    moment = clock.on_operation_clock(moment)
    if moment > clock.now() + CLOCK_TOLERANCE:
        problems.append(
            FieldProblem(field, "future", _("This lies in the future: check date and time."))
        )
    elif moment < clock.now() - OLDEST_ARRIVAL:
        problems.append(FieldProblem(field, "too_old", _("This is too long ago: check the year.")))
    return moment


def lock_entry_point(entry_point: EntryPoint) -> EntryPoint:
    """The row, held until the transaction ends; registrations at it do not wait."""
    return EntryPoint.objects.select_for_update(no_key=True).get(pk=entry_point.pk)


@transaction.atomic
def change_entry_point_status(
    *,
    actor: Any,
    entry_point: EntryPoint,
    status: str,
    reason: str,
    occurred_at: datetime,
    id: uuid.UUID | None = None,
) -> EntryPointStatusChange:
    """Record that an entry point was open, restricted or closed from `occurred_at` on.

    The entry point shows the latest state by `occurred_at`: an older one that is entered late
    joins the history and leaves the present alone. Said again, by id or word for word, it is the
    same change. A closed entry point never keeps anybody from being registered: people come all
    the same, and who crossed there must be known. Raises InvalidInput by field (`status`,
    `reason`, `occurred_at`).
    """
    require_reporter(actor, entry_point)
    reason = " ".join(reason.split())
    moment = _checked_change(status, reason, occurred_at)
    point = lock_entry_point(entry_point)
    if (known := _said_before(point, status, reason, moment, id)) is not None:
        return known
    record_first_state(point)
    made = EntryPointStatusChange.objects.create(
        **({"id": id} if id else {}),
        entry_point=point,
        status=status,
        reason=reason,
        occurred_at=moment,
        recorded_by=actor,
    )
    changed = _show_latest(point)
    entry_point.refresh_from_db()
    record_event(
        "entry_point.status_changed",
        point,
        actor=actor,
        occurred_at=moment,
        status=status,
        present=changed,
    )
    return made


def _checked_change(status: str, reason: str, occurred_at: datetime) -> datetime:
    problems: list[FieldProblem] = []
    moment = past_moment(occurred_at, "occurred_at", problems)
    if status not in EntryPointStatus.values:
        problems.append(
            FieldProblem("status", "unknown_code", _("Choose open, restricted or closed."))
        )
    elif status != EntryPointStatus.OPEN and not reason:
        problems.append(
            FieldProblem("reason", "required", _("Say why it is restricted or closed."))
        )
    if len(reason) > LONGEST_REASON:
        problems.append(FieldProblem("reason", "too_long", _("Write at most 200 letters.")))
    if problems:
        raise invalid(problems)
    return moment


def _said_before(
    point: EntryPoint, status: str, reason: str, moment: datetime, key: uuid.UUID | None
) -> EntryPointStatusChange | None:
    said = {"entry_point_id": point.pk, "status": status, "reason": reason, "occurred_at": moment}
    known = EntryPointStatusChange.objects.filter(pk=key).first() if key else None
    if known is None:
        # The last word at this moment: the same words earlier, then others, are a new change.
        at_once = point.status_changes.filter(occurred_at=moment).latest_first().first()
        same = at_once is not None and all(getattr(at_once, k) == v for k, v in said.items())
        return at_once if same else None
    if any(getattr(known, name) != value for name, value in said.items()):
        raise Conflict("conflict", _("This id was used for another change."))
    return known


def record_first_state(point: EntryPoint, *, actor: Any = None) -> None:
    """Have the history begin with the state in which the entry point was set up.

    So that an older state that is told later does not take the place of the present one.
    """
    if point.status_changes.exists():
        return
    EntryPointStatusChange.objects.create(
        entry_point=point,
        status=point.status,
        reason=point.status_reason or _reason_of_setup(point.status),
        occurred_at=point.recorded_at,
        recorded_by=actor,
    )
    _show_latest(point)


def _reason_of_setup(status: str) -> str:
    # Rows from before reasons were asked for.
    return "" if status == EntryPointStatus.OPEN else "-"


def _show_latest(point: EntryPoint) -> bool:
    """Have the entry point repeat its latest state; whether that is another than before."""
    latest = point.status_changes.latest_first().first()
    if latest is None:
        return False
    shown = (point.status, point.status_reason, point.status_since)
    point.status, point.status_reason = latest.status, latest.reason
    point.status_since = latest.occurred_at
    if shown == (point.status, point.status_reason, point.status_since):
        return False
    point.save(update_fields=["status", "status_reason", "status_since"])
    return True


@transaction.atomic
def add_informal_crossing(
    *,
    actor: Any,
    name: str,
    area: str,
    opposite_area: str = "",
    latitude: Decimal | None = None,
    longitude: Decimal | None = None,
    code: str = "",
) -> EntryPoint:
    """Add a place where people cross without a border post; rounded to about a kilometre.

    `area` is the code of the nearest district. `code` is made from the name when it is empty.
    Any registrar may; people who crossed there are registered by whoever registers there or
    everywhere. Raises InvalidInput by field (`name`, `area`, `code`, `latitude`, …).
    """
    if not (can(actor, Permission.ENTRY_POINTS_REPORT) or can(actor, Permission.ENTRY_POINTS_EDIT)):
        raise NotPermitted("not_permitted", _("You may not add entry points."))
    name, code = " ".join(name.split()), code.strip().upper()
    problems = [*_of_the_name(name), *_of_the_areas(area, opposite_area), *_of_the_code(code)]
    problems += _of_the_place(latitude, longitude)
    if problems:
        raise invalid(problems)
    try:
        with transaction.atomic():
            point = EntryPoint.objects.create(
                code=code or _code_for(name),
                name=name,
                kind=EntryPointKind.INFORMAL,
                area_id=area,
                opposite_area_id=opposite_area or None,
                latitude=coarse(latitude),
                longitude=coarse(longitude),
            )
    except IntegrityError as error:
        # Another hand took the code while this one looked whether it is free.
        raise invalid([_code_taken()]) from error
    record_first_state(point, actor=actor)
    record_event("entry_point.added", point, actor=actor)
    return point


def _of_the_name(name: str) -> list[FieldProblem]:
    if is_blank(name):
        return [FieldProblem("name", "required", _("Write what people call the place."))]
    if len(name) > LONGEST_POINT:
        return [FieldProblem("name", "too_long", _("Write at most 120 letters."))]
    spelled = Q(name__iexact=name) | Q(aliases__iregex=rf"(^|\n){_literal(name)}\r?(\n|$)")
    if EntryPoint.objects.filter(spelled).exists():
        return [
            FieldProblem("name", "known", _("This entry point is already in the list: choose it."))
        ]
    return []


def _literal(text: str) -> str:
    return "".join(
        letter if letter.isalnum() or letter == " " else f"\\{letter}" for letter in text
    )


def _of_the_areas(area: str, opposite: str) -> list[FieldProblem]:
    problems = []
    known = set(Area.objects.filter(code__in=[area, opposite]).values_list("code", flat=True))
    if area not in known:
        problems.append(FieldProblem("area", "unknown_code", _("Choose the nearest district.")))
    if opposite and opposite not in known:
        problems.append(
            FieldProblem(
                "opposite_area",
                "unknown_code",
                _("This value is not known: choose one from the list."),
            )
        )
    return problems


def _of_the_code(code: str) -> list[FieldProblem]:
    if not code:
        return []
    if len(code) > LONGEST_CODE or slugify(code).upper() != code:
        return [
            FieldProblem("code", "invalid", _("Write a short code of Latin letters, digits and -."))
        ]
    if EntryPoint.objects.filter(code__iexact=code).exists():
        return [_code_taken()]
    return []


def _code_taken() -> FieldProblem:
    return FieldProblem("code", "known", _("This code is taken: write another."))


def _of_the_place(latitude: Decimal | None, longitude: Decimal | None) -> list[FieldProblem]:
    problems = []
    for field, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        other = longitude if field == "latitude" else latitude
        if value is None:
            if other is not None:
                problems.append(
                    FieldProblem(field, "required", _("Write both coordinates, or none."))
                )
        elif not value.is_finite() or abs(value) > most:
            problems.append(
                FieldProblem(field, "out_of_range", _("This is no place on the map: check it."))
            )
    return problems


def _code_for(name: str) -> str:
    """A code of Latin letters that the name sounds like, and that is free."""
    start = slugify(name) or slugify(romanise(name)) or "crossing"
    start = start.upper()[: LONGEST_CODE - 4].strip("-_")
    codes = EntryPoint.objects.filter(code__istartswith=start).values_list("code", flat=True)
    taken = {code.upper() for code in codes}
    numbered = (f"{start}-{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (start, *numbered) if code not in taken)
