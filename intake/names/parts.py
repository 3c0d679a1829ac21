"""The parts of a name: titles off, articles out, and compounds written as one word parted.

"Haji Abdurrahman", "عبدالرحمن" and "Абдул Раҳмон" are abd and rahman; "Салоҳиддин" and "Salah ud
Din" are salah and din; "Гулмуҳаммад" and "Gul Mohammad" are gul and muhamad.
"""

import itertools
import re
from functools import lru_cache
from typing import NamedTuple

from intake.names.compare import said_distance, unsaid_distance
from intake.names.known import KNOWN_NAMES
from intake.names.roman import READINGS, Heard, heard, likeliest, single, sounds

# Sounds to key letters; vowels and weak consonants to nothing.
_TO_KEY = str.maketrans(
    "bcdfhjklmnpqrstgzSCXGZ",
    "BKDFHJKLMNPKRSTKZXCHKJ",
    "aeiouwyvE",
)
# From here on two spellings are not one known name.
_KNOWN_WITHIN = 0.15
# Up to here a word is that name and no compound.
_SURELY_WITHIN = 0.08
# An unlikely reading of a doubtful letter must come nearer.
_READ_WITHIN = 0.13
MAX_PARTS = 12

# Titles are about a person's standing and come and go between two registrations. Hafiz, Malik,
# Mir, Sayed, Khwaja and Wakil are not among them: they are names as often.
_TITLE_NAMES = """
    haji hajji haj hoji hoja hodja hajie حاجی حاج حاجیه ҳоҷӣ хожи mullah mulla molla mollah
    mullo ملا мулло мулла domullo domulla домулло mawlawi maulawi mowlavi molavi maulvi مولوی
    мавлавӣ mawlana maulana مولانا мавлоно ustad ostad ustod استاد устод устоз doctor doktor dr
    داکتر دکتر دوکتور доктор духтур engineer eng ingineer enginer انجنیر انجینیر مهندس муҳандис
    инженер professor prof پروفیسور профессор mr mrs ms miss monsieur madame herr frau aqai
    aghai آقای آغای khanum khanom khanim خانم khonum хонум хоним sahib saheb sahab صاحب соҳиб janab
    jenab جناب ҷаноб qari qori قاری қорӣ arbab ارباب арбоб muallim moallem malim معلم муаллим
    shaikh sheikh shaykh شیخ шайх general gen جنرال генерал commander qomandan قوماندان командир
"""
_TITLES = frozenset(word for title in _TITLE_NAMES.split() for word in sounds(title))
_ARTICLES = frozenset(f"{vowel}{letter}" for vowel in "aeiou" for letter in "ldrsnzt5S")
# Parts so common that alone they say nothing about who is meant.
_COMMON_NAMES = """
    Mohammad Abd Ghulam Gul Bibi Khan Jan Shah Begum Begim Bek Mir Mirza Sayed Din Allah Zada
    Khwaja Agha Khanum Haji Zai Khel Mullah Abul Ov"""
_COMMON = frozenset(_COMMON_NAMES.split())

_ULLAH = re.compile(r"^(.{2,}?)(?:[uoe]ll+[ao]h?|[uo]l[ao]h?|all+ah)$")
_ULLAH_UNSAID = re.compile(r"^(.{2,}?)ala$")
_DIN = re.compile(r"^(.{2,}?)(?:[aeiou][ln]?|l)?d+[iey]+ne?$")
_DIN_WORD = re.compile(r"^[aeou]?l?d+[iey]+ne?$")
_ABDULLAH = re.compile(r"^[aE]bd[aeiou]*l+[aeou]h?$")
_ABD_WORD = re.compile(r"^[aE]bd(?:l|[aeiou]+[lrsznt5S]?)?$")
_ABD = re.compile(r"^([aE]bd)[aeiou]*(?:l|([rzsdtn5S])(?=\2))?(?=..)")
_MOHAMMAD = "(?:m[ou]?[hXG]?am+[aei]?[dt]|mhmd)"
_MAMAD = re.compile(rf"^{_MOHAMMAD}$")
_ABUL = re.compile(r"^ab(?:[uo]l|wal)(?=...)")
# A word that begins or ends with one of these is two, whatever the rest ...
_FIRST = re.compile(rf"^({_MOHAMMAD}|[Ggk][uo]?lam)(?=...)")
_LAST = re.compile(
    rf"^(...+?)({_MOHAMMAD}|Xan|jan|[7j]an|g[uo]l|[5S][ao]h?|be?[kg]|by[kg]|b[ei]?g[iyu]?m|b[a]?X[5S]"
    r"|zad[aeo]h?|byby|bibi|aGa)$"
)
# ... or where the rest is a known name.
_FIRST_OF_TWO = re.compile(
    r"^(ahm[aei]?d|p[iey]+r|naza?r|nzr|m[iey]+r|mirz[ao]|myrza|[S5][ao]h?|sa[iy]*[ie]d|syd|g[uo]?l"
    r"|n[ouw]+r|[S5][eiy]+r|d[uow]+st|8r|ya?r|[7j]an|Xan|X[ou]?day?|bibi|byby|a[lE]+[iy]|Ely"
    r"|wa?l[iy]|sultan|sltan|dawlat|dwlt|ta[7j]|alah?|ala|nek|nyk|ba?X[t])(?=..)"
)
_LAST_OF_TWO = re.compile(
    r"^(..+?)((?:[ui]l)?(?:al[iy]|aly|Ely)|ahm[ae]?d|naza?r|wa?l[iy]|[iau]?lhaq|[iau]?lhq|[iau]?lamin"
    r"|alamyn|[aiu]?[lr]?ra?hma?n|[iau]?lislam|alaslam|dad|y[ao]r|Xe?[iy]*l|z[aeo][yi]|zy)$"
)
# What these are called is the same in any script.
_SAID = frozenset(["abd", "abul", "abdula", "din", "ula"])
_OV = re.compile(r"^(...+)([oae]wa?)$")
_PATRONYMIC = frozenset(["ow", "aw", "ew", "owa", "awa", "ewa"])
_JOINED_ARTICLE = re.compile(r"^[aiu]?[lr](?=(?:haq|hq|amin|amyn|ra?hma?n|islam|aslam|ali|aly)$)")
_FINAL_H = re.compile(r"h$")


class Part(NamedTuple):
    """A part of a name.

    `sound` as it was written; `said` with its vowels, or "" where Arabic script left them out and
    the name is not known; `known` the name in the list of known names that it is, or "", and
    `astray` how far its spelling is from that name's; `unsaid` in Arabic script.
    """

    sound: str
    said: str
    known: str = ""
    astray: float = 0.0
    unsaid: bool = False

    @property
    def common(self) -> bool:
        """Whether it says nothing by itself about who is meant."""
        return self.known in _COMMON

    @property
    def key(self) -> str:
        """Its consonant skeleton."""
        return "L" if self.sound in ("ula", "ala") else reduced(self.sound)  # not that of Ali


def reduced(sound: str) -> str:
    """The consonant skeleton of one part, or of several joined."""
    if not sound:
        return ""
    key = sound.replace("Sah", "S").replace("Soh", "S").replace("Sh", "S").translate(_TO_KEY)
    first = sound[0]
    if first in "aeiouE":
        key = "A" + key
    elif first in "wvy":
        key = ("Y" if first == "y" else "V") + key
    return key


def _closed(sound: str, unsaid: bool) -> str:
    """A part without doubled letters and without an h at its end, which is seldom heard."""
    if not unsaid:
        sound = single(sound)
    return _FINAL_H.sub("", sound) if len(sound) > 1 else sound


def readings(sound: str) -> list[str]:
    """All readings of the first doubtful letters, the likeliest first; at most 64."""
    doubtful = list(dict.fromkeys(each for each in sound if each in READINGS))[:3]
    found = []
    for chosen in itertools.product(*(READINGS[digit] for digit in doubtful)):
        reading = sound
        for digit, read in zip(doubtful, chosen, strict=True):
            reading = reading.replace(digit, read)
        found.append(reading)
    return found


def _known_by_key() -> tuple[dict[str, list[tuple[str, str]]], dict[str, tuple[str, str]]]:
    """Known names as (name, sound) by key, and by the sound of their Arabic spelling."""
    by_key: dict[str, list[tuple[str, str]]] = {}
    by_writing: dict[str, tuple[str, str]] = {}
    for written, name in KNOWN_NAMES.items():
        if (name.endswith("ullah") and name != "Abdullah") or name in ("Abdul", "Abdur"):
            continue
        (latin,) = heard(name)
        arabic = _closed("".join(word.sound for word in heard(written)), unsaid=True)
        said = [_closed(likeliest(each), unsaid=False) for each in readings(latin.sound)]
        alike = [each for each in said if reduced(each) == reduced(arabic)]
        known = (name, (alike or said)[0])
        by_writing.setdefault(arabic, known)
        if known not in by_key.setdefault(reduced(known[1]), []):
            by_key[reduced(known[1])].append(known)
    by_key.setdefault("ABD", []).append(("Abd", "abd"))
    by_key.setdefault("ABL", []).append(("Abul", "abul"))
    by_key.setdefault("AL", []).append(("Allah", "ula"))
    by_writing["abd"] = ("Abd", "abd")
    return by_key, by_writing


_BY_KEY, _BY_WRITING = _known_by_key()
_SOUNDS = {name: sound for names in _BY_KEY.values() for name, sound in names} | {"Ov": "ow"}


def known_sound(name: str) -> str:
    """A known name as its sounds."""
    return _SOUNDS[name]


@lru_cache(maxsize=65536)
def _part(sound: str, unsaid: bool) -> Part:
    """A part with its reading, and the known name that it is."""
    sound = _closed(sound, unsaid)
    if unsaid:
        if found := _BY_WRITING.get(sound):
            return Part(sound, found[1], found[0], 0.0, unsaid=True)
        return Part(sound, "", unsaid=True)
    if _MAMAD.match(sound):
        sound = "muhamad"
    elif sound in ("So", "5o"):
        sound = "Sa"
    if sound in _PATRONYMIC:
        return Part(sound, sound, "Ov")
    sound = _read(sound)
    return Part(sound, sound, *_nearest(sound, unsaid=False))


def _read(sound: str) -> str:
    """The likeliest reading that makes a known name, or else the likeliest."""
    plain = _closed(likeliest(sound), unsaid=False)
    if reduced(plain) in _BY_KEY:
        return plain
    others = [_closed(each, unsaid=False) for each in readings(sound)[1:]]
    for reading in others:
        if len(reduced(reading)) > 1 and _nearest(reading, unsaid=False, within=_READ_WITHIN)[0]:
            return reading
    return plain


def _nearest(sound: str, unsaid: bool, within: float = _KNOWN_WITHIN) -> tuple[str, float]:
    """The known name that a part is, "" for none, and how far its spelling is from it."""
    best, name = within, ""
    for known, said in _BY_KEY.get(reduced(sound), ()):
        far = unsaid_distance(said, sound) if unsaid else said_distance(sound, said)
        if far < best:
            best, name = far, known
    return name, best


def _is_known(sound: str, unsaid: bool) -> bool:
    """Whether a part of at least two consonants is a known name."""
    part = _part(sound, unsaid)
    known = part.known or (unsaid and _nearest(part.sound, unsaid=True)[0])
    return bool(known) and len(part.key) > 1


@lru_cache(maxsize=65536)
def _halves(word: str, unsaid: bool) -> tuple[str, ...]:
    """A word as the parts it is made of."""
    if _ABDULLAH.match(word):
        return ("abdula",)
    if _ABD_WORD.match(word):
        return ("abd",)
    if found := _ABD.match(word):
        rest = word[found.end() :]
        rest = "l" + rest if rest[:4] in ("atif", "atef") else rest
        return ("abd", *_halves(rest, unsaid))
    if _DIN_WORD.match(word):
        return ("din",)
    if found := _DIN.match(word):
        stem = "muhi" if found[1] in ("muh", "moh") else found[1]
        return (*_halves(stem, unsaid), "din")
    if found := (_ULLAH_UNSAID if unsaid else _ULLAH).match(word):
        return (*_halves(found[1], unsaid), "ula")
    if found := _ABUL.match(word):
        return ("abul", *_halves(word[found.end() :], unsaid))
    if found := _FIRST.match(word):
        return (found[1], *_halves(word[found.end() :], unsaid))
    if not unsaid:
        word = single(word)
        if (found := _OV.match(word)) and _is_known(found[1], unsaid):
            return (found[1], found[2])
    known = _part(word, unsaid)
    if known.known and known.astray <= _SURELY_WITHIN:
        return (word,)
    if found := _LAST.match(word):
        return (*_halves(found[1], unsaid), found[2])
    return _two(word, unsaid)


def _two(word: str, unsaid: bool) -> tuple[str, ...]:
    """The halves of a word of which one is a known name, or the word."""
    if (found := _FIRST_OF_TWO.match(word)) and _is_known(rest := word[found.end() :], unsaid):
        return (found[1], rest)
    if (found := _LAST_OF_TWO.match(word)) and _is_known(found[1], unsaid):
        return (found[1], _JOINED_ARTICLE.sub("", found[2]))
    return (word,)


def _without_articles(words: list[Heard]) -> list[Heard]:
    last = len(words) - 1
    kept: list[Heard] = []
    for index, word in enumerate(words):
        if index < last and word.sound in _ARTICLES:
            _after_abu(kept)
            continue
        if word.unsaid and index and word.sound.startswith("al"):
            rest = word.sound[2:]
            if word.sound not in _NO_ARTICLE and (len(rest) > 3 or _is_known(rest, unsaid=True)):
                word = Heard(rest, unsaid=True)
                _after_abu(kept)
        if word.sound:
            kept.append(word)
    return kept


def _after_abu(kept: list[Heard]) -> None:
    """Abu with an article is Abul, as it is written before a name in one word."""
    if kept and kept[-1].sound in ("abu", "abo", "abw"):
        kept[-1] = Heard("abul", unsaid=False)


# Words that begin with ال and not with the article.
_NO_ARTICLE = frozenset(
    word.sound for word in heard("الله الا الیاس الهام الماس الفت البرز الغ الوند الینا")
)


def _parted(words: list[Heard]) -> tuple[Part, ...]:
    found: list[Part] = []
    for word in words:
        found += [
            _part(half, word.unsaid and half not in _SAID)
            for half in _halves(word.sound, word.unsaid)
        ]
    return tuple(part for part in found if part.sound)[:MAX_PARTS]


def is_title(word: str) -> bool:
    """Whether a word is a title: haji, ustad, doctor."""
    found = sounds(word)
    return bool(found) and all(sound in _TITLES for sound in found)


@lru_cache(maxsize=65536)
def parts(name: str) -> tuple[Part, ...]:
    """The parts of a name in their order; empty without letters.

    Titles come off where a name remains that says something: "Haji Karim" is Karim, "Mir Agha"
    and "Gul Khanum" stay as they are.
    """
    words = _without_articles(list(heard(name)))
    plain = [word for word in words if single(likeliest(word.sound)) not in _TITLES]
    if len(plain) < len(words):
        untitled = _parted(plain)
        if any(not part.common for part in untitled):
            return untitled
    return _parted(words)
