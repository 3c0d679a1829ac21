"""Names in many spellings: do they meet, and do different names stay apart?

data/names.csv holds over two hundred groups of invented and common names, one name a row, in the
spellings of Dari, Pashto, Tajik, Russian, English, French and German hands. The rules and costs in
intake/names were written looking at the rows marked "tuned" only; the floors and ceilings below
are for the rows marked "held out", of which only totals were looked at. The rows alternate in the
order in which they were written down. Both halves are common names by one hand, and the table of
known names holds nearly all of either. With the names of the held out rows taken out of the table
(names that nobody listed): one key 0.978, the same or alike 0.993, and of different names with
nearly one key 0.057 the same or alike, against 0.002 with the table.
"""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.names import (
    Agreement,
    agreement,
    name_keys,
    name_parts,
    script_of,
    similarity,
    skeleton,
)

DATA = Path(__file__).parent / "data" / "names.csv"
ROWS = list(csv.DictReader(DATA.read_text(encoding="utf-8").splitlines()))
GROUPS = [row["spellings"].split("|") for row in ROWS]
HELD_OUT = [group for row, group in zip(ROWS, GROUPS, strict=True) if row["half"] == "held out"]
SAME, ALIKE, PART, DIFFERENT = Agreement


def pairs(groups: list[list[str]]) -> list[tuple[str, str]]:
    return [pair for group in groups for pair in itertools.combinations(group, 2)]


def strangers(groups: list[list[str]]) -> list[tuple[str, str]]:
    """A spelling of each script of one name with one of another; the two have none in common.

    Every third pair of names, to be quick.
    """
    found = []
    for one, other in itertools.islice(itertools.combinations(groups, 2), 0, None, 3):
        if not set(one) & set(other):
            found += [(a, b) for a in _one_a_script(one) for b in _one_a_script(other)]
    return found


def _one_a_script(group: list[str]) -> list[str]:
    return list({script_of(name): name for name in group}.values())


PAIRS, STRANGERS = pairs(HELD_OUT), strangers(HELD_OUT)


def share(holds: list[bool]) -> float:
    return sum(holds) / len(holds)


def test_there_are_enough_names_in_three_scripts():
    assert len(GROUPS) > 200
    assert len(PAIRS) > 2500
    assert len(STRANGERS) > 15_000
    for group in GROUPS:
        assert {script_of(name) for name in group} == {"arabic", "cyrillic", "latin"}


def test_spellings_of_a_name_have_one_key():
    assert share([skeleton(a) == skeleton(b) for a, b in PAIRS]) >= 0.98
    assert share([bool(name_keys(a) & name_keys(b)) for a, b in PAIRS]) >= 0.98


def test_different_names_seldom_have_one_key():
    assert share([skeleton(a) == skeleton(b) for a, b in STRANGERS]) <= 0.001


def test_spellings_of_a_name_are_the_same_or_alike():
    levels = [agreement(a, b) for a, b in PAIRS]
    assert share([level is SAME for level in levels]) >= 0.95
    assert share([level in (SAME, ALIKE) for level in levels]) >= 0.98


def test_different_names_are_different():
    levels = [agreement(a, b) for a, b in STRANGERS]
    assert share([level in (SAME, ALIKE) for level in levels]) <= 0.0005
    assert share([level is DIFFERENT for level in levels]) >= 0.995


def test_scores_part_the_same_from_the_different():
    assert share([similarity(a, b) >= 0.84 for a, b in PAIRS]) >= 0.98
    assert share([similarity(a, b) < 0.84 for a, b in STRANGERS]) >= 0.995


def test_the_script_makes_no_difference():
    """A spelling of each script against one stranger: the level is the same for nearly all."""
    agreeing = []
    for one, other in itertools.pairwise(HELD_OUT):
        levels = {agreement(a, b) for a in _one_a_script(one) for b in _one_a_script(other)}
        agreeing.append(len(levels) == 1)
    assert share(agreeing) >= 0.98


# --- what must hold for any text -----------------------------------------------------------------

NAMES = st.sampled_from([name for group in GROUPS for name in group])
LETTERS = "abdehijklmnorsuyzʼ' -ابحدرزسشعلمنوهیيكگپچخ\u200cабвгдеёжийкмнорсухъӣӯҳҷқғ"
TEXTS = st.one_of(NAMES, st.text(max_size=60), st.text(alphabet=LETTERS, max_size=30))


@given(TEXTS, TEXTS)
def test_agreement_is_symmetric(a, b):
    assert agreement(a, b) is agreement(b, a)
    assert similarity(a, b) == similarity(b, a)


@given(TEXTS)
def test_a_name_agrees_with_itself(name):
    if skeleton(name):
        assert agreement(name, name) is SAME
        assert similarity(name, name) == 1
    else:
        assert agreement(name, name) is DIFFERENT
        assert similarity(name, name) == 0


@given(TEXTS, TEXTS)
def test_scores_lie_in_the_range_of_their_level(a, b):
    score, level = similarity(a, b), agreement(a, b)
    low, high = {
        SAME: (0.95, 1),
        ALIKE: (0.84, 0.94),
        PART: (0.7, 0.86),
        DIFFERENT: (0, 0.7),
    }[level]
    assert low <= score <= high


@given(TEXTS)
def test_keys_of_any_text(text):
    assert skeleton(text).isascii()
    assert len(name_keys(text)) <= 8
    assert (skeleton(text) != "") == bool(name_keys(text))
    assert all(name_parts(text))


@given(st.sampled_from(GROUPS), st.data())
def test_titles_and_case_change_no_level(group, data):
    name, other = data.draw(st.sampled_from(group)), data.draw(st.sampled_from(group))
    title = {"latin": "Haji ", "arabic": "حاجی ", "cyrillic": "Ҳоҷӣ "}[script_of(other)]
    if any(len(key) > 1 for key in name_keys(other)) and agreement(name, other) is SAME:
        titled = agreement(name, title + other.upper())
        assert titled is SAME or agreement(other, title + other) is not SAME


# --- levels, by example --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Hasan", "Husayn"),
        ("حسن", "Husayn"),
        ("حسین", "Ҳасан"),
        ("حسن", "حسین"),
        ("Mohammad", "Mahmud"),
        ("محمود", "Муҳаммад"),
        ("Ahmad", "Hamid"),
        ("احمد", "حمید"),
        ("Amir", "Omar"),
        ("عمر", "Amir"),
        ("Karim", "Akram"),
        ("کریم", "Акрам"),
        ("Nazir", "Nasir"),
        ("Rahim", "Rahman"),
        ("رحیم", "Раҳмон"),
        ("Karim", "Karima"),
        ("Jamal", "جمیل"),
        ("Mohammad Nabi", "Ghulam Nabi"),
        ("Mohammad Nabi", "Mohammad"),
        ("Gul", "Gul Bibi"),
        ("Gul Bibi", "Bibi Gul"),
        ("Nasrullah", "Nasruddin"),
        ("Abdul Karim", "عبدالرحیم"),
    ],
)
def test_names_that_are_two(a, b):
    assert agreement(a, b) is DIFFERENT
    assert similarity(a, b) <= 0.7


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Sohrab", "Sorhab"),
        ("Rustam", "Rutsam"),
        ("Ситора", "Сифора"),
        ("رستم", "رسدم"),
        ("Nabi Mohammad", "Mohammad Nabi"),
        ("Довут", "داود"),
    ],
)
def test_slips_are_alike(a, b):
    assert agreement(a, b) is ALIKE


@pytest.mark.parametrize(
    ("a", "b", "score"),
    [
        ("Mohammad Nabi", "Nabi", 0.86),
        ("محمد نبی", "Набӣ", 0.86),
        ("Abdul Rahman", "رحمان", 0.86),
        ("Karim", "Karim Khan", 0.86),
        ("Karim Agha", "Karim", 0.86),
        ("Каримов", "Karim", 0.86),
        ("Nabi", "Nabi Sohrabi", 0.8),
        ("محمد نبی احمدی", "Mohammad Nabi", 0.8),
        ("Mohammad Nabi", "Nabi Ahmadi", 0.78),
    ],
)
def test_a_part_of_a_name(a, b, score):
    assert agreement(a, b) is PART
    assert similarity(a, b) == pytest.approx(score, abs=0.02)


@pytest.mark.parametrize(
    ("titled", "name"),
    [
        ("Haji Karim", "کریم"),
        ("Mullah Omar", "Умар"),
        ("استاد ربانی", "Rabbani"),
        ("Dr. Anwar", "Анвар"),
        ("Engineer Tawfiq Sahib", "توفیق"),
        ("Карима хонум", "Karima"),
    ],
)
def test_titles_come_off(titled, name):
    assert agreement(titled, name) is SAME


@pytest.mark.parametrize("name", ["Mir Agha", "Gul Khanum", "حاجی", "Haji Gul", "Malik", "Hafiz"])
def test_a_title_that_is_the_name_stays(name):
    assert len(name_parts(name)) == len(name.split())


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Салоҳиддин", ("SL", "DN")),
        ("Salah ud Din", ("SL", "DN")),
        ("نجیب‌الله", ("NJB", "L")),
        ("Abdurrahman", ("ABD", "RHMN")),
        ("عبد الرحمن", ("ABD", "RHMN")),
        ("Nurulhaq", ("NR", "HK")),
        ("نور الحق", ("NR", "HK")),
        ("Ғуломҳазрат", ("KLM", "HZRT")),
        ("Гулмамад", ("KL", "MHMD")),
        ("Набизода", ("NB", "ZD")),
        ("Abdullah", ("ABDL",)),
    ],
)
def test_parts_of_compounds(name, parts):
    assert name_parts(name) == parts
