"""The bench itself: what it writes, what it sends, and that a failure shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from rest_framework.test import APIClient

from bench import __main__ as command
from bench.floor import TABLES
from bench.imports import sheet
from bench.registering import _exactly_once, _rows
from bench.registry import Row, Size, World, measurements
from bench.server import percentile
from bench.world import family, inputs, make_operation, registrar
from intake.imports import import_spreadsheet
from intake.services import register_many


def test_the_floor_is_measured_first() -> None:
    """Every ratio is one to the floor of the same run."""
    assert next(iter(measurements())) == "floor"
    world = World(Size(), {"copy": 1000.0})
    assert world.times_floor(250.0) == "4.0 × the floor's time"


def test_the_page_keeps_what_people_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the part between the markers is replaced."""
    page = tmp_path / "page.md"
    page.write_text(f"Before\n{command.BEGIN}\nold\n{command.END}\nAfter\n", encoding="utf-8")
    monkeypatch.setattr(command, "PAGE", page)
    command.write(command.table([Row("this", "1", "2", "3")]))
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"Before\n{command.BEGIN}\n| what |")
    assert text.endswith(f"| this | 1 | 2 | 3 |\n{command.END}\nAfter\n")


def test_a_page_without_markers_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails instead of adding figures at the end."""
    page = tmp_path / "page.md"
    page.write_text("Words\n", encoding="utf-8")
    monkeypatch.setattr(command, "PAGE", page)
    with pytest.raises(ValueError, match="to write between"):
        command.write("figures")
    assert page.read_text(encoding="utf-8") == "Words\n"


def test_a_percentile_is_in_milliseconds() -> None:
    """Of sorted seconds."""
    times = [number / 1000 for number in range(1, 101)]
    assert percentile(times, 0.5) == pytest.approx(51)
    assert percentile(times, 1.0) == pytest.approx(100)


@pytest.mark.django_db
def test_a_registration_writes_to_no_table_beside_the_floor() -> None:
    """Else the floor would leave out a part of the work."""
    make_operation()

    def counts() -> dict[str, int]:
        models = [m for m in apps.get_models() if m._meta.managed and not m._meta.proxy]
        return {model._meta.db_table: model._base_manager.count() for model in models}

    before = counts()
    register_many(actor=registrar(), data=inputs(1, 20))
    after = counts()
    assert {table for table in after if after[table] != before[table]} == set(TABLES)


@pytest.mark.django_db
def test_a_doubled_batch_is_seen() -> None:
    """The check of `batch` names the table to which something was added."""
    make_operation()
    before = _rows()
    register_many(actor=registrar(), data=inputs(1, 2))
    once = _rows()
    assert _exactly_once(2, {201: 2}, {200: 2}, before, once) == (
        "all known by then and not a row added"
    )
    assert "409" in _exactly_once(2, {201: 2}, {409: 2}, before, once)
    register_many(actor=registrar(), data=inputs(50, 1))
    assert "'intake_person': 5" in _exactly_once(2, {201: 2}, {200: 2}, before, once)


@pytest.mark.django_db
def test_the_sheet_is_one_that_is_accepted() -> None:
    """A measurement of refusals would be quick and worthless."""
    make_operation()
    batch = import_spreadsheet(actor=registrar(), filename="bench.csv", content=sheet(4, 7))
    assert (batch.rows, batch.persons, batch.refused) == (20, 20, 0)


@pytest.mark.django_db
def test_the_family_is_one_that_is_accepted(api: Callable[[Any], APIClient]) -> None:
    """By the interface that clients use, with all five members."""
    make_operation()
    answer: Any = api(registrar()).post("/api/v1/households/", family(3))
    assert answer.status_code == 201, answer.data
    assert len(answer.data["members"]) == 5
