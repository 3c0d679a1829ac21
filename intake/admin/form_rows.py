"""The rows of people as a browser sends them: gaps closed, and an id for each."""

from __future__ import annotations

import re
from collections import defaultdict

from django.http.request import QueryDict

from common.ids import new_id
from intake.forms import MAX_MEMBERS

_FIELD = re.compile(r"members-(\d{1,3})-(\w+)\Z", re.ASCII)
_COUNT = "members-TOTAL_FORMS"
# What a row holds before anything is typed.
_BEFOREHAND = frozenset({"id", "nationality"})


def number_of_rows(data: QueryDict) -> int:
    """How many rows were sent; 0 when that cannot be read."""
    text = data.get(_COUNT) or ""
    readable = text.isascii() and text.isdecimal() and len(text) < 4
    return min(int(text), MAX_MEMBERS) if readable else 0


def close_gaps(data: QueryDict) -> None:
    """Leave out the rows in which nothing was typed; the others keep their order.

    One row stays. The mark of the focal point follows its row.
    """
    rows: dict[int, dict[str, list[str]]] = defaultdict(dict)
    for key in list(data):
        if found := _FIELD.match(key):
            rows[int(found[1])][found[2]] = data.pop(key)
    kept = [index for index in sorted(rows) if index < number_of_rows(data) and _typed(rows[index])]
    kept = kept or [min(rows, default=0)]
    for position, index in enumerate(kept):
        for name, values in rows[index].items():
            data.setlist(f"members-{position}-{name}", values)
    moved = {f"members-{old}": f"members-{new}" for new, old in enumerate(kept)}
    if marked := data.get("focal_point"):
        data["focal_point"] = moved.get(marked, "")
    if number_of_rows(data):
        data[_COUNT] = str(len(kept))


def add_row(data: QueryDict) -> None:
    """One row more, as far as a form takes them."""
    data[_COUNT] = str(min(number_of_rows(data) + 1, MAX_MEMBERS))


def give_ids(data: QueryDict) -> None:
    """An id for the household and for each row, so that sending the form twice is one record."""
    names = ["id", *(f"members-{index}-id" for index in range(number_of_rows(data)))]
    for name in names:
        if not data.get(name):
            data[name] = str(new_id())


def _typed(row: dict[str, list[str]]) -> bool:
    return any(any(values) for name, values in row.items() if name not in _BEFOREHAND)
