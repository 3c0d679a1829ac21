"""From the bytes of a file to rows of text, whatever program wrote it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from common.errors import InvalidInput

MAX_BYTES = 20_000_000
MAX_UNPACKED = 400_000_000  # of a workbook, so that a small file cannot fill the memory
MAX_ROWS = 100_000
MAX_CELL = 2_000

_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Row:
    """One row as typed. `number` is the one the spreadsheet shows: the header is row 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Sheet:
    """A header and the rows below it that hold anything."""

    header: tuple[str, ...]
    rows: list[Row]


def read_sheet(content: bytes) -> Sheet:
    """Read CSV or a workbook (its first sheet that holds rows).

    CSV may be UTF-8 (with or without a byte order mark), UTF-16, or the Windows code page for
    Cyrillic or Arabic; separated by commas, semicolons, tabs or bars. Raises InvalidInput
    (`file_empty`, `file_too_large`, `file_unreadable`) with what to do.
    """
    if not content.strip(b"\x00 \r\n\t"):
        raise InvalidInput("file_empty", _("The file is empty."))
    if len(content) > MAX_BYTES:
        raise _too_large()
    if content[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        table = _workbook(content)
    else:
        table = _delimited(_decoded(content))
    return _sheet(table)


def _too_large() -> InvalidInput:
    return InvalidInput("file_too_large", _("The file is too large. Send it in several parts."))


def _unreadable() -> InvalidInput:
    return InvalidInput(
        "file_unreadable",
        _("The file cannot be read. Save it as CSV (UTF-8) or as an Excel workbook (.xlsx)."),
    )


def _sheet(table: Iterable[Iterable[str]]) -> Sheet:
    header: tuple[str, ...] | None = None
    rows: list[Row] = []
    for number, line in enumerate(table, start=1):
        cells = tuple(_cell(cell) for cell in line)
        if not any(cells):
            continue
        if header is None:
            header = cells
            # Blank lines above the header are not rows of the sheet: the numbers stay as shown.
            continue
        if len(rows) >= MAX_ROWS:
            raise _too_large()
        rows.append(Row(number, cells))
    if header is None or not rows:
        raise InvalidInput("file_empty", _("The file has no rows below its header."))
    return Sheet(header, rows)


def _cell(text: str) -> str:
    """A cell without surrounding spaces, and without the mark by which exports keep text text."""
    text = text.strip()[:MAX_CELL]
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


# --- text ----------------------------------------------------------------------------------------


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _decode(content, "utf-16")
    if content[:400].count(0) > 20:
        # UTF-16 without its mark: the zero bytes of ASCII stand at odd or at even places.
        return _decode(content, "utf-16-le" if content[1:2] == b"\x00" else "utf-16-be")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _from_code_page(content)


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _unreadable() from error


def _from_code_page(content: bytes) -> str:
    """Cyrillic or Arabic Windows code page, whichever reads as words.

    Both decode almost any bytes. Arabic text read as Cyrillic still is nothing but letters, but
    Cyrillic text read as Arabic is full of accented Latin ones: so Arabic is tried first.
    """
    for encoding, letters, least in (("cp1256", _ARABIC, 0.85), ("cp1251", _CYRILLIC, 0.5)):
        text = content.decode(encoding, errors="replace")
        foreign = [character for character in text if character > "\x7f"]
        if sum(map(letters.__contains__, foreign)) >= least * len(foreign):
            return text
    raise _unreadable()


_ARABIC = frozenset(map(chr, range(0x621, 0x64B))) | frozenset("پچژگکڈٹےہھں،؛")
_CYRILLIC = frozenset(map(chr, range(0x410, 0x450))) | frozenset("ЁёЎўІіҐґ№«»")


def _delimited(text: str) -> Iterable[list[str]]:
    if "\x00" in text:
        raise _unreadable()
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from lines
    except csv.Error as error:
        raise _unreadable() from error


# --- workbooks -----------------------------------------------------------------------------------


def _workbook(content: bytes) -> Iterable[list[str]]:
    try:
        if content[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                    raise _too_large()
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for name in workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False)
            if len(rows) > MAX_ROWS + 1:
                raise _too_large()
            if sum(any(cell != "" for cell in row) for row in rows) > 1:
                return [[_text(cell) for cell in row] for row in rows]
    except PasswordError as error:
        raise InvalidInput(
            "file_unreadable", _("The workbook has a password. Save it without one.")
        ) from error
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        raise _unreadable() from error
    return []


def _text(cell: Any) -> str:
    """A cell as a person would type it: whole numbers without a point, dates as ISO dates."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        moment = cell + timedelta(seconds=30)  # times in workbooks are fractions of a day
        return f"{moment:%Y-%m-%d}" if cell.time() == time() else f"{moment:%Y-%m-%d %H:%M}"
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)
