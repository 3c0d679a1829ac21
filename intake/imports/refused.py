"""The refused rows of an import as a file that can be corrected and sent again."""

from __future__ import annotations

import csv
import io
from typing import Any

import xlsxwriter
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from accounts.policies import Permission, can
from audit.access import record_access
from common.errors import NotPermitted
from intake.imports.households import household_id
from intake.imports.rows import RowProblem
from intake.imports.vocabulary import plain, words
from intake.models import Household, ImportBatch, ImportRow

# Ours: added at the end of every such file, and dropped when it comes back.
REFERENCE_COLUMNS = ("household_ref", "row_ref")
PROBLEM_COLUMN = "problem"
PROBLEM_FIELDS_COLUMN = "problem_fields"
_OURS = {plain(name) for name in (*REFERENCE_COLUMNS, PROBLEM_COLUMN, PROBLEM_FIELDS_COLUMN)}


def refused_rows_file(batch: ImportBatch, *, user: Any, kind: str = "xlsx") -> bytes:
    """The refused rows as typed, what is wrong in the user's language, and where they belong.

    `kind` is "xlsx" or "csv" (UTF-8). Cells are text: no spreadsheet takes one for a formula,
    and none turns an age or a phone number into something else. The columns at the end may stay
    when the file is sent again: they join corrected people to their household.

    Raises NotPermitted. The export is recorded.
    """
    visible = ImportBatch.objects.visible_to(user).filter(pk=batch.pk)
    if not can(user, Permission.HOUSEHOLDS_IMPORT) or not visible.exists():
        raise NotPermitted("not_permitted", _("You may not see this import."))
    rows = list(batch.refused_rows.order_by("number"))
    record_access(user, "export", batch, count=max(len(rows), 1))
    table = _table(batch, rows)
    return _csv(table) if kind == "csv" else _workbook(table)


def describe_problems(row: ImportRow) -> list[tuple[str, str]]:
    """Each field at fault, with the problem in the reader's language."""
    return [
        (problem["field"], str(RowProblem(problem["field"], problem["code"]).text))
        for problem in row.problems
    ]


def _table(batch: ImportBatch, rows: list[ImportRow]) -> list[list[str]]:
    header = rows[0].values["header"] if rows else ["household_no", "name"]
    kept = [place for place, title in enumerate(header) if plain(title) not in _OURS]
    references = _references(batch, rows)
    table = [
        [
            *(header[place] for place in kept),
            PROBLEM_FIELDS_COLUMN,
            PROBLEM_COLUMN,
            *REFERENCE_COLUMNS,
        ]
    ]
    for row in rows:
        cells = row.values["cells"]
        problems = describe_problems(row)
        table.append(
            [
                *(cells[place] if place < len(cells) else "" for place in kept),
                ", ".join(dict.fromkeys(field for field, _text in problems)),
                " ".join(text for _field, text in problems),
                references.get(row.number, ""),
                str(row.pk),
            ]
        )
    return table


def _references(batch: ImportBatch, rows: list[ImportRow]) -> dict[int, str]:
    """The reference of the household that the others of each row's household now have."""
    ids = {
        row.number: household_id(batch, row.values["household_no"])
        for row in rows
        if row.values.get("household_no")
    }
    known = dict(Household.objects.filter(pk__in=set(ids.values())).values_list("pk", "reference"))
    given = {row.number: row.values.get("household_ref", "") for row in rows}
    found = {number: known.get(key, "") for number, key in ids.items()}
    return {number: given[number] or found.get(number, "") for number in given}


def _csv(table: list[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    for line in table:
        writer.writerow([_harmless(cell) for cell in line])
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    """A cell that no spreadsheet program runs as a formula (OWASP: CSV injection)."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def _workbook(table: list[list[str]]) -> bytes:
    file = io.BytesIO()
    # Formulas and links off: every cell is the text it holds.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as workbook:
        sheet = workbook.add_worksheet(_("Refused rows")[:31])
        text = workbook.add_format({"num_format": "@", "quote_prefix": True})
        bold = workbook.add_format({"bold": True, "num_format": "@"})
        wrong = workbook.add_format({"num_format": "@", "bg_color": "#FDE8E8", "text_wrap": True})
        ours = len(table[0]) - len(REFERENCE_COLUMNS)
        for number, line in enumerate(table):
            for place, cell in enumerate(line):
                style = text if number and place < ours - 2 else wrong if number else bold
                sheet.write_string(number, place, cell, style)
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, ours - 3, 16, text)
        sheet.set_column(ours - 2, ours - 2, 18, text)
        sheet.set_column(ours - 1, ours - 1, 70, text)
        sheet.set_column(ours, ours + 1, 20, text, {"hidden": True})
        if get_language_bidi():
            sheet.right_to_left()
    return file.getvalue()


def known_columns() -> list[str]:
    """The columns that an import understands, by their plain names."""
    return [code for code in dict.fromkeys(words("column").values()) if plain(code) not in _OURS]
