"""What the authority decided about a person: recorded sealed, never decided here.

Sources: UNHCR Guidance Note on Maintaining the Civilian and Humanitarian Character of Asylum
(2018); IDDRS 5.40.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission
from audit.events import record_event
from common import clock
from common.errors import FieldProblem, InvalidInput, NotPermitted
from intake.births import is_child
from intake.choices import ExitReason, NeedStatus, ScreeningOutcomeKind
from intake.models import Household, Person, PersonExit, ScreeningOutcome, SpecificNeed
from intake.services.exits import close_person, reopen_person
from intake.services.permitted import holds_for

K = ScreeningOutcomeKind
SEPARATING = (K.REFERRED, K.HELD)
# A possible minor goes to child protection: a child associated with armed forces, for review.
CHILD_NEEDS = ("CR-AF",)


@transaction.atomic
def separate_person(
    *,
    actor: Any,
    person: Person,
    outcome: str,
    occurred_at: datetime,
    record: dict[str, Any],
) -> ScreeningOutcome:
    """Record the authority's decision about one person, sealed.

    Referred or held: the person leaves the civilian count and loses any place; the rest of the
    household stays. Whoever may be under 18, or whose age is unknown, is never separated: the
    outcome becomes child protection, and the need waits for a protection officer. Registrars who
    register may record a referral they witnessed; they cannot read it again. Released as a
    civilian: whoever had been separated is in the count again from then on, with their history.
    """
    occurred_at = clock.on_operation_clock(occurred_at)
    _require_recorder(actor, person, outcome)
    if outcome not in K.values:
        raise InvalidInput(
            "invalid",
            _("Correct the fields named in errors and send it again."),
            problems=[
                FieldProblem("outcome", "unknown_code", _("Choose an outcome from the list."))
            ],
        )
    if outcome in SEPARATING and may_be_child(person, occurred_at):
        outcome = K.CHILD
    sealed = ScreeningOutcome.objects.create(
        person=person,
        sealed={**record, "outcome": str(outcome), "occurred_at": occurred_at.isoformat()},
        recorded_by=actor,
    )
    if outcome in SEPARATING:
        close_person(
            actor=actor,
            person=person,
            reason=ExitReason.SEPARATED,
            occurred_at=occurred_at,
        )
    elif outcome == K.CHILD:
        _protect_child(actor, person)
    elif outcome == K.RELEASED and _is_separated(person):
        reopen_person(actor=actor, person=person, occurred_at=occurred_at)
    return sealed


def _require_recorder(actor: Any, person: Person, outcome: str) -> None:
    allowed = [Permission.SCREENING]
    if outcome in SEPARATING:
        allowed.append(Permission.HOUSEHOLDS_REGISTER)
    if not any(holds_for(actor, permission, person.household_id) for permission in allowed):
        raise NotPermitted("not_permitted", _("You may not record screening outcomes."))


def _is_separated(person: Person) -> bool:
    standing = PersonExit.objects.standing().filter(person=person)
    return standing.filter(reason=ExitReason.SEPARATED).exists()


def may_be_child(person: Person, at: datetime) -> bool:
    """Whether someone may be under 18 then; an unknown age may be."""
    if person.birth_earliest is None:
        return True
    on = at.astimezone(Operation.current().zone).date()
    return is_child(person.birth_earliest, person.birth_latest, on)


def _protect_child(actor: Any, person: Person) -> None:
    # Two officers may record it at the same time; a need stands once.
    household = Household.objects.select_for_update().get(pk=person.household_id)
    recorded = SpecificNeed.objects.filter(person=person).open()
    for code in set(CHILD_NEEDS) - set(recorded.values_list("type_id", flat=True)):
        SpecificNeed.objects.create(
            person=person, type_id=code, status=NeedStatus.PENDING_REVIEW, recorded_by=actor
        )
    record_event("household.changed", household, actor=actor)
