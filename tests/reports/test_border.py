"""The border in the situation report: figures, what the public edition withholds, all formats."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pypdf
import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from accounts.models import User
from common import clock
from intake.services.entry_points import change_entry_point_status
from reports import selectors
from reports.disclosure import is_small, public_edition
from reports.rendering import render_pdf, render_xlsx, report_context
from tests.factories.border import make_assessment, make_count
from tests.factories.intake import make_entry_point
from tests.reports import people
from tests.reports.sample_report import make_figures, make_meta

ZONE = ZoneInfo("Asia/Dushanbe")
CUT_OFF = datetime(2021, 7, 6, 6, 0, tzinfo=ZONE)
DAY = timedelta(days=1)


def block(as_of: datetime = CUT_OFF, since: datetime | None = None) -> Any:
    moment = selectors.Moment(as_of=as_of, zone=ZONE)
    return selectors.figures(moment, since or as_of - DAY)["border"]


@pytest.mark.django_db
def test_the_report_knows_the_border(alice: User) -> None:
    with clock.replaying(CUT_OFF - 3 * DAY):
        point = make_entry_point("TEM")
        make_entry_point("FORD", kind="informal", latitude="36.98", longitude="71.61")
    with clock.replaying(CUT_OFF - timedelta(hours=1)):
        change_entry_point_status(
            actor=alice,
            entry_point=point,
            status="closed",
            reason="Shots",
            occurred_at=CUT_OFF - timedelta(hours=8),
        )
        make_count(alice, 0, 6, 9)
        for _ in range(2):
            people.person(people.household(alice, CUT_OFF - DAY - timedelta(hours=1)))
        make_assessment(alice)
        make_assessment(alice, quotable=False, summary="Not to be told")
    found = block()
    assert found["entry_points"] == [
        {
            "code": "FORD",
            "name": "Ford",
            "kind": "informal",
            "status": "open",
            "reason": "",
            "since": None,
        },
        {
            "code": "TEM",
            "name": "Tem",
            "kind": "official",
            "status": "closed",
            "reason": "Shots",
            "since": "2021-07-05T17:00:00+00:00",
        },
    ]
    assert found["crossings"] == [
        {"code": "TEM", "name": "Tem", "seen": 9, "registered": 2, "not_yet_registered": 7}
    ]
    assert found["not_yet_registered"] == 7
    (quoted,) = found["assessments"]
    assert (quoted["code"], quoted["name"]) == ("TEM", "Tem")
    assert quoted["summary"].startswith("About 80 people")
    assert "findings" not in quoted
    assert "71.6" not in str(found)
    # An hour later nothing new was found; the states and the people still are.
    later = block(CUT_OFF + DAY, CUT_OFF)
    assert later["assessments"] == []
    assert later["crossings"] == found["crossings"]
    assert block(CUT_OFF - timedelta(days=5))["crossings"] == []


@pytest.mark.django_db
def test_a_visit_that_is_written_down_late_is_quoted_once(alice: User) -> None:
    with clock.replaying(CUT_OFF + timedelta(hours=5)):
        make_assessment(alice)
    quoted = [len(block(CUT_OFF + number * DAY)["assessments"]) for number in (-1, 1, 2)]
    assert quoted == [0, 1, 0]


def sample() -> dict[str, Any]:
    return {
        "entry_points": [
            {
                "code": code,
                "name": name,
                "kind": kind,
                "status": status,
                "reason": reason,
                "since": "2021-07-05T17:00:00+00:00" if reason else None,
            }
            for code, name, kind, status, reason in (
                ("FORD", "Willow ford", "informal", "open", ""),
                ("RUZVAI", "Ruzvai", "official", "restricted", "By day only"),
                ("TEM", "Tem", "official", "closed", "Shots <b>"),
            )
        ],
        "crossings": [
            {
                "code": "TEM",
                "name": "Tem",
                "seen": 412,
                "registered": 300,
                "not_yet_registered": 112,
            },
            {
                "code": "FORD",
                "name": "Willow ford",
                "seen": 60,
                "registered": 57,
                "not_yet_registered": 3,
            },
        ],
        "not_yet_registered": 115,
        "assessments": [
            {
                "code": "TEM",
                "name": "Tem",
                "visited_at": "2021-07-05T05:00:00+00:00",
                "organisations": "UNHCR, Border Service",
                "summary": "=About eighty people wait\nwithout <water>.",
            }
        ],
    }


def test_the_public_edition_withholds_small_gaps_and_what_gives_them_away() -> None:
    public = public_edition({**make_figures(), "border": sample()})["border"]
    tem, ford = public["crossings"]
    assert ford["not_yet_registered"] is None
    assert ford["seen"] is None
    # The only other row of the column, or the total would give the small one away.
    assert tem["not_yet_registered"] is None
    assert public["not_yet_registered"] == 115
    assert [row["code"] for row in public["entry_points"]] == ["RUZVAI", "TEM"]
    assert len(public["assessments"]) == 1
    assert "border" not in public_edition(make_figures())


def test_the_difference_to_yesterdays_sum_is_not_told() -> None:
    today, yesterday = sample(), sample()
    yesterday["not_yet_registered"] = 113
    edition = public_edition({**make_figures(), "border": today}, {"border": yesterday})
    assert edition["border"]["not_yet_registered"] is None


numbers = st.integers(0, 6) | st.integers(0, 300)


@given(st.lists(st.tuples(numbers, numbers), max_size=6))
def test_no_small_gap_can_be_worked_out(pairs: list[tuple[int, int]]) -> None:
    """Not by sight, not from the sum, not from the arrivals that stand elsewhere."""
    rows = [
        {
            "code": str(number),
            "name": "",
            "seen": seen,
            "registered": registered,
            "not_yet_registered": max(seen - registered, 0),
        }
        for number, (seen, registered) in enumerate(pairs)
    ]
    whole = sum(row["not_yet_registered"] for row in rows)  # type: ignore[misc]
    border = {**sample(), "crossings": rows, "not_yet_registered": whole}
    public = public_edition({**make_figures(), "border": border})["border"]
    gaps = []
    for row, shown in zip(rows, public["crossings"], strict=True):
        gap = shown["not_yet_registered"]
        assert not is_small(gap)
        if gap is None:
            gaps.append(row["not_yet_registered"])
            assert shown["seen"] is None
    assert not is_small(public["not_yet_registered"])
    if gaps and public["not_yet_registered"] is not None:
        assert len(gaps) >= 2 or len(gaps) == len(rows)
        assert sum(gaps) >= 5 or len(gaps) == len(rows)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["en", "fa-af", "tg", "ru"])
def test_page_paper_and_workbook_tell_the_border(language: str) -> None:
    figures = {**make_figures(), "border": sample()}
    context = report_context(figures, make_meta(), language=language)
    assert [table.key for table in context["border"]] == [
        "border_entry_points",
        "border_crossings",
        "border_assessments",
    ]
    states = context["tables"]["border_entry_points"]
    assert [row[0].text for row in states.rows] == ["Tem", "Ruzvai", "Willow ford"]
    page = render_to_string("reports/report.html", {"report": context})
    assert "without &lt;water&gt;" in page
    assert "Shots &lt;b&gt;" in page
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(figures, make_meta(), language=language)))
    assert len(reader.pages) <= 4
    text = " ".join(each.extract_text() for each in reader.pages)
    assert "Willow ford" in text
    assert "<water>" in text
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(render_xlsx(figures, make_meta(), language=language))
    )
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    cells = [cell for sheet in sheets for row in sheet for cell in row]
    assert 412.0 in cells
    assert any(str(cell).startswith("=About eighty") for cell in cells)


def test_a_report_from_before_the_border_has_no_tables_of_it() -> None:
    for figures in (make_figures(), {**make_figures(), "border": {}}):
        context = report_context(figures, make_meta(), language="en", with_charts=False)
        assert context["border"] == []
        assert not any(key.startswith("border_") for key in context["tables"])
