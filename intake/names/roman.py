"""A common Latin form for the three scripts.

Each letter is written as the sound it has in Dari and Tajik names: long a is ``a`` whether it
was ا, Tajik о or Latin a. Sounds that Latin writes with two letters are one capital letter
inside this package (S is sh, C ch, X kh, G gh, Z zh; E is the Arabic ع), so that سه is never
taken for ش. Arabic script does not write short vowels, so they are missing from its Latin form.

Some letters can be read in two ways: ch is said as in Chaman, in Rachid or in Achmed. Such a
letter is a digit in the ``heard`` form, and READINGS lists what it may be, the likeliest first.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from intake.names.normal import normalise

# Letters of a script and, at the same place, their sounds; "-" is silence.
_ARABIC = (
    "ابپتټطثسصجچڅځحهخدډذزضظرړژږشښعغفقکگلمنڼںویە",
    "abptttsssjCszhhXddzzzzrrZZSSEGfqkglmnnnwye",
)
_CYRILLIC = (
    "абвгғдежзиӣйкқлмнопрстуӯфхҳцчҷшщъыьэүөіўҗһ",
    "abwgGdeZziiykqlmnaprstuufXhs1jSS-i-euoiujh",
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

# Cyrillic ч stands for ҷ on keyboards without it, and е at the beginning for ye.
READINGS = {
    "1": ("C", "j"),
    "2": ("C", "S", "X", "k"),  # ch: Chaman, French Rachid, German Achmed, Zacharia
    "3": ("z", "dh", "d"),  # dh: Ridha, Adham, Ahmadh
    "4": ("s", "t", "th"),  # th: Othman, Fath
    "5": ("S", "sh"),  # sh: Ishaq
    "6": ("Z", "z"),  # zh
    "7": ("j", "y"),  # j: German and Slavic Jusuf, Hajdar
    "8": ("e", "ye"),
}
_LIKELIEST = str.maketrans({digit: sounds[0] for digit, sounds in READINGS.items()})

# Spellings of one sound in Latin, most particular first. Applied to Latin words only.
_LATIN_SOUNDS = (
    ("dsch", "j"),
    ("tsch", "C"),
    ("sch", "S"),
    ("tch", "C"),
    ("dzh", "j"),
    ("khw", "X"),
    ("dj", "j"),
    ("sh", "5"),
    ("ch", "2"),
    ("kh", "X"),
    ("gh", "G"),
    ("zh", "6"),
    ("ph", "f"),
    ("dh", "3"),
    ("th", "4"),
    ("ck", "k"),
    ("oo", "u"),
    ("ou", "u"),
    ("ee", "i"),
    ("x", "X"),
    ("v", "w"),
    ("ce", "se"),
    ("ci", "si"),
    ("cy", "si"),
    ("c", "k"),
)
# Whole words that the rules misread.
_WORDS = {
    **dict.fromkeys(("mohd", "muhd", "mhd", "md", "mehmet", "mehmed", "mamat"), "muhamad"),
    **dict.fromkeys(("reda", "rida"), "reza"),
    **dict.fromkeys(("ramadan", "ramadhan"), "ramazan"),
    **dict.fromkeys(("ridwan", "redwan", "radwan"), "rizwan"),
    **dict.fromkeys(("fadl", "fadel", "fadil"), "fazl"),
    **dict.fromkeys(("murtada", "mortada"), "murtaza"),
    "afdal": "afzal",
    "chah": "Sah",
    "chan": "Xan",
}
_SOFT_J = re.compile(r"^j|(?<=[ae])j")
# "dh" at a joint is two letters: Mohammadhossein, Sayedhashim.
_JOINT = re.compile(r"\b(m[ou]h[ae]m+[aei]d|ahm[ae]d|sa[iy]*[ie]d)(?=h\w)")
_DOUBLE = re.compile(r"([A-Za-z1-8])\1+")

# Silent final h (ملیکه) is a vowel, the name of God, و after خ is silent.
_ARABIC_FIXES = (
    (re.compile("لله"), "لا"),
    (re.compile(r"(?<=[^\W\d_ او])ه\b"), "ە"),
    (re.compile("خوا"), "خا"),
)
# Russian writes ҳ as х, or as г in a few names.
_CYRILLIC_FIXES = (
    (re.compile("дж"), "ҷ"),
    (re.compile("х(?=[иу]д+ин|улл)|(?<=[аоие])х\\b|(?<=ш[ао])х"), "ҳ"),
    (re.compile(r"\bибраг"), "ибраҳ"),
)
_ARABIC_LETTER = re.compile("[\u0600-\u06ff]")
_CYRILLIC_LETTER = re.compile("[\u0400-\u052f]")
_NOT_A_SOUND = re.compile("[^A-Za-z1-8]")
_TWO_LETTERS = str.maketrans({"S": "sh", "C": "ch", "X": "kh", "G": "gh", "Z": "zh", "E": "a"})


class Heard(NamedTuple):
    """A word as sounds, and whether it lacks its short vowels, being in Arabic script."""

    sound: str
    unsaid: bool


@lru_cache(maxsize=65536)
def heard(name: str) -> tuple[Heard, ...]:
    """The words of a name as sounds, one character each; doubtful ones are digits (see above)."""
    text = normalise(name)
    if not text.isascii():
        if _ARABIC_LETTER.search(text):
            text = _fixed(text, _ARABIC_FIXES)
        if _CYRILLIC_LETTER.search(text):
            text = _fixed(text, _CYRILLIC_FIXES)
    elif "dh" in text:
        text = _JOINT.sub(r"\1 ", text)
    return tuple(word for word in map(_word, text.split()) if word.sound)


def likeliest(sound: str) -> str:
    """The likeliest reading of every doubtful letter; doubled letters are one."""
    return sound.translate(_LIKELIEST)


@lru_cache(maxsize=65536)
def sounds(name: str) -> tuple[str, ...]:
    """The words of a name as sounds, one character each, in their likeliest reading."""
    return tuple(
        word.sound if word.unsaid else _DOUBLE.sub(r"\1", likeliest(word.sound))
        for word in heard(name)
    )


def romanise(name: str) -> str:
    """A name in Latin letters and single spaces, written as it sounds in Dari or Tajik."""
    return " ".join(sounds(name)).translate(_TWO_LETTERS)


def single(sound: str) -> str:
    """Doubled letters as one; Arabic script writes them so already."""
    return _DOUBLE.sub(r"\1", sound)


def _fixed(text: str, fixes: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, replacement in fixes:
        text = pattern.sub(replacement, text)
    return text


@lru_cache(maxsize=65536)
def _word(word: str) -> Heard:
    if word.isascii():
        if not word.isalpha():
            word = "".join(filter(str.isalpha, word))
        return Heard(_WORDS.get(word) or _latin(word), unsaid=False)
    unsaid = _ARABIC_LETTER.search(word) is not None
    word = "".join(filter(str.isalpha, word))
    sound = word.translate(_TO_SOUNDS)
    if word.startswith("е"):
        sound = "8" + sound[1:]
    return Heard(_NOT_A_SOUND.sub("", sound), unsaid)


def _latin(word: str) -> str:
    word = word.replace("fath", "fat_h")  # no th: Fathullah
    if len(word) > 4 and word.endswith("eh"):  # Khadijeh
        word = word[:-2] + "a"
    elif word.endswith("que"):
        word = word[:-3] + "q"
    for spelling, sound in _LATIN_SOUNDS:
        if spelling in word:
            word = word.replace(spelling, sound)
    word = word.replace("_", "")
    if word.startswith(("ei", "dz", "ts")):  # Eisa; Pashto ځ and څ
        return word[1:]
    return _SOFT_J.sub("7", word) if "j" in word else word
