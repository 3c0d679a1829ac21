"""Finding households that may be one: candidates by keyed hashes in SQL, then scores."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import log2
from typing import Any

from django.db import connection
from django.db.models import Q

from accounts.models import Operation
from accounts.policies import Permission, access_of
from audit.events import record_event
from intake.choices import NEVER_COUNTED, ExitReason, PairStatus
from intake.duplicates.offering import offer as join_queue
from intake.duplicates.people import Member, Rates, Two
from intake.duplicates.reasons import Reason
from intake.duplicates.scoring import OFFERED_FROM, Likeness, compare
from intake.frequencies import frequencies, holders
from intake.indexed import present_values
from intake.keys import DOCUMENT, PHONE, digests, every_digest, several_secrets
from intake.models import DuplicatePair, Household, Identity, ImportBatch

REGISTERED = "households.batch_registered"  # the event by which a worker compares
MOST_CANDIDATES = 20  # scored per household, those with most in common first
# A key that more people have is not followed: others of theirs are rarer.
MOST_SHARING = 300
# People read for one household by keys that were counted, the rarest first; and at most.
_HITS_WANTED, _MOST_HITS = 250, 600
_UNCOUNTED = 2  # people who share a key that was not counted, to rank by: these two
_CHUNK = 100

_NOBODY = uuid.UUID(int=0)

# Persons who are nobody of their own, and those in the authority's hands, are not compared.
_NOT_COMPARED = (*NEVER_COUNTED, ExitReason.SEPARATED)

# Here and below one table at a time, by its key. While a table is filled for the first time (or
# after an attempt that was rolled back) the planner may believe that it is empty: free to join, it
# would read all of it again for each row of another. Whether a household was merged is asked
# outside: beside the key, the planner may go through all that were not, by the index of it.
_KEYS = """
SELECT p.household_id, p.id, x.blocks
FROM unnest(%(households)s::uuid[]) AS asked(id)
CROSS JOIN LATERAL (
    SELECT merged_into_id FROM intake_household WHERE id = asked.id OFFSET 0
) h
CROSS JOIN LATERAL (
    SELECT id, household_id FROM intake_person
    WHERE household_id = asked.id AND exit_reason <> ALL(%(not_compared)s) OFFSET 0
) p
CROSS JOIN LATERAL (
    SELECT blocks FROM intake_identityindex WHERE person_id = p.id OFFSET 0
) x
WHERE h.merged_into_id IS NULL
"""

# For each household asked about, by number: people elsewhere who share a key, and which.
_HITS = """
WITH asked AS (
    SELECT number, array_agg(digest) AS digests
    FROM unnest(%(numbers)s::int[], %(digests)s::bigint[]) AS a(number, digest) GROUP BY number
)
SELECT asked.number, p.household_id, p.id,
       ARRAY(SELECT b FROM unnest(x.blocks) b WHERE b = ANY(asked.digests))
FROM asked
CROSS JOIN LATERAL (
    SELECT person_id, blocks FROM intake_identityindex
    WHERE blocks && asked.digests LIMIT %(most)s
) x
-- One by one: the planner expects ten times as many, and would read whole tables for them.
CROSS JOIN LATERAL (
    SELECT id, household_id FROM intake_person
    WHERE id = x.person_id AND exit_reason <> ALL(%(not_compared)s) OFFSET 0
) p
CROSS JOIN LATERAL (
    SELECT merged_into_id FROM intake_household WHERE id = p.household_id OFFSET 0
) h
WHERE h.merged_into_id IS NULL
"""

# As plain values: objects of the models would take most of the time of a search.
_MEMBERS = """
SELECT p.household_id, p.id, p.sex, p.birth_earliest, p.birth_latest,
       p.arrived_at AT TIME ZONE 'UTC', i.sealed, x.documents, x.phones, h.origin_area_id
FROM unnest(%(households)s::uuid[]) AS asked(id)
CROSS JOIN LATERAL (
    SELECT origin_area_id FROM intake_household WHERE id = asked.id OFFSET 0
) h
CROSS JOIN LATERAL (
    SELECT * FROM intake_person
    WHERE household_id = asked.id AND exit_reason <> ALL(%(not_compared)s) OFFSET 0
) p
CROSS JOIN LATERAL (SELECT sealed FROM intake_identity WHERE person_id = p.id OFFSET 0) i
LEFT JOIN LATERAL (
    SELECT documents, phones FROM intake_identityindex WHERE person_id = p.id OFFSET 0
) x ON TRUE
ORDER BY p.household_id, p.position, p.id
"""


@dataclass(frozen=True)
class Candidate:
    """A household that may be the same as another, how surely, and why."""

    household: Household
    score: float
    reasons: list[Reason]


def candidates_for(household: Household, *, user: Any, offer: bool = False) -> list[Candidate]:
    """Households that `user` may read and that may be the same as this one, best first.

    Those that an officer found to be different are left out. What `user` may not read is neither
    opened nor compared here: not its number, nor the time it takes, tells of it. With `offer` the
    pairs join the queue, as by `find_duplicates`; where the user may not read everything, a
    worker compares with everybody afterwards.
    """
    everything = access_of(user).scopes(Permission.HOUSEHOLDS_READ).everywhere
    found = _scored([household.pk], None if everything else user)
    if offer and not everything:
        look_later([household.pk], user)
    if not found:
        return []
    if offer:
        join_queue(found)
    households = Household.objects.in_bulk([_other(key, household.pk) for key in found])
    apart = _apart(household.pk)
    candidates = [
        Candidate(households[other], likeness.score, likeness.reasons)
        for key, likeness in found.items()
        if (other := _other(key, household.pk)) not in apart
    ]
    return _in_order(candidates)


def candidates_of(
    members: list[Member], blocks: Collection[int], *, user: Any, own: uuid.UUID | None = None
) -> list[Candidate]:
    """The same for a household that is not registered yet (or `own`, as it would be changed).

    `blocks` are the hashes of those of its members (`keys.every_digest`). Households that were
    found to be different from `own` are left out. Nothing is kept.
    """
    ranked = _ranked({0: blocks}, {0: own} if own else {}, user)
    apart = _apart(own) if own else set()
    others = [household for household in ranked.get(0, {}) if household not in apart]
    if not others:
        return []
    elsewhere = members_of(others)
    rates = Rates.present()
    likenesses = {other: compare(elsewhere[other], members, rates) for other in others}
    offered = {k: found for k, found in likenesses.items() if found.score >= OFFERED_FROM}
    households = Household.objects.in_bulk(list(offered))
    return _in_order(
        [Candidate(households[k], found.score, found.reasons) for k, found in offered.items()]
    )


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
        join_queue(found, compared=chunk, rescore=rescored)
        keys |= set(found)
    pairs = DuplicatePair.objects.filter(
        status=PairStatus.OPEN, first_id__in={first for first, _ in keys}
    ).order_by("-score", "pk")
    return [pair for pair in pairs if (pair.first_id, pair.second_id) in keys]


def offered_pairs(batch: ImportBatch, user: Any) -> int:
    """How many pairs with a household of an import were offered, of households `user` may read."""
    readable = Household.objects.visible_to(user).values("pk")
    return DuplicatePair.objects.filter(
        Q(first__import_batch=batch) | Q(second__import_batch=batch),
        first__in=readable,
        second__in=readable,
    ).count()


def candidate_pairs(household_ids: Iterable[uuid.UUID]) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """The pairs that would be scored for these households, in key order: for measuring."""
    ids = sorted(set(household_ids))
    found: set[tuple[uuid.UUID, uuid.UUID]] = set()
    for start in range(0, len(ids), _CHUNK):
        found |= _pairs(ids[start : start + _CHUNK], None).keys()
    return found


def compared(household_ids: Iterable[uuid.UUID]) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """The pairs that would be offered for these few households, in key order: for measuring."""
    return set(_scored(sorted(set(household_ids))))


def members_of(household_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Member]]:
    """The members that are compared, opened, by household. The caller never stores them."""
    ids = sorted(set(household_ids))
    found: dict[uuid.UUID, list[Member]] = defaultdict(list)
    numbers = _numbers_anew(ids) if several_secrets() else {}
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, {"households": ids, "not_compared": list(_NOT_COMPARED)})
        for household, pk, sex, earliest, latest, seen, sealed, documents, phones, area in cursor:
            identity = Identity.opened(pk, sealed)
            documents, phones = numbers.get(pk, (documents, phones))
            found[household].append(
                Member(
                    id=pk,
                    name=identity.name,
                    father=identity.father_name,
                    grandfather=identity.grandfather_name,
                    known_as=tuple(identity.also_known_as),
                    sex=sex,
                    earliest=earliest,
                    latest=latest,
                    seen=seen.date(),
                    documents=frozenset(documents or ()),
                    phones=frozenset(phones or ()),
                    area=area or "",
                )
            )
    return found


def _numbers_anew(household_ids: list[uuid.UUID]) -> dict[uuid.UUID, tuple[list[int], list[int]]]:
    """Documents and phones of each person under the newest secret, whatever the keys are made with.

    While keys are made anew two records of one number would differ otherwise.
    """
    return {
        person.pk: (digests(values.of(DOCUMENT)), digests(values.of(PHONE)))
        for person, values in present_values(household_ids)
    }


def _people_by_block(
    household_ids: list[uuid.UUID],
) -> dict[uuid.UUID, dict[int, list[uuid.UUID]]]:
    """The keys to look for of each household, and who has them; none of one that was merged.

    While keys are made anew, under every secret.
    """
    people: dict[uuid.UUID, dict[int, list[uuid.UUID]]] = defaultdict(lambda: defaultdict(list))
    if several_secrets():
        for person, values in present_values(household_ids):
            stands = person.household.merged_into_id is None
            if stands and person.exit_reason not in _NOT_COMPARED:
                for digest in every_digest(values.blocks):
                    people[person.household_id][digest].append(person.pk)
        return people
    with connection.cursor() as cursor:
        cursor.execute(_KEYS, {"households": household_ids, "not_compared": list(_NOT_COMPARED)})
        for household, pk, blocks in cursor:
            for digest in blocks:
                people[household][digest].append(pk)
    return people


def look_later(household_ids: Iterable[uuid.UUID], actor: Any) -> None:
    """Have a worker compare these households with everybody, after the transaction."""
    record_event(
        REGISTERED,
        Operation.current(),
        actor=actor,
        households=[str(pk) for pk in household_ids],
    )


def _other(key: tuple[uuid.UUID, uuid.UUID], own: uuid.UUID) -> uuid.UUID:
    return key[1] if key[0] == own else key[0]


def _in_order(candidates: list[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda each: (-each.score, each.household.reference))


def _apart(household_id: uuid.UUID) -> set[uuid.UUID]:
    decided = DuplicatePair.objects.filter(status=PairStatus.DIFFERENT)
    found = decided.filter(first=household_id).values_list("second_id", flat=True)
    return set(found) | set(decided.filter(second=household_id).values_list("first_id", flat=True))


def _scored(ids: list[uuid.UUID], user: Any = None) -> dict[tuple[uuid.UUID, uuid.UUID], Likeness]:
    """Pairs in key order that are alike enough to be offered."""
    keys = _pairs(ids, user)
    if not keys:
        return {}
    return {key: each for key, each in likeness_of(keys).items() if each.score >= OFFERED_FROM}


def likeness_of(
    keys: Mapping[tuple[uuid.UUID, uuid.UUID], set[Two] | None],
) -> dict[tuple[uuid.UUID, uuid.UUID], Likeness]:
    """How alike the households of each pair are now, whatever the score.

    With each pair the people of both who share a key; None: everybody is compared.
    """
    members = members_of({household for key in keys for household in key})
    rates = Rates.present()
    return {
        key: compare(members[key[0]], members[key[1]], rates, likely)
        for key, likely in sorted(keys.items(), key=lambda each: each[0])
    }


def rescored(
    keys: Collection[tuple[uuid.UUID, uuid.UUID]],
) -> dict[tuple[uuid.UUID, uuid.UUID], Likeness]:
    """The same of pairs that are known already, whoever of them shares a key."""
    return likeness_of(dict.fromkeys(keys))


def _pairs(ids: list[uuid.UUID], user: Any) -> dict[tuple[uuid.UUID, uuid.UUID], set[Two]]:
    """Candidates in key order, with the people of both who share a key."""
    people = _people_by_block(ids)
    numbered = list(people)
    ranked = _ranked(
        {number: people[pk].keys() for number, pk in enumerate(numbered)},
        dict(enumerate(numbered)),
        user,
    )
    found: dict[tuple[uuid.UUID, uuid.UUID], set[Two]] = {}
    for number, others in ranked.items():
        own = numbered[number]
        for other, hits in others.items():
            sharing = {
                (mine, theirs)
                for theirs, shared in hits
                for digest in shared
                for mine in people[own][digest]
            }
            if own < other:
                found.setdefault((own, other), set()).update(sharing)
            else:
                found.setdefault((other, own), set()).update((b, a) for a, b in sharing)
    return found


# A person elsewhere, and the keys that somebody of the household asked about has as well.
Shared = tuple[uuid.UUID, list[int]]


def _ranked(
    asked: Mapping[int, Collection[int]], own: Mapping[int, uuid.UUID], user: Any
) -> dict[int, dict[uuid.UUID, list[Shared]]]:
    """For each household asked about, by number, others that share rare keys, most first.

    With a `user`, those only that the user may read.
    """
    counted = holders({digest for digests in asked.values() for digest in digests})
    hits: dict[int, dict[uuid.UUID, list[Shared]]] = defaultdict(lambda: defaultdict(list))
    for number, household, person, shared in _hits(asked, counted):
        if household != own.get(number):
            hits[number][household].append((person, shared))
    if user is not None:
        # Asked also when nobody was found: else the time would tell of somebody hidden.
        every = {household for found in hits.values() for household in found} or {_NOBODY}
        visible = Household.objects.visible_to(user).filter(pk__in=every)
        readable = set(visible.values_list("pk", flat=True))
        for found in hits.values():
            for household in found.keys() - readable:
                del found[household]
    everybody = max(frequencies().persons, 1000)

    def rarity(shared: list[Shared]) -> float:
        digests = {digest for _person, found in shared for digest in found}
        return sum(log2(everybody / counted.get(digest, _UNCOUNTED)) for digest in digests)

    return {
        number: dict(
            sorted(found.items(), key=lambda each: (-rarity(each[1]), each[0]))[:MOST_CANDIDATES]
        )
        for number, found in hits.items()
    }


def _hits(
    asked: Mapping[int, Collection[int]],
    counted: Mapping[int, int],
) -> list[tuple[int, uuid.UUID, uuid.UUID, list[int]]]:
    pairs = [
        (number, digest)
        for number, digests in asked.items()
        for digest in _rarest(digests, counted)
    ]
    if not pairs:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _HITS,
            {
                "numbers": [number for number, _digest in pairs],
                "digests": [digest for _number, digest in pairs],
                "most": _MOST_HITS,
                "not_compared": list(_NOT_COMPARED),
            },
        )
        return list(cursor.fetchall())


def _rarest(digests: Collection[int], counted: Mapping[int, int]) -> list[int]:
    """The keys to follow: all that hardly anybody has, and of the others the rarest first.

    However many people a household has: a document among hundreds of keys must not be lost.
    """
    chosen, people = [digest for digest in digests if digest not in counted], 0
    for bearers, digest in sorted((counted[each], each) for each in digests if each in counted):
        people += bearers
        if bearers > MOST_SHARING or people > _HITS_WANTED:
            break
        chosen.append(digest)
    return chosen
