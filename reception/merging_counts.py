"""What a merge of households does with the lines of head counts."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef

from intake.merging import Moves, register_merge


class OpenCountsFollow(Moves):
    """In a count that goes on, the line of the repeat goes to the survivor, where it has none.

    Both have one: both stay, for both were expected; a slip of either now counts the survivor.
    Closed counts say what was: their lines stay with the repeat.
    """

    def rows(self, model: Any, field: str, old: Any, new: Any) -> Any:
        """Lines of open counts in which the survivor has none."""
        same = model.objects.filter(household_id=new, count=OuterRef("count"))
        lines = model.objects.filter(household_id=old, count__closed_at__isnull=True)
        return lines.exclude(Exists(same))


def register() -> None:
    """Declare the key of lines to Household."""
    register_merge("reception.HeadCountLine", "household", OpenCountsFollow())
