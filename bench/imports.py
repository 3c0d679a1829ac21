"""Importing a spreadsheet."""

from __future__ import annotations

import csv
import io
import time
from typing import Any
from unittest.mock import patch

from bench.registry import Row, World, bench
from bench.world import family, registrar

COLUMNS = (
    "household_no", "arrived_at", "entry_point", "origin_district", "phone", "language",
    "consent", "name", "father_name", "sex", "birth", "relationship", "nationality",
    "specific_needs", "document_no", "remarks",
)  # fmt: skip
WORDS = {"spouse": "wife", "child": "son", "head": "head"}


def sheet(households: int, seed: int) -> bytes:
    """A sheet of families of five, as staff type them."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    for number in range(households):
        typed = family(seed + number)
        arrived = typed["arrival"]["arrived_at"][:16].replace("T", " ")
        for member in typed["members"]:
            document = member["documents"][0]["number"] if member["documents"] else ""
            writer.writerow(
                {
                    "household_no": number + 1,
                    "arrived_at": arrived,
                    "entry_point": typed["arrival"]["entry_point"],
                    "origin_district": "AF1723",
                    "phone": typed["phones"][0],
                    "language": "Dari",
                    "consent": "yes",
                    "name": member["name"],
                    "father_name": member["father_name"],
                    "sex": member["sex"],
                    "birth": member["birth"],
                    "relationship": WORDS[member["relationship"]],
                    "nationality": "AFG",
                    "document_no": document,
                }
            )
    return text.getvalue().encode("utf-8-sig")


@bench("import")
def spreadsheet(world: World) -> list[Row]:
    """A sheet with everything that belongs to it: duplicates are looked for as well."""
    from intake.duplicates import find_duplicates
    from intake.imports import import_spreadsheet

    content = sheet(world.size.persons // 10, 4_000_000)
    searching = 0.0

    def timed(ids: Any) -> Any:
        nonlocal searching
        began = time.perf_counter()
        pairs = find_duplicates(ids)
        searching = time.perf_counter() - began
        return pairs

    began = time.perf_counter()
    with patch("intake.imports.batches.find_duplicates", timed):
        batch = import_spreadsheet(actor=registrar(), filename="bench.csv", content=content)
    seconds = time.perf_counter() - began
    rate = batch.persons / seconds
    return [
        Row(
            f"import a spreadsheet of {batch.rows:,} rows, with the search for duplicates",
            f"{rate:,.0f} persons/s ({batch.refused} refused),"
            f" {100 * searching / seconds:.0f} % of it the search",
            world.times_floor(rate),
            "2,500 persons/s, at most 4 × a raw COPY",
        )
    ]
