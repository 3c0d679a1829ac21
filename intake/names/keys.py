"""Keys that agree when one name is written in different scripts and spellings.

A key is a consonant skeleton: vowels and the weak consonants w and y go, sounds that the three
scripts and their transliterations confuse become one letter (h and kh; k, g, gh and q; j and
zh). It finds candidates and proves nothing: Hasan and Husayn share one. Score with
``similarity`` afterwards.
"""

import re
from functools import lru_cache

from intake.names.roman import sounds

MAX_KEYS = 8

# Sounds to key letters; vowels and weak consonants to nothing.
_TO_KEY = str.maketrans(
    "bcdfhjklmnpqrstgzSCXGZ",
    "BKDFHJKLMNPKRSTKZXCHKJ",
    "aeiouwyv",
)

# The article after Abd-: an l before a consonant, or one that took the sound of the next word.
_ABD_ARTICLE = re.compile(
    r"^abd[aeiou]* ?[aeiou]?(?:l ?(?=[^aeiou ])|([rzsdtnS]) ?(?=\1))", re.ASCII
)
_DIN = re.compile(r"(?<=[^ ])(?: ?[aeiou][ldn])? ?d(?:i|e|iy|ey|y)n\b")

# Titles are about a person's standing and come and go between two registrations.
_TITLE_NAMES = """
    haji hajji haj hoji حاجی حاج ҳоҷӣ mullah mulla molla ملا мулло domullo домулло mawlawi
    maulawi مولوی мавлавӣ mawlana مولانا ustad استاد устод doctor doktor dr داکتر دکتر доктор
    engineer eng انجنیر муҳандис mr mrs ms miss aqa agha aqai آقا آقای оқо khanum khanom خانم
    хонум sahib saheb صاحب соҳиб janab جناب ҷаноб
"""
_TITLES = frozenset(word for title in _TITLE_NAMES.split() for word in sounds(title))

# Parts so common that alone they say nothing about who is meant.
_COMMON = """mohammad abd abdul ghulam gul bibi khan jan shah begum bek mir mirza sayed ud din
    ullah zada khwaja"""

# A known first or last half of a name written as one word, by its sounds in any script.
_FIRST_HALVES = re.compile(
    r"^(m[ou]?ham[ae]?d|mhmd|G?g?[uo]?lam(?=s)|abd|p[iey]+r|nazar|nzr)(?=\w{3})"
)
_LAST_HALVES = re.compile(
    r"(?<=\w\w\w)(Xan|jan|gul|Sah?|be?k|b[ei]?g[iu]?m|al[iy]|m[ou]?ham[ae]?d|mhmd|ba?XS)$"
)


def without_titles(name: str) -> tuple[str, ...]:
    """The words of a name as sounds, without titles; all of them if it is nothing but titles."""
    words = sounds(name)
    return tuple(word for word in words if word not in _TITLES) or words


def _reduce(heard: str) -> str:
    """The key of one word, or of several joined."""
    if not heard:
        return ""
    key = heard.translate(_TO_KEY)
    first = heard[0]
    if first in "aeiou":
        key = "A" + key
    elif first in "wvy":
        key = ("Y" if first == "y" else "V") + key
    key = key.replace("XH", "X")  # Tajik writes Shoh as Sho in compounds
    if heard[-1] == "h" and key.endswith("H") and len(key) > 1:
        key = key[:-1]  # silent at the end, unlike kh
    return key


def _joined(words: tuple[str, ...]) -> str:
    """The words as one, without the article after Abd- and before -din."""
    text = " ".join(words)
    if text.startswith("abd"):
        text = _ABD_ARTICLE.sub("abd", text)
    if "d" in text and text.endswith("n"):
        text = _DIN.sub("din", text)
    return text.replace(" ", "")


@lru_cache(maxsize=65536)
def skeleton(name: str) -> str:
    """The consonant skeleton of the whole name without titles, joined; "" without letters."""
    return _reduce(_joined(without_titles(name)))


_COMMON_KEYS = frozenset(_reduce(word) for word in sounds(_COMMON))


def says_little(name: str) -> bool:
    """Whether the whole name is so common that alone it says nothing about who is meant."""
    return skeleton(name) in _COMMON_KEYS


def _halves(word: str) -> list[str]:
    first = _FIRST_HALVES.sub(r"\1 ", _joined((word,))).split()
    return [half for part in first for half in _LAST_HALVES.sub(r" \1", part).split()]


@lru_cache(maxsize=65536)
def name_parts(name: str) -> tuple[str, ...]:
    """The skeleton of every part as it stands, common ones too: "Gul Muhammad" is KL and MHMD."""
    halves = (half for word in without_titles(name) for half in _halves(word))
    return tuple(filter(None, map(_reduce, halves)))


@lru_cache(maxsize=65536)
def name_keys(name: str) -> frozenset[str]:
    """The skeleton of the whole name, and of each part that says something by itself.

    "Amir Khan", "امیر خان" and "Амирхон" all have AMRHN and AMR; Khan alone, like Mohammad,
    Abdul or Bibi, is no key. At most eight; empty without letters.
    """
    whole = skeleton(name)
    keys = [whole] if whole else []
    for word in without_titles(name):
        for half in _halves(word):
            key = _reduce(half)
            if len(key) > 1 and key not in _COMMON_KEYS and key not in keys:
                keys.append(key)
    return frozenset(keys[:MAX_KEYS])
