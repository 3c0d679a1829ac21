"""How alike two names are, whatever their scripts: a level, and a score within it.

Names are compared part by part. A common part (Mohammad, Ghulam, Khan, Bibi) is often left out
or added, so it may be missing; the part that says who is meant may not.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from intake.names.compare import arabic_distance, said_distance, unsaid_distance
from intake.names.keys import skeleton
from intake.names.parts import Part, known_sound, parts


class Agreement(StrEnum):
    """What two names say about each other, from the strongest to none."""

    SAME = "same"  # one name, however it is spelled
    ALIKE = "alike"  # probably one name with a slip, or its parts in another order
    PART = "part"  # one is a part of the other, and the part that says who is meant agrees
    DIFFERENT = "different"


# Scores by level. SAME is 0.95 to 1, ALIKE 0.84 to 0.94, PART one of three, DIFFERENT up to 0.7.
_SAME_FROM, _ALIKE_FROM, _ALIKE_TO, _DIFFERENT_TO = 0.95, 0.84, 0.94, 0.7
_PART_COMMON = 0.86  # what is missing on one side is common: Mohammad Nabi, Nabi
_PART_MORE = 0.8  # a surname or a second name more on one side: Nabi, Nabi Sohrabi
_PART_BOTH = 0.78  # a common part is missing on one side, another name on the other

# Distances relative to the length of the names, see compare.py.
_SAME_WITHIN = 0.13
_ALIKE_WITHIN = 0.3
_JOINED_WITHIN = 0.07
# Two known names that are two: Karim and Akram. No nearer than this, whatever their letters.
_TWO_NAMES = 0.4
# Only where both are spelled nearly as known; and Naser and Nasir cannot be told apart.
_SURELY_WITHIN = 0.1
_HOMOPHONES_WITHIN = 0.05
_COMMON_WEIGHT = 0.35


def similarity(a: str, b: str) -> float:
    """From 0 (nothing in common) to 1 (the same name), the same in either order.

    0.95 and more for one name however spelled, from 0.84 for slips, 0.78 to 0.86 where one is a
    part of the other, 0.7 at most for different names: the levels of ``agreement``.
    """
    return _compared(*sorted((a, b)))[0]


def agreement(a: str, b: str) -> Agreement:
    """The level on which two names agree, the same in either order; DIFFERENT without letters."""
    return _compared(*sorted((a, b)))[1]


@lru_cache(maxsize=131072)
def _compared(a: str, b: str) -> tuple[float, Agreement]:
    first, second = parts(a), parts(b)
    if not skeleton(a) or not skeleton(b):
        return 0.0, Agreement.DIFFERENT
    if first == second:
        return 1.0, Agreement.SAME
    if len(first) == len(second):
        far = [_far(x, y) for x, y in zip(first, second, strict=True)]
        if max(far) <= _SAME_WITHIN:
            return _same(_mean(far, first, second))
        if max(far) <= _ALIKE_WITHIN:
            return _alike(_mean(far, first, second))
    else:
        joined = _joined(first, second)
        if joined <= (_SAME_WITHIN if skeleton(a) == skeleton(b) else _JOINED_WITHIN):
            return _same(joined)
        if joined <= _SAME_WITHIN:
            return _alike(joined)
    return _matched(first, second)


def _same(far: float) -> tuple[float, Agreement]:
    return round(1 - (1 - _SAME_FROM) * far / _SAME_WITHIN, 4), Agreement.SAME


def _alike(far: float) -> tuple[float, Agreement]:
    share = min(far / _ALIKE_WITHIN, 1.0)
    return round(_ALIKE_TO - (_ALIKE_TO - _ALIKE_FROM) * share, 4), Agreement.ALIKE


@lru_cache(maxsize=131072)
def _far(a: Part, b: Part) -> float:
    """How far two parts are apart, relative to their length."""
    far = _spelled(a, b)
    if not a.known or not b.known:
        return far
    if a.known == b.known:
        return min(far, _SAME_WITHIN)
    if max(a.astray, b.astray) > _SURELY_WITHIN:
        return far
    apart = said_distance(known_sound(a.known), known_sound(b.known))
    if apart <= _HOMOPHONES_WITHIN:
        return far
    return max(far, _ALIKE_WITHIN / 2 if apart <= _SAME_WITHIN else _TWO_NAMES)


def _spelled(a: Part, b: Part) -> float:
    if a.unsaid and b.unsaid:
        return arabic_distance(a.sound, b.sound)
    if a.said and b.said:
        return said_distance(a.said, b.said)
    if a.said:
        return unsaid_distance(a.said, b.sound)
    return unsaid_distance(b.said, a.sound) if b.said else arabic_distance(a.sound, b.sound)


def _joined(first: tuple[Part, ...], second: tuple[Part, ...]) -> float:
    """The distance of names of which only one was parted: Gulbahar and Gul Bahar."""
    if abs(len(first) - len(second)) > 1 and min(len(first), len(second)) > 1:
        return 1.0
    return _far(_one(first), _one(second))


def _one(name: tuple[Part, ...]) -> Part:
    if len(name) == 1:
        return name[0]._replace(known="")
    said = "".join(part.said for part in name) if all(part.said for part in name) else ""
    unsaid = all(part.unsaid for part in name)
    return Part("".join(part.sound for part in name), said, unsaid=unsaid)


def _weight(part: Part) -> float:
    return _COMMON_WEIGHT if part.common else 1.0


def _mean(far: list[float], first: tuple[Part, ...], second: tuple[Part, ...]) -> float:
    weights = [max(_weight(x), _weight(y)) for x, y in zip(first, second, strict=True)]
    return sum(map(float.__mul__, far, weights)) / sum(weights)


def _matched(first: tuple[Part, ...], second: tuple[Part, ...]) -> tuple[float, Agreement]:
    """Names that do not agree part by part in their order: what agrees, and what is left over."""
    pairs = sorted(
        (far, i, j)
        for i, x in enumerate(first)
        for j, y in enumerate(second)
        if (far := _far(x, y)) <= _ALIKE_WITHIN
    )
    left, right = set(range(len(first))), set(range(len(second)))
    chosen = []
    for far, i, j in pairs:
        if i in left and j in right:
            left.discard(i)
            right.discard(j)
            chosen.append((far, first[i], second[j]))
    telling = [far for far, x, y in chosen if not (x.common and y.common)]
    more = [[first[i] for i in left], [second[j] for j in right]]
    if telling and (level := _part_level(more)) is not None:
        if not any(more):
            return _alike((sum(telling) / len(telling) + _ALIKE_WITHIN) / 2)
        return round(level - 0.1 * max(telling), 4), Agreement.PART
    return _overlap(first, second, chosen), Agreement.DIFFERENT


def _part_level(more: list[list[Part]]) -> float | None:
    """The score of names of which the parts in `more` are only on one side; None: two names."""
    ours, theirs = more
    if not ours or not theirs:
        return _PART_MORE if any(not part.common for part in ours + theirs) else _PART_COMMON
    common = [all(part.common for part in side) for side in more]
    return _PART_BOTH if common[0] != common[1] else None


def _overlap(
    first: tuple[Part, ...],
    second: tuple[Part, ...],
    chosen: list[tuple[float, Part, Part]],
) -> float:
    """The share of what agrees, for names that are different."""
    if not chosen and len(first) == len(second) == 1:
        return round(min(_DIFFERENT_TO, max(0.0, 1 - 1.1 * _far(first[0], second[0]))), 4)
    agree = sum((1 - far) * min(_weight(x), _weight(y)) for far, x, y in chosen)
    whole = sum(map(_weight, first)) + sum(map(_weight, second))
    return round(min(_DIFFERENT_TO, 2 * agree / whole), 4)
