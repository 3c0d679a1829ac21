"""Invented families, sites and arrival streams for the allocation: numbers only, by a seed.

Shares are judgement guided by planning figures (WHO 1999: 5 % pregnant; UNHCR: about 15 % with
specific needs); nothing here describes people who exist.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from reception.allocation.facts import (
    ANY,
    FAMILIES,
    MEN,
    WOMEN,
    Family,
    Places,
    Policy,
    Problem,
    SiteFacts,
)

SIZES, SIZE_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 11), (12, 10, 11, 13, 15, 14, 10, 7, 5, 3)
CROSSINGS = ((37.495, 71.5), (36.729, 71.613), (38.455, 70.8), (37.24, 69.1))
LANGUAGES = (("sgh",), ("prs",), ("prs", "uzb"), ("wbl", "prs"), ("pus",))


def _dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311


def families(count: int, seed: int, *, prefix: str = "H") -> tuple[Family, ...]:
    """Households as a crossing sees them: whole villages, some extended families."""
    dice = _dice(seed)
    villages = [f"V{number:03}" for number in range(max(4, count // 45))]
    weights = [1 / (1 + number**0.7) for number in range(len(villages))]
    found: list[Family] = []
    while len(found) < count:
        village = dice.choices(villages, weights)[0]
        kin = f"K{prefix}{len(found)}" if dice.random() < 0.12 else ""
        for _ in range(dice.choice((2, 2, 3, 4)) if kin else 1):
            if len(found) < count:
                found.append(_family(dice, f"{prefix}{len(found):05}", village, kin))
    return tuple(found)


def _family(dice: random.Random, key: str, village: str, kin: str) -> Family:
    size = dice.choices(SIZES, SIZE_WEIGHTS)[0]
    spot = int(village[1:])
    children_alone = size <= 3 and dice.random() < 0.04
    men_only = not children_alone and size <= 2 and dice.random() < 0.55
    women_only = not children_alone and not men_only and dice.random() < 0.16
    return Family(
        key=key,
        size=size,
        children_alone=children_alone,
        men_only=men_only,
        women_only=women_only,
        female_headed=women_only or dice.random() < 0.08,
        accessible=int(dice.random() < 0.06),
        near_services=int(dice.random() < 0.22),
        medical_minutes=30 if dice.random() < 0.03 else None,
        quarantine=dice.random() < 0.02,
        village=village,
        kin=kin,
        languages=frozenset(LANGUAGES[spot % len(LANGUAGES)]),
        arrived=dice.randrange(0, 72),
        nights=dice.choice((0, 0, 1, 2)),
        origin_point=CROSSINGS[spot % len(CROSSINGS)],
    )


def sites(count: int, places: int, seed: int) -> tuple[SiteFacts, ...]:
    """Sites with about `places` free places in all: halls, sectioned centres, tents, quarantine."""
    dice = _dice(seed)
    shares = [dice.uniform(0.4, 1.6) for _ in range(count)]
    return tuple(
        _site(dice, number, max(8, round(places * share / sum(shares))))
        for number, share in enumerate(shares)
    )


def _site(dice: random.Random, number: int, free: int) -> SiteFacts:
    quarantine = number % 25 == 1
    sectioned = not quarantine and number % 5 in (0, 2)
    first_line = number % 10 == 3
    return SiteFacts(
        code=f"S{number:03}",
        name=f"Site {number}",
        type="collective_centre",
        free=free,
        places=_kinds(free) if sectioned else (),
        first_line=first_line,
        quarantine=quarantine,
        interim_care=number % 9 == 0,
        accessible=dice.random() < 0.3,
        women_only_section=sectioned,
        cold_rated=dice.random() < 0.6,
        health_minutes=dice.choice((5, 10, 20, 30, 45, 60, 90, None)),
        border_km=dice.randrange(0, 40) if first_line else dice.randrange(50, 300),
        languages=frozenset(dice.choice(LANGUAGES)),
        lat=round(dice.uniform(36.7, 39.0), 3),
        lon=round(dice.uniform(68.5, 73.0), 3),
    )


def _kinds(free: int) -> tuple[Places, ...]:
    """The sections of a centre that has some; a fifth of the general places without steps."""
    parts = {
        (WOMEN, False): 0.12,
        (FAMILIES, False): 0.4,
        (FAMILIES, True): 0.1,
        (MEN, False): 0.1,
        (ANY, True): 0.06,
    }
    kinds = {key: int(free * share) for key, share in parts.items()}
    kinds[ANY, False] = free - sum(kinds.values())
    return tuple(Places(section, flat, many, 8) for (section, flat), many in kinds.items())


def one_question(
    households: int, site_count: int, seed: int = 1, *, fullness: float = 0.9
) -> Problem:
    """Everybody at once: the persons would fill `fullness` of the places."""
    people = families(households, seed)
    persons = sum(each.size for each in people)
    return Problem(people, sites(site_count, round(persons / fullness), seed + 1), Policy())


@dataclass(frozen=True)
class Stream:
    """Buses in the order they come, the sites that open before each, and the planning figure."""

    batches: tuple[tuple[Family, ...], ...]
    opening: tuple[tuple[SiteFacts, ...], ...]
    planned: int


def arrivals(seed: int, *, households: int = 360, site_count: int = 12) -> Stream:
    """Twelve buses over days; a third of the sites open later; places for about nine tenths.

    Bad news for who places early: those with a medical dependency and children alone come mostly
    late, and the planning figure is a fifth too high.
    """
    dice = _dice(seed)
    people = list(families(households, seed, prefix=f"B{seed}-"))
    people.sort(key=lambda each: _late(each) + dice.random())
    people = [replace(each, arrived=0, nights=0) for each in people]
    persons = sum(each.size for each in people)
    known = sites(site_count, round(persons * 0.95), seed + 1)
    size = households // 12
    batches = tuple(tuple(people[at : at + size]) for at in range(0, households, size))
    opening: list[tuple[SiteFacts, ...]] = [() for _ in batches]
    for number, site in enumerate(known):
        at = 0 if number % 3 != 2 else 2 + number % 5
        opening[at] = (*opening[at], site)
    return Stream(batches, tuple(opening), round(households * 1.2))


def _late(family: Family) -> float:
    return 0.5 if family.medical_minutes is not None or family.children_alone else 0.0
