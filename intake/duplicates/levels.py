"""The levels at which two names agree, without looking closely at what is plainly another name."""

from __future__ import annotations

from rapidfuzz.distance import Levenshtein

from intake.names import Agreement, agreement, name_keys, skeleton

# Skeletons less alike than this, without a part in common, are of two names.
_NEAR = 0.5


def name_level(a: str, b: str) -> str:
    """A level of `Agreement` of two names in any script; empty where a side says nothing."""
    first, second = skeleton(a), skeleton(b)
    if not first or not second:
        return ""
    if (
        first != second
        and name_keys(a).isdisjoint(name_keys(b))
        and Levenshtein.normalized_similarity(first, second) < _NEAR
    ):
        return Agreement.DIFFERENT
    return agreement(a, b)
