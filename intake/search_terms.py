"""What to look for in the index of words when somebody types a part of a name. Pure functions.

A step is what must all hold, one term for each typed word; a term is one of several ways; a way is
groups of words of which one each must be there. Steps go from the surest to the widest: the next
is taken while few have been found.
"""

from __future__ import annotations

from collections.abc import Callable

from intake.keys import BEGINNINGS, STOP
from intake.names import beginnings, compound, name_parts, typed_words

Words = tuple[str, ...]
Way = tuple[Words, ...]
Term = tuple[Way, ...]
Step = tuple[Term, ...]

# Letters of a key after its first (intake.names.parts).
_LETTERS = "BKDFHJLMNPRSTZXC"
# More words typed say no more about who is meant.
MOST_WORDS = 6
_MOST_KEYS = 8


def steps(text: str) -> list[Step]:
    """Whole parts of names; names that begin like the words; the same more widely.

    Three, or none where the text has no letters that can be looked for.
    """
    words = typed_words(text)[:MOST_WORDS]
    made = [_step(words, term) for term in (_whole, _begun, _widely)]
    return made if all(made) else []


def _step(words: Words, term: Callable[[str], Term]) -> Step:
    return tuple(filter(None, map(term, words)))


def _whole(word: str) -> Term:
    """The parts of the word as they stand."""
    found = name_parts(word)
    return (tuple((part + STOP,) for part in found),) if found else ()


def _begun(word: str) -> Term:
    """The word as the beginning of a part, or as several parts of which the last is begun."""
    ways: list[Way] = []
    if keys := beginnings(word)[:_MOST_KEYS]:
        ways.append((tuple(dict.fromkeys(each for key in keys for each in _longer(key))),))
    if found := compound(word):
        ways.append((*((part + STOP,) for part in found[:-1]), _longer(found[-1])))
    return tuple(ways)


def _widely(word: str) -> Term:
    """The word parted at any place, and names of which only the first letters are the same."""
    ways: list[Way] = []
    keys = beginnings(word)[:_MOST_KEYS]
    for key in keys[:2]:
        ways += [((key[:at] + STOP,), _longer(key[at:])) for at in range(2, len(key))]
    if keys:
        ways.append((tuple(dict.fromkeys(each for key in keys for each in _near(key))),))
    return tuple(ways)


def _near(key: str) -> Words:
    """Words with the first letters of a key, and short first halves of compounds: Ruh-ullah."""
    unvoiced = (key[1] + STOP,) if key[0] == "A" and len(key) > 1 else ()
    return (*_longer(key[:2]), key[0] + STOP, *unvoiced)


def _longer(key: str) -> Words:
    """The words in the index that begin with a key, as far as beginnings are kept."""
    if len(key) >= BEGINNINGS.start:
        return (key[: BEGINNINGS.stop - 1],)
    return (key + STOP, *(key + letter for letter in _LETTERS))
