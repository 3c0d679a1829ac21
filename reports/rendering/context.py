"""The whole report as prepared text, tables and charts: the one home of numbers and labels."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import translation

from reports.rendering import charts, labels
from reports.rendering.border import border_tables
from reports.rendering.formats import (
    Formatter,
    clean,
    is_rtl,
    parse_moment,
    total,
    zone_label,
    zone_of,
)
from reports.rendering.tables import Figures, bracket_label, build_tables, code_label

FORMATS = ("pdf", "xlsx", "json")
FEATURED = ("arrivals_total", "arrivals_last_24h", "present", "households", "unplaced")


@dataclass(frozen=True)
class Tile:
    """A key figure with its label; ``note`` gives its share of the persons present."""

    key: str
    label: str
    text: str
    value: Any
    note: str = ""
    featured: bool = False


@dataclass(frozen=True)
class Term:
    """One term of the balance of persons, with the sign it enters with."""

    key: str
    sign: str
    label: str
    text: str
    value: Any


def report_context(
    figures: Figures,
    meta: Figures,
    *,
    language: str,
    urls: dict[str, str] | None = None,
    with_charts: bool = True,
) -> dict[str, Any]:
    """Prepare a situation report for page, paper or workbook in one language.

    ``figures`` has the shape of ``GET /api/v1/situation-reports/latest/`` and may hold the blocks
    ``aid_delivered``, ``flow``, ``data_quality``, ``border`` (see ``reports.border``) and
    ``arrivals_by_day_and_entry_point`` (rows of ``date, code, name, persons``). ``None`` anywhere
    is a withheld figure. ``meta`` names the operation, number, cut-off, zone, period, edition,
    status and narrative; ``meta["digits"]`` = ``"latin"`` keeps Latin digits in Dari and Pashto.
    ``urls`` may hold ``pdf, xlsx, json``.

    Raises ``KeyError`` or ``ValueError`` when a required field is missing or a date is not one.
    """
    fmt = Formatter(language, meta.get("digits") or "native")
    with translation.override(language):
        tables = build_tables(figures, meta, fmt) | border_tables(figures, meta, fmt)
        context: dict[str, Any] = {
            "language": language,
            "direction": "rtl" if is_rtl(language) else "ltr",
            "header": _header(figures, meta, fmt),
            "narrative": _narrative(meta),
            "tiles": _tiles(figures, fmt),
            "tables": tables,
            "border": [table for key, table in tables.items() if key.startswith("border_")],
            "flow": _flow(figures, fmt),
            "charts": _charts(figures, meta, fmt) if with_charts else {},
            "titles": {key: str(value) for key, value in labels.TITLES.items()},
            "columns": {key: str(value) for key, value in labels.COLUMNS.items()},
            "phrases": {key: str(value) for key, value in labels.PHRASES.items()},
            "urls": {name: urls[name] for name in FORMATS if name in urls} if urls else {},
        }
        context["withheld_note"] = f"{fmt.suppressed} {context['phrases']['suppressed']}"
        context["footnotes"] = _footnotes(context)
    return context


def _when(value: Any, meta: Figures, fmt: Formatter) -> str:
    moment = parse_moment(value, zone_of(meta))
    if isinstance(moment, datetime):
        return fmt.moment(moment)
    return fmt.day(moment) if isinstance(moment, date) else ""


def _header(figures: Figures, meta: Figures, fmt: Formatter) -> dict[str, str]:
    """Title lines in the order of OCHA situation reports, with the cut-off and its time zone."""
    as_of = meta.get("as_of") or figures["as_of"]
    moment = parse_moment(as_of, zone_of(meta))
    zone = ""
    if isinstance(moment, datetime):
        zone = zone_label(moment, clean(meta.get("timezone") or "UTC"))
    number = fmt.native(clean(meta.get("number") or figures.get("number")))
    period = meta.get("period") or figures.get("period") or {}
    lines = []
    if meta.get("prepared_by"):
        lines.append(str(labels.PREPARED_BY) % {"name": clean(meta["prepared_by"])})
    if isinstance(period, dict) and period.get("start") and period.get("end"):
        span = {key: _when(period[key], meta, fmt) for key in ("start", "end")}
        lines.append(str(labels.PERIOD) % span)
    if meta.get("next_report_at"):
        moment_text = _when(meta["next_report_at"], meta, fmt)
        lines.append(str(labels.NEXT_REPORT) % {"moment": moment_text})
    public = meta.get("edition") == "public"
    return {
        "operation": clean(meta.get("operation_name")),
        "title": str(labels.NUMBERED) % {"number": number},
        "as_of": str(labels.AS_OF) % {"moment": _when(as_of, meta, fmt), "zone": zone},
        "produced": " ".join(lines),
        "exercise": str(labels.PHRASES["exercise"]) if meta.get("exercise") else "",
        "draft": str(labels.PHRASES["draft"]) if meta.get("status") != "published" else "",
        "edition": str(labels.PHRASES["public" if public else "internal"]),
        "edition_note": str(labels.PHRASES["public_note" if public else "internal_note"]),
    }


def _narrative(meta: Figures) -> dict[str, Any]:
    narrative = meta.get("narrative") or {}
    notes = str(narrative.get("notes") or "")
    return {
        "highlights": [clean(text) for text in narrative.get("highlights") or [] if clean(text)],
        "notes": [clean(line) for line in notes.splitlines() if clean(line)],
    }


def _tiles(figures: Figures, fmt: Formatter) -> list[Tile]:
    """Key figures in reading order; one that the report does not know yet is shown by its code."""
    values = figures["key_figures"]
    keys = [key for key in labels.KEY_FIGURES if key in values]
    keys += [key for key in values if key not in labels.KEY_FIGURES]
    present = values.get("present")
    tiles = []
    for key in keys:
        value, note = values[key], ""
        if key in labels.SHARES and value is not None and present:
            note = str(labels.SHARE_OF_PRESENT) % {"share": fmt.percent(value * 100 / present)}
        label = code_label(labels.KEY_FIGURES, key)
        tiles.append(Tile(key, label, fmt.number(value), value, note, key in FEATURED))
    return tiles


def _flow(figures: Figures, fmt: Formatter) -> dict[str, Any]:
    """The terms of the balance, and a warning when they do not add up to the stock."""
    block = figures.get("flow")
    if not block:
        return {}
    terms = [
        Term(key, sign, str(label), fmt.number(block[key]), block[key])
        for key, sign, label in labels.FLOW
        if key in block
    ]
    signed = total(
        None if term.value is None else (-term.value if term.sign == "–" else term.value)
        for term in terms
        if term.sign != "="
    )
    stock = block.get("stock")
    wrong = signed is not None and stock is not None and signed != stock
    return {"terms": terms, "warning": str(labels.PHRASES["unbalanced"]) if wrong else ""}


def _charts(figures: Figures, meta: Figures, fmt: Formatter) -> dict[str, str]:
    rtl = is_rtl(fmt.language)
    words: dict[str, Any] = {key: str(value) for key, value in labels.CHARTS.items()}
    words["fmt"] = fmt
    brackets = [row["bracket"] for row in figures.get("age_sex") or []]
    words["ages"] = {bracket: bracket_label(fmt, str(bracket)) for bracket in brackets}
    days = [row["date"] for row in figures.get("arrivals_by_day") or []]
    zone = zone_of(meta)
    words["days"] = {day: fmt.day(_date(parse_moment(day, zone)), year=False) for day in days}
    drawn: dict[str, str] = {}
    if brackets:
        drawn["pyramid"] = charts.render_svg(
            charts.pyramid_spec(figures, words, rtl),
            title=words["pyramid"],
            description=charts.describe_pyramid(figures, words),
        )
    if days:
        drawn["arrivals"] = charts.render_svg(
            charts.arrivals_spec(figures, words, rtl),
            title=words["arrivals"],
            description=charts.describe_arrivals(figures, words),
        )
    return drawn


def _date(value: date | None) -> date:
    if value is None:
        raise ValueError("a row of arrivals_by_day has no date")
    return value


def _footnotes(context: dict[str, Any]) -> list[str]:
    phrases = context["phrases"]
    withheld = (
        any(table.suppressed for table in context["tables"].values())
        or any(tile.value is None for tile in context["tiles"])
        or any(term.value is None for term in context["flow"].get("terms", []))
    )
    notes = [context["withheld_note"]] if withheld else []
    notes += [table.note for table in context["tables"].values() if table.note]
    return [*notes, phrases["civilian"], phrases["frozen"]]
