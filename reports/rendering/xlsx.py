"""The report as a workbook: a sheet a table, with real numbers.

Text is always written as text. What somebody typed can begin with ``=`` and still is no formula.
"""

import io
from typing import Any

from reports.rendering.context import report_context
from reports.rendering.tables import Cell, Column, Figures, Table

# Excel's own limits on the name of a sheet.
SHEET_NAME_LENGTH = 31
SHEET_NAME_FORBIDDEN = str.maketrans("[]:*?/\\", "       ")
WIDEST = 60


class _Book:
    """A workbook being written, with the formats it shares."""

    def __init__(self, workbook: Any, context: dict[str, Any]) -> None:
        self.workbook = workbook
        self.rtl = context["direction"] == "rtl"
        self.withheld_note: str = context["withheld_note"]
        self.names: set[str] = set()
        add = workbook.add_format
        self.title = add({"bold": True, "font_size": 14, "font_color": "#0b4f6c"})
        self.head = add(
            {"bold": True, "bg_color": "#0b4f6c", "font_color": "#ffffff", "text_wrap": True}
        )
        self.text = add({"text_wrap": True, "valign": "top"})
        self.number = add({"num_format": "#,##0.##;-#,##0.##;0"})
        self.whole = add({"num_format": "#,##0"})
        self.percent = add({"num_format": "0%"})
        self.withheld = add({"align": "right"})

    def sheet(self, title: str) -> Any:
        name = title.translate(SHEET_NAME_FORBIDDEN)[:SHEET_NAME_LENGTH].strip(" '")
        while name.lower() in self.names:
            name = f"{name[:27]} {len(self.names)}"
        self.names.add(name.lower())
        sheet = self.workbook.add_worksheet(name)
        if self.rtl:
            sheet.right_to_left()
        return sheet

    def cell(self, sheet: Any, row: int, column: int, cell: Cell) -> None:
        if cell.kind in ("number", "percent") and cell.value is not None:
            style = self.percent
            if cell.kind == "number":
                style = self.whole if float(cell.value).is_integer() else self.number
            sheet.write_number(row, column, cell.value, style)
        else:
            style = self.withheld if cell.kind == "suppressed" else self.text
            text = cell.text if cell.value is None else str(cell.value)
            sheet.write_string(row, column, text, style)

    def table(self, table: Table) -> None:
        """Headings in the first row, so that the sheet can be filtered and read by programs."""
        sheet = self.sheet(table.title)
        for column, head in enumerate(table.columns):
            sheet.write_string(0, column, head.label, self.head)
        for index, row in enumerate([*table.rows, *([table.total] if table.total else [])], 1):
            for column, cell in enumerate(row):
                self.cell(sheet, index, column, cell)
        sheet.freeze_panes(1, 1)
        if table.rows:
            sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
        for column, width in enumerate(_widths(table)):
            sheet.set_column(column, column, width)
        notes = [self.withheld_note] if table.suppressed else []
        notes += [table.note] if table.note else []
        for line, note in enumerate(notes, len(table.rows) + 3):
            sheet.write_string(line, 0, note)


def _widths(table: Table) -> list[int]:
    rows = [*table.rows, *([table.total] if table.total else [])]
    return [
        min(WIDEST, 3 + max(6, len(head.label), *(len(row[index].text) for row in rows)))
        for index, head in enumerate(table.columns)
    ]


def render_xlsx(figures: Figures, meta: Figures, *, language: str) -> bytes:
    """The report as an Office Open XML workbook; see ``report_context`` for the arguments.

    Withheld figures are text, never empty: an empty cell would be read as zero.
    """
    import xlsxwriter

    context = report_context(figures, meta, language=language, with_charts=False)
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as workbook:
        header = context["header"]
        workbook.set_properties({"title": f"{header['operation']}: {header['title']}"})
        book = _Book(workbook, context)
        _about(book, context)
        book.table(_key_figures(context))
        for table in context["tables"].values():
            book.table(table)
        if context["flow"]:
            book.table(_balance(context))
    return buffer.getvalue()


def _about(book: _Book, context: dict[str, Any]) -> None:
    header, narrative, titles = context["header"], context["narrative"], context["titles"]
    sheet = book.sheet(titles["about"])
    sheet.set_column(0, 0, 110)
    lines = [header[key] for key in ("exercise", "draft", "operation") if header[key]]
    lines += [header[key] for key in ("as_of", "produced", "edition_note") if header[key]]
    for title, block in (("highlights", "highlights"), ("notes", "notes")):
        if narrative[block]:
            lines += ["", titles[title], *narrative[block]]
    lines += ["", *context["footnotes"]]
    sheet.write_string(0, 0, header["title"], book.title)
    for row, line in enumerate(lines, 1):
        sheet.write_string(row, 0, line, book.text)


def _key_figures(context: dict[str, Any]) -> Table:
    rows = [
        [Cell(tile.label, tile.label), _value_cell(tile.text, tile.value)]
        for tile in context["tiles"]
    ]
    words = context["columns"]
    heads = [Column(words["figure"]), Column(words["value"], True)]
    return Table("key_figures", context["titles"]["key_figures"], heads, rows)


def _balance(context: dict[str, Any]) -> Table:
    rows = [
        [
            Cell(term.sign, term.sign),
            Cell(term.label, term.label),
            _value_cell(term.text, term.value),
        ]
        for term in context["flow"]["terms"]
    ]
    words = context["columns"]
    heads = [Column(words["sign"]), Column(words["figure"]), Column(words["value"], True)]
    note = context["flow"]["warning"]
    return Table("flow", context["titles"]["flow"], heads, rows, note=note)


def _value_cell(text: str, value: Any) -> Cell:
    return Cell(text, value, "suppressed" if value is None else "number")
