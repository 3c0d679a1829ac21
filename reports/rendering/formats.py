"""Numbers, dates and text as the readers of each report language write them."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import jdatetime
from babel import dates, numbers

# A dot, but not beside Persian digits, whose zero is a dot as well.
SUPPRESSED, SUPPRESSED_PERSIAN = "·", "*"
RTL_BASES = frozenset({"ar", "fa", "ps", "ur"})
SOLAR_HIJRI_BASES = frozenset({"fa", "ps"})
# Afghan names of the Solar Hijri months; Iran uses others.
AFGHAN_MONTHS = (
    *("حمل", "ثور", "جوزا", "سرطان", "اسد", "سنبله"),
    *("میزان", "عقرب", "قوس", "جدی", "دلو", "حوت"),
)
# CLDR has only the bare Tajik month names; a date takes them with the izafet.
TAJIK_MONTHS = (
    *("январи", "феврали", "марти", "апрели", "майи", "июни"),
    *("июли", "августи", "сентябри", "октябри", "ноябри", "декабри"),
)
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
# Control characters, and marks that could turn the reading order of the text around them.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def is_rtl(language: str) -> bool:
    """True when the language (a Django code such as ``fa-af``) is written right to left."""
    return language.split("-")[0].lower() in RTL_BASES


def clean(value: Any) -> str:
    """Text that somebody typed, without characters that could disturb the layout."""
    return UNSAFE.sub("", "" if value is None else str(value)).strip()


def starts_rtl(text: str) -> bool:
    """True when the first letter with a direction is written right to left (UAX 9, P2)."""
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind in ("R", "AL") for kind in strong if kind in ("L", "R", "AL")), False)


@dataclass(frozen=True)
class Formatter:
    """Writes values in one language. ``digits`` is ``native`` or ``latin``."""

    language: str
    digits: str = "native"

    @property
    def locale(self) -> str:
        """The language as Babel names it: `fa_AF`."""
        base, _, region = self.language.partition("-")
        return f"{base}_{region.upper()}" if region else base

    @property
    def persian(self) -> bool:
        """True when numbers are written in Persian digits."""
        return self.digits == "native" and self.language.split("-")[0] in SOLAR_HIJRI_BASES

    @property
    def suppressed(self) -> str:
        """The mark that stands for a withheld figure."""
        return SUPPRESSED_PERSIAN if self.persian else SUPPRESSED

    def native(self, text: str) -> str:
        """Replace ASCII digits with Persian ones where the language writes them."""
        return text.translate(PERSIAN_DIGITS) if self.persian else text

    def number(self, value: float | None) -> str:
        """A count or quantity with the separators of the language; ``None`` is withheld."""
        if value is None:
            return self.suppressed
        system = "default" if self.persian else "latn"
        text = numbers.format_decimal(value, locale=self.locale, numbering_system=system)
        return self.native(str(text))

    def percent(self, value: float | None) -> str:
        """A percentage given in per cent (86.5), shown without decimals."""
        if value is None:
            return self.suppressed
        text = str(numbers.format_percent(round(value) / 100, locale=self.locale))
        return self.native(text.replace("%", "٪") if self.persian else text)

    def day(self, value: date, *, year: bool = True) -> str:
        """A day with the month in words, and in the Solar Hijri calendar where that is used."""
        if self.language.startswith("tg"):
            text = f"{value.day} {TAJIK_MONTHS[value.month - 1]}" + (f" {value.year}" * year)
        else:
            # CLDR shortens the months of Dari to fragments nobody writes.
            short = "d MMMM" if is_rtl(self.language) else "d MMM"
            pattern = "d MMMM y" if year else short
            text = str(dates.format_date(value, pattern, locale=self.locale))
        if year and self.language.split("-")[0] in SOLAR_HIJRI_BASES:
            hijri = jdatetime.date.fromgregorian(date=value)
            text += f" ({hijri.day} {AFGHAN_MONTHS[hijri.month - 1]} {hijri.year})"
        return self.native(text)

    def moment(self, value: datetime, *, year: bool = True) -> str:
        """A day and the hour on a 24-hour clock, without the zone."""
        comma = "،" if is_rtl(self.language) else ","
        return f"{self.day(value.date(), year=year)}{comma} " + self.native(f"{value:%H:%M}")


def parse_moment(value: Any, zone: tzinfo) -> datetime | date | None:
    """An ISO 8601 date or time as a date, or as a time in ``zone``; ``None`` if there is none.

    Raises ``ValueError`` for text that is neither.
    """
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        return value.astimezone(zone)
    if isinstance(value, date):
        return value
    text = str(value)
    if len(text) <= 10:
        return date.fromisoformat(text)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def zone_label(moment: datetime, name: str) -> str:
    """``Asia/Dushanbe (UTC+5)``: the zone a cut-off is stated in."""
    offset = moment.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"{name} (UTC{sign}{hours}" + (f":{rest:02d})" if rest else ")")


def zone_of(meta: dict[str, Any]) -> ZoneInfo:
    """The operation's time zone named in the report's ``meta``; UTC when it names none."""
    return ZoneInfo(meta.get("timezone") or "UTC")


def total(values: Iterable[Any]) -> Any:
    """The sum, or ``None`` when any part is withheld: a total would give the part away."""
    parts = list(values)
    return None if any(part is None for part in parts) else sum(parts)
