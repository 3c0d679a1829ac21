"""The tables of the border: states of entry points, people seen and registered, visits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from reports.rendering import labels
from reports.rendering.formats import Formatter, clean, parse_moment, total, zone_of
from reports.rendering.tables import (
    Cell,
    Column,
    Figures,
    Table,
    code_label,
    day_cell,
    number_cell,
    text_cell,
)

# The colour of a state, and its place in the list: what is not open comes first.
_LEVELS = {"closed": "full", "restricted": "nearly_full", "open": "available"}
_ORDER = list(_LEVELS)


def _columns(*names: str, numeric: tuple[str, ...] = ()) -> list[Column]:
    return [Column(str(labels.BORDER_COLUMNS[name]), name in numeric) for name in names]


def _place(row: Figures) -> Cell:
    return text_cell(row.get("name") or row.get("code"))


def _since(value: Any, meta: Figures, fmt: Formatter) -> Cell:
    moment = parse_moment(value, zone_of(meta))
    if not isinstance(moment, datetime):
        return text_cell("–")
    return Cell(fmt.moment(moment, year=False), moment.isoformat(timespec="minutes"))


def entry_points(rows: list[Figures], block: Figures, meta: Figures, fmt: Formatter) -> Table:
    """Closed, restricted and open entry points, each with reason and since when."""

    def rank(row: Figures) -> int:
        status = row.get("status")
        return _ORDER.index(status) if status in _ORDER else len(_ORDER)

    cells = []
    for row in sorted(rows, key=rank):
        code = row.get("status")
        status = code_label(labels.ENTRY_POINT_STATES, code)
        cells.append(
            [
                _place(row),
                Cell(status, status, "status", level=_LEVELS.get(str(code), "unknown")),
                text_cell(row.get("reason") or "–"),
                _since(row.get("since"), meta, fmt),
            ]
        )
    names = ("entry_point", "status", "reason", "since")
    return Table(
        "border_entry_points", str(labels.TITLES["border_entry_points"]), _columns(*names), cells
    )


def crossings(rows: list[Figures], block: Figures, meta: Figures, fmt: Formatter) -> Table:
    """People seen crossing, registered of the same hours, and not yet registered."""
    names = ("seen", "registered", "not_yet_registered")
    cells = [[_place(row), *(number_cell(fmt, row.get(name)) for name in names)] for row in rows]
    sums = [total(row.get(name) for row in rows) for name in names[:2]]
    whole = [*sums, block.get("not_yet_registered")]
    return Table(
        "border_crossings",
        str(labels.TITLES["border_crossings"]),
        _columns("entry_point", *names, numeric=names),
        cells,
        [text_cell(labels.COLUMNS["total"]), *(number_cell(fmt, value) for value in whole)]
        if len(rows) > 1
        else [],
        str(labels.PHRASES["seen"]),
    )


def assessments(rows: list[Figures], block: Figures, meta: Figures, fmt: Formatter) -> Table:
    """Visits to the border in the words that were written to be quoted."""
    cells = [
        [
            _place(row),
            day_cell(fmt, row.get("visited_at"), meta),
            text_cell(row.get("organisations")),
            text_cell(" ".join(clean(row.get("summary")).split())),
        ]
        for row in rows
    ]
    names = ("place", "visited", "organisations", "found")
    return Table(
        "border_assessments", str(labels.TITLES["border_assessments"]), _columns(*names), cells
    )


Builder = Callable[[list[Figures], Figures, Figures, Formatter], Table]
BUILDERS: tuple[Builder, ...] = (entry_points, crossings, assessments)


def border_tables(figures: Figures, meta: Figures, fmt: Formatter) -> dict[str, Table]:
    """The tables that have rows, by key; none for a report from before the border was in it."""
    block = figures.get("border") or {}
    built = [
        build(rows, block, meta, fmt)
        for build in BUILDERS
        if (rows := block.get(build.__name__) or [])
    ]
    return {table.key: table for table in built}
