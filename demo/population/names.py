"""Own names, made of roots: alone, or compound as Afghan and Tajik names are.

Often one compound first name, and most people without a last name: K. Megerdoomian, The Structure
of Afghan Names (MITRE, 2009). The shares of the forms are set by judgement, not counted.
"""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import NamedTuple

from demo.population.lexicon import ARABIC, PART, ROOTS, pool

# How the parts of a name hang together when it is written.
SINGLE, PAIR, ABDUL, ULLAH, UDDIN, URRAHMAN = "single", "pair", "abdul", "ullah", "uddin", "rahman"
NONE = -1
_PARTS = frozenset(PART.values())


class Name(NamedTuple):
    """A name before anybody writes it: its form, and roots as indexes of `lexicon.ROOTS`."""

    form: str
    first: int
    second: int = NONE

    @property
    def compound(self) -> bool:
        """Whether it has parts that can be dropped or joined."""
        return self.form != SINGLE


class _Form(NamedTuple):
    share: float
    form: str
    role: str  # of the root that is drawn
    before: tuple[str, ...] = ()  # parts, of which one stands before the root
    after: tuple[str, ...] = ()


_MEN = (
    _Form(0.33, SINGLE, "s"),
    _Form(0.14, PAIR, "m", before=("mohammad",)),
    _Form(0.06, PAIR, "n", after=("mohammad",)),
    _Form(0.15, ABDUL, "a"),
    _Form(0.14, ULLAH, "l"),
    _Form(0.06, UDDIN, "d"),
    _Form(0.02, URRAHMAN, "r"),
    _Form(0.03, PAIR, "g", before=("ghulam",)),
    _Form(0.05, PAIR, "k", after=("khan", "shah", "jan", "ali", "bek", "gul")),
    _Form(0.02, PAIR, "h", before=("gul", "sher", "mir", "shah", "amir", "ali")),
)
_WOMEN = (
    _Form(0.68, SINGLE, "s"),
    _Form(0.11, PAIR, "b", before=("bibi",)),
    _Form(0.14, PAIR, "k", after=("gul", "jan", "begum", "bano")),
    _Form(0.07, PAIR, "h", before=("gul", "shah", "mah")),
)
_FORMS = {"M": _MEN, "F": _WOMEN}
_SHARES = {sex: tuple(accumulate(form.share for form in forms)) for sex, forms in _FORMS.items()}


def draw(dice: Random, sex: str, community: str, like: Name | None = None) -> Name:
    """An own name of a woman ("F") or man ("M"); `like`: in the form of a brother's or sister's."""
    while True:
        name = _draw(dice, sex, community, like)
        if name.second == NONE or not _repeats_itself(name):
            return name


def _draw(dice: Random, sex: str, community: str, like: Name | None) -> Name:
    if like is not None and like.compound:
        if like.form == PAIR:
            return _like_pair(dice, sex, community, like)
        role = next(form.role for form in _FORMS[sex] if form.form == like.form)
        return Name(like.form, pool(sex, role, community).draw(dice))
    at = dice.random()
    forms = _FORMS[sex]
    form = next(
        (each for each, upto in zip(forms, _SHARES[sex], strict=True) if at < upto), forms[0]
    )
    root = pool(sex, form.role, community).draw(dice)
    if form.form != PAIR:
        return Name(form.form, root)
    if form.before:
        return Name(PAIR, _part(dice, form.before), root)
    return Name(PAIR, root, _part(dice, form.after))


def _like_pair(dice: Random, sex: str, community: str, like: Name) -> Name:
    """The same part with another root: Mohammad Nabi, Mohammad Karim."""
    role = "m" if sex == "M" else "k"
    root = pool(sex, role, community).draw(dice)
    return Name(PAIR, like.first, root) if like.first in _PARTS else Name(PAIR, root, like.second)


def _part(dice: Random, parts: tuple[str, ...]) -> int:
    # The square makes the parts that stand first the commoner ones.
    return PART[parts[int(len(parts) * dice.random() ** 2)]]


def _repeats_itself(name: Name) -> bool:
    """Nobody is called Gul Gul, also not by a root and a part of the same letters."""
    first, second = ROOTS[name.first].spellings[ARABIC], ROOTS[name.second].spellings[ARABIC]
    return first[0] == second[0]


def shortened(name: Name, dice: Random) -> Name:
    """What is left of a compound name when a part is dropped: Nabi of Mohammad Nabi."""
    if name.form == PAIR:
        given = name.second if name.first in _PARTS else name.first
        other = name.first if given == name.second else name.second
        return Name(SINGLE, given if dice.random() < 0.8 else other)
    return Name(SINGLE, name.first)
