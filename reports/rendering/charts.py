"""Charts: one Vega-Lite specification for screen and paper.

Specifications hold aggregate figures and labels only, and nothing about one person. A withheld
figure reaches neither the drawing nor its description: the bar is a dashed outline of a fixed
length.
"""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from django.utils.safestring import SafeString, mark_safe

from reports.rendering.formats import Formatter

FONT_FAMILIES = "Noto Sans, Noto Sans Arabic"
# Both keep 3:1 against white and from each other in greyscale (WCAG 2.2, 1.4.11).
FEMALE, MALE, INK, ARRIVALS = "#b4530a", "#155e9b", "#1f2933", "#155e9b"
MAX_DAYS = 21
RLM = "\u200f"

_fonts_lock = threading.Lock()
_fonts_ready = False


def font_directory() -> Path:
    """The directory of the fonts that ship with the project (see its OFL.txt)."""
    return Path(__file__).resolve().parents[2] / "common" / "static" / "common" / "fonts"


def _altair() -> Any:
    """Altair, which takes a second to import, only when a chart is drawn."""
    import altair

    return altair


def _directed(text: str, rtl: bool) -> str:
    """A chart label that starts right to left: a chart has no paragraph direction of its own."""
    return f"{RLM}{text}{RLM}" if rtl else text


def _pyramid_rows(figures: Mapping[str, Any], labels: Mapping[str, Any], rtl: bool) -> list[Any]:
    """One row a bar: ``value`` signed (the first-read sex at the reader's starting side)."""
    fmt: Formatter = labels["fmt"]
    sign = {"female": 1 if rtl else -1, "male": -1 if rtl else 1}
    table = figures.get("age_sex") or []
    peak = max([row[sex] or 0 for row in table for sex in sign] or [0]) or 1
    rows = []
    for row in table:
        for sex, side in sign.items():
            count = row[sex]
            length = peak * 0.06 if count is None else count
            rows.append(
                {
                    "age": _directed(labels["ages"][row["bracket"]], rtl),
                    "sex": sex,
                    "value": side * length,
                    "at": side * (length + peak * 0.05),
                    "text": fmt.number(count),
                    "withheld": count is None,
                    "side": side,
                }
            )
    return rows


def _pyramid_order(figures: Mapping[str, Any], labels: Mapping[str, Any], rtl: bool) -> list[str]:
    """Oldest at the top; ages that are not recorded at the foot."""
    brackets = [row["bracket"] for row in figures.get("age_sex") or []]
    ordered = [code for code in reversed(brackets) if code != "unknown"]
    ordered += [code for code in brackets if code == "unknown"]
    return [_directed(labels["ages"][code], rtl) for code in ordered]


def pyramid_spec(
    figures: Mapping[str, Any], labels: Mapping[str, Any], rtl: bool
) -> dict[str, Any]:
    """A Vega-Lite population pyramid of ``figures["age_sex"]``, oldest at the top.

    ``labels``: ``fmt`` (a Formatter), ``ages`` (bracket to label), ``female``, ``male``, ``title``.
    """
    alt = _altair()
    rows = _pyramid_rows(figures, labels, rtl)
    peak = max([abs(row["value"]) for row in rows] or [1])
    order = ["", *_pyramid_order(figures, labels, rtl)]
    heads = [
        {"age": "", "at": (row["side"]) * peak * 0.6, "text": _directed(labels[row["sex"]], rtl)}
        | {"sex": row["sex"]}
        for row in rows[:2]
    ]
    # Unlike the axis, the domain must hold the longest bar and the number behind it.
    limit = peak * 1.35
    x = alt.X("value:Q", axis=None, scale=alt.Scale(domain=[-limit, limit]))
    y = alt.Y(
        "age:N",
        sort=order,
        scale=alt.Scale(domain=order, paddingInner=0.18),
        axis=alt.Axis(title=None, orient="right" if rtl else "left", ticks=False, domain=False),
    )
    colour = alt.Color(
        "sex:N", legend=None, scale=alt.Scale(domain=["female", "male"], range=[FEMALE, MALE])
    )
    shown = alt.Chart(alt.Data(values=[row for row in rows if not row["withheld"]]))
    hidden = alt.Chart(alt.Data(values=[row for row in rows if row["withheld"]]))
    bars = shown.mark_bar().encode(x=x, y=y, color=colour)
    dashed = hidden.mark_bar(filled=False, strokeDash=[2, 2], stroke=INK).encode(x=x, y=y)
    numbers = alt.Chart(alt.Data(values=rows))
    layers = [bars, dashed]
    for side, align in ((-1, "right"), (1, "left")):
        layers.append(
            numbers.transform_filter(f"datum.side === {side}")
            .mark_text(align=align, baseline="middle", color=INK)
            .encode(x=alt.X("at:Q"), y=y, text="text:N", size=_mark_size(alt))
        )
    head = alt.Chart(alt.Data(values=heads)).mark_text(fontWeight="bold", baseline="middle")
    layers.append(head.encode(x=alt.X("at:Q"), y=y, text="text:N", color=colour))
    return _finish(alt.layer(*layers).properties(width=270, height=22 * len(order)), alt)


def arrivals_spec(
    figures: Mapping[str, Any], labels: Mapping[str, Any], rtl: bool
) -> dict[str, Any]:
    """Vega-Lite bars of ``figures["arrivals_by_day"]`` (the last 21 days), in reading order.

    ``labels``: ``fmt`` (a Formatter), ``days`` (ISO date to label).
    """
    alt = _altair()
    fmt: Formatter = labels["fmt"]
    table = sorted(figures.get("arrivals_by_day") or [], key=lambda row: str(row["date"]))
    table = table[-MAX_DAYS:]
    peak = max([row["persons"] or 0 for row in table] or [0]) or 1
    rows = [
        {
            "day": _directed(labels["days"][row["date"]], rtl),
            "persons": peak * 0.06 if row["persons"] is None else row["persons"],
            "text": fmt.number(row["persons"]),
            "withheld": row["persons"] is None,
        }
        for row in table
    ]
    order = [row["day"] for row in (reversed(rows) if rtl else rows)]
    axis = alt.Axis(title=None, labelAngle=0 if len(rows) <= 8 else -60, ticks=False)
    x = alt.X("day:N", sort=order, axis=axis, scale=alt.Scale(domain=order, paddingInner=0.3))
    y = alt.Y("persons:Q", axis=None, scale=alt.Scale(domain=[0, peak * 1.15]))
    shown = alt.Chart(alt.Data(values=[row for row in rows if not row["withheld"]]))
    hidden = alt.Chart(alt.Data(values=[row for row in rows if row["withheld"]]))
    layers = [
        shown.mark_bar(color=ARRIVALS).encode(x=x, y=y),
        hidden.mark_bar(filled=False, strokeDash=[2, 2], stroke=INK).encode(x=x, y=y),
        alt.Chart(alt.Data(values=rows))
        .mark_text(dy=-7, color=INK)
        .encode(x=x, y=y, text="text:N", size=_mark_size(alt)),
    ]
    return _finish(alt.layer(*layers).properties(width=300, height=105), alt)


def _mark_size(alt: Any) -> Any:
    """Numbers at 12 px; the mark of a withheld figure larger, for it is a dot."""
    return alt.condition("datum.withheld", alt.value(22), alt.value(12))


def _finish(chart: Any, alt: Any) -> dict[str, Any]:
    """Common typography; no background, so that paper and dark pages show through."""
    configured = (
        chart.configure(font=FONT_FAMILIES, aria=False, padding=2)
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, labelColor=INK, domainColor="#9aa5b1", labelLimit=160)
        .configure_text(fontSize=12)
    )
    spec: dict[str, Any] = configured.to_dict()
    # Vega-Lite takes null for no background; Altair's checker does not.
    spec["background"] = None
    return spec


def _register_fonts() -> None:
    global _fonts_ready
    import vl_convert

    with _fonts_lock:
        if not _fonts_ready:
            vl_convert.register_font_directory(str(font_directory()))
            _fonts_ready = True


def render_svg(spec: Mapping[str, Any], *, title: str = "", description: str = "") -> SafeString:
    """Draw a specification as SVG, with a title and description for screen readers.

    The result is safe to place in a page: Vega escapes the data, and the rest is escaped here.
    """
    import vl_convert

    _register_fonts()
    svg: str = vl_convert.vegalite_to_svg(dict(spec), allowed_base_urls=[])
    start = svg.index("<svg")
    end = svg.index(">", start)
    head = f'{svg[start:end]} role="img" direction="ltr">'
    names = f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    return mark_safe(head + names + svg[end + 1 :])  # noqa: S308


def describe_pyramid(figures: Mapping[str, Any], labels: Mapping[str, Any]) -> str:
    """The pyramid in words, one clause an age bracket; withheld figures are called so."""
    fmt: Formatter = labels["fmt"]

    def said(value: Any) -> str:
        return str(labels["withheld"]) if value is None else fmt.number(value)

    return "; ".join(
        labels["pyramid_row"]
        % {
            "age": labels["ages"][row["bracket"]],
            "female": said(row["female"]),
            "male": said(row["male"]),
        }
        for row in figures.get("age_sex") or []
    )


def describe_arrivals(figures: Mapping[str, Any], labels: Mapping[str, Any]) -> str:
    """The bars in words; withheld figures are called so."""
    fmt: Formatter = labels["fmt"]
    rows = sorted(figures.get("arrivals_by_day") or [], key=lambda row: str(row["date"]))
    return "; ".join(
        f"{labels['days'][row['date']]}: "
        + (labels["withheld"] if row["persons"] is None else fmt.number(row["persons"]))
        for row in rows[-MAX_DAYS:]
    )
