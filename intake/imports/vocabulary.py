"""The words that staff type, in the languages of the desk, and the codes they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from common.codelists import read_rows
from intake.names import normalise, sealed_hint

WORDS = Path(__file__).with_name("words.csv")
_LANGUAGES = ("en", "fa", "ps", "tg", "ru")
_SEPARATORS = re.compile(r"[|;,،\n]+")


def plain(text: str) -> str:
    """One form of a word for comparison: case, spaces, dashes and letter variants away."""
    return normalise(text).replace("ӣ", "и").replace("ё", "е")


@lru_cache(maxsize=16)
def words(kind: str) -> dict[str, str]:
    """Plain words of a kind (column, sex, consent, relationship, need, handed_over) to codes."""
    found: dict[str, str] = {}
    for row in read_rows(WORDS):
        if row["kind"] != kind:
            continue
        found.setdefault(plain(row["code"]), row["code"])
        for language in _LANGUAGES:
            for word in filter(None, (plain(part) for part in row[language].split("|"))):
                found.setdefault(word, row["code"])
    return found


def split_aliases(text: str) -> list[str]:
    """Other spellings as a code list keeps them: separated by commas, bars or lines."""
    return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]


def index(entries: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Plain spellings to codes. A code itself always means itself."""
    entries = list(entries)
    found = {plain(code): code for code, _ in entries}
    for code, spellings in entries:
        for spelling in spellings:
            if word := plain(spelling):
                found.setdefault(word, code)
    return found


@lru_cache(maxsize=1)
def _handed_over() -> re.Pattern[str]:
    phrases = [phrase for phrase in words("handed_over") if " " in phrase]
    return re.compile(r"(?:^|\b)(?:" + "|".join(map(re.escape, phrases)) + r")(?:\b|$)")


@lru_cache(maxsize=1)
def _denied() -> re.Pattern[str]:
    """Words near the phrase that turn its meaning round; then only a person decides."""
    denials = "not|never|no|may|might|perhaps|if|released|returned from|не|нет|нест|نه|نشد|شاید"
    return re.compile(rf"\b(?:{'|'.join(plain(word) for word in denials.split('|'))})\b")


def states_handover(text: str) -> bool:
    """Whether a remark states, in one of the known phrases, that a person was handed over.

    The phrases stand in words.csv. A remark that also denies or doubts states nothing.
    """
    flat = plain(text)
    return _handed_over().search(flat) is not None and _denied().search(flat) is None


def belongs_sealed(text: str) -> bool:
    """Whether a remark must not stay with the person: it speaks of arms, service or a handover."""
    return bool(text) and (sealed_hint(text) or states_handover(text))
