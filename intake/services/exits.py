"""People leaving the count and coming back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import record_event
from common import clock
from common.errors import FieldProblem, InvalidInput, InvalidState
from intake.choices import ExitReason, HouseholdStatus, ProcessStatus
from intake.hooks import household_changed
from intake.models import Household, Person, PersonExit
from intake.services.composition import refresh_suggestions
from intake.services.permitted import require_editor

# Taken by other services, with what belongs to them.
_NOT_BY_HAND = (ExitReason.SEPARATED, ExitReason.DUPLICATE)


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
    """Record that a person left: why and when it happened. Frees their place."""
    require_editor(actor, person.household_id)
    if reason not in ExitReason.values or reason in _NOT_BY_HAND:
        raise InvalidInput(
            "invalid",
            _("Correct the fields named in errors and send it again."),
            problems=[FieldProblem("reason", "unknown_code", _("Choose a reason from the list."))],
        )
    return close_person(
        actor=actor,
        person=person,
        reason=reason,
        occurred_at=clock.on_operation_clock(occurred_at),
        voluntary=voluntary,
        destination=destination,
    )


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
    household = Household.objects.select_for_update().get(pk=person.household_id)
    person = Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    if person.left_at is not None:
        raise InvalidState("already_left", _("This person has already left."))
    if occurred_at < person.arrived_at or occurred_at > clock.now():
        raise InvalidInput(
            "invalid",
            _("Correct the fields named in errors and send it again."),
            problems=[
                FieldProblem(
                    "occurred_at",
                    "out_of_range",
                    _("It must lie between the arrival and now: check date and time."),
                )
            ],
        )
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
    _settle(household, needs_focal_point=was_focal)
    refresh_suggestions(actor=actor, household=household)
    # The event says that someone left the household; why is with the person.
    record_event("person.exited", household, actor=actor, occurred_at=occurred_at)
    household_changed(household, actor)
    return made


@transaction.atomic
def reverse_exit(*, actor: Any, person: Person) -> Person:
    """Take an exit back: the person is in the count again, without a place.

    A separation is taken back by what the authority decided (`separate_person`, released as a
    civilian), a repeat by undoing that decision.
    """
    require_editor(actor, person.household_id)
    return reopen_person(actor=actor, person=person, not_for=_NOT_BY_HAND)


def reopen_person(*, actor: Any, person: Person, not_for: Collection[str] = ()) -> Person:
    """The return itself, for services that have checked who may. Runs in their transaction."""
    household = Household.objects.select_for_update().get(pk=person.household_id)
    person = Person.objects.select_for_update(of=("self",)).get(pk=person.pk)
    standing = PersonExit.objects.filter(person=person, reversed_at__isnull=True).first()
    if standing is None or standing.reason in not_for or household.merged_into_id is not None:
        raise InvalidState("not_left", _("This person has not left, or by another decision."))
    standing.reversed_at = clock.now()
    standing.save(update_fields=["reversed_at"])
    person.left_at = None
    person.exit_reason = ""
    person.process_status = ProcessStatus.ACTIVE
    person.save(update_fields=["left_at", "exit_reason", "process_status"])
    _settle(household, needs_focal_point=True)
    refresh_suggestions(actor=actor, household=household)
    record_event("household.changed", household, actor=actor, returned=1)
    household_changed(household, actor)
    return person


def _settle(household: Household, *, needs_focal_point: bool) -> None:
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
