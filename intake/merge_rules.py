"""What a merge does with intake's own rows. Registered in the app's `ready`."""

from __future__ import annotations

from typing import Any

from django.db import models

from intake.merging import MOVES, STAYS, Moves, register_merge


class MovesNewNeeds(Moves):
    """A need that was recorded only the second time goes to the counterpart; others stay."""

    def rows(self, model: type[models.Model], field: str, old: Any, new: Any) -> Any:
        """Open needs that the counterpart does not have open."""
        needs: Any = model._default_manager
        known = needs.open().filter(person_id=new).values("type_id")
        return needs.open().filter(person_id=old).exclude(type_id__in=known)


def register() -> None:
    """Declare every key of intake to Household and Person."""
    # Earlier repeats of the repeat lead to the survivor, in one step.
    register_merge("intake.Household", "merged_into", MOVES)
    # Members: those with a counterpart leave, others join the survivor (duplicates.decisions).
    register_merge("intake.Person", "household", STAYS)
    for model in ("Arrival", "Consent"):
        register_merge(f"intake.{model}", "household", STAYS)
    for field in ("first", "second"):
        register_merge("intake.DuplicatePair", field, STAYS)
    # The names as they were told the second time still find the person, through the closed record.
    for model in ("Identity", "IdentityKey", "PersonExit", "ScreeningOutcome"):
        register_merge(f"intake.{model}", "person", STAYS)
    # A child keeps the mother it was recorded with; moves are each household's own history.
    register_merge("intake.Person", "mother", MOVES)
    for field in ("from_household", "to_household", "person"):
        register_merge("intake.HouseholdMove", field, STAYS)
    register_merge("intake.SpecificNeed", "person", MovesNewNeeds())
