"""Free text that may belong into the sealed record of the authority's screening."""

import re

from intake.names.normal import normalise

# Whole words (w) and beginnings of words (b), in normalised form. English, Dari, Pashto, Tajik,
# Russian. Wide on purpose: a person decides what the text means.
_WORDS = """
    gun guns ak47 ak armed army military militia troops uniform uniforms ana andsf combatant
    combatants fighter fighters commander police officer officers captain colonel lieutenant
    sergeant corporal battalion brigade regiment
    اسلحه سلاح سلاحها تفنگ تفنگچه ماشیندار راکت نارنجک مهمات یونیفورم یونیفرم عسکر عساکر سرباز
    سربازان نظامی نظامیان قوماندان کماندو سرحدبان مرزبان پولیس افسر افسران ضابط خوردضابط ملیشه
    جنگجو تورن جگتورن جگرن دگرمن دگروال بریدمن جنرال غند کندک یونیفورمپوش
    وسله وسلی وسلو ټوپک ټوپکونه توپک پوځ پوځی پوځیان سرتیری سرتیرو سرباز افسر بولی بولندوی
    وسلوال پولیسو اردو‌کې
"""
_BEGINNINGS = """
    weapon rifle pistol kalashnikov grenade ammunition munition soldier servicem servicewom
    کلاشنکوف کلاشینکوف کلاشین
    силоҳ яроқ туфанг таппонча сарбоз аскар низоми ҳарби сарҳадбон марзбон афсар мушак артиш
    фармондеҳ
    силох сархадбон харби
    оруж винтовк пистолет гранатомет боеприпас солдат военн военнослуж офицер лейтенант
    полковник сержант прапорщик командир
    пограничник погранвойск боевик боец бойц униформ омоно армейск армия армии армию
"""
_PHRASES = """
    border guard|border force|border police|border service|national army|لباس نظامی|قوای سرحدی
    |اردوی ملی|پولیس سرحدی|لباس عسکری|سرحدی پولیس|ملی اردو|پوځی جامی|либоси ҳарби|в форме
    |армияи|қувваҳои сарҳади|در اردو|عضو اردو|منسوب اردو|د اردو|в армии|автомат|автомата
    |автоматом|автоматы|граната|гранаты|гранату|гранат у|патроны|патронов|капитан|майор
"""

# What says nothing of the person: where somebody was treated, who asked, what children wear.
# Taken out before the words are looked for; several endings each.
_NEUTRAL = """
    military hospital|army hospital|police hospital|military clinic|military doctor|school uniform
    |registration officer|protection officer|placement officer|reporting officer|health officer
    |screening officer|field officer|liaison officer|site officer
    |شفاخانه نظامی|شفاخانه اردو|شفاخانه پولیس|شفاخانه عسکری|بیمارستان نظامی|یونیفورم مکتب
    |لباس مکتب|پوځی روغتون|نظامی روغتون
    |беморхонаи ҳарби|госпитали ҳарби|либоси мактаби|шароити ҳарби
    |военный госпиталь|военном госпитале|военного госпиталя|военный врач|военной больнице
    |военное время|военного времени|военных действий|военные действия|военное положение
    |солдатский|школьная униформа|школьную униформу
"""


def _terms(text: str) -> list[str]:
    return [re.escape(_plain(word)) for word in text.split()]


def _plain(text: str) -> str:
    return normalise(text).replace("ӣ", "и")


_PATTERN = re.compile(
    r"\b(?:(?:{words})\b|(?:{beginnings})|(?:{phrases})\b)".format(
        words="|".join(_terms(_WORDS)),
        beginnings="|".join(_terms(_BEGINNINGS)),
        phrases="|".join(re.escape(_plain(phrase)) for phrase in _PHRASES.split("|")),
    )
)


_NO_ALARM = re.compile(
    r"\b(?:{})\b".format("|".join(re.escape(_plain(each)) for each in _NEUTRAL.split("|")))
)


def sealed_hint(text: str) -> bool:
    """Whether a free text mentions weapons, uniforms or armed service.

    A hint to the registrar that the text belongs into the sealed record, never a score and never
    stored with the person. Looks at the first 3,000 characters.
    """
    return any(
        _PATTERN.search(_NO_ALARM.sub(" ", _plain(text[start : start + 300]))) is not None
        for start in range(0, min(len(text), 3000), 250)
    )
