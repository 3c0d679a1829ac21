"""People leaving the count and coming back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from audit.events import record_event
from common import clock
from common.errors import FieldProblem, InvalidState
from intake.choices import ExitReason, HouseholdStatus, ProcessStatus
from intake.duplicates.decisions import surviving
from intake.hooks import household_changed
from intake.models import Household, HouseholdMove, Person, PersonExit
from intake.services.checking import invalid
from intake.services.composition import refresh_suggestions
from intake.services.permitted import require_recorder

R = ExitReason
# Taken by other services, with what belongs to them.
NOT_BY_HAND = (R.SEPARATED, R.DUPLICATE)
# Reasons that say by themselves whether the person wanted it.
VOLUNTARY: dict[str, bool] = {R.VOLUNTARY_RETURN: True, R.FORCED_RETURN: False}
# Reasons of which it can be asked at all.
_ASKED = (R.DEPARTED, R.RESETTLED, R.TRANSFERRED, R.PRIVATE)
# From these nobody comes back: a mistake is taken back instead.
_FINAL = (R.DECEASED, R.DUPLICATE, R.ERROR)
LONGEST_DESTINATION = 100
NOT_IN_ORDER = _("It must lie after what was last recorded of the person, and not in the future.")


@transaction.atomic
def record_exit(
    *,
    actor: Any,
    person: Person,
    reason: str,
    occurred_at: datetime,
    voluntary: bool | None = None,
    destination: str = "",
) -> PersonExit:
    """Record that a person left: why and when it happened. Frees their place.

    `voluntary`: whether they wanted it, None when nobody asked; a voluntary and a forced return
    say it themselves, and of a death nobody asks. A transfer names the operation it goes to as
    `destination`. Raises InvalidInput by field, InvalidState("already_left").
    """
    require_recorder(actor, person.household_id)
    voluntary = _checked(reason, voluntary, destination)
    made = close_person(
        actor=actor,
        person=person,
        reason=reason,
        occurred_at=clock.on_operation_clock(occurred_at),
        voluntary=voluntary,
        destination=destination.strip(),
    )
    if reason == R.FORCED_RETURN:
        # The word stays out of the event's subject: who it was is read on the household's page.
        record_event("protection.alert", made.person.household, actor=actor)
    return made


@transaction.atomic
def record_exits(*, actor: Any, persons: Sequence[Person], **exit_of_each: Any) -> list[PersonExit]:
    """Record the same exit of several people, all or none: a family that leaves together."""
    return [
        record_exit(actor=actor, person=person, **exit_of_each)
        for person in sorted(persons, key=lambda each: (each.household_id, each.pk))
    ]


def _checked(reason: str, voluntary: bool | None, destination: str) -> bool | None:
    """Whether it was voluntary, once everything that was said about the exit agrees."""
    problems = []
    if reason not in R.values or reason in NOT_BY_HAND:
        problems.append(FieldProblem("reason", "unknown_code", _("Choose a reason from the list.")))
    elif reason in VOLUNTARY:
        if voluntary not in (None, VOLUNTARY[reason]):
            problems.append(
                FieldProblem(
                    "voluntary",
                    "contradiction",
                    _("This does not agree with the reason: choose another reason or answer."),
                )
            )
        voluntary = VOLUNTARY[reason]
    elif voluntary is not None and reason not in _ASKED:
        problems.append(
            FieldProblem(
                "voluntary", "not_asked", _("Leave this empty: it is not asked for this reason.")
            )
        )
    if reason == R.TRANSFERRED and not destination.strip():
        problems.append(
            FieldProblem(
                "destination", "required", _("Write the operation to which they are transferred.")
            )
        )
    if len(destination) > LONGEST_DESTINATION:
        problems.append(FieldProblem("destination", "too_long", _("Write at most 100 letters.")))
    if problems:
        raise invalid(problems)
    return voluntary


def close_person(
    *,
    actor: Any,
    person: Person,
    reason: str,
    occurred_at: datetime,
    voluntary: bool | None = None,
    destination: str = "",
) -> PersonExit:
    """The exit itself, for services that have checked who may. Runs in their transaction."""
    household, person = lock_with_household(person)
    if person.left_at is not None:
        raise InvalidState("already_left", _("This person has already left."))
    if not earliest_next(person) <= occurred_at <= clock.now():
        raise invalid([_out_of_range(NOT_IN_ORDER)])
    made = PersonExit.objects.create(
        person=person,
        reason=reason,
        occurred_at=occurred_at,
        voluntary=voluntary,
        destination=destination,
        recorded_by=actor,
    )
    person.left_at = occurred_at
    person.exit_reason = reason
    person.process_status = ProcessStatus.INACTIVE
    was_focal = person.is_focal_point
    person.is_focal_point = False
    person.save(update_fields=["left_at", "exit_reason", "process_status", "is_focal_point"])
    settle(household, needs_focal_point=was_focal)
    refresh_suggestions(actor=actor, household=household)
    # The event says that someone left the household; why is with the person.
    record_event("person.exited", household, actor=actor, occurred_at=occurred_at)
    household_changed(household, actor)
    return made


def lock_with_household(person: Person) -> tuple[Household, Person]:
    """The person and their household as they are now, locked; the household first.

    A person who was moved while this waited is found in the household they went to. The lock
    leaves room for foreign keys: a check-in writes stays of the person while it holds the place
    that this exit will ask for.
    """
    while True:
        household = Household.objects.select_for_update().get(pk=person.household_id)
        locked = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        if locked.household_id == household.pk:
            locked.household = household
            return household, locked
        person = locked


def earliest_next(person: Person) -> datetime:
    """The earliest instant at which something more can happen to a person in the count.

    What happens to one person happens in an order: they came, left, came back, changed households.
    """
    returned = PersonExit.objects.happened().filter(person=person).aggregate(at=Max("returned_at"))
    moved = HouseholdMove.objects.filter(person=person).aggregate(at=Max("occurred_at"))
    return max(each for each in (person.arrived_at, returned["at"], moved["at"]) if each)


def _out_of_range(detail: Any) -> FieldProblem:
    return FieldProblem("occurred_at", "out_of_range", detail)


@transaction.atomic
def reverse_exit(*, actor: Any, person: Person) -> Person:
    """Take an exit back that never happened: the person is in the count of those days too.

    One who left and came back is `record_return`. A separation ends by what the authority decided
    (`separate_person`, released as a civilian), a repeat by undoing that decision.
    """
    require_recorder(actor, person.household_id)
    household, person = lock_with_household(person)
    if household.merged_into_id is not None:
        raise _not_left()
    standing = _standing(person, not_for=NOT_BY_HAND)
    standing.reversed_at = clock.now()
    standing.save(update_fields=["reversed_at"])
    return _back(actor, household, person)


@transaction.atomic
def record_return(*, actor: Any, person: Person, occurred_at: datetime) -> Person:
    """Record that a person who had left came back: in the count from then on, without a place.

    Raises InvalidState("not_left") and InvalidState("cannot_return") for who died, and for records
    that were no person of their own: there the exit is taken back. A person whom the authority had
    separated comes back by what it decided.
    """
    require_recorder(actor, person.household_id)
    moment = clock.on_operation_clock(occurred_at)
    return reopen_person(actor=actor, person=person, occurred_at=moment, not_for=NOT_BY_HAND)


def reopen_person(
    *, actor: Any, person: Person, occurred_at: datetime, not_for: Collection[str] = ()
) -> Person:
    """The return itself, for services that have checked who may. Runs in their transaction."""
    household, person = lock_with_survivor(person)
    standing = _standing(person, not_for=not_for)
    if standing.reason in _FINAL:
        raise InvalidState(
            "cannot_return", _("Nobody comes back from this: take the record back instead.")
        )
    if not standing.occurred_at <= occurred_at <= clock.now():
        raise invalid([_out_of_range(_("It must lie after they left, and not in the future."))])
    standing.returned_at = occurred_at
    standing.return_recorded_at = clock.now()
    standing.return_recorded_by = actor
    standing.save(update_fields=["returned_at", "return_recorded_at", "return_recorded_by"])
    _to_survivor(household, person)
    return _back(actor, household, person, occurred_at=occurred_at)


def lock_with_survivor(person: Person) -> tuple[Household, Person]:
    """The person, and the household that answers for theirs, locked: both households in key order.

    Whoever was away when their household was found to be a repeat is still in the closed one.
    """
    while True:
        home = Household.objects.get(pk=person.household_id)
        keys = {home.pk, surviving(home).pk}
        rows = Household.objects.filter(pk__in=keys).order_by("pk").select_for_update()
        locked = {each.pk: each for each in rows}
        fresh = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        answering = locked.get(fresh.household_id)
        while answering is not None and answering.merged_into_id is not None:
            answering = locked.get(answering.merged_into_id)
        if answering is not None:
            return answering, fresh
        person = fresh


def _to_survivor(household: Household, person: Person) -> None:
    """As a merge takes those in the count along: two records of one household are no move."""
    if person.household_id != household.pk:
        person.position = household.members.count()
    person.household = household
    person.save(update_fields=["household", "position"])


def _standing(person: Person, *, not_for: Collection[str]) -> PersonExit:
    standing = PersonExit.objects.standing().filter(person=person).first()
    if standing is None or standing.reason in not_for:
        raise _not_left()
    return standing


def _not_left() -> InvalidState:
    return InvalidState("not_left", _("This person has not left, or by another decision."))


def _back(actor: Any, household: Household, person: Person, **when: Any) -> Person:
    person.left_at = None
    person.exit_reason = ""
    person.process_status = ProcessStatus.ACTIVE
    person.save(update_fields=["left_at", "exit_reason", "process_status"])
    settle(household, needs_focal_point=True)
    refresh_suggestions(actor=actor, household=household)
    record_event("household.changed", household, actor=actor, returned=1, **when)
    household_changed(household, actor)
    return person


def settle(household: Household, *, needs_focal_point: bool) -> None:
    """Close a household without people, open one that has some, and name a focal point."""
    members = list(
        household.members.filter(left_at__isnull=True).order_by(
            "pre_registered", "birth_earliest", "position"
        )
    )
    status = HouseholdStatus.ACTIVE if members else HouseholdStatus.CLOSED
    if household.merged_into_id is None:
        household.status = status
        # Also when the status stays: who follows changes must learn that someone left.
        household.save(update_fields=["status"])
    if needs_focal_point and members and not any(m.is_focal_point for m in members):
        members[0].is_focal_point = True
        members[0].save(update_fields=["is_focal_point"])
