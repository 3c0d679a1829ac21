"""Deciding about a pair, and taking the decision back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, can
from audit.events import record_event
from common import clock
from common.errors import Conflict, InvalidState, NotPermitted
from intake import hooks, merging
from intake.choices import ExitReason, HouseholdStatus, PairStatus
from intake.duplicates.finding import members_of
from intake.duplicates.scoring import counterparts
from intake.models import DuplicatePair, Household, Person, PersonExit


@transaction.atomic
def decide_pair(*, actor: Any, pair: DuplicatePair, same: bool) -> DuplicatePair:
    """Decide an open pair as the same household, or as different ones.

    Same: the household that arrived later is closed and points to the earlier one, for which both
    references answer from now on. Its members who have a counterpart leave the count as
    duplicates; members without one (they came only the second time) join the surviving household.
    Different: the pair is not offered again.

    Raises NotPermitted, Conflict `already_decided` when another officer was quicker, and
    InvalidState `household_merged` when one of the two was merged in the meantime.
    """
    pair = _locked(actor, pair)
    if pair.status != PairStatus.OPEN:
        raise Conflict(
            "already_decided", _("Another officer has decided about this pair. Look at it again.")
        )
    pair.status = PairStatus.SAME if same else PairStatus.DIFFERENT
    pair.decided_by, pair.decided_at = actor, clock.now()
    if same:
        survivor, repeat = _in_order_of_arrival(_lock_households(pair))
        if survivor.merged_into_id or repeat.merged_into_id:
            raise InvalidState(
                "household_merged", _("One of these households was merged in the meantime.")
            )
        pair.undo = _merge(actor, survivor, repeat)
    pair.save(update_fields=["status", "decided_by", "decided_at", "undo"])
    return pair


@transaction.atomic
def undo_decision(*, actor: Any, pair: DuplicatePair) -> DuplicatePair:
    """Take a decision back: everything is as it was before it, and the pair is open again.

    What happened to the surviving household since then stays. Raises NotPermitted, Conflict
    `not_decided` when the pair is open, and InvalidState `household_merged` when the survivor was
    itself merged since: undo that decision first.
    """
    pair = _locked(actor, pair)
    if pair.status == PairStatus.OPEN:
        raise Conflict("not_decided", _("This pair is not decided."))
    if pair.status == PairStatus.SAME:
        households = _lock_households(pair)
        repeat = next(each for each in households if str(each.pk) == pair.undo["repeat"])
        survivor = next(each for each in households if each.pk != repeat.pk)
        if survivor.merged_into_id:
            raise InvalidState(
                "household_merged",
                _("The surviving household was merged since then. Undo that decision first."),
            )
        _separate(actor, survivor, repeat, pair.undo)
    pair.status = PairStatus.OPEN
    pair.decided_by, pair.decided_at, pair.undo = None, None, {}
    pair.save(update_fields=["status", "decided_by", "decided_at", "undo"])
    return pair


def surviving(household: Household) -> Household:
    """The household that answers for this one: itself unless it was merged."""
    seen = {household.pk}
    while household.merged_into_id and household.merged_into_id not in seen:
        seen.add(household.merged_into_id)
        household = Household.objects.get(pk=household.merged_into_id)
    return household


def _locked(actor: Any, pair: DuplicatePair) -> DuplicatePair:
    visible = DuplicatePair.objects.visible_to(actor).filter(pk=pair.pk)
    if not can(actor, Permission.DUPLICATES_DECIDE) or not visible.exists():
        raise NotPermitted("not_permitted", _("You may not decide about possible duplicates."))
    return DuplicatePair.objects.select_for_update(no_key=True).get(pk=pair.pk)


def _lock_households(pair: DuplicatePair) -> list[Household]:
    rows = Household.objects.filter(pk__in=[pair.first_id, pair.second_id])
    return list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))


def _in_order_of_arrival(households: list[Household]) -> list[Household]:
    def first_seen(household: Household) -> tuple[datetime, datetime, uuid.UUID]:
        arrival = household.arrivals.order_by("occurred_at").values_list("occurred_at", flat=True)
        return arrival.first() or household.recorded_at, household.recorded_at, household.pk

    return sorted(households, key=first_seen)


def _merge(actor: Any, survivor: Household, repeat: Household) -> dict[str, Any]:
    """Close `repeat` in favour of `survivor`; what is needed to undo it."""
    now = clock.now()
    members = members_of([survivor.pk, repeat.pk])
    known = counterparts(members[survivor.pk], members[repeat.pk])
    persons = _lock_members(repeat)
    leaving = [person for person in persons if person.pk in known]
    joining = [person for person in persons if person.pk not in known]
    for person in leaving:
        person.exit_reason, person.left_at, person.updated_at = ExitReason.DUPLICATE, now, now
    Person.objects.bulk_update(leaving, ["exit_reason", "left_at", "updated_at"])
    exits = PersonExit.objects.bulk_create(
        PersonExit(person=person, reason=ExitReason.DUPLICATE, occurred_at=now, recorded_by=actor)
        for person in leaving
    )
    was = [[str(person.pk), person.is_focal_point, person.position] for person in joining]
    _join(joining, survivor)
    status = repeat.status
    repeat.status, repeat.merged_into = HouseholdStatus.CLOSED, survivor
    repeat.save(update_fields=["status", "merged_into"])
    merge = merging.Merge(survivor, repeat, known, actor)
    undo = {
        "repeat": str(repeat.pk),
        "status": status,
        "persons": [str(person.pk) for person in leaving],
        "exits": [str(each.pk) for each in exits],
        "joined": was,
        "rows": merging.apply(merge),
        "pairs": [[str(old), str(new)] for old, new in known.items()],
    }
    record_event("household.merged", repeat, actor=actor, occurred_at=now, into=survivor.reference)
    _changed(actor, (repeat, survivor))
    return undo


def _lock_members(household: Household) -> list[Person]:
    """Members in the count, locked. Who was separated or left stays with the closed record."""
    rows = Person.objects.in_count().filter(household=household).order_by("pk")
    return list(rows.select_for_update(of=("self",), no_key=True))


def _join(persons: list[Person], survivor: Household) -> None:
    position = survivor.members.count()
    for offset, person in enumerate(persons):
        person.household, person.is_focal_point = survivor, False
        person.position, person.updated_at = position + offset, clock.now()
    Person.objects.bulk_update(persons, ["household", "is_focal_point", "position", "updated_at"])


def _separate(actor: Any, survivor: Household, repeat: Household, undo: dict[str, Any]) -> None:
    """Put back what `_merge` did."""
    now = clock.now()
    merge = merging.Merge(
        survivor, repeat, {uuid.UUID(old): uuid.UUID(new) for old, new in undo["pairs"]}, actor
    )
    merging.revert(merge, undo["rows"])
    repeat.status, repeat.merged_into = undo["status"], None
    repeat.save(update_fields=["status", "merged_into"])
    PersonExit.objects.filter(pk__in=undo["exits"], reversed_at__isnull=True).update(
        reversed_at=now, updated_at=now
    )
    # Only who is still a duplicate comes back: another exit recorded since then stands.
    Person.objects.filter(pk__in=undo["persons"], exit_reason=ExitReason.DUPLICATE).update(
        exit_reason="", left_at=None, updated_at=now
    )
    for pk, focal, position in undo["joined"]:
        Person.objects.filter(pk=pk, household=survivor).update(
            household=repeat, is_focal_point=focal, position=position, updated_at=now
        )
    record_event("household.changed", repeat, actor=actor, occurred_at=now, change="merge_undone")
    _changed(actor, (repeat, survivor))


def _changed(actor: Any, households: Iterable[Household]) -> None:
    for household in households:
        hooks.household_changed(household, actor)
