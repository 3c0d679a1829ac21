"""What becomes of a household's place when it is found to be a repeat of another."""

from __future__ import annotations

from typing import Any

from django.db import models

from intake.merging import Merge, Moves


class OpenPlaceFollows(Moves):
    """The repeat's open placement goes to a survivor that has none; its history stays.

    A survivor with a place of its own keeps that one: the repeat's is released when its members
    leave the count (`services.household_changed`), and undoing the merge does not take it back.
    """

    def rows(self, model: type[models.Model], field: str, old: Any, new: Any) -> Any:
        """The open placement, if the survivor has none."""
        placements: Any = model._default_manager
        if placements.open().filter(household_id=new).exists():
            return placements.none()
        return placements.open().filter(household_id=old)

    def undo(self, model: type[models.Model], field: str, merge: Merge, data: Any) -> None:
        """Back to the repeat, if it is still open."""
        placements: Any = model._default_manager
        for old, ids in (data or {}).items():
            placements.open().filter(pk__in=ids).update(household_id=old)
