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
from accounts.policies import Permission, access_of
from audit.events import record_event
from common.errors import FieldProblem, InvalidInput, NotPermitted
from intake.births import is_child
from intake.choices import ExitReason, NeedStatus, ScreeningOutcomeKind
from intake.models import Person, ScreeningOutcome, SpecificNeed
from intake.services.exits import close_person

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
    register may record a referral they witnessed; they cannot read it again.
    """
    access = access_of(actor)
    if not (
        access.can(Permission.SCREENING)
        or (outcome in SEPARATING and access.can(Permission.HOUSEHOLDS_REGISTER))
    ):
        raise NotPermitted("not_permitted", _("You may not record screening outcomes."))
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
    return sealed


def may_be_child(person: Person, at: datetime) -> bool:
    """Whether someone may be under 18 then; an unknown age may be."""
    if person.birth_earliest is None:
        return True
    on = at.astimezone(Operation.current().zone).date()
    return is_child(person.birth_earliest, person.birth_latest, on)


def _protect_child(actor: Any, person: Person) -> None:
    for code in CHILD_NEEDS:
        SpecificNeed.objects.get_or_create(
            person=person,
            type_id=code,
            status=NeedStatus.PENDING_REVIEW,
            defaults={"recorded_by": actor},
        )
    record_event("household.changed", person.household, actor=actor)
