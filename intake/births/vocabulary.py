"""The words births are said in: English, Dari, Pashto, Tajik and Russian.

``fold`` brings a text to a plain form (no accents, one form per letter, ASCII digits);
``WORDS`` says what each folded word means.
"""

import re
import unicodedata
from typing import Final

from intake.births.months import GREGORIAN_MONTHS, LUNAR_HIJRI_MONTHS, SOLAR_HIJRI_MONTHS
from intake.choices import Calendar

# What a word means: its kind, and the value where the kind has one.
Meaning = tuple[str, object]

YEARS, MONTHS, WEEKS, DAYS = "Y", "M", "W", "D"
ABOUT, NEWBORN, FILLER, AND, TO, MONTH, CALENDAR, NUMBER = (
    "about",
    "newborn",
    "filler",
    "and",
    "to",
    "month",
    "calendar",
    "number",
)

# One form for each letter, and at the same place what it becomes.
_FOLDED_LETTERS = str.maketrans(
    "يىېۍئكګڪةۀۂەہھؤٱټډړڼښږڅځҳқғҷёӯ–—‐‑−؍⁄٫\u200c",
    "یییییکگکههههههواتدرنشژسزхкгчеу-----//. ",
    "ъь'’‘ʼʻ`´ـ\u200d\u200e\u200f\u2060\ufeff",
)
_SIMPLE = re.compile(r"[0-9a-z ./:~-]*\Z")


def fold(text: str) -> str:
    """Lower case, one form for each letter, ASCII digits, single spaces."""
    text = text.strip().lower()
    if _SIMPLE.match(text):
        return text
    kept = [
        character
        for character in unicodedata.normalize("NFKD", text.translate(_FOLDED_LETTERS))
        if unicodedata.category(character) != "Mn"
    ]
    folded = "".join(kept).casefold().translate(_FOLDED_LETTERS)
    if not folded.isascii():
        folded = "".join(
            str(unicodedata.decimal(character)) if character.isdecimal() else character
            for character in folded
        )
    return " ".join(folded.split())


_UNITS = {
    YEARS: """
        year years yr yrs y yo yold yearold سال ساله سالگی سالگیش کال کلن کلنه کلنی کاله کلونه کالو
        сол сола соли солаи сола лет год года году годик годика""",
    MONTHS: """
        month months mo mos mth mths monthold ماه ماهه ماهگی میاشت میاشتی میاشتو میاشتنی
        моҳ моҳа моҳаи моҳи месяц месяца месяцев мес""",
    WEEKS: """
        week weeks wk wks w هفته هفتهای هفتهیی هفتگی اونی اونیو اونۍ
        ҳафта ҳафтаи неделя недели недель нед""",
    DAYS: """
        day days d روز روزه روزگی ورځ ورځی ورځو ورځنی рӯз рӯза рӯзи рӯзаи день дня дней дн""",
}

_ABOUT = """
    about approx approximately around circa ca roughly maybe nearly almost perhaps estimated est
    حدود درحدود حدودا تقریبا تخمینا تخمین نزدیک نزدیکبه شاید قریب شاوخوا نژدی نیژدی
    тақрибан тахминан қариб наздик наздики ҳудуди дарҳудуди
    около примерно приблизительно почти гдето"""

_NEWBORN = """
    newborn newbornbaby infant justborn نوزاد تازهتولد تازهتولدشده نوزیژیدلی نویزیژیدلی نوزیژیدلی
    навзод навтаваллуд новорожденный новорожденная новорожден новорожденная"""

# Words around the birth that change nothing ("aged", "born in", "г.р.").
_FILLERS = """
    old of age aged born b in the is he she dob yob birth hijri hijry ad
    متولد تولد سن سنش عمر عمرش است در به زاده هجری سنه زیژیدلی زیژیدلی
    возраст родился родилась рождения рожд рож г р гр в ей ему
    таваллуд таваллудаш зодаи синн синнаш синаш дар ҳиҷрӣ аст"""

_CALENDARS = {
    Calendar.GREGORIAN: """
        gregorian ad ce miladi milodi م میلادی عیسوی زیژدیز мелодӣ мелоди милоди милодӣ нэ""",
    Calendar.SOLAR_HIJRI: """
        solar solarhijri shamsi sh hs hsh khurshidi hijrishamsi ش هش شمسی هجریشمسی خورشیدی لمریز
        هجریخورشیدی هجریلمریز шамсӣ шамси хуршедӣ ҳш ҳиҷриишамсӣ ҳиҷришамсӣ""",
    Calendar.LUNAR_HIJRI: """
        lunar lunarhijri qamari q ah hq hijriqamari ق هق قمری هجریقمری سپوژمیز
        қамарӣ қамари ҳқ ҳиҷрииқамарӣ ҳиҷриқамарӣ""",
}

# Number words up to ninety. A ten followed by a one is added ("forty five", "چهل و پنج").
_NUMBERS = {
    1: "one یک یو يوه як як один одна",
    2: "two دو دوه ду два две двух",
    3: "three سه دری درې се три трех",
    4: "four چهار چار څلور чор чаҳор четыре",
    5: "five پنج پنځه панҷ пять",
    6: "six شش شپژ شپږ шаш шесть",
    7: "seven هفت اووه اوه ҳафт семь",
    8: "eight هشت اته ҳашт восемь",
    9: "nine نه نهه нӯҳ нуҳ девять",
    10: "ten ده لس даҳ десять",
    11: "eleven یازده یوولس ёздаҳ одиннадцать",
    12: "twelve دوازده دولس дувоздаҳ двенадцать",
    13: "thirteen سیزده سزده دیارلس сездаҳ тринадцать",
    14: "fourteen چهارده څوارلس чордаҳ четырнадцать",
    15: "fifteen پانزده پنځلس понздаҳ пятнадцать",
    16: "sixteen شانزده شپاړس шонздаҳ шестнадцать",
    17: "seventeen هفده اوولس ҳабдаҳ ҳафдаҳ семнадцать",
    18: "eighteen هجده هژده اتلس ҳаждаҳ ҳаждах восемнадцать",
    19: "nineteen نوزده نولس нуздаҳ девятнадцать",
    20: "twenty بیست شل бист бисту двадцать",
    30: "thirty سی دیرش دېرش сӣ сию тридцать",
    40: "forty چهل چل څلویښت чил чилу чиҳил сорок",
    50: "fifty پنجاه پنجا پنځوس панҷоҳ панҷоҳу пятьдесят",
    60: "sixty شصت شپیته шаст шасту шестьдесят",
    70: "seventy هفتاد اویا ҳафтод ҳафтоду семьдесят",
    80: "eighty هشتاد اتیا ҳаштод ҳаштоду восемьдесят",
    90: "ninety نود نوی навад наваду девяносто",
}


def _month_words() -> dict[str, Meaning]:
    words: dict[str, Meaning] = {}
    for calendar, table in (
        (Calendar.LUNAR_HIJRI, LUNAR_HIJRI_MONTHS),
        (Calendar.SOLAR_HIJRI, SOLAR_HIJRI_MONTHS),
        (Calendar.GREGORIAN, GREGORIAN_MONTHS),
    ):
        for number, line in enumerate(table.split(";"), start=1):
            for word in line.split():
                words[fold(word)] = (MONTH, (calendar, number))
    return words


def _build_words() -> dict[str, Meaning]:
    groups: list[tuple[str, Meaning]] = [
        (_FILLERS, (FILLER, None)),
        (_ABOUT, (ABOUT, None)),
        (_NEWBORN, (NEWBORN, None)),
        ("and و او ва и у", (AND, None)),
        ("to till تا تر то до", (TO, None)),
        *((table, (unit, None)) for unit, table in _UNITS.items()),
        *((table, (CALENDAR, calendar)) for calendar, table in _CALENDARS.items()),
        *((table, (NUMBER, number)) for number, table in _NUMBERS.items()),
    ]
    words = {fold(word): meaning for table, meaning in groups for word in table.split()}
    return words | _month_words()


WORDS: Final[dict[str, Meaning]] = _build_words()

# "یکساله", "яксола": a number word and its unit written as one.
_JOINED_UNITS: Final = tuple(
    (fold(word), unit)
    for unit, word in (
        (YEARS, "ساله"),
        (MONTHS, "ماهه"),
        (WEEKS, "هفته"),
        (DAYS, "روزه"),
        (YEARS, "сола"),
        (MONTHS, "моҳа"),
        (DAYS, "рӯза"),
    )
)


def joined_number(word: str) -> tuple[int, str] | None:
    """The number and unit of a folded word such as "یکساله"; None when it is not one."""
    for ending, unit in _JOINED_UNITS:
        if word.endswith(ending):
            kind, value = WORDS.get(word[: -len(ending)], (FILLER, None))
            if kind == NUMBER and isinstance(value, int):
                return value, unit
    return None
