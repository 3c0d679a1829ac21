"""How a name may go on of which somebody has typed the beginning, as keys to look for.

A beginning is read otherwise than the whole name: the s of "has" may become the sh of Hashim, the
h of "zah" is silent in Laleh and heard in Zahra, "gulm" is no compound yet. So a beginning has
several keys, of which one is the beginning of the name's key.
"""

from functools import lru_cache

from intake.names.keys import name_parts
from intake.names.normal import normalise
from intake.names.parts import is_title, parts, readings, reduced
from intake.names.roman import heard, single

# What the last letter may be the first half of, with a vowel that keeps an h from being silent.
_GOES_ON = {
    "s": ("sha",),
    "k": ("kha",),
    "c": ("cha", "ci"),
    "z": ("zha",),
    "p": ("pha",),
    "d": ("dha", "dja"),
    "t": ("tha", "tcha"),
    "h": ("ha",),
    "ҳ": ("ҳа",),
    "х": ("ха",),
    "г": ("ҳа",),
    "д": ("ҷа",),
    "ه": ("ها",),
    "خ": ("خا",),
}

_ARTICLE = "ال"


def typed_words(text: str) -> tuple[str, ...]:
    """The words of a text that say who is meant: no titles and no parts that many names have.

    All of them where nothing else was typed.
    """
    words = [word for word in normalise(text).split() if parts(word)]
    named = [word for word in words if not is_title(word)] or words
    return tuple([word for word in named if not _common(word)] or named)


def _common(word: str) -> bool:
    return all(part.common for part in parts(word))


@lru_cache(maxsize=4096)
def beginnings(word: str) -> tuple[str, ...]:
    """The keys with which a name may begin that begins like this word, the likeliest first."""
    plain = normalise(word)
    found = list(dict.fromkeys(name_parts(plain)))[:1] if len(name_parts(plain)) == 1 else []
    bare = plain.removeprefix(_ARTICLE)
    for text in dict.fromkeys((plain, bare)):
        for whole in (text, *(text[:-1] + more for more in _GOES_ON.get(text[-1:], ()))):
            found += _keys(whole)
    if any(key.startswith("MM") for key in found):
        found.append("MHMD")  # Mamad
    return tuple(dict.fromkeys(found))


def _keys(text: str) -> list[str]:
    """The keys of a text read as one part, in all its readings."""
    words = heard(text)
    found = readings("".join(word.sound for word in words))
    if not any(word.unsaid for word in words):
        # Arabic script writes a doubled letter once: two there are two.
        found = [single(each) for each in found]
    return [key for each in found if (key := reduced(each))]


@lru_cache(maxsize=4096)
def compound(word: str) -> tuple[str, ...]:
    """The keys of a word that is made of several parts, the last of them begun; else empty."""
    found = name_parts(normalise(word))
    return found if len(found) > 1 else ()
