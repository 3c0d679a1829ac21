"""What the public edition withholds, attacked as a reader with a pencil would."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reports.disclosure import SMALLEST_SHOWN, is_small, public_edition, withheld_cells

COLUMNS = ("female", "male", "other")
BRACKETS = ("0-4", "5-11", "12-17", "18-59", "60+", "unknown")

cells = st.integers(0, 40) | st.integers(0, 6) | st.just(0)
tables = st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, cells)), min_size=6, max_size=6).map(
    lambda rows: [{"bracket": b, **row} for b, row in zip(BRACKETS, rows, strict=True)]
)


def lines(rows: list[dict[str, Any]]) -> list[list[tuple[int, str]]]:
    return [[(i, c) for i in range(len(rows))] for c in COLUMNS] + [
        [(i, c) for c in COLUMNS] for i in range(len(rows))
    ]


@given(tables)
def test_no_small_cell_is_shown(rows: list[dict[str, Any]]) -> None:
    hidden = withheld_cells(rows, COLUMNS, key="bracket")
    for index, row in enumerate(rows):
        for column in COLUMNS:
            assert (index, column) in hidden or not is_small(row[column])


@given(tables)
def test_no_line_gives_a_withheld_cell_away(rows: list[dict[str, Any]]) -> None:
    """With the line's total and the cells shown, what is hidden stays two or more, or whole."""
    hidden = withheld_cells(rows, COLUMNS, key="bracket")
    for line in lines(rows):
        withheld = [cell for cell in line if cell in hidden]
        if withheld and len(withheld) < len(line):
            assert len(withheld) >= 2
            assert sum(rows[i][c] for i, c in withheld) >= SMALLEST_SHOWN


@given(tables)
def test_a_table_without_small_cells_is_shown_whole(rows: list[dict[str, Any]]) -> None:
    large = [{k: v + 5 if isinstance(v, int) else v for k, v in row.items()} for row in rows]
    assert withheld_cells(large, COLUMNS, key="bracket") == set()


def test_one_small_cell_takes_the_next_smallest_of_its_lines_with_it() -> None:
    rows = [
        {"bracket": "0-4", "female": 3, "male": 20, "other": 9},
        {"bracket": "5-11", "female": 30, "male": 40, "other": 9},
        {"bracket": "12-17", "female": 15, "male": 50, "other": 9},
    ]
    hidden = withheld_cells(rows, COLUMNS, key="bracket")
    assert (0, "female") in hidden
    assert (2, "female") in hidden
    assert len(hidden) >= 4


def test_the_difference_to_yesterdays_edition_is_a_cell_too() -> None:
    yesterday = [{"code": "A", "persons": 100}, {"code": "B", "persons": 50}]
    today = [{"code": "A", "persons": 102}, {"code": "B", "persons": 70}]
    assert withheld_cells(today, ("persons",), yesterday, key="code") == {
        (0, "persons"),
        (1, "persons"),
    }


def test_what_was_withheld_yesterday_is_no_base_for_a_difference() -> None:
    yesterday = [{"code": "A", "persons": None}, {"code": "B", "persons": 50}]
    today = [{"code": "A", "persons": 12}, {"code": "B", "persons": 50}]
    assert withheld_cells(today, ("persons",), yesterday, key="code") == set()


def figures() -> dict[str, Any]:
    return {
        "key_figures": {"present": 60, "unaccompanied_children": 2, "unplaced": 12},
        "arrivals_by_day": [
            {"date": "2021-07-04", "persons": 3, "households": 1},
            {"date": "2021-07-05", "persons": 57, "households": 12},
            {"date": "2021-07-06", "persons": 40, "households": 9},
        ],
        "arrivals_by_entry_point": [{"code": "TEM", "name": "Tem", "persons": 100}],
        "arrivals_by_day_and_entry_point": [],
        "age_sex": [{"bracket": b, "female": 10, "male": 9, "other": 0} for b in BRACKETS],
        "sites": [
            {"code": "A", "name": "A", "capacity": 9, "present": 2, "reserved": 0, "free": 7},
            {"code": "B", "name": "B", "capacity": 90, "present": 58, "reserved": 0, "free": 32},
        ],
        "aid_by_sector": [],
        "aid_delivered": [{"item": "insulin", "persons_reached": 1}],
        "flow": {"separated": 4},
        "data_quality": {},
    }


def test_the_public_edition_keeps_the_shape_and_leaves_out_what_would_tell() -> None:
    public = public_edition(figures())
    assert public["key_figures"] == {
        "present": 60,
        "unaccompanied_children": None,
        "unplaced": 12,
    }
    assert "flow" not in public
    assert "aid_delivered" not in public
    assert public["arrivals_by_day"][0]["persons"] is None
    site = public["sites"][0]
    assert site["present"] is None
    assert site["free"] is None
    assert site["capacity"] == 9


def test_the_internal_figures_are_not_touched() -> None:
    before = figures()
    public_edition(before)
    assert before == figures()
