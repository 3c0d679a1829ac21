"""One plain form of a name: letter variants, marks, joiners, spaces and case brought together."""

import re
import unicodedata
from functools import lru_cache

MAX_LENGTH = 300  # characters looked at; no name that a person is called by is longer

_LETTERS = str.maketrans(
    {
        **dict.fromkeys("يىېۍئےێ", "ی"),
        **dict.fromkeys("كڪ", "ک"),
        **dict.fromkeys("ةۀۂەہھۃ", "ه"),
        **dict.fromkeys("أإٱآ", "ا"),
        "ؤ": "و",
        "ګ": "گ",
        # Letters of Turkish and of learned transliterations whose mark changes the sound.
        **dict.fromkeys("šşș", "sh"),
        **dict.fromkeys("čç", "ch"),
        **dict.fromkeys("ğġ", "gh"),
        **dict.fromkeys("ḫẖ", "kh"),
        "ž": "zh",
        "ǧ": "j",
        # Joiners part the halves of one name, as a space would.
        **dict.fromkeys("\u200c\u00a0_-‐‑‒–—.،,؛;/\\|·•", " "),
        **dict.fromkeys("\u200b\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff", ""),
        **dict.fromkeys("'’‘ʼʻʿʾ`´ʹ\"«»ـء", ""),
    }
)
_PLAIN = re.compile(r"[a-z ]*\Z")


@lru_cache(maxsize=65536)
def normalise(name: str) -> str:
    """A name in lower case with one form for each letter, no marks and single spaces.

    Persian letters replace their Arabic variants, vowel marks and accents go (Tajik letters
    stay: they are letters, not accents), joiners and hyphens become spaces.
    """
    text = name[:MAX_LENGTH].lower()
    if not _PLAIN.match(text):
        text = unicodedata.normalize("NFKC", text).lower().translate(_LETTERS)
        if not text.isascii():
            text = _without_marks(text)
    return " ".join(text.split())


def _without_marks(text: str) -> str:
    kept: list[str] = []
    for character in text:
        if "\u0400" <= character <= "\u052f":  # й, ӣ, ӯ would fall apart into letter and mark
            kept.append(character)
            continue
        for part in unicodedata.normalize("NFKD", character):
            if unicodedata.category(part)[0] in "LN" or part == " ":
                kept.append(part)
    return "".join(kept).translate(_LETTERS)


def is_blank(name: str | None) -> bool:
    """Whether a name holds no letter at all: empty, spaces, dashes, digits, invisible signs."""
    return name is None or not any(character.isalpha() for character in name)


def script_of(name: str) -> str:
    """ "arabic", "cyrillic", "latin", "other", "mixed" (several) or "none" (no letters)."""
    found = {_script(character) for character in name if character.isalpha()}
    if not found:
        return "none"
    return found.pop() if len(found) == 1 else "mixed"


def _script(character: str) -> str:
    code = ord(character)
    if code < 0x250 or 0x1E00 <= code <= 0x1EFF or 0xFF21 <= code <= 0xFF5A:
        return "latin"
    if 0x400 <= code <= 0x52F:
        return "cyrillic"
    if 0x600 <= code <= 0x77F or 0x8A0 <= code <= 0x8FF or 0xFB50 <= code <= 0xFEFC:
        return "arabic"
    # Letters such as the modifier apostrophes of a transliteration.
    return "latin" if 0x250 <= code <= 0x2FF else "other"
