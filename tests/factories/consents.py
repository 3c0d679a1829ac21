"""Answers about consent and to the Washington Group short set, through the services."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from intake.inputs import ConsentInput
from intake.models import Consent, Household, Person, WashingtonGroup
from intake.services.consents import give_consent, refuse_consent
from intake.services.washington import record_washington_group
from intake.washington import DOMAINS


def make_answer(
    actor: User,
    household: Household,
    *,
    given: bool = True,
    purpose: str = "assistance",
    recipient: str = "",
    person: Person | None = None,
    **fields: Any,
) -> Consent:
    """An answer that stands."""
    data = ConsentInput(purpose=purpose, recipient=recipient, given=given, **fields)
    answer = give_consent if given else refuse_consent
    return answer(actor=actor, household=household, data=data, person=person)


def answers(**changed: int) -> dict[str, int]:
    """Six answers: no difficulty unless said otherwise."""
    return {**dict.fromkeys(DOMAINS, 1), **changed}


def make_washington_group(
    actor: User, person: Person, *, occurred_at: datetime | None = None, **changed: int
) -> WashingtonGroup:
    """Answers that were recorded."""
    return record_washington_group(
        actor=actor, person=person, answers=answers(**changed), occurred_at=occurred_at
    )
