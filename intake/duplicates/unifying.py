"""Making one household of two, and two of one again. Runs in the decision's transaction."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import record_event
from common import clock
from common.errors import InvalidState
from intake import hooks, merging
from intake.choices import ExitReason, HouseholdStatus, PairStatus
from intake.duplicates.finding import find_duplicates, members_of
from intake.duplicates.scoring import counterparts
from intake.models import DuplicatePair, Household, Person, PersonExit, PersonMerge


def unify(actor: Any, pair: DuplicatePair, households: list[Household]) -> dict[str, Any]:
    """Close the later of two locked households in favour of the earlier; what undoes it, as ids.

    Raises InvalidState `people_left` when somebody is in the count by one record and gone by the
    other: which of the two is true, a person has to say first.
    """
    now = clock.now()
    survivor, repeat = in_order_of_arrival(households)
    members = members_of([survivor.pk, repeat.pk])
    known = counterparts(members[survivor.pk], members[repeat.pk])
    persons = _lock_people(survivor, repeat)
    _check_presence(known, persons)
    leaving = [persons[pk] for pk in known if persons[pk].left_at is None]
    joining = [
        each
        for each in persons.values()
        if each.household_id == repeat.pk and each.left_at is None and each.pk not in known
    ]
    undo: dict[str, Any] = {
        "repeat": str(repeat.pk),
        "status": repeat.status,
        "survivor_status": survivor.status,
        "pairs": [[str(old), str(new)] for old, new in known.items()],
        "persons": [str(person.pk) for person in leaving],
        "gone": _gone_as_repeats([persons[pk] for pk in known if persons[pk].left_at], now),
        "joined": [[str(each.pk), each.is_focal_point, each.position] for each in joining],
        "exits": _leave(actor, [persons[pk] for pk in known], now),
    }
    PersonMerge.objects.bulk_create(
        PersonMerge(repeat_id=old, survivor_id=new, pair=pair, decided_by=actor, decided_at=now)
        for old, new in known.items()
    )
    _join(joining, survivor)
    repeat.status, repeat.merged_into = HouseholdStatus.CLOSED, survivor
    repeat.save(update_fields=["status", "merged_into"])
    if joining and survivor.status != HouseholdStatus.ACTIVE:
        survivor.status = HouseholdStatus.ACTIVE
        survivor.save(update_fields=["status"])
    undo["rows"] = merging.apply(merging.Merge(survivor, repeat, known, actor))
    record_event("household.merged", repeat, actor=actor, occurred_at=now, into=survivor.reference)
    _changed(actor, (repeat, survivor))
    return undo


def part(actor: Any, pair: DuplicatePair, households: list[Household]) -> None:
    """Put back what `unify` did with these locked households.

    Raises InvalidState `household_merged` or `merged_later`: merges are undone last first.
    """
    now, undo = clock.now(), pair.undo
    repeat = next(each for each in households if str(each.pk) == undo["repeat"])
    survivor = next(each for each in households if each.pk != repeat.pk)
    _check_last(pair, survivor)
    merge = merging.Merge(
        survivor, repeat, {uuid.UUID(old): uuid.UUID(new) for old, new in undo["pairs"]}, actor
    )
    merging.revert(merge, undo["rows"])
    repeat.status, repeat.merged_into = undo["status"], None
    repeat.save(update_fields=["status", "merged_into"])
    _come_back(undo, now)
    for pk, focal, position in undo["joined"]:
        Person.objects.filter(pk=pk, household=survivor).update(
            household=repeat, is_focal_point=focal, position=position, updated_at=now
        )
    _close_if_empty(survivor, undo)
    PersonMerge.objects.standing().filter(pair=pair).update(
        undone_by=actor, undone_at=now, updated_at=now
    )
    record_event("household.changed", repeat, actor=actor, occurred_at=now, change="merge_undone")
    _changed(actor, (repeat, survivor))


def in_order_of_arrival(households: list[Household]) -> list[Household]:
    """The earlier one, which survives a merge, and the later one."""

    def first_seen(household: Household) -> tuple[datetime, datetime, uuid.UUID]:
        arrival = household.arrivals.order_by("occurred_at").values_list("occurred_at", flat=True)
        return arrival.first() or household.recorded_at, household.recorded_at, household.pk

    return sorted(households, key=first_seen)


def _lock_people(*households: Household) -> dict[uuid.UUID, Person]:
    """Everyone of both households, locked. Who was separated stays with the closed record."""
    rows = Person.objects.filter(household__in=households).order_by("pk")
    return {each.pk: each for each in rows.select_for_update(of=("self",), no_key=True)}


def _check_presence(known: dict[uuid.UUID, uuid.UUID], persons: dict[uuid.UUID, Person]) -> None:
    """Nobody is lost from the count by being here in one record and gone in the other."""
    apart = sum(
        (persons[old].left_at is None) != (persons[new].left_at is None)
        for old, new in known.items()
    )
    if apart:
        raise InvalidState(
            "people_left",
            _(
                "Somebody has left by one record and is here by the other. First record the "
                "return or the departure where it is missing, then decide."
            ),
            persons=apart,
        )


def _gone_as_repeats(gone: Iterable[Person], now: datetime) -> list[list[Any]]:
    """Who had left by both records left once: the repeat's exit is taken back, as ids to undo."""
    undo: list[list[Any]] = []
    for person in gone:
        standing = PersonExit.objects.standing().filter(person=person).first()
        left_at = person.left_at.isoformat() if person.left_at else None
        undo.append(
            [str(person.pk), str(standing.pk) if standing else None, person.exit_reason, left_at]
        )
        if standing is not None:
            standing.reversed_at = now
            standing.save(update_fields=["reversed_at"])
    return undo


def _leave(actor: Any, persons: list[Person], now: datetime) -> list[str]:
    """The counterparts leave the count as duplicates; the ids of their exits."""
    for person in persons:
        person.exit_reason, person.left_at, person.updated_at = ExitReason.DUPLICATE, now, now
    Person.objects.bulk_update(persons, ["exit_reason", "left_at", "updated_at"])
    exits = PersonExit.objects.bulk_create(
        PersonExit(person=person, reason=ExitReason.DUPLICATE, occurred_at=now, recorded_by=actor)
        for person in persons
    )
    return [str(each.pk) for each in exits]


def _join(persons: list[Person], survivor: Household) -> None:
    position = survivor.members.count()
    for offset, person in enumerate(persons):
        person.household, person.is_focal_point = survivor, False
        person.position, person.updated_at = position + offset, clock.now()
    Person.objects.bulk_update(persons, ["household", "is_focal_point", "position", "updated_at"])


def _check_last(pair: DuplicatePair, survivor: Household) -> None:
    if survivor.merged_into_id:
        raise InvalidState(
            "household_merged",
            _("The surviving household was merged since then. Undo that decision first."),
        )
    later = DuplicatePair.objects.of(survivor).filter(
        status=PairStatus.SAME, decided_at__gt=pair.decided_at
    )
    if later.exclude(pk=pair.pk).exists():
        raise InvalidState(
            "merged_later",
            _(
                "Another household was merged into the surviving one since then. "
                "Undo that decision first."
            ),
        )


def _come_back(undo: dict[str, Any], now: datetime) -> None:
    PersonExit.objects.filter(pk__in=undo["exits"], reversed_at__isnull=True).update(
        reversed_at=now, updated_at=now
    )
    # Only who is still a duplicate comes back: another exit recorded since then stands.
    repeats = Person.objects.filter(exit_reason=ExitReason.DUPLICATE)
    repeats.filter(pk__in=undo["persons"]).update(exit_reason="", left_at=None, updated_at=now)
    for pk, exit_pk, reason, left_at in undo.get("gone", []):
        if repeats.filter(pk=pk).update(exit_reason=reason, left_at=left_at, updated_at=now):
            PersonExit.objects.filter(pk=exit_pk).update(reversed_at=None, updated_at=now)


def _close_if_empty(survivor: Household, undo: dict[str, Any]) -> None:
    """A household that was closed before, and opened by those who joined it, closes again."""
    was = undo.get("survivor_status", survivor.status)
    if was == HouseholdStatus.CLOSED and not survivor.members.in_count().exists():
        survivor.status = was
        survivor.save(update_fields=["status"])


def _changed(actor: Any, households: Iterable[Household]) -> None:
    changed = list(households)
    for household in changed:
        hooks.household_changed(household, actor)
    # After commit: the search locks pairs, which decisions lock before households.
    ids = [each.pk for each in changed]
    transaction.on_commit(partial(find_duplicates, ids), robust=True)
