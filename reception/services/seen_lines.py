"""Many scans at once, as a device sends them after it was offline: each answered by itself."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common.errors import DomainError, FieldProblem, InvalidInput
from intake.models import Household
from reception.choices import HeadCountHow
from reception.models import HeadCount, HeadCountLine
from reception.services import rules
from reception.services.head_counts import Counted, count_household, count_unit

REFUSED = "refused"


@dataclass(frozen=True)
class Seen:
    """One thing that was counted: a slip or reference, a line of the count, or a room's number.

    `unit` is the room's code, "" for everybody else, None where it is about a household.
    """

    key: uuid.UUID | None = None
    text: str = ""
    line: uuid.UUID | None = None
    unit: str | None = None
    seen: int | None = None
    seen_at: datetime | None = None
    how: str = HeadCountHow.REFERENCE


@dataclass(frozen=True)
class Answer:
    """What became of one: `counted` or the refusal. `shown` where the reader may know who it is."""

    said: Seen
    counted: Counted | None = None
    refusal: DomainError | None = None
    shown: bool = False

    def as_json(self) -> dict[str, Any]:
        """As clients get it; see api.serializers_counts.LineAnswerSerializer."""
        line = self.counted.line if self.counted else None
        tally = self.counted.tally if self.counted else None
        about = line or tally
        household = line.household if line is not None and self.shown else None
        return {
            "key": str(self.said.key) if self.said.key else None,
            "status": self.counted.status if self.counted else REFUSED,
            "code": self._code(),
            "detail": str(self._detail()),
            "line": str(line.pk) if line else None,
            "household": household.reference if household is not None else None,
            "unit": about.unit.code if about and about.unit else None,
            "expected": line.expected if line else None,
            "seen": about.seen if about else None,
        }

    def _code(self) -> str:
        if self.refusal is None:
            return ""
        return self.refusal.problems[0].code if self.refusal.problems else self.refusal.code

    def _detail(self) -> Any:
        if self.refusal is not None:
            problems = self.refusal.problems
            return problems[0].detail if problems else self.refusal.message
        if self.counted is not None and self.counted.status == "not_expected":
            return _("Not expected here. Noted; it will be among the differences.")
        return ""


def count_many(*, actor: Any, count: HeadCount, lines: Sequence[Seen]) -> list[Answer]:
    """Count each of the lines in its own transaction; the answers in their order.

    A line that is refused keeps no other from being counted. Raises NotPermitted for all.
    """
    rules.require_write(actor, count.site)
    units = {unit.code: unit for unit in count.site.units.all()}
    answers = []
    for said in lines:
        try:
            counted = _count_one(actor, count, said, units)
        except DomainError as refusal:
            answers.append(Answer(said, refusal=refusal))
        else:
            answers.append(Answer(said, counted, shown=_may_know(actor, counted.line)))
    return answers


def _count_one(actor: Any, count: HeadCount, said: Seen, units: dict[str, Any]) -> Counted:
    if said.unit is not None:
        if said.unit and said.unit not in units:
            raise _invalid("unit", "does_not_exist", _("This site has no such room."))
        if said.seen is None:
            raise _invalid("seen", "required", _("Write how many people are in the room."))
        return count_unit(
            actor=actor,
            count=count,
            unit=units.get(said.unit),
            seen=said.seen,
            seen_at=said.seen_at,
            key=said.key,
        )
    line = None
    if said.line is not None:
        line = count.lines.filter(pk=said.line).first()
        if line is None:
            raise _invalid("line", "does_not_exist", _("This line is not of this count."))
    return count_household(
        actor=actor,
        count=count,
        text=said.text,
        line=line,
        seen=said.seen,
        seen_at=said.seen_at,
        how=said.how,
        key=said.key,
    )


def _may_know(actor: Any, line: HeadCountLine | None) -> bool:
    if line is None or line.household_id is None:
        return False
    readable = Household.objects.visible_to(actor).filter(pk=line.household_id)
    return bool(line.expected) or readable.exists()


def _invalid(name: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput("invalid", detail, problems=[FieldProblem(name, code, detail)])
