"""How alike somebody registered is to the one looked for. Pure functions of opened identities.

A name alone is seldom enough: in Badakhshan one in ten men is called Mohammad with a second name
that is hardly rarer. So a name counts less the more people have it, and the father's name, the
age and the place carry the rest. Where something was not said, it counts neither way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from common import clock
from intake.names import says_little, similarity
from intake.tracing.reasons import BIRTH, COMMON, FATHER, NAME, PLACE, Reason
from intake.tracing.sought import Sought

# A candidate is offered from here on.
OFFERED_FROM = 0.5
SAME_NAME = 0.78  # from here on two spellings may be one name
_NAME, _FATHER, _BIRTH, _PLACE = 0.4, 0.3, 0.2, 0.1
_UNSAID = 0.4  # what a feature that nobody stated counts
# Up to so many people of one name it tells them apart.
_RARE = 3
_COMMON = 0.5  # the most that a common name alone counts


@dataclass(frozen=True)
class Registered:
    """What is compared of one person. Personal data; lives for one comparison."""

    names: Sequence[str]
    father: str
    sex: str
    earliest: date | None
    latest: date | None
    areas: frozenset[str]


def best_name(sought: Sought, found: Registered) -> tuple[float, str]:
    """The greatest likeness between their names, and the name of the one registered."""
    return max(
        (similarity(mine, theirs), theirs) for mine in sought.names for theirs in found.names
    )


def likeness(sought: Sought, found: Registered, sharing: int) -> tuple[float, list[Reason]]:
    """From 0 (cannot be meant) to 1, with the reasons.

    `sharing` is how many registered people have the same name as the one found, at least one.
    """
    if {sought.sex, found.sex} == {"F", "M"}:
        return 0.0, []
    name, theirs = best_name(sought, found)
    birth = _birth(sought, found)
    if name < SAME_NAME or birth == 0.0:
        return 0.0, []
    rarity = _rarity(theirs, sharing)
    reasons: list[Reason] = [{"code": NAME, "percent": round(name * 100)}]
    if rarity <= _COMMON:
        reasons.append({"code": COMMON})
    score = _NAME * name * rarity
    father = _UNSAID
    if sought.father_name and found.father:
        father = similarity(sought.father_name, found.father)
        if father < SAME_NAME:
            # Another father's name is another person, unless it was heard very wrongly.
            father = 0.0
        else:
            reasons.append({"code": FATHER, "percent": round(father * 100)})
    if birth is not None and birth >= 1.0:
        reasons.append({"code": BIRTH})
    place = _place(sought, found)
    if place == 1.0:
        reasons.append({"code": PLACE})
    score += _FATHER * father + _BIRTH * (_UNSAID if birth is None else birth) + _PLACE * place
    return round(score, 4), reasons


def _rarity(name: str, sharing: int) -> float:
    """1 for a name that hardly anybody else has, less for each tenfold of people who have it."""
    rarity = 1.0 if sharing <= _RARE else 1 / (1 + math.log10(sharing / _RARE))
    return min(rarity, _COMMON) if says_little(name) else rarity


def tolerance(latest: date) -> timedelta:
    """How far relatives err about an age: two years, and a tenth of the age more."""
    return timedelta(days=730 + max((clock.now().date() - latest).days, 0) // 10)


def _birth(sought: Sought, found: Registered) -> float | None:
    """1 for ranges that overlap, less the further apart; 0 beyond what relatives err by."""
    born = sought.born
    if born is None or found.earliest is None or found.latest is None:
        return None
    gap = max(born[0] - found.latest, found.earliest - born[1])
    if gap <= timedelta():
        return 1.0
    return max(0.0, 1 - gap / tolerance(born[1]))


def _place(sought: Sought, found: Registered) -> float:
    """1 where they were last seen; another place says nothing, because people flee."""
    same = sought.last_seen_area and sought.last_seen_area in found.areas
    return 1.0 if same else _UNSAID
