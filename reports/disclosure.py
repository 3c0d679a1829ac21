"""Withholding small cells in what is published.

A cell of 1 to 4 persons is withheld (domain/standards.md 7.3), also when it is the difference to
the edition published before. Where totals are known, a line with one withheld cell gives it away;
so a line keeps at least two withheld cells that add up to five or more, or none.

The totals of the operation (arrivals, present, female, male) are published whole: they are what
the province states every morning.
"""

from __future__ import annotations

from typing import Any

from intake.choices import EntryPointKind

SMALLEST_SHOWN = 5
PERSON_KEY_FIGURES = ("unaccompanied_children", "unplaced", "arrivals_last_24h")

_SEEN = ("seen", "registered", "not_yet_registered")

Cell = tuple[int, str]


def is_small(value: int | None) -> bool:
    """Whether a count of persons may not be shown."""
    return value is not None and 0 < value < SMALLEST_SHOWN


def _lines(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[list[Cell]]:
    down = [[(index, column) for index in range(len(rows))] for column in columns]
    across = [[(index, column) for column in columns] for index in range(len(rows))]
    return [*down, *(across if len(columns) > 1 else [])]


def _weak(line: list[Cell], hidden: set[Cell], rows: list[dict[str, Any]]) -> bool:
    withheld = [cell for cell in line if cell in hidden]
    if not withheld:
        return False
    return len(withheld) < 2 or sum(rows[i][c] for i, c in withheld) < SMALLEST_SHOWN


def withheld_cells(
    rows: list[dict[str, Any]],
    columns: tuple[str, ...],
    previous: list[dict[str, Any]] | None = None,
    *,
    key: str = "",
) -> set[Cell]:
    """The cells (row index, column) of a table of persons that may not be shown.

    `previous` is the same table as it was published before, matched by the column `key`.
    """
    before = {row[key]: row for row in previous or []}
    hidden: set[Cell] = set()
    for index, row in enumerate(rows):
        for column in columns:
            earlier = before.get(row.get(key), {}).get(column)
            change = None if earlier is None else abs(row[column] - earlier)
            if is_small(row[column]) or is_small(change):
                hidden.add((index, column))
    lines = _lines(rows, columns)
    while weak := next((line for line in lines if _weak(line, hidden, rows)), None):
        shown = [cell for cell in weak if cell not in hidden]
        if not shown:
            # The whole line is withheld already; its total is all that is left of it.
            lines.remove(weak)
            continue
        hidden.add(
            min(shown, key=lambda cell: (rows[cell[0]][cell[1]] == 0, rows[cell[0]][cell[1]]))
        )
    return hidden


def _withhold(
    figures: dict[str, Any],
    previous: dict[str, Any],
    table: str,
    columns: tuple[str, ...],
    key: str,
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = figures.get(table, [])
    hidden = withheld_cells(rows, columns, previous.get(table), key=key)
    return [
        {name: None if (index, name) in hidden else value for name, value in row.items()}
        for index, row in enumerate(rows)
    ]


def _public_border(block: dict[str, Any], previous: dict[str, Any]) -> dict[str, Any]:
    """The block with small cells as None; `previous` is the one published before, or empty.

    Informal crossings leave the list of states: why and when one is used is for those who help
    there. Where the difference is withheld the people seen are too, because the arrivals of an
    entry point stand elsewhere in the report.
    """
    rows: list[dict[str, Any]] = block["crossings"]
    hidden = withheld_cells(rows, _SEEN, previous.get("crossings"), key="code")
    hidden |= {(index, "seen") for index, name in hidden if name == "not_yet_registered"}
    whole, before = block["not_yet_registered"], previous.get("not_yet_registered")
    change = None if before is None else abs(whole - before)
    return {
        "entry_points": [
            row for row in block["entry_points"] if row["kind"] != EntryPointKind.INFORMAL
        ],
        "crossings": [
            {name: None if (index, name) in hidden else value for name, value in row.items()}
            for index, row in enumerate(rows)
        ],
        "not_yet_registered": None if is_small(whole) or is_small(change) else whole,
        "assessments": block["assessments"],
    }


def public_edition(
    figures: dict[str, Any], previous: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The figures with small cells as None, in the same shape.

    The balance, the cross table of days and places and the aid delivered item by item are left
    out: with them, cells could be worked out again.
    """
    before = previous or {}
    key_figures = {
        name: None if name in PERSON_KEY_FIGURES and is_small(value) else value
        for name, value in figures["key_figures"].items()
    }
    days = _withhold(figures, before, "arrivals_by_day", ("persons", "households"), "date")
    sites = _withhold(figures, before, "sites", ("present", "reserved"), "code")
    for row in sites:
        if row["present"] is None or row["reserved"] is None:
            row["free"] = None
    return {
        "key_figures": key_figures,
        "arrivals_by_day": days,
        "arrivals_by_entry_point": _withhold(
            figures, before, "arrivals_by_entry_point", ("persons",), "code"
        ),
        "age_sex": _withhold(figures, before, "age_sex", ("female", "male", "other"), "bracket"),
        "sites": sites,
        "aid_by_sector": _withhold(
            figures, before, "aid_by_sector", ("persons_reached",), "sector"
        ),
        **(
            {"border": _public_border(figures["border"], before.get("border") or {})}
            if "border" in figures
            else {}
        ),
    }
