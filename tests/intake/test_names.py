"""Names in three scripts: one plain form, keys that agree, scores, and hints in free text."""

from __future__ import annotations

import csv
import itertools
import json
from collections import defaultdict
from pathlib import Path

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from intake.names import (
    is_blank,
    name_keys,
    normalise,
    romanise,
    script_of,
    sealed_hint,
    similarity,
    skeleton,
)

# One name a line, in spellings that registrars use. Invented people, common names.
TABLE = """
Mohammad Nabi|Muhammad Nabi|Mohd Nabi|Mohammadnabi|محمد نبی|محمدنبی|Муҳаммаднабӣ|Мухаммад Наби
Zia|Ziya|ضیا|ضياء|Зиё|Зия
Suhrob|Sohrab|سهراب|Сӯҳроб|Сухроб
Golnaz|Gulnaz|گلناز|ګلناز|Гулноз
Khudabakhsh|Khuda Bakhsh|Khodabakhsh|خدا بخش|خدابخش|Худобахш|Худабахш
Abdul Hakim|Abdulhakim|عبدالحکیم|عبد الحکیم|Абдулҳаким|Абдулхаким|Abdolhakim
Abdul Rahman|Abdurrahman|Abdurahman|Abdulrahman|عبدالرحمن|عبدالرحمان|Абдурраҳмон|Абдурахмон
Abdul Aziz|Abdulaziz|عبدالعزیز|Абдулазиз
Abdullah|عبدالله|عبداللّٰه|Абдуллоҳ|Абдулло|Abdulla
Abdul Latif|Abdullatif|عبداللطیف|Абдуллатиф|Абдулатиф
Nasrullah|Nasrollah|نصرالله|نصر الله|Насрулло|Nasr Ullah
Najmuddin|Najm ud Din|Najmudin|نجم الدین|نجم‌الدین|Наҷмиддин|Наджмиддин
Sadruddin|Sadr al-Din|صدرالدین|Садриддин
Ghulam Sakhi|Gholam Sakhi|غلام سخی|Ғулом Сахӣ|Гулом Сахи
Qurban Ali|Ghorban Ali|قربان علی|Қурбоналӣ|Курбонали
Khurshid Begim|Khorshid Begum|خورشید بیگم|Хуршедбегим
Bibi Gul|Bibigul|بی بی گل|Бибигул
Mubarak Shah|Mobarak Shah|مبارک شاه|Муборакшо|Муборакшоҳ
Mah Jan|Mahjan|ماه جان|Моҳҷон
Mahtab|Mahtob|مهتاب|Маҳтоб
Malika|Maleka|ملیکه|مليكة|Малика
Laleh|Lala|لاله|Лола
Roshanak|Rawshanak|روشنک|Равшанак
Dawlat|Daulat|Davlat|دولت|Давлат
Yusuf|Yousef|یوسف|Юсуф|Yosuf
Yaqub|Yaghub|یعقوب|Яқуб
Wahid|Vahid|وحید|Ваҳид|Вахид
Ibrahim|Ebrahim|ابراهیم|Иброҳим|Ибрагим
Ismail|Esmail|اسماعیل|Исмоил
Omar|Umar|عمر|Умар
Hasan|Hassan|حسن|Ҳасан|Хасан
Husain|Hossein|Hussein|حسین|Ҳусейн|Хусейн
Fatima|Fatemeh|Fatimah|فاطمه|Фотима|Фатима
Zainab|Zaynab|زینب|Зайнаб
Maryam|Mariam|مریم|Марям
Khadija|Khadijah|Khadijeh|خدیجه|Хадиҷа|Хадича
Reza|Ridha|Riza|رضا|Ризо
Sadiq|Sadeq|Sadegh|صادق|Содиқ|Садик
Osman|Usman|Othman|عثمان|Усмон
Shahnaz|شهناز|Шаҳноз|Шахноз
Shukria|Shukriya|شکریه|Шукрия
Aziza|عزیزه|Азиза
Amanullah|Aman Ullah|امان الله|Амонулло
Sher Mohammad|Shermohammad|Shir Mohammad|شیر محمد|Шермуҳаммад
Sayed Ahmad|Sayyid Ahmad|سید احمد|Сайидаҳмад|Саид Ахмад
Jamshid|Jamshed|جمشید|Ҷамшед|Джамшед
Najib|Najeeb|نجیب|Наҷиб|Наджиб
Parwin|Parveen|پروین|Парвин
Farrukh|Farukh|فرخ|Фаррух
Ishaq|Eshaq|اسحاق|Исҳоқ|Исхак
Zarghona|Zarghuna|زرغونه|Зарғуна
Haji Karim|Karim|کریم|حاجی کریم|Ҳоҷӣ Карим|Mullah Karim
Shoira|Shaira|شاعره|Шоира
Firuza|Feroza|فیروزه|Фирӯза
Islamuddin|اسلام الدین|Исломиддин
Nur Muhammad|Noor Mohammad|Nurmuhammad|نور محمد|Нурмуҳаммад
Ghafur|Ghafoor|غفور|Ғафур|Гафур
Faizullah|Fayzullah|فیض الله|Файзулло
Fathullah|Fath Ullah|فتح الله|Фатҳулло
Khalid|خالد|Холид
Zahra|زهرا|Заҳро|Захра
Leila|Layla|لیلا|لیلی|Лайло
Bakhtawar|بختاور|Бахтовар
Safiullah|صفی الله|Сафиулло
Mirwais|Mir Wais|میرویس|Мирвайс
Ayub|Ayoub|ایوب|Аюб|Айюб
"""
GROUPS = [line.split("|") for line in TABLE.strip().splitlines()]


@pytest.fixture(scope="module")
def rows():
    """The rows of the scenario, by household number."""
    path = Path(settings.BASE_DIR) / "scenario" / "arrivals.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = defaultdict(list)
        for row in csv.DictReader(file):
            found[int(row["household_no"])].append(row)
    return found


# --- one plain form ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("  Amir   KHAN ", "amir khan"),
        ("كريم", "کریم"),
        ("مُحَمَّد", "محمد"),
        ("نجم\u200cالدین", "نجم الدین"),
        ("Сӯҳроб", "сӯҳроб"),
        ("Абдул-Ҳаким", "абдул ҳаким"),
        ("Ẓiyā’", "ziya"),
        ("فاطمة", "فاطمه"),
        ("ﻣﺤﻤﺪ", "محمد"),
    ],
)
def test_normalises(name, expected):
    assert normalise(name) == expected


@pytest.mark.parametrize("name", ["", "   ", "\u200c\u200f", "-", "12", "۷", None, "?"])
def test_blank_names(name):
    assert is_blank(name)


def test_a_letter_is_a_name():
    assert not is_blank("س")
    assert not is_blank("A.")


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("محمد نبی", "arabic"),
        ("Сӯҳроб", "cyrillic"),
        ("Ẓiyāʾ", "latin"),
        ("Amir خان", "mixed"),
        ("李", "other"),
        ("12", "none"),
    ],
)
def test_script(name, script):
    assert script_of(name) == script


def test_romanises_what_is_heard():
    assert romanise("Ғулом Сахӣ") == "ghulam sakhi"
    assert romanise("سهراب") == "shrab"
    assert romanise("Шоҳин") == "shahin"


# --- keys --------------------------------------------------------------------------------------


def test_nearly_all_spellings_of_a_name_have_its_key():
    agreeing = total = 0
    for spellings in GROUPS:
        keys = [skeleton(spelling) for spelling in spellings]
        agreeing += keys.count(max(set(keys), key=keys.count))
        total += len(keys)
    assert total > 300
    assert agreeing / total >= 0.99


def test_nearly_all_pairs_of_spellings_share_a_key():
    pairs = [pair for group in GROUPS for pair in itertools.combinations(group, 2)]
    shared = sum(bool(name_keys(a) & name_keys(b)) for a, b in pairs)
    assert shared / len(pairs) >= 0.99


def test_few_different_names_have_one_key():
    keys = [skeleton(group[0]) for group in GROUPS]
    pairs = list(itertools.combinations(keys, 2))
    assert sum(a == b for a, b in pairs) <= 2  # Laleh and Leila; Hasan and Husayn
    assert len(pairs) > 2000


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Amir Khan", {"AMRHN", "AMR"}),
        ("امیر خان", {"AMRHN", "AMR"}),
        ("Амирхон", {"AMRHN", "AMR"}),
        ("Mohammad Nabi", {"MHMDNB", "NB"}),
        ("محمدنبی", {"MHMDNB", "NB"}),
        ("Муҳаммаднабӣ", {"MHMDNB", "NB"}),
        ("Abdul Rahman", {"ABDRHMN", "RHMN"}),
        ("عبدالرحمن", {"ABDRHMN", "RHMN"}),
        ("Haji Karim", {"KRM"}),
        ("Haji", {"HJ"}),
        ("Mohammad", {"MHMD"}),
        ("", set()),
        ("۱۲", set()),
    ],
)
def test_keys_of_the_parts(name, keys):
    assert name_keys(name) == keys


def test_repeated_families_of_the_scenario_meet_by_name_keys(rows):
    truth = json.loads((Path(settings.BASE_DIR) / "scenario" / "truth.json").read_text())
    met = total = 0
    for first, second in truth["repeat_households"]:
        known = [name_keys(row["name"]) for row in rows[first]]
        for row in rows[second]:
            total += 1
            met += any(name_keys(row["name"]) & keys for keys in known)
    assert total == 46
    assert met == total


# --- scores ------------------------------------------------------------------------------------


def test_spellings_score_above_other_names(rows):
    names = sorted({row["name"].strip().title() for group in rows.values() for row in group} - {""})
    same, other = [], []
    for a, b in itertools.combinations(names, 2):
        (same if skeleton(a) == skeleton(b) else other).append(similarity(a, b))
    assert min(same) > max(other)
    assert min(same) > 0.8


def test_score_tells_apart_what_the_key_does_not():
    assert skeleton("Hasan") == skeleton("Husain")
    assert similarity("Hasan", "Husain") < similarity("Hasan", "Hassan")


@given(st.text(max_size=40), st.text(max_size=40))
def test_score_is_symmetric_and_between_0_and_1(a, b):
    assert 0 <= similarity(a, b) == similarity(b, a) <= 1


@pytest.mark.parametrize("name", [spelling for group in GROUPS for spelling in group[:2]])
def test_a_name_is_itself(name):
    assert similarity(name, name) == 1


@given(st.text(max_size=400))
def test_no_text_is_an_error(text):
    assert normalise(normalise(text)) == normalise(text)
    assert skeleton(text).isascii()
    assert romanise(text).isascii()
    assert len(name_keys(text)) <= 8
    assert (skeleton(text) != "") == bool(name_keys(text))
    assert script_of(text)
    assert sealed_hint(text) in (True, False)


@given(st.sampled_from([group[0] for group in GROUPS]), st.sampled_from(["", " ", "\t", "\u200e"]))
def test_case_and_space_change_no_key(name, space):
    assert name_keys(space + name.upper() + space) == name_keys(name.lower())


# --- hints -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "border guard in uniform, rifle handed over, to border service",
        "He is a SOLDIER",
        "AK-47",
        "عسکر بود",
        "لباس نظامی داشت",
        "سرباز سرحدی",
        "ټوپک لري",
        "پوځي جامې",
        "сарбоз буд",
        "либоси ҳарбӣ",
        "силоҳро супурд",
        "пограничник с автоматом",
        "сдал оружие",
        "x" * 280 + " rifle",
    ],
)
def test_hints_at_arms_and_uniforms(text):
    assert sealed_hint(text)


@pytest.mark.parametrize(
    "text",
    ["", "pregnant", "begun treatment", "زبان اردو", "уязвимая женщина", "چشم چپ", "кӯдак бемор"],
)
def test_does_not_hint_at_other_words(text):
    assert not sealed_hint(text)
