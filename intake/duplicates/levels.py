"""The levels at which two names agree."""

from __future__ import annotations

from intake.names import similarity, skeleton


class Level:
    """The same name however spelled, one that sounds alike, a part of the other, another one."""

    SAME, ALIKE, PART, DIFFERENT = "same", "alike", "part", "different"
    ORDER = (SAME, ALIKE, PART, DIFFERENT)


def name_level(a: str, b: str) -> str:
    """The level of two names in any script; empty where a side says nothing."""
    if not a or not b:
        return ""
    first, second = skeleton(a), skeleton(b)
    if not first or not second:
        return ""
    like = similarity(a, b)
    if like >= 0.9:
        return Level.SAME
    if like >= 0.78:
        return Level.ALIKE
    if first in second or second in first:
        return Level.PART
    return Level.DIFFERENT
