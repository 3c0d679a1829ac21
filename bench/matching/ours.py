"""The project's own search for duplicates over a population of the bench's."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from django.db import connection

from bench.matching.scores import Pair, pair_of
from bench.world import registrar
from common.errors import DomainError
from intake.inputs import HouseholdInput

CHUNK = 200


def emptied() -> None:
    """Forget all households of the scratch database: each data set is measured by itself."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE intake_household, audit_event CASCADE")


def registered(data: Iterable[HouseholdInput]) -> int:
    """Register households as staff's devices do, in bulk; how many persons.

    Then what a running system does from time to time: statistics, and a count of common keys.
    Raises the service's error when one is refused: figures of a part would mislead.
    """
    from intake.services import register_many
    from intake.services.rebuilding import count_keys

    actor, persons, source = registrar(), 0, iter(data)
    while part := list(islice(source, CHUNK)):
        for result in register_many(actor=actor, data=part):
            if isinstance(result, DomainError):
                raise result
            persons += len(result.members)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    count_keys()
    return persons


def queue(households: Sequence[uuid.UUID]) -> dict[Pair, float]:
    """Compare everybody with everybody; the pairs in the queue with their scores."""
    from intake.duplicates import find_duplicates
    from intake.models import DuplicatePair

    for start in range(0, len(households), 5000):
        find_duplicates(households[start : start + 5000])
    rows = DuplicatePair.objects.values_list("first_id", "second_id", "score")
    return {pair_of(first, second): score for first, second, score in rows}


def matches(pairs: Collection[Pair]) -> set[Pair]:
    """Who is said to be whom in those of the pairs that stand in the queue."""
    from intake.models import DuplicatePair

    rows = DuplicatePair.objects.values_list("first_id", "second_id", "matches")
    return {
        pair_of(*match)
        for first, second, found in rows.iterator()
        if pair_of(first, second) in pairs
        for match in found
    }


def candidates(households: Sequence[uuid.UUID]) -> set[Pair]:
    """The pairs that are looked at and scored, before any threshold."""
    from intake.duplicates.finding import candidate_pairs

    return {pair_of(*pair) for pair in candidate_pairs(households)}
