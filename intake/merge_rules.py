"""What a merge does with intake's own rows. Registered in the app's `ready`."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import ngettext

from common import clock
from intake.choices import UNDECIDED, NeedStatus, PairStatus
from intake.merging import MOVES, STAYS, Merge, Moves, register_merge


class MovesNewNeeds(Moves):
    """A need that was recorded only the second time goes to the counterpart; others stay."""

    def rows(self, model: type[models.Model], field: str, old: Any, new: Any) -> Any:
        """Open needs that the counterpart does not have open; no suggestion that was dismissed."""
        needs: Any = model._default_manager
        counterpart = needs.filter(person_id=new)
        dismissed = counterpart.filter(status=NeedStatus.CLOSED).values("type_id")
        return (
            needs.open()
            .filter(person_id=old)
            .exclude(type_id__in=counterpart.open().values("type_id"))
            .exclude(status=NeedStatus.SUGGESTED, type_id__in=dismissed)
        )


class AnswersFollow:
    """Answers about consent go to the survivor; where both answered, a no is kept.

    The requests to agencies follow the survivor, and so must what the family agreed to. They said
    it twice: if either time it was no, or was withdrawn, it is no until they are asked again.
    """

    def merge(self, model: type[models.Model], field: str, merge: Merge) -> Any:
        """Move the answers; the ids of those that moved, and those that were ended."""
        target: Any = model._meta.get_field(field).related_model
        of_household = isinstance(merge.repeat, target)
        pairs = {merge.repeat.pk: merge.survivor.pk} if of_household else merge.persons
        moved: dict[str, list[str]] = {}
        ended: list[str] = []
        for old, new in sorted(pairs.items()):
            rows = self._rows(model, field, of_household)
            theirs = rows.filter(**{f"{field}_id": old})
            for question in sorted(set(theirs.values_list("purpose", "recipient"))):
                self._one(rows, field, old, new, question, moved, ended)
        return {"moved": moved, "ended": ended} if moved or ended else None

    @staticmethod
    def _rows(model: type[models.Model], field: str, of_household: bool) -> Any:
        rows: Any = model._default_manager.all()
        # The answers of a person follow the person.
        return rows.filter(person__isnull=True) if of_household else rows

    @staticmethod
    def _one(
        rows: Any,
        field: str,
        old: uuid.UUID,
        new: uuid.UUID,
        question: tuple[str, str],
        moved: dict[str, list[str]],
        ended: list[str],
    ) -> None:
        purpose, recipient = question
        asked = rows.filter(purpose=purpose, recipient=recipient)
        ours, theirs = (list(asked.filter(**{f"{field}_id": pk})) for pk in (new, old))
        ours_stands = next((row for row in ours if row.stands), None)
        theirs_stands = next((row for row in theirs if row.stands), None)
        if ours:
            loser = theirs_stands
            if ours_stands and ours_stands.given and not (theirs_stands and theirs_stands.given):
                loser = ours_stands
            if loser is not None:
                loser.withdrawn_at = max(clock.now(), loser.occurred_at)
                loser.save(update_fields=["withdrawn_at"])
                ended.append(str(loser.pk))
        moved.setdefault(str(old), []).extend(str(row.pk) for row in theirs)
        asked.filter(**{f"{field}_id": old}).update(**{f"{field}_id": new})

    @staticmethod
    def tell(data: Any) -> list[Any]:
        """That a no was kept, for who decides."""
        count = len(data.get("ended", []))
        text = ngettext(
            "%(count)d answer about consent ends: of two answers the no is kept.",
            "%(count)d answers about consent end: of two answers the no is kept.",
            count,
        )
        return [text % {"count": count}] if count else []

    def undo(self, model: type[models.Model], field: str, merge: Merge, data: Any) -> None:
        """Move the same rows back, and let those stand again that nobody answered anew."""
        rows: Any = model._default_manager
        for old, ids in (data or {}).get("moved", {}).items():
            rows.filter(pk__in=ids).update(**{f"{field}_id": old})
        for row in rows.filter(pk__in=(data or {}).get("ended", [])):
            asked = rows.filter(
                purpose=row.purpose,
                recipient=row.recipient,
                **{f"{field}_id": getattr(row, f"{field}_id")},
            )
            if field == "household":
                asked = asked.filter(person__isnull=True)
            ended_at = row.withdrawn_at
            since = Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=ended_at)
            if not asked.filter(since | Q(occurred_at__gt=ended_at)).exclude(pk=row.pk).exists():
                row.withdrawn_at = None
                row.save(update_fields=["withdrawn_at"])


class OffersFollow:
    """Who may be the repeat may be the survivor: such pairs stand beside those of the repeat.

    What was decided different stays different of the survivor. The rows of the repeat stay, and
    are in the queue again when the merge is undone.
    """

    def merge(self, model: type[models.Model], field: str, merge: Merge) -> Any:
        """Pairs of the survivor with whoever only the repeat is paired with; their ids."""
        pairs: Any = model._default_manager
        theirs = pairs.of(merge.repeat).filter(status__in=[*UNDECIDED, PairStatus.DIFFERENT])
        ours = pairs.of(merge.survivor).values_list("first_id", "second_id")
        taken = {pk for key in ours for pk in key} | {merge.survivor.pk, merge.repeat.pk}
        made = []
        for pair in theirs.select_related("first", "second").order_by("pk"):
            other = pair.second if pair.first_id == merge.repeat.pk else pair.first
            if other.pk not in taken and other.merged_into_id is None:
                made.append(self._carried(pair, other.pk, merge))
        # A worker may have offered the same pair a moment ago: its row stays.
        pairs.bulk_create(made, ignore_conflicts=True)
        return [str(each.pk) for each in made]

    @staticmethod
    def _carried(pair: Any, other: uuid.UUID, merge: Merge) -> Any:
        from intake.duplicates.evidence import evidence_of

        swapped = (pair.first_id == other) != (other < merge.survivor.pk)
        matches = []
        for one, two in pair.matches:
            mapped = [str(merge.persons.get(uuid.UUID(pk), pk)) for pk in (one, two)]
            matches.append(mapped[::-1] if swapped else mapped)
        first, second = sorted([other, merge.survivor.pk])
        carried = type(pair)(
            first_id=first,
            second_id=second,
            score=pair.score,
            reasons=pair.reasons,
            matches=matches,
            known={"carried": True},
        )
        if pair.status == PairStatus.DIFFERENT:
            key = (first, second)
            carried.status = pair.status
            carried.decided_by, carried.decided_at = pair.decided_by, pair.decided_at
            carried.known = evidence_of([key], {key: (pair.score, matches)})[key]
        return carried

    def undo(self, model: type[models.Model], field: str, merge: Merge, data: Any) -> None:
        """Take them away, except those that an officer decided or asked about since."""
        rows: Any = model._default_manager.filter(pk__in=data or [])
        rows.filter(decisions__isnull=True, questions__isnull=True).delete()


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
    register_merge("intake.Arrival", "household", STAYS)
    register_merge("intake.Consent", "household", AnswersFollow())
    register_merge("intake.Consent", "person", AnswersFollow())
    # Asked twice, the answers that were given last count.
    register_merge("intake.WashingtonGroup", "person", MOVES)
    # Once is enough: it looks at both sides.
    register_merge("intake.DuplicatePair", "first", OffersFollow())
    register_merge("intake.DuplicatePair", "second", STAYS)
    # Who is whose repeat is history; what the field was asked was about the record as it stood.
    for field in ("repeat", "survivor"):
        register_merge("intake.PersonMerge", field, STAYS)
    register_merge("intake.FieldQuestion", "household", STAYS)
    # The names as they were told the second time still find the person, through the closed record.
    for model in (
        "IdentityIndex",
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
    # Questions are about the records as they were told: those of the repeat end with it, and the
    # survivor is asked anew about who joined it (quality.refreshing).
    for field in ("household", "person"):
        register_merge("intake.OpenQuestion", field, STAYS)
