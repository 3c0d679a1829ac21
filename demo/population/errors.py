"""What goes wrong when the same family is registered again, and how often.

The kinds are recorded in the truth. No table of such rates for refugees' registrations was found:
those without a source are set by judgement, each with its reason, and are the same for everything
that is measured on the population.
"""

from __future__ import annotations

from random import Random
from typing import Final

from demo.population.births import (
    ABOUT,
    AGE,
    JANUARY,
    MONTHS,
    OTHER_CALENDAR,
)
from demo.population.hands import CYRILLIC, SCRIPTS, Hand
from demo.population.lexicon import ARABIC, LATIN
from demo.population.names import Name, shortened

# --- kinds ---------------------------------------------------------------------------------------
SCRIPT, LATER, PHONE_OTHER, PHONE_MISSING, ENTRY_POINT, FOCAL_POINT = (
    "script", "later", "phone_other", "phone_missing", "entry_point", "focal_point"
)  # fmt: skip
MEMBERS_MISSING, MEMBERS_ADDED = "members_missing", "members_added"
SPELLING, SLIP, TITLE, PART_DROPPED, PART_JOINED = (
    "spelling", "slip", "title", "part_dropped", "part_joined"
)  # fmt: skip
FATHER_MISSING, FATHER_PART = "father_missing", "father_part"
YEAR_OFF, TOLD_AS_AGE, TOLD_AS_JANUARY, OTHER_DATE, BIRTH_MISSING = (
    "year_off", "told_as_age", "told_as_january", "other_calendar", "birth_missing"
)  # fmt: skip
SEX, DOCUMENT_MISSING, DOCUMENT_MISTYPED = "sex", "document_missing", "document_mistyped"

HOUSEHOLD_KINDS: Final = (
    SCRIPT, LATER, PHONE_OTHER, PHONE_MISSING, ENTRY_POINT, FOCAL_POINT, MEMBERS_MISSING,
    MEMBERS_ADDED,
)  # fmt: skip
PERSON_KINDS: Final = (
    SPELLING, SLIP, TITLE, PART_DROPPED, PART_JOINED, FATHER_MISSING, FATHER_PART, YEAR_OFF,
    TOLD_AS_AGE, TOLD_AS_JANUARY, OTHER_DATE, BIRTH_MISSING, SEX, DOCUMENT_MISSING,
    DOCUMENT_MISTYPED,
)  # fmt: skip

# --- rates: of repeats for the first block, of persons (or of those whom it can befall) below ----
RATES: Final[dict[str, float]] = {
    # Three kinds of registrars stand at a crossing, each with a script: who comes again at another
    # desk most often meets another.
    SCRIPT: 0.60,
    # Families have more than one telephone, and cards are sold and bought on the way.
    PHONE_OTHER: 0.15,
    PHONE_MISSING: 0.10,
    # Who is sent on, or hopes for a second ration, goes elsewhere; most come back to one post.
    ENTRY_POINT: 0.30,
    # The husband is away on the second day, and the wife or the grandmother answers.
    FOCAL_POINT: 0.20,
    # Per name. A trained typist errs in a few names of a hundred; Damerau (CACM 7(3), 1964) found
    # that four of five misspellings are one letter wrong, missing, added, or two exchanged.
    SLIP: 0.03,
    # Of adults: Haji, Mullah, Engineer, Khan; respect at one desk and not at the other.
    TITLE: 0.06,
    # Of compound names: "Mohammad" is left out as no name of its own, or the rest as a surname.
    PART_DROPPED: 0.08,
    PART_JOINED: 0.08,
    FATHER_MISSING: 0.06,
    FATHER_PART: 0.08,
    # Of births. What is said from memory is a year off now and then (three of four by one year).
    YEAR_OFF: 0.08,
    TOLD_AS_AGE: 0.12,
    TOLD_AS_JANUARY: 0.08,
    OTHER_DATE: 0.10,
    BIRTH_MISSING: 0.02,
    # A wrong click.
    SEX: 0.005,
    # Of those who have a document.
    DOCUMENT_MISSING: 0.30,
    DOCUMENT_MISTYPED: 0.05,
}

_TITLES_BEFORE = {
    "M": ("haji", "sayed", "mullah", "ustad", "engineer", "doctor", "khwaja", "arbab"),
    "F": ("bibi", "haji", "ustad", "doctor"),
}
_TITLES_AFTER = {"M": ("khan", "jan", "agha", "shah"), "F": ("jan", "khanum", "begum")}

# Keys that lie side by side, and letters that look or sound alike.
_KEY_ROWS = {
    LATIN: ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    CYRILLIC: ("йцукенгшщзх", "фывапролджэ", "ячсмитьбю"),
    ARABIC: ("ضصثقفغعهخحجچ", "شسیبلاتنمکگ", "ظطزرذدپو"),
}
_ALIKE = {
    LATIN: ("ie", "ou", "ae", "sz", "dt", "qk", "gj", "vw"),
    CYRILLIC: ("ао", "ие", "уо", "сз", "дт", "гх", "кқ", "хҳ"),
    ARABIC: ("بپتثن", "جچحخ", "دذ", "رزژ", "سش", "صض", "طظ", "عغ", "فق", "کگ"),
}


def _neighbours() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for script, rows in _KEY_ROWS.items():
        near: dict[str, str] = {}
        for row in rows:
            for place, letter in enumerate(row):
                near[letter] = row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
        for group in _ALIKE[script]:
            for letter in group:
                # Twice, so that they are chosen as often as the two keys beside it.
                near[letter] = near.get(letter, "") + 2 * group.replace(letter, "")
        found[script] = near
    return found


_NEAR = _neighbours()


def befalls(dice: Random, kind: str) -> bool:
    """Whether it goes wrong this time."""
    return dice.random() < RATES[kind]


def other_script(dice: Random, script: str, shares: dict[str, float]) -> str:
    """A way of writing in other letters than `script`."""
    left = {each: share for each, share in shares.items() if SCRIPTS[each] != SCRIPTS[script]}
    return dice.choices(list(left), list(left.values()))[0]


def same_script(dice: Random, script: str, shares: dict[str, float]) -> str:
    """A way of writing in the letters of `script`."""
    left = {each: share for each, share in shares.items() if SCRIPTS[each] == SCRIPTS[script]}
    return dice.choices(list(left), list(left.values()))[0]


def slip(dice: Random, text: str, script: str) -> str:
    """One letter wrong, missing, added (doubled), or two exchanged; seldom the first."""
    places = [place for place, letter in enumerate(text) if letter.isalpha()]
    if len(places) < 3:
        return text
    at = places[0] if dice.random() < 0.1 else dice.choice(places[1:])
    how = dice.random()
    letter = text[at]
    if how < 0.45:
        near = _NEAR[SCRIPTS[script]].get(letter.lower())
        if near:
            new = dice.choice(near)
            return text[:at] + (new.upper() if letter.isupper() else new) + text[at + 1 :]
    if how < 0.75:
        return text[:at] + text[at + 1 :]
    if how < 0.88 or at + 1 not in places or text[at + 1] == letter:
        return text[:at] + letter + text[at:]
    return text[:at] + text[at + 1] + letter + text[at + 2 :]


def title(dice: Random, written: str, sex: str, hand: Hand) -> str:
    """The name with a title."""
    after = dice.random() < 0.4
    titles = (_TITLES_AFTER if after else _TITLES_BEFORE)["F" if sex == "F" else "M"]
    return hand.titled(written, titles[int(len(titles) * dice.random() ** 1.5)], after=after)


def own_name(dice: Random, name: Name, sex: str, age: int, hand: Hand, wrong: list[str]) -> str:
    """An own name as it is written the second time; what befell it is added to `wrong`."""
    joined = False
    if name.compound:
        if befalls(dice, PART_DROPPED):
            name = shortened(name, dice)
            wrong.append(PART_DROPPED)
        elif befalls(dice, PART_JOINED):
            joined = True
            wrong.append(PART_JOINED)
    written = hand.write(name, otherwise_joined=joined)
    if befalls(dice, SLIP):
        slipped = slip(dice, written, hand.script)
        if slipped != written:
            written = slipped
            wrong.append(SLIP)
    if age >= 18 and befalls(dice, TITLE):
        written = title(dice, written, sex, hand)
        wrong.append(TITLE)
    return written


def father_name(dice: Random, name: Name, hand: Hand, wrong: list[str]) -> str:
    """A father's name as it is written the second time: perhaps a part of it, or nothing."""
    if befalls(dice, FATHER_MISSING):
        wrong.append(FATHER_MISSING)
        return ""
    if name.compound and befalls(dice, FATHER_PART):
        wrong.append(FATHER_PART)
        name = shortened(name, dice)
    written = hand.write(name)
    if befalls(dice, SLIP):
        slipped = slip(dice, written, hand.script)
        if slipped != written:
            if SLIP not in wrong:
                wrong.append(SLIP)
            return slipped
    return written


def manner(dice: Random, usual: str, age: int, wrong: list[str]) -> str:
    """How a birth is told the second time; empty when it is not."""
    if befalls(dice, BIRTH_MISSING):
        wrong.append(BIRTH_MISSING)
        return ""
    if usual in OTHER_CALENDAR and befalls(dice, OTHER_DATE):
        wrong.append(OTHER_DATE)
        return OTHER_CALENDAR[usual]
    if usual not in (AGE, ABOUT, MONTHS) and befalls(dice, TOLD_AS_AGE):
        wrong.append(TOLD_AS_AGE)
        return ABOUT if age >= 30 and dice.random() < 0.4 else AGE
    if usual not in (JANUARY, MONTHS) and age >= 2 and befalls(dice, TOLD_AS_JANUARY):
        wrong.append(TOLD_AS_JANUARY)
        return JANUARY
    return usual


def years_off(dice: Random, usual: str, age: int, wrong: list[str]) -> int:
    """How many years the birth is off, mostly none; of infants the age in months is known."""
    if age < 3 or usual == "" or not befalls(dice, YEAR_OFF):
        return 0
    wrong.append(YEAR_OFF)
    years = 1 if dice.random() < 0.75 else 2
    return years if dice.random() < 0.5 else -years


def mistyped(dice: Random, number: str) -> str:
    """A document's number with one digit wrong or two exchanged, in its invented series still."""
    places = [place for place, sign in enumerate(number) if sign.isdigit()][-8:]
    at = dice.choice(places[:-1])
    beside = places[places.index(at) + 1]
    signs = list(number)
    if dice.random() < 0.4 and signs[at] != signs[beside]:
        signs[at], signs[beside] = signs[beside], signs[at]
    else:
        signs[at] = str((int(signs[at]) + 1 + int(8 * dice.random())) % 10)
    return "".join(signs)
