"""Stand-in until branch intake."""

from typing import Any

from intake import hooks
from intake.models import Person, PersonExit, ScreeningOutcome


def separate_person(
    *, actor: Any, person: Person, outcome: str, occurred_at: Any, record: dict[str, Any]
) -> ScreeningOutcome:
    result = ScreeningOutcome.objects.create(
        person=person, sealed={"outcome": outcome, **record}, recorded_by=actor
    )
    PersonExit.objects.create(
        person=person, reason="separated_authority", occurred_at=occurred_at, recorded_by=actor
    )
    person.exit_reason, person.left_at, person.is_focal_point = (
        "separated_authority",
        occurred_at,
        False,
    )
    person.save()
    h = person.household
    if not h.members.filter(left_at__isnull=True).exists():
        h.status = "closed"
        h.save()
    hooks.household_changed(h, actor)
    return result
