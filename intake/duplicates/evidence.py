"""What was known about a pair when it was decided, and what was learnt since.

Kept as person ids, counts and keyed hashes: no personal data without the lookup key.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2
from typing import Any

from common.encryption import lookup_hash
from intake.choices import NEVER_COUNTED, ExitReason
from intake.duplicates.reasons import CORRECTED, NEW_DOCUMENT, NEW_MEMBER, NEW_PHONE, Reason
from intake.keys import document_key, phone_key
from intake.models import Household, Identity, Person

Key = tuple[uuid.UUID, uuid.UUID]
# Bits of evidence (log odds) by which a score rises; less is the same one, rounded elsewhere.
_RISE = 0.2
_KIND = "pair evidence"


@dataclass
class _Facts:
    """What one household is compared by: hashes only."""

    documents: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    people: dict[str, str] = field(default_factory=dict)


def evidence_of(
    keys: Collection[Key], scores: Mapping[Key, tuple[float, Sequence[Any]]]
) -> dict[Key, dict[str, Any]]:
    """What is known now about each pair of households, to be stored with a decision.

    `scores`: of each pair its score and its matches (pairs of person ids).
    """
    facts = _facts({household for key in keys for household in key})
    mark = _hash("mark")
    found = {}
    for key in keys:
        one, other = (facts.get(household, _Facts()) for household in key)
        score, matches = scores[key]
        found[key] = {
            "mark": mark,  # tells hashes of another secret
            "score": score,
            "documents": sorted(one.documents & other.documents),
            "phones": sorted(one.phones & other.phones),
            "people": {**one.people, **other.people},
            "matches": sorted([str(a), str(b)] for a, b in matches),
        }
    return found


def learnt(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[Reason]:
    """What is known now and was not at the decision: codes with counts; empty for nothing.

    A document or phone that both share only now; a match of somebody who was not there or was
    written down otherwise; a matched person who was corrected, so that the score rose. That the
    rules or weights changed is nothing learnt about these people.
    """
    news: list[Reason] = []
    same_secret = then["mark"] == now["mark"]
    for code, name in ((NEW_DOCUMENT, "documents"), (NEW_PHONE, "phones")):
        if same_secret:
            count = len(set(now[name]) - set(then[name]))
        else:  # the hashes cannot be compared, their number can
            count = max(0, len(now[name]) - len(then[name]))
        if count:
            news.append({"code": code, "count": count})
    before = then["people"]

    def changed(person: str) -> bool:
        if person not in before:
            return True
        return bool(same_secret and before[person] != now["people"].get(person))

    known = {tuple(match) for match in then["matches"]}
    matches = [tuple(match) for match in now["matches"]]
    new = [match for match in matches if match not in known and any(map(changed, match))]
    if new:
        news.append({"code": NEW_MEMBER, "count": len(new)})
    corrected = [match for match in matches if match in known and any(map(changed, match))]
    if corrected and _bits(now["score"]) > _bits(then["score"]) + _RISE:
        news.append({"code": CORRECTED, "count": len(corrected)})
    return news


def _bits(score: float) -> float:
    """A probability as log odds to the base of 2: near 0 and 1 a step of score is a large one."""
    kept = min(max(score, 1e-6), 1 - 1e-6)
    return log2(kept / (1 - kept))


def _facts(households: Collection[uuid.UUID]) -> dict[uuid.UUID, _Facts]:
    found = {household: _Facts() for household in households}
    persons = Person.objects.filter(household__in=households).exclude(
        exit_reason__in=(*NEVER_COUNTED, ExitReason.SEPARATED)
    )
    rows = persons.values_list(
        "pk", "household_id", "sex", "birth_earliest", "birth_latest", "identity__sealed"
    )
    for pk, household, sex, earliest, latest, sealed in rows:
        if sealed is None:
            continue
        data = Identity.opened(pk, sealed)
        facts = found[household]
        words = (data.name, data.father_name, sex, str(earliest), str(latest))
        facts.people[str(pk)] = _hash("person", *words)
        facts.documents |= _hashes(
            "document", (document_key(each.get("number", "")) for each in data.documents)
        )
        facts.phones |= _hashes("phone", map(phone_key, data.phones))
    for home in Household.objects.filter(pk__in=households):
        found[home.pk].phones |= _hashes("phone", map(phone_key, home.phones))
    return found


def _hashes(kind: str, values: Iterable[str]) -> set[str]:
    return {_hash(kind, value) for value in values if value}


def _hash(*words: str) -> str:
    return lookup_hash(_KIND, "\x1f".join(words)).hex()
