"""People seen crossing: counted, corrected, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidState, constraints_as_errors
from intake.births.brackets import BRACKETS
from intake.choices import CountMethod
from intake.models import CrossingCount, EntryPoint
from intake.models.border import SEXES_SEEN
from intake.services.checking import invalid
from intake.services.entry_points import lock_entry_point, past_moment, require_reporter

# More than ever crossed at one place in a day anywhere; a slip of the finger beyond it.
MOST_SEEN = 500_000
LONGEST_NOTE = 1000


@dataclass(frozen=True)
class CountInput:
    """What was counted. `numbers` maps a sex (female, male, unknown) to numbers by bracket.

    Who is in no number is in `total` only: the sums may be less than it, never more. An `id`
    that the device made lets it send the count again safely.
    """

    began_at: datetime
    ended_at: datetime
    total: int
    numbers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    method: str = CountMethod.COUNTED
    note: str = ""
    id: uuid.UUID | None = None


def _overlaps() -> Conflict:
    return Conflict(
        "counts_overlap",
        _("People of this time were already counted here. Correct that count, or change the time."),
        problems=[
            FieldProblem("began_at", "counts_overlap", _("This time overlaps another count.")),
        ],
    )


def _id_used() -> Conflict:
    return Conflict("conflict", _("This id was used for another count."))


def record_crossing_count(
    *, actor: Any, entry_point: EntryPoint, data: CountInput
) -> CrossingCount:
    """Record how many people were seen crossing from `began_at` until before `ended_at`.

    Periods of one entry point never overlap: Conflict("counts_overlap"). The same id and content
    again is the same count; with other content Conflict("conflict"). Raises InvalidInput by field
    (`began_at`, `ended_at`, `total`, `numbers`, `method`, `note`).
    """
    return _write(actor, entry_point, data, corrects=None)


def correct_crossing_count(*, actor: Any, count: CrossingCount, data: CountInput) -> CrossingCount:
    """Put another count in the place of one that was wrong, which is kept.

    At the same entry point; the time may be another. InvalidState("superseded") when it was
    corrected or taken back before; otherwise as `record_crossing_count`.
    """
    return _write(actor, count.entry_point, data, corrects=count)


def _write(
    actor: Any, entry_point: EntryPoint, data: CountInput, corrects: CrossingCount | None
) -> CrossingCount:
    require_reporter(actor, entry_point)
    values = _checked(data)
    with (
        constraints_as_errors(
            {"crossing_counts_do_not_overlap": _overlaps(), "intake_crossingcount_pkey": _id_used()}
        ),
        transaction.atomic(),
    ):
        point = lock_entry_point(entry_point)
        if (known := _known(point, data, values, corrects)) is not None:
            return known
        if corrects is not None:
            _supersede(corrects)
        beside = point.counts.standing().filter(
            began_at__lt=values["ended_at"], ended_at__gt=values["began_at"]
        )
        if beside.exists():
            raise _overlaps()
        made = CrossingCount(entry_point=point, recorded_by=actor, corrects=corrects, **values)
        if data.id is not None:
            made.id = data.id
        made.save(force_insert=True)
        _tell("entry_point.people_counted", made, actor, corrected=corrects is not None)
    return made


def _tell(kind: str, count: CrossingCount, actor: Any, **more: Any) -> None:
    record_event(
        kind, count.entry_point, actor=actor, occurred_at=count.ended_at, total=count.total, **more
    )


def _supersede(count: CrossingCount) -> None:
    row = CrossingCount.objects.select_for_update().get(pk=count.pk)
    if row.superseded_at is not None:
        raise InvalidState(
            "superseded", _("This count was corrected or taken back before: look at the list.")
        )
    row.superseded_at = clock.now()
    row.save(update_fields=["superseded_at"])
    count.superseded_at = row.superseded_at


@transaction.atomic
def withdraw_crossing_count(*, actor: Any, count: CrossingCount) -> CrossingCount:
    """Take back a count that should not be there; it is kept and no longer counts."""
    require_reporter(actor, count.entry_point)
    lock_entry_point(count.entry_point)
    _supersede(count)
    _tell("entry_point.count_withdrawn", count, actor)
    return count


def _known(
    point: EntryPoint, data: CountInput, values: dict[str, Any], corrects: CrossingCount | None
) -> CrossingCount | None:
    if data.id is None:
        return None
    known = CrossingCount.objects.filter(pk=data.id).first()
    if known is None:
        return None
    said = {**values, "entry_point_id": point.pk, "corrects_id": corrects and corrects.pk}
    if any(getattr(known, name) != value for name, value in said.items()):
        raise _id_used()
    return known


def _checked(data: CountInput) -> dict[str, Any]:
    """The fields of the row, once every part is sensible."""
    problems: list[FieldProblem] = []
    began_at = past_moment(data.began_at, "began_at", problems)
    ended_at = past_moment(data.ended_at, "ended_at", problems)
    if began_at >= ended_at:
        problems.append(
            FieldProblem("ended_at", "before_it_began", _("The count must end after it began."))
        )
    if not 0 <= data.total <= MOST_SEEN:
        problems.append(
            FieldProblem("total", "out_of_range", _("Write a number from 0 to 500000."))
        )
    if data.method not in CountMethod.values:
        problems.append(
            FieldProblem(
                "method", "unknown_code", _("This value is not known: choose one from the list.")
            )
        )
    if len(data.note) > LONGEST_NOTE:
        problems.append(FieldProblem("note", "too_long", _("Write at most 1000 letters.")))
    numbers = _numbers(data, problems)
    if problems:
        raise invalid(problems)
    return {
        "began_at": began_at,
        "ended_at": ended_at,
        "total": data.total,
        **numbers,
        "method": data.method,
        "note": data.note.strip(),
    }


def _numbers(data: CountInput, problems: list[FieldProblem]) -> dict[str, list[int]]:
    told = 0
    numbers = {sex: [0] * len(BRACKETS) for sex in SEXES_SEEN}
    for sex, row in data.numbers.items():
        for bracket, number in row.items():
            path = f"numbers.{sex}.{bracket}"
            if sex not in SEXES_SEEN or bracket not in BRACKETS:
                problems.append(
                    FieldProblem(path, "unknown_code", _("This sex or age group is not known."))
                )
            elif not 0 <= number <= MOST_SEEN:
                problems.append(
                    FieldProblem(path, "out_of_range", _("Write a number from 0 to 500000."))
                )
            else:
                numbers[sex][BRACKETS.index(bracket)] = number
                told += number
    if told > data.total >= 0:
        problems.append(
            FieldProblem(
                "total",
                "less_than_its_parts",
                _("Women, men and children together are more than the people seen."),
            )
        )
    return numbers
