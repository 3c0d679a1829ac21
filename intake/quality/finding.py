"""What is doubtful in real households: the rules, and documents and phones seen elsewhere."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection

from common.encryption import lookup_hash
from intake.choices import (
    NEVER_COUNTED,
    EntryKind,
    ExitReason,
    QuestionCode,
    RegistrationLevel,
)
from intake.keys import DOCUMENT, PHONE
from intake.models import Household, Person
from intake.quality.catalogue import MANY_HOUSEHOLDS, PERSON_QUESTIONS
from intake.quality.rules import Fact, Finding, Home, to_ask

# The kind and digest of a document or phone, as IdentityIndex has them.
Key = tuple[str, int]
# Households that hold a key, by key.
Holders = Mapping[Key, set[uuid.UUID]]

SHARED = (DOCUMENT, PHONE)
# Read of one key at most: what somebody made up at a desk stands in thousands of households.
_MOST_ROWS = 50
# Other households that a question remembers, for links.
_MOST_NAMED = 10
# Persons who are nobody of their own, and those in the authority's hands, give no hint.
_NOT_COMPARED = (*NEVER_COUNTED, ExitReason.SEPARATED)
# One table a statement: whatever the planner believes of tables that were just filled, none can be
# read again and again for the rows of another.
_HOLDERS = """
SELECT asked.kind, asked.digest, found.person_id
FROM unnest(%(kinds)s::text[], %(digests)s::bigint[]) AS asked(kind, digest)
CROSS JOIN LATERAL (
    SELECT k.person_id FROM intake_identityindex k
    WHERE k.blocks @> ARRAY[asked.digest] LIMIT %(most)s
) AS found
"""

# What of a member makes a finding; another value of these is another question.
_RELEVANT: dict[str, tuple[str, ...]] = {
    QuestionCode.NO_ADULT: ("earliest", "latest"),
    QuestionCode.TWO_HEADS: ("relationship",),
    QuestionCode.YOUNG_SPOUSE: ("earliest", "latest", "relationship"),
    QuestionCode.YOUNG_PARENT: ("earliest", "latest", "relationship"),
    QuestionCode.FIRST_OF_YEAR: ("earliest", "latest"),
    QuestionCode.SEX_UNKNOWN: ("sex",),
}


@dataclass(frozen=True)
class Subject:
    """One member: `key` names them in the facts (an id, or a place in a form)."""

    key: Any
    fact: Fact
    shared: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Doubt:
    """Something to ask: about one member (an index) or about all (None)."""

    code: str
    member: int | None
    members: tuple[int, ...]
    facts: bytes
    data: dict[str, Any] = field(default_factory=dict)


def fact_of(person: Person) -> Fact:
    """What the rules need of a person. Of a child born here the desk knows the day."""
    return Fact(
        sex=person.sex,
        earliest=person.birth_earliest,
        latest=person.birth_latest,
        relationship=person.relationship,
        precision=person.birth_precision,
        calendar=person.birth_calendar,
        exact=person.entry == EntryKind.BIRTH,
    )


def holders_of(keys: Iterable[Key], *, own: Sequence[uuid.UUID] = ()) -> dict[Key, set[uuid.UUID]]:
    """Which other households hold these documents and phones: one statement when none does.

    At most as many of each as are needed to say that there are many.
    """
    asked = sorted(set(keys))
    found: dict[Key, set[uuid.UUID]] = defaultdict(set)
    if not asked:
        return found
    with connection.cursor() as cursor:
        cursor.execute(
            _HOLDERS,
            {
                "kinds": [kind for kind, _digest in asked],
                "digests": [digest for _kind, digest in asked],
                "most": _MOST_ROWS,
            },
        )
        rows = cursor.fetchall()
    households = _households_of({person for _kind, _digest, person in rows}, own)
    for kind, digest, person in rows:
        if person in households:
            found[kind, digest].add(households[person])
    return found


def _households_of(persons: set[uuid.UUID], own: Sequence[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The household of each person who may be named as another; none of `own`, none merged."""
    if not persons:
        return {}
    others = Person.objects.filter(pk__in=persons).exclude(exit_reason__in=_NOT_COMPARED)
    found = {
        pk: home for pk, home in others.values_list("pk", "household_id") if home not in set(own)
    }
    homes = Household.objects.filter(pk__in=set(found.values()))
    merged = set(homes.filter(merged_into__isnull=False).values_list("pk", flat=True))
    return {pk: home for pk, home in found.items() if home not in merged}


def doubts(
    subjects: Sequence[Subject],
    *,
    on: date,
    holders: Holders,
    declared: int | None = None,
    counted: int | None = None,
    level: str = RegistrationLevel.INDIVIDUAL,
    own: uuid.UUID | None = None,
) -> list[Doubt]:
    """Everything to ask about a household whose members in the count are `subjects`.

    `holders` as of `holders_of`; the household itself (`own`) is left out. Of a group that was
    pre-registered only the focal point is written down: its size and adults are not asked about.
    """
    home = Home(
        [subject.fact for subject in subjects],
        on,
        declared,
        counted,
        complete=level != RegistrationLevel.GROUP,
    )
    found = [_doubt(finding, home, subjects) for finding in to_ask(home)]
    return [*found, *_seen_elsewhere(subjects, holders, own)]


def _doubt(finding: Finding, home: Home, subjects: Sequence[Subject]) -> Doubt:
    numbers: dict[str, Any] = {}
    if finding.code == QuestionCode.DECLARED_SIZE:
        counted = len(subjects) if home.counted is None else home.counted
        numbers = {"declared": home.declared, "counted": counted}
    about = finding.members[0] if finding.person else None
    facts = sorted(
        (str(subjects[i].key), [str(getattr(subjects[i].fact, n)) for n in _RELEVANT[finding.code]])
        for i in finding.members
    )
    key = subjects[about].key if about is not None else ""
    return Doubt(
        finding.code,
        about,
        finding.members,
        _digest(finding.code, key, facts, sorted(numbers.items())),
        numbers,
    )


def _seen_elsewhere(
    subjects: Sequence[Subject], holders: Holders, own: uuid.UUID | None
) -> list[Doubt]:
    phones: dict[Key, set[uuid.UUID]] = {}
    with_phone: list[int] = []
    found = []
    for index, subject in enumerate(subjects):
        documents = {}
        for key in subject.shared:
            if not (others := holders.get(key, set()) - {own}):
                continue
            if key[0] == DOCUMENT:
                documents[key] = others
            else:
                phones[key] = others
                with_phone.append(index)
        if documents:
            found.append(_shared(QuestionCode.DOCUMENT_ELSEWHERE, subject.key, (index,), documents))
    if phones:
        many = max(len(others) for others in phones.values()) > MANY_HOUSEHOLDS
        code = QuestionCode.PHONE_IN_MANY if many else QuestionCode.PHONE_ELSEWHERE
        found.append(_shared(code, "", tuple(dict.fromkeys(with_phone)), phones))
    return found


def _shared(code: str, key: Any, members: tuple[int, ...], keys: Holders) -> Doubt:
    others = sorted(set[uuid.UUID]().union(*keys.values()))
    few = len(others) <= MANY_HOUSEHOLDS
    # Of many, one more is no news: only of few are the others part of what was asked.
    facts = [sorted(digest for _kind, digest in keys), list(map(str, others)) if few else []]
    data = {"households": len(others), "others": [str(pk) for pk in others[:_MOST_NAMED]]}
    member = members[0] if code in PERSON_QUESTIONS else None
    return Doubt(code, member, members, _digest(code, key, facts), data)


def _digest(*facts: Any) -> bytes:
    return lookup_hash("question", repr([str(each) for each in facts]))


def counted_size(household: Household, in_count: int) -> int:
    """How many people the size that was told is compared with: those who ever came with it.

    Who left, died, was separated or moved on came too; who was born here or moved in did not.
    """
    came = household.members.exclude(exit_reason__in=NEVER_COUNTED)
    gone = came.filter(left_at__isnull=False).count()
    born = came.filter(entry=EntryKind.BIRTH).count()
    moves = household.moves_out.count() - household.moves_in.count()
    return in_count + gone - born + moves
