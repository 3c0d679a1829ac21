"""Generated people in the database: all accepted, the truth beside them, never among real ones."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from accounts.models import Operation, User
from common import clock
from demo.population import generate
from demo.population.households import UNTIL
from demo.population.workers import run
from demo.population.writing import REGISTRAR, TRUTH_COLUMNS, Job, prepare, truth_of
from intake.models import EntryPoint, Household, Identity, Person, RegistrationDraft
from intake.services import register_household
from tests.factories.intake import make_entry_point, make_household

SEED = 5


def command(**options: Any) -> str:
    """Run it; what it said of its progress."""
    said = io.StringIO()
    call_command("generate_population", stderr=said, **{"seed": SEED, **options})
    return said.getvalue()


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.django_db
def test_all_are_registered_and_the_truth_names_them(tmp_path: Path) -> None:
    path = tmp_path / "new" / "truth.csv"
    said = command(persons=1_500, repeats=0.3, truth=path)
    assert "1,500 persons" in said
    assert Person.objects.count() == 1_500
    expected = list(generate(1_500, SEED, 0.3))
    assert set(Household.objects.values_list("pk", flat=True)) == {each.id for each in expected}
    assert set(Household.objects.values_list("registered_by__username", flat=True)) == {REGISTRAR}
    rows = read(path)
    assert [tuple(row.values()) for row in rows] == [
        row for each in expected for row in truth_of(each)
    ]
    assert tuple(rows[0]) == TRUTH_COLUMNS
    persons = {str(pk): str(home) for pk, home in Person.objects.values_list("pk", "household_id")}
    for row in rows:
        assert persons[row["person"]] == row["household"]
        assert persons[row["original_person"]] == row["original_household"]
    member = expected[0].data.members[0]
    opened = Identity.objects.get(person_id=member.id).open()
    assert (opened.name, opened.birth_text) == (member.name, member.birth)


@pytest.mark.django_db
def test_the_truth_holds_no_names(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    command(persons=400, repeats=0.5, truth=path)
    text = path.read_text(encoding="utf-8")
    assert text.isascii()
    for each in generate(400, SEED, 0.5):
        for member in each.data.members:
            assert member.name not in text


@pytest.mark.django_db
def test_running_it_again_adds_nothing_and_completes_what_was_broken_off(tmp_path: Path) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    half = next(iter(generate(300, SEED, 0.3)))
    prepare()
    register_household(actor=User.objects.get(username=REGISTRAR), data=half.data)
    command(persons=300, repeats=0.3, truth=first)
    assert Person.objects.count() == 300
    said = command(persons=300, repeats=0.3, truth=second)
    assert Person.objects.count() == 300
    assert first.read_bytes() == second.read_bytes()
    assert "were registered before" in said


@pytest.mark.django_db
def test_the_same_seed_with_other_options_is_told_apart() -> None:
    command(persons=300)
    with pytest.raises(CommandError, match="another seed"):
        command(persons=299)
    command(persons=300, seed=SEED + 1)
    assert Person.objects.count() == 600


@pytest.mark.django_db
def test_it_makes_what_registration_needs_and_keeps_what_is_there() -> None:
    command(persons=20)
    assert Operation.current().code == "generated"
    assert not User.objects.get(username=REGISTRAR).has_usable_password()
    before = (Operation.objects.count(), EntryPoint.objects.count(), User.objects.count())
    command(persons=20, seed=6)
    assert before == (
        Operation.objects.count(),
        EntryPoint.objects.count(),
        User.objects.count(),
    )


@pytest.mark.django_db
def test_the_crossings_of_the_operation_are_used(operation: Operation) -> None:
    make_entry_point("SHOHON")
    command(persons=40)
    points = Household.objects.values_list("arrivals__entry_point__code", flat=True)
    assert set(points) == {"SHOHON"}


def refused(**options: Any) -> str:
    """What it says when it refuses; nothing was written."""
    before = Household.objects.count()
    with pytest.raises(CommandError) as error:
        command(**{"persons": 10, **options})
    assert Household.objects.count() == before
    assert not User.objects.filter(username=REGISTRAR).exists()
    return str(error.value)


@pytest.mark.django_db
def test_it_refuses_where_people_are_registered(alice: User) -> None:
    make_household(alice)
    assert "were not generated" in refused()


@pytest.mark.django_db
def test_it_refuses_where_somebody_has_begun(alice: User) -> None:
    RegistrationDraft.objects.create(
        owner=alice,
        saved_at=clock.now(),
        expires_at=clock.now() + timedelta(days=1),
        content={},
    )
    assert "begun to register" in refused()


@pytest.mark.django_db
def test_in_production_into_an_exercise_only() -> None:
    with override_settings(PRODUCTION=True, CLOCK_SHIFT_DAYS=0):
        assert "exercise" in refused()
    with override_settings(PRODUCTION=True, CLOCK_SHIFT_DAYS=-30):
        command(persons=10)
    assert Person.objects.count() == 10


@pytest.mark.django_db
@pytest.mark.parametrize("options", [{"persons": 0}, {"repeats": 1.5}, {"workers": 0}])
def test_nonsense_is_refused(options: dict[str, Any]) -> None:
    refused(**options)


def test_a_dry_run_writes_what_would_be_registered(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "truth.csv"
    command(persons=200, repeats=0.3, dry_run=True, truth=path)  # without a database
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 200
    made = list(generate(200, SEED, 0.3))
    assert rows[0]["name"] == made[0].data.members[0].name
    assert len(read(path)) == sum(len(each.same) for each in made)


@pytest.mark.django_db
def test_a_truth_that_was_broken_off_has_no_name(alice: User, tmp_path: Path) -> None:
    make_household(alice)
    path = tmp_path / "truth.csv"
    refused(truth=path)
    assert not path.exists()


@pytest.mark.django_db(transaction=True)
def test_processes_at_once_make_the_same() -> None:
    entry_points = prepare()
    jobs = [Job(chunk, 60, SEED, 0.3, entry_points, UNTIL) for chunk in range(3)]
    together = list(run(jobs, 2))
    assert Person.objects.count() == 180
    alone = list(run(jobs, 1))
    assert [each.truth for each in together] == [each.truth for each in alone]
    assert [each.known for each in alone] == [each.households for each in alone]
    assert Person.objects.count() == 180
    assert connection.settings_dict["NAME"].startswith("test_")
