"""Which households stand where: sizes, repeats and ties, before anybody has a name.

The population is made in chunks of `CHUNK` persons that know nothing of each other, so that any
number of workers makes the same people, and memory stays what one chunk needs.
"""

from __future__ import annotations

import uuid
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from random import Random

CHUNK = 5_000  # persons
SMALLEST_CHUNK_PLACES = 1 << 13  # more households than a chunk can hold

# Sizes 1 to 12: the founding case's, with a mean of 5.3.
_SIZES = (0.06, 0.08, 0.11, 0.14, 0.16, 0.15, 0.11, 0.08, 0.05, 0.03, 0.02, 0.01)
_SIZE_SUMS = tuple(accumulate(_SIZES))

# Look-alikes, which are not the same people. Shares of households; by judgement: families flee
# with their kin, and one telephone serves a group.
BROTHER, COUSIN, NAMESAKE, SHARED_PHONE = "brother", "cousin", "namesake", "shared_phone"
_TIES = ((0.05, BROTHER), (0.05, COUSIN), (0.02, NAMESAKE), (0.03, SHARED_PHONE))

# A repeat leaves out members (each of them) or brings more (the household), see `errors`.
MISSING, ADDED = 0.06, 0.06

# What a household's dice are thrown for; each has its own, so that one can be thrown again alone.
BASE, PEOPLE, TELLING, ROSTER, ERRORS = range(5)


@dataclass(frozen=True, slots=True)
class Place:
    """A household in its chunk: `number` is its own, `size` counts its persons.

    A repeat has `original`: the place that it repeats, with who of it came and how many are new.
    `tie` is how it is like the household `tied`, which has no tie itself.
    """

    chunk: int
    number: int
    size: int
    tie: str = ""
    tied: int = -1
    original: Place | None = None
    kept: tuple[int, ...] = ()
    added: int = 0


def dice_of(seed: int, chunk: int, number: int, stream: int) -> Random:
    """The dice of one household for one purpose: the same each time that they are asked for."""
    key = ((seed * 1_000_003 + chunk) * SMALLEST_CHUNK_PLACES + number) * 8 + stream
    return Random(key)  # noqa: S311


def plan(seed: int, chunk: int, persons: int, repeats: float) -> list[Place]:
    """The households of a chunk in the order of their registration; `persons` in all, exactly.

    `repeats` is the share of households that are registered a second time.
    """
    dice = dice_of(seed, chunk, SMALLEST_CHUNK_PLACES - 1, BASE)
    originals: list[Place] = []
    again: list[Place] = []
    left = persons
    while left > 0:
        place = _original(dice, chunk, len(originals), left, originals)
        originals.append(place)
        left -= place.size
        if left > 0 and dice.random() < repeats:
            repeat = _repeat(seed, place, left)
            if repeat is not None:
                again.append(repeat)
                left -= repeat.size
    return _in_order(dice, originals, again)


def _original(dice: Random, chunk: int, number: int, left: int, before: list[Place]) -> Place:
    size = min(bisect(_SIZE_SUMS, dice.random() * _SIZE_SUMS[-1]) + 1, left)
    at = dice.random()
    for share, tie in _TIES:
        at -= share
        if at < 0:
            other = before[int(dice.random() * len(before))] if before else None
            if other is None or other.tie:
                break
            return Place(chunk, number, size, tie, other.number)
    return Place(chunk, number, size)


def _repeat(seed: int, place: Place, left: int) -> Place | None:
    """The second registration; half of the members come at least."""
    dice = dice_of(seed, place.chunk, place.number, ROSTER)
    kept = [member for member in range(place.size) if dice.random() >= MISSING]
    if 2 * len(kept) < place.size:
        kept = list(range(place.size))
    added = 1 if dice.random() < ADDED else 0
    size = len(kept) + added
    if size > left:
        return None
    # Its number tells its dice apart from every original's.
    number = SMALLEST_CHUNK_PLACES // 2 + place.number % (SMALLEST_CHUNK_PLACES // 2 - 1)
    return Place(place.chunk, number, size, original=place, kept=tuple(kept), added=added)


def _in_order(dice: Random, originals: list[Place], again: list[Place]) -> list[Place]:
    """Each repeat somewhere after its original."""
    keyed = [(float(place.number), place) for place in originals]
    for repeat in again:
        assert repeat.original is not None
        first = repeat.original.number
        keyed.append((first + 0.5 + dice.random() * (len(originals) - first), repeat))
    keyed.sort(key=lambda each: each[0])
    return [place for _key, place in keyed]


# Ids are of version 7 (RFC 9562): sorted by a moment, here a made-up one that says where a
# household stands in the population. 1 January 2026 in milliseconds.
_FIRST_MOMENT = 1_767_225_600_000


def make_id(dice: Random, chunk: int, number: int, counter: int) -> uuid.UUID:
    """The id of a household (`counter` 0) or of its member (from 1): from the seed alone."""
    moment = _FIRST_MOMENT + chunk * SMALLEST_CHUNK_PLACES + number
    return uuid.UUID(int=moment << 80 | 7 << 76 | counter << 64 | 2 << 62 | dice.getrandbits(62))
