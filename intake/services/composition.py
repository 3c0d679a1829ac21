"""The needs that follow from who is in a household and from what its people answered.

Kept up to date as people come and go and are asked.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from accounts.models import Operation
from common import clock
from intake.choices import NeedStatus
from intake.lookups import codes
from intake.models import Household, Person, SpecificNeed, TracingRequest, WashingtonGroup
from intake.needs import Fact, suggested_needs
from intake.washington import SEVERER, suggested_codes

TRACING_NEED = "FU-TR"


def suggestions(members: Sequence[Person], on: date) -> list[set[str]]:
    """The needs that the composition of a household suggests on a day, by member."""
    facts = [Fact(p.sex, p.birth_earliest, p.birth_latest, p.relationship) for p in members]
    return suggested_needs(facts, on)


def refresh_suggestions(*, actor: Any, household: Household) -> None:
    """Suggest what the people who are left now need, and take back what no longer follows.

    A child whose last adult left is unaccompanied from then on; who has a lot of difficulty in
    walking may have a disability. Only suggestions come and go: what people said, confirmed or
    closed stays as it is. Called with the household locked.
    """
    members = list(household.members.filter(left_at__isnull=True).order_by("position"))
    recorded = list(SpecificNeed.objects.filter(person__in=[person.pk for person in members]))
    followed = suggestions(members, clock.today(Operation.current().zone))
    asked = _suggested_by_answers(members, recorded)
    wanted = {
        (person.pk, code)
        for person, suggested in zip(members, followed, strict=True)
        for code in (suggested | asked.get(person.pk, set())) & codes().needs.keys()
    } | _looking_for_relatives(members)
    outdated = [
        need.pk
        for need in recorded
        if need.status == NeedStatus.SUGGESTED and (need.person_id, need.type_id) not in wanted
    ]
    if outdated:
        SpecificNeed.objects.filter(pk__in=outdated).delete()
    known = {(need.person_id, need.type_id) for need in recorded}
    SpecificNeed.objects.bulk_create(
        SpecificNeed(
            person_id=person_id, type_id=code, status=NeedStatus.SUGGESTED, recorded_by=actor
        )
        for person_id, code in sorted(wanted - known)
    )


def _looking_for_relatives(members: Sequence[Person]) -> set[tuple[Any, str]]:
    """Tracing is suggested to who asks for a relative, until they are reunited or stop asking."""
    if TRACING_NEED not in codes().needs:
        return set()
    asking = TracingRequest.objects.followed().filter(asker__in=[person.pk for person in members])
    return {(pk, TRACING_NEED) for pk in asking.values_list("asker_id", flat=True)}


def _suggested_by_answers(
    members: Sequence[Person], recorded: Sequence[SpecificNeed]
) -> dict[uuid.UUID, set[str]]:
    """Codes that the latest Washington Group answers point to, unless a severer one stands."""
    stated = {
        (need.person_id, need.type_id) for need in recorded if need.status != NeedStatus.CLOSED
    }
    latest = WashingtonGroup.objects.filter(person__in=[p.pk for p in members]).latest()
    return {
        row.person_id: {
            code
            for code in suggested_codes(row.answers)
            if (row.person_id, SEVERER.get(code)) not in stated
        }
        for row in latest
    }
