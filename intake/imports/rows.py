"""One row of a spreadsheet: what it says, or what is wrong with which field."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common import clock
from common.errors import InvalidInput
from intake.births import BirthError, parse_birth
from intake.births.dates import to_gregorian
from intake.births.values import BIRTH_MESSAGES
from intake.choices import Calendar
from intake.imports.lists import Lists
from intake.imports.vocabulary import plain, words
from intake.names import is_blank

MAX_NAME = 200
MAX_HOUSEHOLD_NUMBER = 60

# Without these columns no row can be accepted; the others may be missing.
REQUIRED_COLUMNS = ("household_no", "arrived_at", "entry_point", "name")

# What is wrong, by field and code: codes are stored, texts are shown in the reader's language.
PROBLEMS: dict[tuple[str, str], Promise] = {
    ("household_no", "required"): _("Give the household a number, the same for all its rows."),
    ("household_no", "too_long"): _("The household number is too long."),
    ("name", "required"): _("The name is missing. Write the name as the person says it."),
    ("name", "too_long"): _("The name is too long."),
    ("father_name", "too_long"): _("The father’s name is too long."),
    ("grandfather_name", "too_long"): _("The grandfather’s name is too long."),
    ("arrived_at", "required"): _("Write when the person arrived, for example 2021-07-05 05:26."),
    ("arrived_at", "unreadable"): _(
        "The arrival cannot be read. Write a date and time, for example 2021-07-05 05:26."
    ),
    ("arrived_at", "future"): _("The arrival is in the future. Check the date and time."),
    ("arrived_at", "differs"): _(
        "The other rows of this household say another time. Correct it, or give these people a "
        "household number of their own."
    ),
    ("entry_point", "required"): _("Write where the person crossed: the entry point."),
    ("entry_point", "unknown"): _(
        "The entry point is unknown. Use the code or name of one of the operation’s entry points."
    ),
    ("entry_point", "not_permitted"): _("You may not register people at this entry point."),
    ("entry_point", "differs"): _(
        "The other rows of this household say another entry point. Correct it, or give these "
        "people a household number of their own."
    ),
    ("origin_district", "unknown"): _("The area is unknown. Use its P-code, for example AF1728."),
    ("origin_province", "unknown"): _("The area is unknown. Use its P-code, for example AF17."),
    ("language", "unknown"): _("The language is unknown. Use its name or code, or leave it empty."),
    ("consent", "unreadable"): _("The consent cannot be read. Write yes or no, or leave it empty."),
    ("sex", "unreadable"): _("The sex cannot be read. Write F, M, other, or leave it empty."),
    ("relationship", "unreadable"): _(
        "The relationship is unknown. Write for example head, wife, son, mother, or leave it empty."
    ),
    ("nationality", "unknown"): _(
        "The nationality is unknown. Use the country’s name or three-letter code."
    ),
    ("specific_needs", "unknown"): _(
        "One of the needs is unknown. Use the codes, or words such as diabetes or wheelchair, "
        "separated by semicolons."
    ),
    ("document_no", "too_long"): _("The document number is too long."),
    ("document_type", "unknown"): _("The type of document is unknown."),
    ("phone", "unreadable"): _("The phone number cannot be read. Write it with digits only."),
    ("arrived_at", "too_old"): _("The arrival is too long ago. Check the year."),
    ("household_ref", "household_closed"): _("This household is closed. Register it anew."),
    ("household_ref", "unknown"): _(
        "This household is not known. Leave the column household_ref as it was."
    ),
    **{("birth", code): text for code, text in BIRTH_MESSAGES.items()},
}


@dataclass(frozen=True)
class RowProblem:
    """A field of a row and a stable code. Never repeats what was typed."""

    field: str
    code: str

    @property
    def text(self) -> str | Promise:
        """What is wrong and what to do."""
        return PROBLEMS.get((self.field, self.code)) or _("This cannot be accepted. Check it.")


@dataclass
class ReadRow:
    """What one row says, in codes. Personal data: everything but the number."""

    number: int
    household_no: str = ""
    household_ref: str = ""
    row_ref: str = ""
    arrived_at: datetime | None = None
    entry_point: str = ""
    origin_area: str = ""
    phones: list[str] = field(default_factory=list)
    language: str = ""
    consent: bool | None = None
    name: str = ""
    father_name: str = ""
    grandfather_name: str = ""
    sex: str = ""
    birth: str = ""
    relationship: str = ""
    nationality: str = ""
    needs: list[str] = field(default_factory=list)
    documents: list[dict[str, str]] = field(default_factory=list)
    remarks: str = ""
    problems: list[RowProblem] = field(default_factory=list)


Values = dict[str, str]


def match_columns(header: tuple[str, ...]) -> dict[str, int]:
    """Our columns and where they stand. Unknown columns are left alone.

    Raises InvalidInput (`columns_missing`) naming the columns without which nothing can be read.
    """
    known = words("column")
    found: dict[str, int] = {}
    for place, title in enumerate(header):
        code = known.get(plain(title))
        if code is not None:
            found.setdefault(code, place)
    missing = [name for name in REQUIRED_COLUMNS if name not in found]
    if missing:
        raise InvalidInput(
            "columns_missing",
            _("These columns are missing in the first row: %(columns)s.")
            % {"columns": ", ".join(missing)},
        )
    return found


def read_row(number: int, values: Values, lists: Lists) -> ReadRow:
    """Read one row of typed text. What cannot be accepted is in `problems`, field by field."""
    row = ReadRow(number)
    for read in (_household, _arrival, _origin, _person, _birth, _codes, _documents):
        read(row, values, lists)
    return row


def _refuse(row: ReadRow, name: str, code: str) -> None:
    row.problems.append(RowProblem(name, code))


def _household(row: ReadRow, values: Values, lists: Lists) -> None:
    row.household_no = values.get("household_no", "")
    row.household_ref = values.get("household_ref", "")
    row.row_ref = values.get("row_ref", "")
    row.remarks = values.get("remarks", "")
    if not row.household_no:
        _refuse(row, "household_no", "required")
    elif len(row.household_no) > MAX_HOUSEHOLD_NUMBER:
        _refuse(row, "household_no", "too_long")


def _arrival(row: ReadRow, values: Values, lists: Lists) -> None:
    if not (text := values.get("arrived_at", "")):
        _refuse(row, "arrived_at", "required")
    elif (moment := read_moment(text, lists)) is None:
        _refuse(row, "arrived_at", "unreadable")
    elif moment > clock.now() + timedelta(minutes=5):
        _refuse(row, "arrived_at", "future")
    else:
        row.arrived_at = moment
    if not (text := values.get("entry_point", "")):
        _refuse(row, "entry_point", "required")
    elif (code := lists.entry_points.get(plain(text))) is None:
        _refuse(row, "entry_point", "unknown")
    elif not lists.may_register_at(code):
        _refuse(row, "entry_point", "not_permitted")
    else:
        row.entry_point = code


_MOMENT = re.compile(
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|(?P<d2>\d{1,2})[-/.](?P<m2>\d{1,2})"
    r"[-/.](?P<y2>\d{4}))(?:[T, ]+(?P<h>\d{1,2})[:.](?P<min>\d{2})(?:[:.]\d{2}(?:\.\d+)?)?"
    r" ?(?P<half>[ap]m)?)?(?P<zone>z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE | re.ASCII,
)
LAST_HIJRI_YEAR = 1500


def read_moment(text: str, lists: Lists) -> datetime | None:
    """A date and time as typed, in UTC; None when it cannot be read.

    Local time of the operation unless an offset is written. Days come first where the year comes
    last. A year up to 1500 is Solar Hijri. A date without a time is noon: it keeps the day.
    """
    ascii_text = "".join(
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text.strip()
    )
    found = _MOMENT.fullmatch(ascii_text)
    if found is None:
        return None
    part = found.groupdict()
    try:
        year = int(part["y"] or part["y2"])
        calendar = Calendar.SOLAR_HIJRI if year <= LAST_HIJRI_YEAR else Calendar.GREGORIAN
        day = to_gregorian(
            calendar, year, int(part["m"] or part["m2"]), int(part["d"] or part["d2"])
        )
        hour = int(part["h"]) if part["h"] else 12
        if part["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if part["half"].lower() == "pm" else 0)
        moment = datetime(day.year, day.month, day.day, hour, int(part["min"] or 0), tzinfo=UTC)
        if part["zone"]:
            offset = datetime.strptime(part["zone"].upper().replace("Z", "+0000"), "%z").tzinfo
            return moment.replace(tzinfo=offset).astimezone(UTC)
        return moment.replace(tzinfo=lists.zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _origin(row: ReadRow, values: Values, lists: Lists) -> None:
    for name in ("origin_district", "origin_province"):
        if not (text := values.get(name, "")):
            continue
        if (code := lists.areas.get(plain(text))) is None:
            _refuse(row, name, "unknown")
        row.origin_area = row.origin_area or code or ""


def _person(row: ReadRow, values: Values, lists: Lists) -> None:
    for name in ("name", "father_name", "grandfather_name"):
        text = " ".join(values.get(name, "").split())
        if len(text) > MAX_NAME:
            _refuse(row, name, "too_long")
        else:
            setattr(row, name, text)
    if is_blank(values.get("name", "")):
        _refuse(row, "name", "required")
    for phone in re.split(r"[;,/\n]+", values.get("phone", "")):
        if not (phone := phone.strip()):
            continue
        if not 5 <= sum(sign.isdecimal() for sign in phone) <= 20 or len(phone) > 40:
            _refuse(row, "phone", "unreadable")
        else:
            row.phones.append(phone)


def _birth(row: ReadRow, values: Values, lists: Lists) -> None:
    row.birth = values.get("birth", "")
    if not row.birth:
        return
    # Read here as well as by the registration, so that all problems of a row are told at once.
    day = (row.arrived_at or clock.now()).astimezone(lists.zone).date()
    try:
        parse_birth(row.birth, said_on=day)
    except BirthError as error:
        _refuse(row, "birth", error.code)


def _codes(row: ReadRow, values: Values, lists: Lists) -> None:
    row.sex = _word(row, values, "sex", words("sex"), "unreadable") or "unknown"
    row.relationship = (
        _word(row, values, "relationship", words("relationship"), "unreadable") or "unknown"
    )
    row.language = _word(row, values, "language", lists.languages, "unknown")
    row.nationality = _word(row, values, "nationality", lists.countries, "unknown")
    answer = _word(row, values, "consent", words("consent"), "unreadable")
    row.consent = {"yes": True, "no": False}.get(answer)
    for text in re.split(r"[;,،؛|/\n]+", values.get("specific_needs", "")):
        if not (need := plain(text)):
            continue
        if (code := lists.needs.get(need)) is None:
            if RowProblem("specific_needs", "unknown") not in row.problems:
                _refuse(row, "specific_needs", "unknown")
        elif code not in row.needs:
            row.needs.append(code)


def _word(row: ReadRow, values: Values, name: str, known: dict[str, str], code: str) -> str:
    """The code that a word stands for; "" when empty or, with a problem noted, unknown."""
    if not (text := values.get(name, "")):
        return ""
    if (found := known.get(plain(text))) is None:
        _refuse(row, name, code)
        return ""
    return found


_TAZKIRA = re.compile(r"\d{4}-?\d{4}-?\d{5}")


def _documents(row: ReadRow, values: Values, lists: Lists) -> None:
    number = values.get("document_no", "")
    kind = _word(row, values, "document_type", lists.document_types, "unknown")
    if not number:
        return
    if len(number) > 60:
        _refuse(row, "document_no", "too_long")
        return
    if not kind:
        # The electronic tazkira has 4, 4 and 5 digits; anything else stays a document.
        kind = "e_tazkira" if _TAZKIRA.fullmatch(number) else "other"
    row.documents.append({"type": kind, "number": number})
