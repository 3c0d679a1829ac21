"""Figures of an invented day that agree with scenario/truth.json, for tests of the report."""

import copy
import json
from pathlib import Path
from typing import Any

TRUTH = Path(__file__).parents[2] / "scenario" / "truth.json"
SITES = (
    ("KHOROG-SCHOOL-3", "Khorog School No. 3", 240, 231, 9),
    ("TEM-TRANSIT", "Tem transit tents", 300, 262, 12),
    ("ISHKOSHIM-CLUB", "Ishkoshim culture house", 180, 180, 0),
    ("VANJ-BOARDING", "Vanj boarding school", 150, 112, 8),
    ("DARVOZ-SCHOOL-1", "Darvoz School No. 1", 160, 98, 0),
    ("RUSHAN-GYM", "Rushan sports hall", 120, 84, 6),
    ("SHUGNAN-CLINIC", "Shugnan clinic annex", 60, 62, 0),
    ("ROSHTQALA-HALL", "Roshtqala community hall", 110, 80, 4),
)
AGE_SEX = (
    ("0-4", 112, 116, 0),
    ("5-11", 148, 138, 0),
    ("12-17", 82, 82, 0),
    ("18-59", 216, 174, 0),
    ("60+", 42, 36, 0),
    ("unknown", 2, 2, 0),
)
SECTORS = (
    ("protection", 3, 0, 5, 31),
    ("shelter", 2, 0, 6, 413),
    ("health", 6, 2, 14, 88),
    ("food_security", 4, 1, 9, 1020),
)
DAY_HOUSEHOLDS = {"2021-07-04": 47, "2021-07-05": 122, "2021-07-06": 43, "2021-07-07": 2}
PERIOD = {"start": "2021-07-06T18:00:00+05:00", "end": "2021-07-07T18:00:00+05:00"}


def make_figures() -> dict[str, Any]:
    """The internal edition: nothing withheld, every optional block present."""
    truth = json.loads(TRUTH.read_text())
    return {
        "number": "3",
        "as_of": PERIOD["end"],
        "period": dict(PERIOD),
        "key_figures": {
            "arrivals_total": truth["persons"],
            "arrivals_last_24h": 7,
            "present": 1150,
            "households": truth["households"],
            "female": truth["female"],
            "male": truth["male"],
            "under_18": truth["under18"],
            "aged_60_plus": truth["over60"],
            "women_children_elderly": truth["women_children_elderly"],
            "unaccompanied_children": truth["unaccompanied_children"],
            "unplaced": 41,
            "sites_open": 8,
            "places_free": 174,
            "requests_open": 15,
            "requests_overdue": 3,
        },
        "arrivals_by_day": [
            {"date": day, "persons": truth["by_day"][day], "households": households}
            for day, households in DAY_HOUSEHOLDS.items()
        ],
        "arrivals_by_entry_point": [
            {"code": name.upper(), "name": name, "persons": persons}
            for name, persons in truth["by_entry_point"].items()
        ],
        "age_sex": [
            {"bracket": bracket, "female": female, "male": male, "other": other}
            for bracket, female, male, other in AGE_SEX
        ],
        "sites": [
            {"code": code, "name": name, "capacity": a, "present": b, "reserved": c}
            for code, name, a, b, c in SITES
        ],
        "aid_by_sector": [
            {"sector": sector, "open": a, "overdue": b, "fulfilled": c, "persons_reached": d}
            for sector, a, b, c, d in SECTORS
        ],
        "aid_delivered": [
            {
                "sector": "food_security",
                "item": "Hot meals",
                "quantity": 2040,
                "unit": "meal",
                "agency": "WFP",
                "households_reached": 190,
                "persons_reached": 1020,
            }
        ],
        "flow": {
            "previous_stock": 1143,
            "arrivals": 7,
            "births": 1,
            "transfers_in": 0,
            "reactivations": 0,
            "departures": 1,
            "deaths": 0,
            "transfers_out": 0,
            "separated": 0,
            "stock": 1150,
        },
        "data_quality": {
            "birth_estimated_pct": 43.2,
            "sex_unknown": 0,
            "possible_duplicates_open": 9,
        },
    }


def make_meta(**changes: Any) -> dict[str, Any]:
    """What the report says about itself; a published internal edition of no exercise."""
    meta = {
        "operation_name": "Reception in Gorno-Badakhshan",
        "number": "3",
        "as_of": PERIOD["end"],
        "timezone": "Asia/Dushanbe",
        "period": dict(PERIOD),
        "next_report_at": "2021-07-08T18:00:00+05:00",
        "edition": "internal",
        "status": "published",
        "exercise": False,
        "narrative": {"highlights": ["Seven persons arrived."], "notes": "The road is open."},
        "prepared_by": "the reporting officer",
    }
    return copy.deepcopy({**meta, **changes})
