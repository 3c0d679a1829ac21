"""Putting people in order by how well they fit what somebody typed. Pure functions.

A whole word comes before the beginning of one, and of each kind one's own name before the
father's: see the shares below.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from rapidfuzz.distance import JaroWinkler

from intake.keys import document_key
from intake.models.persons import IdentityData
from intake.names import (
    beginnings,
    compound,
    name_parts,
    normalise,
    romanise,
    similarity,
    skeleton,
    typed_words,
)

Reason = dict[str, Any]

# How much a hit in each of the names counts: people are called by their own.
_OWN, _KNOWN_AS, _FATHER, _GRANDFATHER = 1.0, 0.98, 0.94, 0.91
# A word as written, in another spelling, its beginning as written and in another spelling. The
# least whole word of a grandfather still counts more than any beginning.
_WRITTEN, _SPELLED, _BEGINS, _BEGINS_SPELLED = 1.0, 0.96, 0.82, 0.79
_SAME = 0.95  # from here on it is one name, however spelled (intake.names.similarity)
_ONE_NAME, _SLIP = 0.84, 0.785  # a name with a slip, and how much it counts
_KEYS_NEAR = 0.8  # keys that are further apart are of no one name
_MOST_WORDS = 6
_ALIKE = 0.62  # the least for which somebody is shown


@dataclass(frozen=True)
class Asked:
    """What was typed, as it is compared. Personal data; lives for one search."""

    text: str
    words: tuple[str, ...]
    document: str

    @classmethod
    def of(cls, text: str) -> Asked:
        """The words that say who is meant, and the number that the text may be."""
        digits = any(character.isdigit() for character in text)
        return cls(normalise(text), typed_words(text), document_key(text) if digits else "")


def rank(
    asked: Asked, identity: IdentityData, *, by_number: bool = False
) -> tuple[float, list[Reason]]:
    """From 0 to 1, and why: which names or numbers were meant; no reason for who was not meant.

    `by_number` for whom a number in the text found: a document of theirs, or a phone, of their own
    or of their household.
    """
    if by_number:
        numbers = {document_key(each.get("number", "")) for each in identity.documents}
        return 1.0, [{"code": "document" if asked.document in numbers else "phone"}]
    return _by_name(asked, identity) if asked.words else (0.0, [])


def _by_name(asked: Asked, identity: IdentityData) -> tuple[float, list[Reason]]:
    whole = _whole(asked.text, identity.name)
    if asked.text == normalise(identity.name):
        return 1.0, [{"code": "exact"}]
    if whole >= _SAME:
        return round(whole * 0.99, 4), [{"code": "sounds"}]
    if pair := _with_father(asked, identity):
        return pair
    names = _names(identity)
    total = 0.0
    met: dict[str, float] = {}
    for word in asked.words:
        fit, share, code = max(
            ((_fit(word, name), share, code) for code, name, share in names),
            key=lambda each: each[0] * each[1],
            default=(0.0, 0.0, ""),
        )
        if fit < _ALIKE:
            return 0.0, []
        total += fit * share
        met[code] = min(met.get(code, 1.0), fit)
    # What else was typed, as a common part (Ghulam), tells apart who fit equally well.
    others = [word for word in asked.text.split() if word not in asked.words]
    met_too = sum(
        any(_fit(word, name) >= _ALIKE for _code, name, _share in names) for word in others
    )
    score = total / len(asked.words) * 0.98 + (whole + met_too / (len(others) or 1)) * 0.01
    return round(score, 4), [{"code": _code(code, fit)} for code, fit in met.items()]


def splits(text: str) -> list[tuple[str, str]]:
    """Where an own name may end and the father's begin; none of more than six words."""
    words = text.split()
    if len(words) > _MOST_WORDS:
        return []
    return [(" ".join(words[:at]), " ".join(words[at:])) for at in range(1, len(words))]


def _with_father(asked: Asked, identity: IdentityData) -> tuple[float, list[Reason]] | None:
    """For the own name followed by the father's: surer than the same words in any order."""
    if not (identity.name and identity.father_name):
        return None
    best = 0.0
    for own, father in splits(asked.text):
        fit = min(_whole(own, identity.name), _whole(father, identity.father_name))
        best = max(best, fit)
    if best < _ONE_NAME:
        return None
    # Below the whole name, above its words in any order.
    return round(0.985 + 0.005 * best, 4), [{"code": "name"}, {"code": "father"}]


def _whole(text: str, name: str) -> float:
    """How alike the whole names are; 0 without asking where no part sounds the same."""
    alike = not set(name_parts(text)).isdisjoint(name_parts(name))
    return similarity(text, name) if alike or skeleton(text) == skeleton(name) else 0.0


@lru_cache(maxsize=65536)
def _words_alike(word: str, other: str) -> float:
    """The same of two words; 0 without asking where their keys are far apart."""
    near = JaroWinkler.similarity(skeleton(word), skeleton(other))
    return similarity(word, other) if near > _KEYS_NEAR else 0.0


def _names(identity: IdentityData) -> list[tuple[str, str, float]]:
    names = [
        ("name", identity.name, _OWN),
        *(("also_known_as", name, _KNOWN_AS) for name in identity.also_known_as),
        ("father", identity.father_name, _FATHER),
        ("grandfather", identity.grandfather_name, _GRANDFATHER),
    ]
    return [each for each in names if each[1]]


def _code(code: str, fit: float) -> str:
    """The reason for a word that fits a name so well."""
    if fit < _BEGINS_SPELLED:
        return "alike"
    return "begins" if code == "name" and fit <= _BEGINS else code


@lru_cache(maxsize=65536)
def _fit(word: str, name: str) -> float:
    """How well a typed word fits the best word of a name, as a whole or as its beginning."""
    written = normalise(name).split()
    if word in written:
        return _WRITTEN
    alike = max((_words_alike(word, each) for each in written), default=0.0)
    if alike >= _SAME:
        return _SPELLED
    begun = [each for each in (*written, "".join(written)) if each.startswith(word)]
    if begun:
        # The more of it was typed, the surer.
        return _BEGINS - 0.01 * (1 - len(word) / min(map(len, begun)))
    slip = _SLIP if alike >= _ONE_NAME else 0.0
    return max(slip, _begins_spelled(word, name), _alike(word, name))


def _begins_spelled(word: str, name: str) -> float:
    """The same for the beginning of a word in another spelling or script."""
    keys, typed = name_parts(name), romanise(word)
    if any(key.startswith(beginning) for key in keys for beginning in beginnings(word)):
        best = max(
            (JaroWinkler.similarity(typed, each[: len(typed)]) for each in romanise(name).split()),
            default=0.0,
        )
        return _BEGINS_SPELLED + 0.015 * best
    *first, last = compound(word) or ("",)
    if first and set(first) <= set(keys) and any(key.startswith(last) for key in keys):
        return _BEGINS_SPELLED
    return 0.0


def _alike(word: str, name: str) -> float:
    """The same for names that only sound a little alike; below any beginning."""
    typed = _consonants(romanise(word))
    heard = [_consonants(each) for each in (*romanise(name).split(), romanise(name))]
    best = max((JaroWinkler.similarity(typed, each[: len(typed) + 1]) for each in heard), default=0)
    return (_BEGINS_SPELLED - 0.02) * float(best)


_VOWELS = str.maketrans("", "", "aeiouyw ")


def _consonants(word: str) -> str:
    return word[:1] + word[1:].translate(_VOWELS)


def describe(reasons: Iterable[Reason]) -> list[str]:
    """The reasons in the reader's language. They hold no personal data."""
    texts = {
        "reference": _("the reference"),
        "token": _("the slip"),
        "document": _("the document"),
        "phone": _("the phone"),
        "exact": _("the name as written"),
        "sounds": _("the name in another spelling"),
        "name": _("part of the name"),
        "begins": _("the beginning of the name"),
        "also_known_as": _("another name of the person"),
        "father": _("the father's name"),
        "grandfather": _("the grandfather's name"),
        "alike": _("a name of similar sound"),
    }
    codes = dict.fromkeys(str(reason.get("code", "")) for reason in reasons)
    return [texts[code] for code in codes if code in texts]
