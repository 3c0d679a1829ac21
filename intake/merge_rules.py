"""What a merge does with intake's own rows. Registered in the app's `ready`."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef

from intake.merging import MOVES, STAYS, Merge, Moves, register_merge


class MovesNewNeeds(Moves):
    """A need that was recorded only the second time goes to the counterpart; others stay."""

    def rows(self, model: type[models.Model], field: str, old: Any, new: Any) -> Any:
        """Open needs that the counterpart does not have open."""
        needs: Any = model._default_manager
        known = needs.open().filter(person_id=new).values("type_id")
        return needs.open().filter(person_id=old).exclude(type_id__in=known)


class MovesWhereFree(Moves):
    """Rows go to the counterpart unless the same one stands there already, or would be nonsense.

    `beside` are the fields that make a row the same together with the one that moves.
    """

    def __init__(self, *beside: str, **only: Any) -> None:
        self.beside, self.only = beside, only

    def rows(self, model: type[models.Model], field: str, old: Any, new: Any) -> Any:
        """Rows that the counterpart does not have; a link of one person with itself is none."""
        rows = model._default_manager.filter(**{f"{field}_id": old}, **self.only)
        same = model._default_manager.filter(
            **{f"{field}_id": new}, **self.only, **{name: OuterRef(name) for name in self.beside}
        )
        with_itself = {name: new for name in self.beside if name in ("person", "relative")}
        rows = rows.exclude(Exists(same))
        return rows.exclude(**with_itself) if with_itself else rows


class NamesWhoWasCounted:
    """An identity stays with its person; who was counted only takes over the names of the repeat.

    A family that was counted first and registered with names later is not typed a third time.
    """

    def merge(self, model: type[models.Model], field: str, merge: Merge) -> Any:
        """The versions that lead back, by their ids."""
        from intake.models import Person
        from intake.services.members import take_over

        people = Person.objects.select_related("identity", "household").in_bulk(
            [*merge.persons, *merge.persons.values()]
        )
        versions = [
            take_over(actor=merge.actor, person=people[new], source=people[old])
            for old, new in merge.persons.items()
        ]
        return [str(version.pk) for version in versions if version is not None]

    def undo(self, model: type[models.Model], field: str, merge: Merge, data: Any) -> None:
        """Counted only again, unless somebody corrected them since."""
        from intake.models import IdentityVersion
        from intake.services.members import give_back

        versions = IdentityVersion.objects.filter(pk__in=data or [])
        for version in versions.select_related("person__identity", "person__household"):
            give_back(actor=merge.actor, version=version)


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
    for model in (
        "IdentityKey",
        "IdentityVersion",
        "PersonExit",
        "ScreeningOutcome",
    ):
        register_merge(f"intake.{model}", "person", STAYS)
    # A child keeps the mother it was recorded with; moves are each household's own history.
    register_merge("intake.Person", "mother", MOVES)
    for field in ("from_household", "to_household", "person"):
        register_merge("intake.HouseholdMove", field, STAYS)
    register_merge("intake.Identity", "person", NamesWhoWasCounted())
    register_merge("intake.SpecificNeed", "person", MovesNewNeeds())
    # Who is looked for and who was found are people: the survivor's record stands for them.
    register_merge("intake.TracingRequest", "asker", MOVES)
    register_merge("intake.TracingMatch", "person", MovesWhereFree("request"))
    for field, other in (("person", "relative"), ("relative", "person")):
        register_merge(
            "intake.FamilyLink", field, MovesWhereFree(other, "sealed", ended_at__isnull=True)
        )
    # The slip of the repeat stays its own, and leads to the survivor as its reference does.
    register_merge("intake.SlipToken", "household", STAYS)
