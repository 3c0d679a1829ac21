"""Putting pairs into the queue: new ones, those that lapsed, those about which something is new.

Nothing here decides or merges; what an officer decided is changed only by something new.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any

from django.db import transaction

from intake.choices import UNDECIDED, PairStatus
from intake.duplicates.evidence import Key, evidence_of, learnt
from intake.duplicates.scoring import OFFERED_FROM, Likeness
from intake.models import DuplicatePair

Rescore = Callable[[set[Key]], Mapping[Key, Likeness]]
_FOUND = ("score", "reasons", "matches")


@transaction.atomic
def offer(
    found: Mapping[Key, Likeness],
    *,
    compared: Collection[uuid.UUID] = (),
    rescore: Rescore | None = None,
) -> None:
    """Offer the pairs (first id, second id; first < second) that were found alike.

    New pairs and those that had lapsed are open; undecided ones get the new score. A pair that
    was decided stays decided, unless it was decided different and something was learnt since:
    then it opens again and says what. With `compared`, the households that were compared with
    everyone, and `rescore`: their undecided pairs that were not found are scored by themselves,
    and lapse below the score from which pairs are offered.
    """
    rows = DuplicatePair.objects.select_for_update(no_key=True).order_by("pk")
    known = {
        (pair.first_id, pair.second_id): pair
        for pair in rows.of_keys(found)
        if (pair.first_id, pair.second_id) in found
    }
    _open_again([pair for pair in known.values() if pair.status == PairStatus.DIFFERENT], found)
    for key, pair in known.items():
        if pair.status in UNDECIDED or pair.status == PairStatus.LAPSED:
            if pair.status == PairStatus.LAPSED:
                pair.status = PairStatus.OPEN
            _rate(pair, found[key])
    # Another worker may have offered the same pair a moment ago: one of the two rows stays.
    DuplicatePair.objects.bulk_create(
        (
            DuplicatePair(first_id=key[0], second_id=key[1], **_values(likeness))
            for key, likeness in found.items()
            if key not in known
        ),
        ignore_conflicts=True,
    )
    if compared and rescore is not None:
        _look_again(found, compared, rescore)


def _look_again(
    found: Mapping[Key, Likeness], compared: Collection[uuid.UUID], rescore: Rescore
) -> None:
    """Rate the undecided pairs of these households that were not among those found."""
    undecided = DuplicatePair.objects.undecided()
    ours = undecided.filter(first__in=compared) | undecided.filter(second__in=compared)
    keys = {key for key in ours.values_list("first_id", "second_id") if key not in found}
    if not keys:
        return
    scored = rescore(keys)
    rows = DuplicatePair.objects.select_for_update(no_key=True).order_by("pk")
    for pair in rows.of_keys(keys).filter(status__in=UNDECIDED):
        likeness = scored.get((pair.first_id, pair.second_id))
        if likeness is None:
            continue
        if pair.known.get("carried") and likeness.score < pair.score:
            continue  # it is like a record that was merged since, which is no longer compared
        # Who was asked already has gone to the family: that is not taken back by a score.
        if likeness.score < OFFERED_FROM and pair.status == PairStatus.OPEN:
            pair.status = PairStatus.OPEN if _was_decided(pair) else PairStatus.LAPSED
        _rate(pair, likeness)


def _was_decided(pair: DuplicatePair) -> bool:
    return bool(pair.known) or pair.decisions.exists()


def _open_again(pairs: Collection[DuplicatePair], found: Mapping[Key, Likeness]) -> None:
    if not pairs:
        return
    keys = {(pair.first_id, pair.second_id) for pair in pairs}
    scores = {key: (found[key].score, found[key].matches) for key in keys}
    now = evidence_of(keys, scores)
    for pair in pairs:
        key = (pair.first_id, pair.second_id)
        if not pair.known:  # decided before this was kept: what is known from now on counts
            pair.known = now[key]
            pair.save(update_fields=["known"])
        elif news := learnt(pair.known, now[key]):
            pair.status, pair.news = PairStatus.OPEN, news
            pair.decided_by, pair.decided_at = None, None
            pair.save(update_fields=["status", "news", "decided_by", "decided_at"])
        elif pair.known["mark"] != now[key]["mark"]:
            # Another secret: the hashes of now are what the next look is compared with.
            pair.known = {**now[key], "score": pair.known["score"]}
            pair.save(update_fields=["known"])


def _values(likeness: Likeness) -> dict[str, Any]:
    return {
        "score": likeness.score,
        "reasons": likeness.reasons,
        "matches": [[str(a), str(b)] for a, b in likeness.matches],
    }


def _rate(pair: DuplicatePair, likeness: Likeness) -> None:
    for name, value in _values(likeness).items():
        setattr(pair, name, value)
    pair.save(update_fields=[*_FOUND, "status"])
