"""Spreadsheets and places for the tests of imports and duplicates. Invented people only."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from intake.models import EntryPoint

SCENARIO = Path(__file__).resolve().parents[2] / "scenario"
COLUMNS = [
    "household_no",
    "arrived_at",
    "entry_point",
    "origin_province",
    "origin_district",
    "phone",
    "language",
    "consent",
    "name",
    "father_name",
    "sex",
    "birth",
    "relationship",
    "nationality",
    "specific_needs",
    "document_no",
    "remarks",
]
ROW = {
    "household_no": "1",
    "arrived_at": "2021-07-05 05:26",
    "entry_point": "TEM",
    "origin_province": "AF17",
    "origin_district": "AF1719",
    "name": "Sohrab",
    "father_name": "Zia",
    "sex": "M",
    "birth": "1370",
    "relationship": "head",
    "nationality": "AFG",
}


def make_entry_points() -> None:
    """The four crossings of the scenario."""
    for code, name, area, aliases in (
        ("TEM", "Tem", "AF1719", "تیم\nТем"),
        ("ISHKOSHIM", "Ishkoshim", "AF1723", "Ishkashim\nИшкошим"),
        ("KHUMROGI", "Khumrogi", "AF1727", ""),
        ("RUZVAI", "Ruzvai", "AF1727", "Darvoz"),
    ):
        EntryPoint.objects.get_or_create(
            code=code,
            defaults={"name": name, "kind": "official", "area_id": area, "aliases": aliases},
        )


def sheet(
    rows: list[dict[str, Any]],
    *,
    columns: list[str] | None = None,
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
) -> bytes:
    """A CSV file of rows, each with ROW's values unless it says otherwise."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(columns or COLUMNS)
    for row in rows:
        values = {**ROW, **row}
        writer.writerow([values.get(column, "") for column in COLUMNS])
    return text.getvalue().encode(encoding)
