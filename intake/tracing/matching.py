"""Finding who may be meant: keyed hashes in SQL, then scores over opened identities.

The same few queries whether one request is compared with everybody, or everybody new with all
requests. Names are opened for those only that share a key with what was asked, and at most
MOST_CANDIDATES for a request.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from intake.choices import NEVER_COUNTED, TracingStatus
from intake.frequencies import frequencies
from intake.keys import NAME, digest_of
from intake.models import Person, TracingRequest
from intake.names import skeleton
from intake.tracing.reasons import Reason
from intake.tracing.scoring import OFFERED_FROM, Registered, best_name, likeness, tolerance
from intake.tracing.sought import Sought

MOST_CANDIDATES = 40  # opened and scored for a request, those with most in common first
MOST_OFFERED = 10  # offered for a request, best first

# For each request: people who share its name, or parts of it beside the father's name. Those of
# the asker's own household, and those about whom somebody decided, are left out.
_CANDIDATES = """
WITH who AS ({who}), evidence AS (
    SELECT t.request_id, w.person_id,
           count(DISTINCT t.digest) FILTER (WHERE t.kind = 'pair') AS pairs,
           count(DISTINCT t.digest) FILTER (WHERE t.kind = 'name') AS names,
           count(DISTINCT t.digest) FILTER (WHERE t.kind = 'father') AS fathers,
           count(DISTINCT t.digest) FILTER (WHERE t.kind = 'part') AS parts
    FROM who w
    CROSS JOIN LATERAL unnest(w.words || w.blocks) AS k(digest)
    JOIN intake_tracingkey t ON t.digest = k.digest AND {which}
    JOIN intake_tracingrequest r ON r.id = t.request_id AND r.status = ANY(%(searching)s)
    GROUP BY t.request_id, w.person_id
), ranked AS (
    SELECT e.request_id, e.person_id, row_number() OVER (
        PARTITION BY e.request_id
        ORDER BY e.pairs DESC, e.names DESC, e.fathers DESC, e.parts DESC, e.person_id) AS rank
    FROM evidence e
    JOIN intake_tracingrequest r ON r.id = e.request_id
    JOIN intake_person asker ON asker.id = r.asker_id
    JOIN intake_person p ON p.id = e.person_id AND p.household_id <> asker.household_id
      AND p.exit_reason <> ALL(%(nobody)s) AND p.sex <> %(not_sex)s
      AND (p.birth_latest IS NULL OR (p.birth_latest >= %(from)s AND p.birth_earliest <= %(to)s))
    LEFT JOIN intake_tracingmatch m ON m.request_id = e.request_id AND m.person_id = e.person_id
      AND m.status <> 'open'
    WHERE m.id IS NULL
      AND (e.pairs > 0 OR e.names > 0 OR e.parts > 1 OR (e.parts > 0 AND e.fathers > 0))
)
SELECT request_id, person_id FROM ranked WHERE rank <= %(most)s
"""
# One request and whoever shares a key that may suffice; each part is one search of an index. Of
# parts, two must agree, or one beside the father's name: the first of them leads.
_OF_REQUEST = "t.request_id = %(request)s"
_ASKED = """
WITH own AS (
    SELECT array_agg(digest) FILTER (WHERE kind = 'pair') AS pairs,
           array_agg(digest) FILTER (WHERE kind = 'name') AS names,
           array_agg(digest) FILTER (WHERE kind = 'father') AS fathers,
           array_agg(digest) FILTER (WHERE kind = 'part') AS parts
    FROM intake_tracingkey WHERE request_id = %(request)s
)
SELECT x.person_id, x.words, x.blocks FROM intake_identityindex x, own
WHERE x.blocks && own.pairs OR x.words && own.names
   OR (x.words && own.parts AND x.words && own.fathers)
   OR (x.words && own.parts AND cardinality(own.parts) > 1
       AND (SELECT count(*) FROM unnest(own.parts) p WHERE p = ANY(x.words)) > 1)
"""
_EVERYBODY = "TRUE"
_NEW = """
SELECT x.person_id, x.words, x.blocks FROM intake_identityindex x
JOIN intake_person n ON n.id = x.person_id WHERE n.updated_at > %(since)s
"""


@dataclass(frozen=True)
class Found:
    """Somebody who may be the one a request looks for."""

    person_id: uuid.UUID
    score: float
    reasons: list[Reason]


def search(request: TracingRequest) -> list[Found]:
    """Who among all registered people may be meant by one request, best first."""
    sought = Sought.of(request)
    limits: dict[str, Any] = {"not_sex": {"F": "M", "M": "F"}.get(sought.sex, "")}
    if (born := sought.born) is not None:
        width = tolerance(born[1])
        limits |= {"from": born[0] - width, "to": born[1] + width}
    return _searched(_ASKED, _OF_REQUEST, request=request.pk, **limits).get(request.pk, [])


def search_new(since: datetime) -> dict[uuid.UUID, list[Found]]:
    """Who of those registered or changed since then may be meant, by request."""
    return _searched(_NEW, _EVERYBODY, since=since)


def _searched(who: str, which: str, **parameters: Any) -> dict[uuid.UUID, list[Found]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _CANDIDATES.format(who=who, which=which),
            {
                "searching": [str(TracingStatus.OPEN), str(TracingStatus.CANDIDATE)],
                "nobody": [str(each) for each in NEVER_COUNTED],
                "most": MOST_CANDIDATES,
                "not_sex": "",
                "from": date.min,
                "to": date.max,
                **parameters,
            },
        )
        pairs: list[tuple[uuid.UUID, uuid.UUID]] = cursor.fetchall()
    if not pairs:
        return {}
    requests = TracingRequest.objects.in_bulk({request for request, _person in pairs})
    sought = {pk: Sought.of(request) for pk, request in requests.items()}
    people = _registered({person for _request, person in pairs})
    sharing = _sharing([best_name(sought[request], people[person])[1] for request, person in pairs])
    found: dict[uuid.UUID, list[Found]] = defaultdict(list)
    for request, person in pairs:
        count = sharing[skeleton(best_name(sought[request], people[person])[1])]
        score, reasons = likeness(sought[request], people[person], count)
        if score >= OFFERED_FROM:
            found[request].append(Found(person, score, reasons))
    for each in found.values():
        each.sort(key=lambda one: (-one.score, one.person_id))
        del each[MOST_OFFERED:]
    return dict(found)


def _registered(ids: set[uuid.UUID]) -> dict[uuid.UUID, Registered]:
    """These people, opened. Nothing of it is kept."""
    people = Person.objects.filter(pk__in=ids).select_related(
        "identity", "household__origin_area__parent"
    )
    return {person.pk: _opened(person) for person in people}


def _opened(person: Person) -> Registered:
    identity = person.identity.open()
    area = person.household.origin_area
    parent = area.parent if area else None
    return Registered(
        names=[identity.name, *identity.also_known_as],
        father=identity.father_name,
        sex=person.sex,
        earliest=person.birth_earliest,
        latest=person.birth_latest,
        areas=frozenset(each.pk for each in (area, parent) if each is not None),
    )


def _sharing(names: Sequence[str]) -> dict[str, int]:
    """How many people have a name, by its skeleton, as far as they were counted."""
    known = frequencies()
    wholes = {skeleton(name) for name in names}
    return {whole: max(known.bearers(digest_of(NAME, whole)), 1) for whole in wholes}
