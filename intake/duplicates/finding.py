"""Finding households that may be one: candidates by keyed hashes in SQL, then scores."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from intake.choices import NEVER_COUNTED, ExitReason, PairStatus
from intake.duplicates.offering import offer as join_queue
from intake.duplicates.reasons import Reason
from intake.duplicates.scoring import OFFERED_FROM, Likeness, Member, compare
from intake.models import DuplicatePair, Household, Identity

MOST_CANDIDATES = 20  # scored per household, those with most in common first
_CHUNK = 200

# Persons who are nobody of their own, and those in the authority's hands, are not compared.
_NOT_COMPARED = (*NEVER_COUNTED, ExitReason.SEPARATED)

# For each household asked about: others that share a document or a phone, or members of the same
# name and father's name. `rank` puts the most evidence first.
_CANDIDATES = """
WITH mine AS (
    SELECT p.household_id, k.person_id, k.kind, k.digest
    FROM intake_identitykey k JOIN intake_person p ON p.id = k.person_id
    WHERE p.household_id = ANY(%(households)s) AND p.exit_reason <> ALL(%(not_compared)s)
      AND k.kind IN ('pair', 'document', 'phone')
), shared AS (
    SELECT m.household_id AS asked, p.household_id AS other, m.kind, m.digest,
           m.person_id AS mine
    FROM mine m
    JOIN intake_identitykey k ON k.digest = m.digest AND k.kind = m.kind
    JOIN intake_person p ON p.id = k.person_id AND p.household_id <> m.household_id
      AND p.exit_reason <> ALL(%(not_compared)s)
), evidence AS (
    SELECT asked, other,
           count(DISTINCT digest) FILTER (WHERE kind = 'document') AS documents,
           count(DISTINCT digest) FILTER (WHERE kind = 'phone') AS phones,
           count(DISTINCT mine) FILTER (WHERE kind = 'pair') AS members
    FROM shared GROUP BY asked, other
), ranked AS (
    SELECT e.*, row_number() OVER (
        PARTITION BY asked ORDER BY documents DESC, members + phones DESC, other) AS rank
    FROM evidence e JOIN intake_household h ON h.id = e.other
    WHERE documents + phones + members > 0 AND h.merged_into_id IS NULL
)
SELECT asked, other FROM ranked WHERE rank <= %(most)s
"""

# As plain values: objects of the models would take most of the time of a search.
_MEMBERS = """
SELECT p.household_id, p.id, p.sex, p.birth_earliest, p.birth_latest,
       p.arrived_at AT TIME ZONE 'UTC', i.sealed, k.documents, k.phones
FROM intake_person p
JOIN intake_identity i ON i.person_id = p.id
LEFT JOIN LATERAL (
    SELECT array_agg(digest) FILTER (WHERE kind = 'document') AS documents,
           array_agg(digest) FILTER (WHERE kind = 'phone') AS phones
    FROM intake_identitykey
    WHERE person_id = p.id AND kind IN ('document', 'phone')
) k ON true
WHERE p.household_id = ANY(%(households)s) AND p.exit_reason <> ALL(%(not_compared)s)
ORDER BY p.household_id, p.position, p.id
"""


@dataclass(frozen=True)
class Candidate:
    """A household that may be the same as another, how surely, and why."""

    household: Household
    score: float
    reasons: list[Reason]


def candidates_for(household: Household, *, offer: bool = False) -> list[Candidate]:
    """Households that may be the same as this one, best first.

    Those that an officer found to be different are left out. Nothing is stored, unless with
    `offer`: then the pairs join the queue, as by `find_duplicates`.
    """
    found = _scored([household.pk])
    if not found:
        return []
    if offer:
        join_queue(found)
    households = Household.objects.in_bulk(
        [second if first == household.pk else first for first, second in found]
    )
    apart = _apart(household.pk)
    candidates = []
    for (first, second), likeness in found.items():
        other = second if first == household.pk else first
        if other not in apart:
            candidates.append(Candidate(households[other], likeness.score, likeness.reasons))
    return sorted(candidates, key=lambda each: (-each.score, each.household.reference))


def find_duplicates(household_ids: Iterable[uuid.UUID]) -> list[DuplicatePair]:
    """Compare these households with all others and offer the pairs that may be one.

    Returns the open pairs among them, best first. A pair that was decided stays decided; one that
    is still open gets its new score. Nothing is ever merged here.
    """
    ids = sorted(set(household_ids))
    keys: set[tuple[uuid.UUID, uuid.UUID]] = set()
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        found = _scored(chunk)
        join_queue(found, compared=chunk, rescore=likeness_of)
        keys |= set(found)
    pairs = DuplicatePair.objects.filter(
        status=PairStatus.OPEN, first_id__in={first for first, _ in keys}
    ).order_by("-score", "pk")
    return [pair for pair in pairs if (pair.first_id, pair.second_id) in keys]


def members_of(household_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Member]]:
    """The members that are compared, opened, by household. The caller never stores them."""
    found: dict[uuid.UUID, list[Member]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _MEMBERS, {"households": list(household_ids), "not_compared": list(_NOT_COMPARED)}
        )
        for household, pk, sex, earliest, latest, seen, sealed, documents, phones in cursor:
            identity = Identity.opened(pk, sealed)
            found[household].append(
                Member(
                    id=pk,
                    name=identity.name,
                    father=identity.father_name,
                    sex=sex,
                    earliest=earliest,
                    latest=latest,
                    seen=seen.date(),
                    documents=frozenset(map(bytes, documents or ())),
                    phones=frozenset(map(bytes, phones or ())),
                )
            )
    return found


def _apart(household_id: uuid.UUID) -> set[uuid.UUID]:
    decided = DuplicatePair.objects.filter(status=PairStatus.DIFFERENT)
    return set(decided.filter(first_id=household_id).values_list("second_id", flat=True)) | set(
        decided.filter(second_id=household_id).values_list("first_id", flat=True)
    )


def _scored(ids: list[uuid.UUID]) -> dict[tuple[uuid.UUID, uuid.UUID], Likeness]:
    """Pairs in key order that are alike enough to be offered."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CANDIDATES,
            {"households": ids, "not_compared": list(_NOT_COMPARED), "most": MOST_CANDIDATES},
        )
        keys = {(min(pair), max(pair)) for pair in cursor.fetchall()}
    if not keys:
        return {}
    return {key: each for key, each in likeness_of(keys).items() if each.score >= OFFERED_FROM}


def likeness_of(
    keys: Iterable[tuple[uuid.UUID, uuid.UUID]],
) -> dict[tuple[uuid.UUID, uuid.UUID], Likeness]:
    """How alike the households of each pair are now, whatever the score."""
    keys = sorted(keys)
    members = members_of({household for key in keys for household in key})
    return {key: compare(members[key[0]], members[key[1]]) for key in keys}
