"""How one registrar writes: in a script, with a keyboard, and the same name the same way.

A household is written by one hand, so that all children of one father have his name in one
spelling, as on a real form. Another registration of it is written by another hand.
"""

from __future__ import annotations

from random import Random

from demo.population.lexicon import ARABIC, LATIN, PART, ROOTS, RUSSIAN, TAJIK
from demo.population.names import ABDUL, PAIR, SINGLE, UDDIN, ULLAH, URRAHMAN, Name

# Tajik letters are missing on the Russian keyboards of most offices.
TAJIK_PLAIN = "tajik on a Russian keyboard"
CYRILLIC = "cyrillic"
SCRIPTS = {ARABIC: ARABIC, LATIN: LATIN, TAJIK: CYRILLIC, TAJIK_PLAIN: CYRILLIC, RUSSIAN: CYRILLIC}
# Who registers at a Tajik crossing: officials in Tajik and Russian, agencies in Latin letters,
# interpreters and the people themselves in Dari. By judgement.
SHARES = {ARABIC: 0.30, LATIN: 0.30, TAJIK: 0.18, TAJIK_PLAIN: 0.10, RUSSIAN: 0.12}

# The usual spelling of a root comes first in its row; others are rarer by these sums.
_SPELLINGS = (0.60, 0.82, 0.92, 0.97, 0.99)

_PLAIN = str.maketrans("ҳқғӣӯҲҚҒӢӮ", "хкгиуХКГИУ")
# What the keys of an Arabic and of a Pashto keyboard type where Dari has ی ک گ.
_KEYBOARDS = (
    None,
    str.maketrans("یکۀ", "يكة"),
    str.maketrans("یگ", "يګ"),
)
_ZWNJ = "\u200c"
_SUN = frozenset("rsztdnlрсзтднлшж")
_VOWELS = frozenset("aeiouаеёиоуӯэюя")

# How two parts of a name are put together, by script: what stands between them, and the share.
_JOINTS: dict[str, tuple[tuple[float, str], ...]] = {
    ARABIC: ((0.86, " "), (0.05, _ZWNJ), (0.09, "")),
    LATIN: ((0.80, " "), (0.15, ""), (0.05, "-")),
    TAJIK: ((0.35, " "), (0.65, "")),
    RUSSIAN: ((0.60, " "), (0.35, ""), (0.05, "-")),
}
# Endings and beginnings of compound names with their shares. In braces: the root, `{low}` in small
# letters.
_ULLAH = {
    ARABIC: ((0.62, "{} الله"), (0.20, "{}‌الله"), (0.15, "{}الله"), (0.03, "{} ﷲ")),
    LATIN: (
        (0.55, "{}ullah"),
        (0.14, "{} Ullah"),
        (0.12, "{}ulla"),
        (0.10, "{}ollah"),
        (0.04, "{}-ullah"),
        (0.05, "{}ullo"),
    ),
    TAJIK: ((0.65, "{}улло"), (0.35, "{}уллоҳ")),
    RUSSIAN: ((0.60, "{}улла"), (0.30, "{}улло"), (0.10, "{}уллах")),
}
_UDDIN = {
    ARABIC: ((0.62, "{} الدین"), (0.18, "{}‌الدین"), (0.20, "{}الدین")),
    LATIN: (
        (0.45, "{}uddin"),
        (0.12, "{} Uddin"),
        (0.13, "{}udin"),
        (0.10, "{}oddin"),
        (0.08, "{}uddeen"),
        (0.06, "{}-ud-Din"),
        (0.06, "{}iddin"),
    ),
    TAJIK: ((0.75, "{}иддин"), (0.25, "{}уддин")),
    RUSSIAN: ((0.45, "{}уддин"), (0.40, "{}иддин"), (0.15, "{}удин")),
}
_URRAHMAN = {
    ARABIC: ((0.70, "{} الرحمن"), (0.15, "{}الرحمن"), (0.15, "{} رحمان")),
    LATIN: (
        (0.50, "{}urrahman"),
        (0.20, "{} Rahman"),
        (0.15, "{} ur Rahman"),
        (0.15, "{}urahman"),
    ),
    TAJIK: ((0.70, "{}урраҳмон"), (0.30, "{}раҳмон")),
    RUSSIAN: ((0.60, "{}уррахман"), (0.40, "{}рахмон")),
}
_ABDUL = {
    ARABIC: ((0.88, "عبدال{}"), (0.08, "عبد ال{}"), (0.04, "عبدل{}")),
    LATIN: (
        (0.52, "Abdul {}"),
        (0.22, "Abdul{low}"),
        (0.05, "Abdol {}"),
        (0.04, "Abdul-{}"),
        (0.04, "Abd al-{}"),
        (0.05, "Abdu{low}"),
        (0.08, "Abdu{sun}{low}"),
    ),
    TAJIK: ((0.52, "Абду{low}"), (0.28, "Абдул{low}"), (0.20, "Абду{sun}{low}")),
    RUSSIAN: (
        (0.34, "Абдул {}"),
        (0.26, "Абдул{low}"),
        (0.20, "Абду{low}"),
        (0.20, "Абду{sun}{low}"),
    ),
}
_WRITTEN = {ULLAH: _ULLAH, UDDIN: _UDDIN, URRAHMAN: _URRAHMAN, ABDUL: _ABDUL}


def pick(dice: Random, choices: tuple[tuple[float, str], ...]) -> str:
    """One of the choices, by their shares."""
    at = dice.random()
    for share, choice in choices:
        at -= share
        if at < 0:
            return choice
    return choices[0][1]


class Hand:
    """One registrar at one household."""

    def __init__(self, dice: Random, script: str) -> None:
        """Choose keyboard and habits; every spelling is chosen when it is first needed."""
        self.dice = dice
        self.script = script
        self.column = TAJIK if script == TAJIK_PLAIN else script
        self.native_digits = script == ARABIC and dice.random() < 0.7
        at = dice.random()
        self._capitals = script != ARABIC and at < 0.05
        self._small = script != ARABIC and at > 0.98
        self._keys = _KEYBOARDS[0 if at < 0.70 else 1 if at < 0.85 else 2]
        self._soft_j = "дж" if at < 0.6 else "ч"
        self._roots: dict[int, str] = {}
        self._forms: dict[str, str] = {}
        self._names: dict[Name, str] = {}

    def write(self, name: Name, *, otherwise_joined: bool = False) -> str:
        """The name as this hand writes it, always the same way.

        With `otherwise_joined`, its parts stand apart where the hand would join them, and are
        joined where it would not.
        """
        if not otherwise_joined and name in self._names:
            return self._names[name]
        written = self._written(name)
        if otherwise_joined and name.form != SINGLE:
            return self._finish(_other_joint(written, self._root(name.first)))
        written = self._names[name] = self._finish(written)
        return written

    def titled(self, written: str, title: str, *, after: bool) -> str:
        """The written name with a title before or after it."""
        word = self._finish(self._root(PART[title]))
        return f"{written} {word}" if after else f"{word} {written}"

    def _written(self, name: Name) -> str:
        root = self._root(name.first)
        if name.form == SINGLE:
            return root
        if name.form == PAIR:
            return self._pair(root, self._root(name.second))
        pattern = self._form(name.form, _WRITTEN[name.form][self.column])
        if name.form == ABDUL:
            return self._abdul(pattern, root)
        stem = f"{root[:-1]}и" if root.endswith("ӣ") else root
        if self.column == TAJIK and stem[-1] in _VOWELS:
            pattern = pattern.replace("{}и", "{}у")
        return pattern.replace("{}", stem)

    def _pair(self, first: str, second: str) -> str:
        joint = self._form(PAIR, _JOINTS[self.column])
        if not joint:
            first = f"{first[:-1]}и" if first.endswith("ӣ") else first
            second = second.lower()
        return f"{first}{joint}{second}"

    def _abdul(self, pattern: str, root: str) -> str:
        low = root.lower()
        if "{sun}" in pattern:
            pattern = pattern.replace("{sun}", low[0] if low[0] in _SUN else "лl"[low.isascii()])
        elif low[0] in _VOWELS:  # never without its l: Abdulaziz
            pattern = pattern.replace("bdu{", "bdul{").replace("бду{", "бдул{")
        return pattern.replace("{low}", low).replace("{}", root)

    def _form(self, form: str, choices: tuple[tuple[float, str], ...]) -> str:
        found = self._forms.get(form)
        if found is None:
            found = self._forms[form] = pick(self.dice, choices)
        return found

    def _root(self, index: int) -> str:
        found = self._roots.get(index)
        if found is None:
            spellings = ROOTS[index].spellings[self.column]
            found = spellings[0]
            if len(spellings) > 1:
                at = self.dice.random()
                place = sum(at > each for each in _SPELLINGS)
                found = spellings[min(place, len(spellings) - 1)]
            self._roots[index] = found
        return found

    def _finish(self, written: str) -> str:
        if self.script == ARABIC:
            return written.translate(self._keys) if self._keys else written
        if self.script == TAJIK_PLAIN:
            written = written.translate(_PLAIN).replace("ҷ", self._soft_j)
            written = written.replace("Ҷ", self._soft_j.capitalize())
        if self._capitals:
            return written.upper()
        return written.lower() if self._small else written


def _other_joint(written: str, root: str) -> str:
    for sign in (" ", _ZWNJ, "-"):
        if sign in written:
            first, _, rest = written.partition(sign)
            return first + (rest.lower() if sign != _ZWNJ else rest)
    at = len(root) if written.startswith(root) else len(written) - len(root)
    return f"{written[:at]} {written[at:]}"
