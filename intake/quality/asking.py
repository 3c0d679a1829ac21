"""What is doubtful in a household that is not registered yet: for the form, nothing is written."""

from __future__ import annotations

from typing import Any

from intake.births import Birth
from intake.choices import BirthPrecision, Calendar
from intake.inputs import HouseholdInput, MemberInput
from intake.keys import Subject as Keyed
from intake.keys import digests, person_values
from intake.models import Household
from intake.quality.finding import SHARED, Doubt, Key, Subject, doubts, holders_of
from intake.quality.rules import Fact
from intake.services.checking import check_household, context_for
from intake.services.rows import identity_data


def doubts_of(actor: Any, data: HouseholdInput) -> list[Doubt]:
    """What would be asked about this household; nothing once it is registered.

    Members are named by their place. Raises InvalidInput with every problem, as registering it
    would.
    """
    context = context_for(actor, [data.entry_point])
    checked = check_household(data, context)
    if data.id is not None and Household.objects.filter(pk=data.id).exists():
        return []
    subjects = [
        Subject(
            index,
            _fact(member, birth),
            _shared(member, data, focal=index == checked.focal_point),
        )
        for index, (member, birth) in enumerate(zip(data.members, checked.births, strict=True))
    ]
    return doubts(
        subjects,
        on=checked.arrived_at.astimezone(context.operation.zone).date(),
        holders=holders_of(key for subject in subjects for key in subject.shared),
        declared=data.declared_size,
        level=data.level,
    )


def _fact(member: MemberInput, birth: Birth | None) -> Fact:
    return Fact(
        sex=member.sex,
        earliest=birth.earliest if birth else None,
        latest=birth.latest if birth else None,
        relationship=member.relationship,
        precision=birth.precision if birth else BirthPrecision.UNKNOWN,
        calendar=birth.calendar if birth else Calendar.GREGORIAN,
    )


def _shared(member: MemberInput, data: HouseholdInput, *, focal: bool) -> tuple[Key, ...]:
    values = person_values(Keyed(identity_data(member), phones=data.phones if focal else []))
    shared = values.of(*SHARED)
    return tuple(sorted(zip((kind for kind, _value in shared), digests(shared), strict=True)))
