"""What an answer about consent means, for whoever must decide what an agency may know.

The rule, for a purpose and an agency:

1. The answer that names the agency decides; without one, the answer for all agencies (an empty
   recipient). An answer for another agency says nothing.
2. What was withdrawn counts as no until the family is asked again: an answer for all agencies
   does not bring back what was taken from one.
3. A person's own answer goes before that of the household.
4. Nobody asked: no.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from intake.models import Consent

Key = tuple[str, str]


@dataclass(frozen=True)
class Answers:
    """What a household and one person of it answered, by purpose and recipient."""

    household: dict[Key, bool]
    person: dict[Key, bool]

    def for_household(self, purposes: Sequence[str], agency: str) -> bool:
        """Whether the household's own answers let the agency know of it."""
        return bool(_answer(self.household, purposes, agency))

    def for_person(self, purposes: Sequence[str], agency: str) -> bool:
        """Whether the agency may know of the person: by their own answer, or the household's."""
        own = _answer(self.person, purposes, agency)
        return self.for_household(purposes, agency) if own is None else own


def answers_of(
    household_id: uuid.UUID, person_id: uuid.UUID | None, recipients: Iterable[str]
) -> Answers:
    """The answers as they stand now, for these recipients and for all; one query."""
    mine = Q(household_id=household_id, person__isnull=True)
    if person_id is not None:
        mine |= Q(person_id=person_id)
    rows = Consent.objects.filter(mine, recipient__in={"", *recipients})
    found = Answers({}, {})
    for person, purpose, recipient, given, ended in rows.values_list(
        "person_id", "purpose", "recipient", "given", "withdrawn_at"
    ):
        answers = found.household if person is None else found.person
        if ended is None:
            answers[purpose, recipient] = given
        else:
            # Taken back, unless a later answer stands.
            answers.setdefault((purpose, recipient), False)
    return found


def _answer(answers: dict[Key, bool], purposes: Sequence[str], agency: str) -> bool | None:
    for purpose in purposes:
        for recipient in (agency, ""):
            if (answer := answers.get((purpose, recipient))) is not None:
                return answer
    return None
