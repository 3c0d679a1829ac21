"""A common Latin form for the three scripts.

Each letter is written as the sound it has in Dari and Tajik names: long a is ``a`` whether it
was ا, Tajik о or Latin a. Sounds that Latin writes with two letters are one capital letter
inside this package (S is sh, C ch, X kh, G gh, Z zh), so that سه is never taken for ش. Arabic
script does not write short vowels, so they are missing from its Latin form.
"""

import re
from functools import lru_cache

from intake.names.normal import normalise

# Letters of a script and, at the same place, their sounds; "-" is silence.
_ARABIC = (
    "ابپتټطثسصجچڅځحهخدډذزضظرړژږشښعغفقکگلمنڼںوی",
    "abptttsssjCszhhXddzzzzrrZZSSaGfqkglmnnnwy",
)
_CYRILLIC = (
    "абвгғдежзиӣйкқлмнопрстуӯфхҳцчҷшщъыьэүөіўҗ",
    "abwgGdeZziiykqlmnaprstuufXhsCjSS-i-euoiuj",
)
_LATIN_EXTRA = ("ıəøłæđœ", "iaolado")


def _table(letters: str, sounds: str) -> dict[str, str]:
    pairs = zip(letters, sounds, strict=True)
    return {letter: "" if sound == "-" else sound for letter, sound in pairs}


_TO_SOUNDS = str.maketrans(
    _table(*_ARABIC)
    | _table(*_CYRILLIC)
    | _table(*_LATIN_EXTRA)
    | {"ё": "yo", "ю": "yu", "я": "ya", "ң": "ng", "ß": "s"}
)

# Spellings of one sound in Latin, most particular first. Applied to Latin words only.
_LATIN_SOUNDS = (
    ("tch", "C"),
    ("dzh", "j"),
    ("dj", "j"),
    ("sh", "S"),
    ("ch", "C"),
    ("kh", "X"),
    ("gh", "G"),
    ("zh", "Z"),
    ("ph", "f"),
    ("dh", "z"),
    ("ck", "k"),
    ("oo", "u"),
    ("ou", "u"),
    ("ee", "i"),
    ("x", "X"),
    ("v", "w"),
    ("c", "k"),
)
_SOFT_T = re.compile(r"(?<!fa)th")  # Othman; but Fath-ullah
_MOHAMMAD = re.compile(r"^(?:mohd|muhd|mhd|md)$")
_SILENT_H = re.compile(r"(?<=\w\w\w[aeiou])h$")  # Laleh, Khadijah; not Shah or Mah
_DOUBLE = re.compile(r"([A-Za-z])\1+")

# Arabic: silent final h (ملیکه), the article before -din, the name of God, Ishaq said as ش.
_ARABIC_FIXES = (
    (re.compile(r"لله\b"), "لا"),
    (re.compile(r"(?<=[^\W\d_ او])ه\b"), ""),
    (re.compile(r"\bاسحا"), "اشا"),
)
_CYRILLIC_FIXES = (
    (re.compile("дж"), "ҷ"),
    (re.compile(r"\bис[ҳх][оа]"), "ишо"),
    (re.compile(r"\bибраг"), "ибраҳ"),  # Russian writes h as г in a few names
    (re.compile(r"\bхадич"), "хадиҷ"),
)
_ARABIC_LETTER = re.compile("[\u0600-\u06ff]")
_CYRILLIC_LETTER = re.compile("[\u0400-\u052f]")
_TWO_LETTERS = str.maketrans({"S": "sh", "C": "ch", "X": "kh", "G": "gh", "Z": "zh"})


@lru_cache(maxsize=65536)
def sounds(name: str) -> tuple[str, ...]:
    """The words of a name as sounds, one character each (see above)."""
    text = normalise(name)
    if not text.isascii():
        if _ARABIC_LETTER.search(text):
            text = _fixed(text, _ARABIC_FIXES)
        if _CYRILLIC_LETTER.search(text):
            text = _fixed(text, _CYRILLIC_FIXES)
    return tuple(filter(None, map(_word, text.split())))


def romanise(name: str) -> str:
    """A name in Latin letters and single spaces, written as it sounds in Dari or Tajik."""
    return " ".join(sounds(name)).translate(_TWO_LETTERS)


def _fixed(text: str, fixes: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, replacement in fixes:
        text = pattern.sub(replacement, text)
    return text


def _word(word: str) -> str:
    if word.isascii():
        heard = _MOHAMMAD.sub("muhamad", word)
        for spelling, sound in _LATIN_SOUNDS:
            if spelling in heard:
                heard = heard.replace(spelling, sound)
        heard = _SILENT_H.sub("", _SOFT_T.sub("s", heard))
    else:
        heard = word.translate(_TO_SOUNDS)
        if not heard.isascii():
            heard = "".join(filter(str.isascii, heard))
    heard = "".join(filter(str.isalpha, heard))
    if not _ARABIC_LETTER.search(word):
        heard = _DOUBLE.sub(r"\1", heard)  # Arabic script never writes a doubled consonant
    return heard
