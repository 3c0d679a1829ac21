"""A Latin form of a name for reading it aloud to people who wait. Approximate, and never a key.

Cyrillic letters say nearly everything; Arabic script leaves out short vowels. Well-known given
names are looked up, others are read by rule: no word begins with two consonants, and a vowel
stands before the last of several at its end.
"""

from __future__ import annotations

import re
from functools import lru_cache

from intake.names.known import KNOWN_NAMES
from intake.names.normal import MAX_LENGTH, is_blank, normalise, script_of


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in text.split())


# Cyrillic: Tajik, Russian, Kyrgyz and Uzbek letters.
_CYRILLIC = _pairs(
    """
    а:a б:b в:v г:g ғ:gh д:d е:e ё:yo ж:zh з:z и:i ӣ:i й:y к:k қ:q л:l м:m н:n ң:ng о:o ө:o п:p р:r
    с:s т:t у:u ӯ:u ү:u ў:o ф:f х:kh ҳ:h ц:ts ч:ch ҷ:j җ:j ш:sh щ:shch ъ: ы:y ь: э:e ю:yu я:ya і:i
    """
)
# Arabic script: consonants; ا و ی ه ع are read by their place.
_CONSONANTS = _pairs(
    """
    ب:b پ:p ت:t ټ:t ث:s ج:j چ:ch ح:h څ:ts ځ:z خ:kh د:d ډ:d ذ:z ر:r ړ:r ز:z ژ:zh ږ:zh س:s ش:sh ښ:sh
    ص:s ض:z ط:t ظ:z غ:gh ف:f ق:q ک:k گ:g ل:l م:m ن:n ڼ:n ں:n
    """
)
# Two consonants that Persian says together at the end of a word.
_SAID_TOGETHER = frozenset(["st", "sht", "kht", "ft", "nd", "rd", "rg", "ng", "nj", "mp", "nz"])

_WORD = re.compile(r"[^\W\d_]+(?:[’'ʼ\u064b-\u0652\u0670][^\W\d_]*)*")
_ABD = re.compile(r"\b(عبد)\s*ال\s*(?=\w)(?!له\b)")
_UDDIN = re.compile(r"\s*ال\s*دین\b")
_ULLAH = re.compile(r"(?<=\w\w)\s*الله\b")


@lru_cache(maxsize=65536)
def latin_form(name: str) -> str:
    """The name in Latin letters as one reads it aloud, approximately; "" when it is Latin already.

    Never raises; looks at the first 300 characters. "محمد نبی" is "Mohammad Nabi", "Ҷамшед"
    "Jamshed". Words that are Latin already stay as they are.
    """
    name = name[:MAX_LENGTH]
    if is_blank(name) or script_of(name) in ("latin", "other"):
        return ""
    read = [_word(word) for word in _split(name)]
    return " ".join(word for word in read if word)


def _split(name: str) -> list[str]:
    """The words to read, with the article of compounds brought to one form."""
    text = name.replace("\u200c", " ").replace("ـ", "")
    text = text.replace("ي", "ی").replace("ك", "ک").replace("بی بی", "بیبی")
    text = _UDDIN.sub("الدین", _ULLAH.sub("الله ", text))
    text = _ABD.sub(r"\1ال ", text)
    return _WORD.findall(text)


def _word(word: str) -> str:
    script = script_of(word)
    if script == "latin":
        return word
    if script == "cyrillic":
        return _capital(_cyrillic(word.lower()))
    plain = normalise(word)
    if known := KNOWN_NAMES.get(plain):
        return known
    for ending, said in (("الله", "ullah"), ("الدین", "uddin"), ("زاده", "zada"), ("جان", "jan")):
        if plain.endswith(ending) and len(plain) > len(ending) + 1:
            stem = plain.removesuffix(ending)
            return _capital((KNOWN_NAMES.get(stem) or _arabic(stem)).lower() + said)
    return _capital(_arabic(plain))


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _cyrillic(word: str) -> str:
    text = word.replace("дж", "ҷ")
    if text.startswith("е"):
        text = "й" + text
    text = re.sub(r"(?<=[аеёиоуӯыэюяӣ])е", "йе", text)
    return "".join(_CYRILLIC.get(letter, "") for letter in text)


def _arabic(word: str) -> str:
    """Consonants and written vowels as they stand, with the least vowels that let one say them."""
    parts = _parts(word)
    said: list[str] = []
    index = 0
    while index < len(parts):
        if parts[index] in _VOWELS:
            said.append(parts[index])
            index += 1
            continue
        end = index
        while end < len(parts) and parts[end] not in _VOWELS:
            end += 1
        said += _run(parts[index:end], first=not said, last=end == len(parts), after=said[-1:])
        index = end
    return "".join(said).replace("ā", "a")


def _run(run: list[str], *, first: bool, last: bool, after: list[str]) -> list[str]:
    """A run of consonants with the vowels that it cannot be said without."""
    if first and len(run) > 1:
        return [run[0], "a", *_run(run[1:], first=False, last=last, after=["a"])]
    if last and len(run) > 1 and "".join(run[-2:]) not in _SAID_TOGETHER:
        return [*run[:-1], "i" if after == ["ā"] else "a", run[-1]]
    return run


# Inside this module a written ا is "ā" until the end, so that Sadiq differs from Asad.
_VOWELS = frozenset(("a", "ā", "i", "u"))


def _parts(word: str) -> list[str]:
    parts: list[str] = []
    for beginning, vowel in _BEGINNINGS:
        if word.startswith(beginning):
            parts, word = [vowel], word.removeprefix(beginning)
            break
    for index, letter in enumerate(word):
        before = parts[-1] if parts else ""
        following = word[index + 1 : index + 2]
        if part := _part(letter, before, following):
            parts.append(part)
    return parts


def _part(letter: str, before: str, following: str) -> str:
    if letter in _CONSONANTS:
        return _CONSONANTS[letter]
    if letter == "ه":
        return "h" if following or before in _VOWELS else "a"
    if letter in "وی":
        consonant, vowel = ("w", "u") if letter == "و" else ("y", "i")
        beside_a_vowel = not before or before in _VOWELS or (following and following in "اوی")
        return consonant if beside_a_vowel else vowel
    return "ā" if letter == "ا" and before not in _VOWELS else ""


# How a word begins when its first letter only carries a vowel.
_BEGINNINGS = (
    *(("ای", "i"), ("عی", "i"), ("او", "u"), ("عو", "u"), ("عا", "ā"), ("ا", "a"), ("ع", "a")),
)
