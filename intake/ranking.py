"""Putting people in order by how well they fit what somebody typed. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _
from rapidfuzz.distance import JaroWinkler

from intake.keys import document_key, phone_key
from intake.models.persons import IdentityData
from intake.names import normalise, romanise, similarity, skeleton

Reason = dict[str, Any]

# How much a hit in each of the names counts: people are called by their own.
_OWN, _KNOWN_AS, _FATHER, _GRANDFATHER = 1.0, 0.95, 0.8, 0.7
_SAME = 0.97  # from here on the spelling is the same


@dataclass(frozen=True)
class Asked:
    """What was typed, as it is compared. Personal data; lives for one search."""

    text: str
    words: tuple[str, ...]
    phone: str
    document: str

    @classmethod
    def of(cls, text: str) -> Asked:
        """The words as sounds, and the numbers that the text may be."""
        digits = any(character.isdigit() for character in text)
        return cls(
            text,
            tuple(romanise(text).split()),
            phone_key(text),
            document_key(text) if digits else "",
        )


def rank(asked: Asked, identity: IdentityData) -> tuple[float, list[Reason]]:
    """From 0 to 1, and why: which of the person's names or numbers was meant."""
    if asked.document and any(
        document_key(each.get("number", "")) == asked.document for each in identity.documents
    ):
        return 1.0, [{"code": "document"}]
    if asked.phone and (
        any(phone_key(phone) == asked.phone for phone in identity.phones) or not asked.words
    ):
        return 1.0, [{"code": "phone"}]
    if not asked.words:
        return 0.0, []
    return _by_name(asked, identity)


def _by_name(asked: Asked, identity: IdentityData) -> tuple[float, list[Reason]]:
    names = [
        ("name", identity.name, _OWN),
        *(("also_known_as", name, _KNOWN_AS) for name in identity.also_known_as),
        ("father", identity.father_name, _FATHER),
        ("grandfather", identity.grandfather_name, _GRANDFATHER),
    ]
    names = [each for each in names if each[1]]
    total = 0.0
    met: dict[str, float] = {}
    for word in asked.words:
        fits = [(_word(word, name) * share, code) for code, name, share in names]
        best, code = max(fits, default=(0.0, ""))
        total += best
        if best > 0.5:
            met[code] = max(met.get(code, 0.0), best)
    score = total / len(asked.words)
    whole = similarity(asked.text, identity.name) if identity.name else 0.0
    score = max(score, whole)
    reasons: list[Reason] = [{"code": code} for code in met]
    if whole >= _SAME and normalise(asked.text) == normalise(identity.name):
        reasons = [{"code": "exact"}]
    elif skeleton(asked.text) == skeleton(identity.name):
        reasons = [{"code": "sounds"}]
    elif identity.name and score >= _SAME and len(met) == 1 and "name" in met:
        reasons = [{"code": "name"}]
    return round(min(score, 1.0), 4), reasons


@lru_cache(maxsize=65536)
def _sounds(name: str) -> tuple[tuple[str, str], ...]:
    return tuple((word, _consonants(word)) for word in romanise(name).split())


def _word(word: str, name: str) -> float:
    """How well a typed word fits the best word of a name, as a whole or as its beginning."""
    bare = _consonants(word)
    best = 0.0
    for whole, consonants in _sounds(name):
        if whole == word:
            return 1.0
        fit = max(
            JaroWinkler.similarity(word, whole[: len(word) + 1]) * 0.97,
            JaroWinkler.similarity(bare, consonants[: len(bare)]) * 0.94 if bare else 0.0,
        )
        best = max(best, fit)
    return best


_VOWELS = str.maketrans("", "", "aeiouyw")


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
        "also_known_as": _("another name of the person"),
        "father": _("the father's name"),
        "grandfather": _("the grandfather's name"),
    }
    return [texts[reason["code"]] for reason in reasons if reason.get("code") in texts]
