"""The keyed hashes by which an identity is found (ADR 2, ADR 14).

Two sets for each person. *Words* find a person by what somebody types: whole names, parts of
names and the beginnings of parts. *Blocks* find two registrations of one person: each is a
combination rare enough to look up among a million people, and each survives other errors than
the others, so that one of them is left when names, births or documents were told differently
(domain/standards.md, 8.4: blocking set).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from django.conf import settings

from common.encryption import lookup_number
from intake.models.persons import IdentityData
from intake.names import name_keys, name_parts, normalise, skeleton

# Raise it when this module or the rules of names change what a name's keys are: all keys are then
# made anew in the background (services.indexing).
RULES = 1

# Words: the whole name, a part of it that says something, the father's whole name; and any part
# of any name of the person, whole (with a stop at the end) or its beginning.
NAME, PART, FATHER, WORD = "name", "part", "father", "word"
# Blocks: parts of own and father's name; a part of the own name, sex and years of birth; the
# father's name, sex and years of birth; sex and day of birth; own name and origin; two members of a
# household by name; a document; a phone.
PAIR, OWN_BORN, FATHER_BORN, BORN = "pair", "own born", "father born", "born"
ORIGIN, HOME, DOCUMENT, PHONE = "origin", "home", "document", "phone"

STOP = "."
BEGINNINGS = range(2, 6)  # letters of a part's skeleton
_BAND = 3  # years in a band of births
_WIDEST = 6  # years between the first and the last possible birth that bands still tell apart
_MOST_PARTS = 3

_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
# The last nine digits tell a phone apart with and without its country code.
_PHONE_TAIL = 9

Value = tuple[str, str]


@dataclass(frozen=True)
class Subject:
    """A member of a household as keys are made of it. Personal data; never kept.

    `born` is the first and the last possible day. `phones` are the household's for its focal
    point, beside those of the person.
    """

    data: IdentityData
    sex: str = ""
    born: tuple[date, date] | None = None
    phones: Sequence[str] = ()


@dataclass
class Values:
    """Pairs (kind, plain value) of one person. Personal data: only their hashes are stored."""

    words: set[Value] = field(default_factory=set)
    blocks: set[Value] = field(default_factory=set)

    def of(self, *kinds: str) -> list[Value]:
        """Those of the kinds named, in order."""
        return sorted(value for value in self.words | self.blocks if value[0] in kinds)


def made_with() -> str:
    """The rules and the name of the secret that keys are made with now."""
    return f"{RULES}:{next(iter(settings.LOOKUP_KEYS))}"


def several_secrets() -> bool:
    """Whether keys of one value may differ: some are made with an older secret of the ring."""
    return len(settings.LOOKUP_KEYS) > 1


def phone_key(phone: str) -> str:
    """The part of a phone number that stays the same however it is written; empty for none."""
    digits = re.sub(r"\D", "", phone.translate(_DIGITS))
    return digits[-_PHONE_TAIL:] if len(digits) >= 6 else ""


def document_key(number: str) -> str:
    """A document's number without spaces, signs and case; empty for none."""
    return re.sub(r"[\W_]", "", normalise(number).translate(_DIGITS))


def household_values(members: Sequence[Subject], area: str = "") -> list[Values]:
    """The values of each member of a household, in the order given; `area` is its origin."""
    found = [person_values(member, area) for member in members]
    named = sorted(
        {(name, index) for index, member in enumerate(members) if (name := _own(member.data))}
    )
    # Neighbours in the order of names: a member more or less changes two of them.
    for (first, index), (second, _other) in itertools.pairwise(named):
        if first != second:
            found[index].blocks.add((HOME, f"{first}|{second}"))
    return found


def person_values(member: Subject, area: str = "") -> Values:
    """The values of one person, without those that speak of a household."""
    data, made = member.data, Values()
    names = [name for name in (data.name, *data.also_known_as) if name]
    father = skeleton(data.father_name)
    for name in (*names, data.father_name, data.grandfather_name):
        made.words |= {(WORD, word) for word in _words(name)}
    bands = _bands(member.born)
    for name in names:
        whole = skeleton(name)
        made.words.add((NAME, whole))
        made.words |= {(PART, part) for part in name_keys(name)}
        made.blocks |= pair_values(name, data.father_name)
        made.blocks |= {
            (OWN_BORN, f"{part}|{member.sex}|{band}") for part in _telling(name) for band in bands
        }
        if area and whole:
            made.blocks.add((ORIGIN, f"{whole}|{area}"))
    if father:
        made.words.add((FATHER, father))
        made.blocks |= {(FATHER_BORN, f"{father}|{member.sex}|{band}") for band in bands}
    if names and (day := _day(member.born)):
        made.blocks.add((BORN, f"{member.sex}|{day}"))
    made.blocks |= {(DOCUMENT, document_key(d.get("number", ""))) for d in data.documents}
    made.blocks |= {(PHONE, phone_key(phone)) for phone in (*data.phones, *member.phones)}
    made.words = {(kind, value) for kind, value in made.words if value}
    made.blocks = {(kind, value) for kind, value in made.blocks if value}
    return made


def pair_values(name: str, father: str) -> set[Value]:
    """Telling parts of an own and a father's name, each with each."""
    return {(PAIR, f"{own}|{other}") for own in _telling(name) for other in _telling(father)}


def digests(values: Iterable[Value], *, key: bytes | None = None) -> list[int]:
    """The keyed hashes of values, as they are stored: under the newest secret, or the one given."""
    secret = next(iter(settings.LOOKUP_KEYS.values())) if key is None else key
    return [
        _kept(secret, kind, value) if kind in _REPEATED else lookup_number(kind, value, key=secret)
        for kind, value in values
    ]


def every_digest(values: Iterable[Value]) -> list[int]:
    """The hashes to look for: under every secret of the ring, for keys not yet made anew."""
    values = list(values)
    return [digest for key in settings.LOOKUP_KEYS.values() for digest in digests(values, key=key)]


def digest_of(kind: str, value: str) -> int:
    """The hash of one value under the newest secret."""
    return digests([(kind, value)])[0]


_REPEATED = frozenset({NAME, PART, FATHER, WORD})


@lru_cache(maxsize=65536)
def _kept(secret: bytes, kind: str, value: str) -> int:
    return lookup_number(kind, value, key=secret)


@lru_cache(maxsize=65536)
def _words(name: str) -> frozenset[str]:
    found = set()
    for part in name_parts(name):
        found.add(part + STOP)
        found |= {part[:size] for size in BEGINNINGS if size <= len(part)}
    return frozenset(found)


def _own(data: IdentityData) -> str:
    return skeleton(data.name) if data.name else ""


@lru_cache(maxsize=65536)
def _telling(name: str) -> tuple[str, ...]:
    """The parts of a name that say who is meant; the whole name where none does by itself."""
    whole = skeleton(name)
    parts = sorted(name_keys(name) - {whole})
    return tuple(parts[:_MOST_PARTS]) or ((whole,) if whole else ())


def _day(born: tuple[date, date] | None) -> str:
    """The day of birth where it was told; not the first of January, which stands for a year."""
    if born is None or born[0] != born[1] or (born[0].month, born[0].day) == (1, 1):
        return ""
    return born[0].isoformat()


def _bands(born: tuple[date, date] | None) -> list[int]:
    """Bands of years, a year more on each side: a birth told a year off shares one."""
    if born is None or born[1].year - born[0].year > _WIDEST:
        return []
    return list(range((born[0].year - 1) // _BAND, (born[1].year + 1) // _BAND + 1))
