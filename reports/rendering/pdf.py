"""The report on paper, set by Typst.

Typst comes as one wheel with no system libraries, shapes Arabic script, and mirrors tables for
languages written right to left. The template is fixed; a report enters it only as JSON data, so
that nothing anybody typed can be read as Typst source.
"""

import json
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.utils import translation

from reports.rendering import labels
from reports.rendering.charts import FONT_FAMILIES, font_directory
from reports.rendering.context import report_context
from reports.rendering.formats import Formatter, parse_moment, starts_rtl, zone_of
from reports.rendering.tables import Figures, Table

TEMPLATE = Path(__file__).with_name("report.typ")
# Rows a table may take on paper, chosen so that a report stays within three pages; the page and
# the workbook have every row.
ROW_LIMITS = {
    "arrivals_by_day": 8,
    "arrivals_by_day_and_entry_point": 8,
    "arrivals_by_entry_point": 10,
    "border_entry_points": 8,
    "border_crossings": 8,
    "border_assessments": 4,
    "sites": 20,
    "aid_by_sector": 15,
    "aid_delivered": 15,
}
# Days are in order of time and the last ones matter; other tables keep their first rows.
KEEP_LAST = frozenset({"arrivals_by_day", "arrivals_by_day_and_entry_point"})
# What people wrote keeps its own direction, whatever the language of the report.
WRITTEN = frozenset({"border_assessments"})


class RenderError(Exception):
    """The report could not be set; the message holds no figure and no text of the report."""


@cache
def _fonts() -> Any:
    """The project's fonts and no others, so that every machine prints the same page."""
    import typst

    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[font_directory()]
    )


def _clip(table: Table) -> dict[str, Any]:
    limit = ROW_LIMITS.get(table.key)
    more = len(table.rows) - limit if limit else 0
    note = ""
    if limit and more > 0:
        rows = table.rows[-limit:] if table.key in KEEP_LAST else table.rows[:limit]
        table = replace(table, rows=rows)
        note = str(labels.MORE_ROWS) % {"count": more}
    data = asdict(table) | {"note": note}
    if table.key in WRITTEN:
        for cell in (cell for row in data["rows"] for cell in row):
            cell["rtl"] = starts_rtl(cell["text"])
    return data


def _paper(figures: Figures, meta: Figures, language: str) -> dict[str, Any]:
    """The report's context as plain data for the template."""
    context = report_context(figures, meta, language=language)
    fmt = Formatter(language, meta.get("digits") or "native")
    base, _, region = language.partition("-")
    with translation.override(language):
        tables = {key: _clip(table) for key, table in context["tables"].items()}
        page_of = str(labels.PAGE_OF) % {"page": "\x01", "pages": "\x02"}
    flow = context["flow"]
    narrative = {
        part: [{"text": line, "rtl": starts_rtl(line)} for line in lines]
        for part, lines in context["narrative"].items()
    }
    return context | {
        "tables": tables,
        "border": [],
        "narrative": narrative,
        "tiles": [asdict(tile) for tile in context["tiles"]],
        "flow": flow | {"terms": [asdict(term) for term in flow["terms"]]} if flow else {},
        "lang": base,
        "region": region.upper(),
        "digits": fmt.native("0123456789"),
        "page_of": page_of,
        "fonts": FONT_FAMILIES.split(", "),
    }


def render_pdf(figures: Figures, meta: Figures, *, language: str) -> bytes:
    """The report as a tagged A4 PDF, PDF/UA-1 where it can be; the same bytes for one snapshot.

    See :func:`reports.rendering.report_context` for the arguments. Safe to call from several
    threads. Raises ``RenderError`` when Typst refuses the document.
    """
    data = _paper(figures, meta, language)
    as_of = parse_moment(meta.get("as_of") or figures["as_of"], zone_of(meta))
    timestamp = int(as_of.timestamp()) if isinstance(as_of, datetime) else 0
    payload = json.dumps(data, ensure_ascii=False)
    try:
        return _compile(payload, timestamp, standards="ua-1")
    except (RuntimeError, ValueError):
        # PDF/UA forbids a letter that no font of ours has (a name in another script, say).
        # The report must come out all the same: tagged, but without the claim to conform.
        pass
    try:
        return _compile(payload, timestamp, standards=[])
    except (RuntimeError, ValueError) as error:
        raise RenderError(f"The report could not be set as PDF in {language}.") from error


def _compile(payload: str, timestamp: int, *, standards: Any) -> bytes:
    import typst

    pdf: bytes = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=_fonts(),
        sys_inputs={"report": payload},
        pdf_standards=standards,
        timestamp=timestamp,
    )
    return pdf
