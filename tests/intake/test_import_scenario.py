"""What the import makes of the founding case, to the person."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.choices import Role
from accounts.models import Operation, User
from common import clock
from intake.choices import ExitReason, PairStatus
from intake.duplicates import decide_pair, undo_decision
from intake.imports import household_id, import_spreadsheet
from intake.models import (
    DuplicatePair,
    Household,
    ImportBatch,
    Person,
    PersonExit,
    ScreeningOutcome,
    SpecificNeed,
)
from tests.factories.accounts import make_operation, make_user
from tests.factories.desk import SCENARIO, make_entry_points

TRUTH: dict[str, Any] = json.loads((SCENARIO / "truth.json").read_text())
CONTENT = (SCENARIO / "arrivals.csv").read_bytes()

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def imported(django_db_setup: None, django_db_blocker: Any) -> Iterator[ImportBatch]:
    """The founding case, imported once in a transaction around all tests of this module.

    Each test runs in a savepoint of it: what it changes is taken back behind it.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        make_operation()
        make_entry_points()
        alice = make_user(Role.REGISTRAR, username="alice")
        yield import_spreadsheet(actor=alice, filename="arrivals.csv", content=CONTENT)
        transaction.set_rollback(True)


@pytest.fixture
def batch(imported: ImportBatch, db: None) -> ImportBatch:
    """The import, read anew."""
    return ImportBatch.objects.get(pk=imported.pk)


@pytest.fixture
def operation(batch: ImportBatch) -> Operation:
    """The operation of the import."""
    return Operation.current()


@pytest.fixture
def alice(batch: ImportBatch) -> User:
    """Who imported."""
    return User.objects.get(username="alice")


def repeat_keys(batch: ImportBatch) -> set[tuple[Any, Any]]:
    """The pairs that are truly repeats, in key order."""
    found = set()
    for numbers in TRUTH["repeat_households"]:
        first, second = sorted(household_id(batch, str(number)) for number in numbers)
        found.add((first, second))
    return found


def decide_all(batch: ImportBatch, dana: User) -> list[DuplicatePair]:
    """Decide the seven true pairs as same."""
    return [
        decide_pair(
            actor=dana, pair=DuplicatePair.objects.get(first=first, second=second), same=True
        )
        for first, second in sorted(repeat_keys(batch))
    ]


def civilians() -> Any:
    """Who is counted."""
    return Person.objects.counted(clock.now())


def test_import_accounts_for_every_row(batch: ImportBatch) -> None:
    bad = len(TRUTH["bad_rows"])
    assert (batch.status, batch.rows, batch.refused) == ("done", TRUTH["rows"], bad)
    assert batch.persons == Person.objects.count() == TRUTH["rows"] - bad


EXPECTED_PROBLEMS = {
    "name is missing": ("name", "required"),
    "birth is in the future": ("birth", "future"),
    "birth cannot be read": ("birth", "unreadable"),
    "arrival cannot be read": ("arrived_at", "unreadable"),
    "entry point is unknown": ("entry_point", "unknown"),
    "older than 120": ("birth", "too_old"),
    "sex cannot be read": ("sex", "unreadable"),
    "nationality is unknown": ("nationality", "unknown"),
}


def test_bad_rows_are_refused_by_row_field_and_reason(batch: ImportBatch) -> None:
    refused = {
        int(row.values["household_no"]): (row.number, row.problems)
        for row in batch.refused_rows.all()
    }
    assert set(refused) == {number for number, _reason in TRUTH["bad_rows"]}
    for place, (number, reason) in enumerate(TRUTH["bad_rows"]):
        row, problems = refused[number]
        assert row == 1202 + place  # as a spreadsheet numbers it: the header is row 1
        field, code = EXPECTED_PROBLEMS[reason]
        assert problems == [{"field": field, "code": code}], reason


def test_seven_repeats_are_offered_and_nothing_else_is_as_sure(batch: ImportBatch) -> None:
    offered = {(pair.first_id, pair.second_id): pair for pair in DuplicatePair.objects.all()}
    true = repeat_keys(batch)
    assert true <= set(offered), "recall"
    others = [pair.score for key, pair in offered.items() if key not in true]
    assert len(others) <= 3
    assert min(offered[key].score for key in true) > max(others, default=0) + 0.1
    assert all(pair.status == PairStatus.OPEN for pair in offered.values())


def test_after_the_decisions_the_figures_are_the_truth(batch: ImportBatch, dana: User) -> None:
    decide_all(batch, dana)
    persons = civilians()
    assert persons.count() == TRUTH["persons"] == 1150
    assert persons.values("household").distinct().count() == TRUTH["households"] == 214
    assert Counter(persons.values_list("sex", flat=True)) == {
        "M": TRUTH["male"],
        "F": TRUTH["female"],
    }
    local = timedelta(hours=5)
    days = Counter(str((at + local).date()) for at in persons.values_list("arrived_at", flat=True))
    assert days == TRUTH["by_day"]
    points = Counter(persons.values_list("arrival__entry_point__name", flat=True))
    assert points == TRUTH["by_entry_point"]


def test_servicemen_are_separated_and_their_remarks_sealed(batch: ImportBatch) -> None:
    separated = Person.objects.filter(exit_reason=ExitReason.SEPARATED)
    assert separated.count() == ScreeningOutcome.objects.count() == TRUTH["referred_to_authority"]
    assert not civilians().filter(pk__in=separated).exists()
    for person in separated.select_related("identity"):
        assert person.identity.open().notes == ""
        assert "uniform" in person.screenings.get().sealed["remarks"]


def test_unaccompanied_children_are_known(batch: ImportBatch) -> None:
    needs = SpecificNeed.objects.filter(type="SC-UC", person__in=civilians())
    assert needs.values("person").distinct().count() == TRUTH["unaccompanied_children"]


def test_the_same_file_again_changes_nothing(batch: ImportBatch, alice: User) -> None:
    before = (Person.objects.count(), Household.objects.count(), DuplicatePair.objects.count())
    again = import_spreadsheet(actor=alice, filename="other name.csv", content=CONTENT)
    assert again.pk == batch.pk
    after = (Person.objects.count(), Household.objects.count(), DuplicatePair.objects.count())
    assert before == after


def test_undoing_restores_exactly(batch: ImportBatch, dana: User) -> None:
    def picture() -> tuple[Any, ...]:
        fields = ("pk", "household_id", "exit_reason", "left_at", "position", "is_focal_point")
        households = ("pk", "status", "merged_into_id", "reference", "token")
        needs = ("pk", "person_id", "type_id", "status")
        return (
            list(Person.objects.order_by("pk").values_list(*fields)),
            list(Household.objects.order_by("pk").values_list(*households)),
            list(SpecificNeed.objects.order_by("pk").values_list(*needs)),
            list(DuplicatePair.objects.order_by("pk").values_list("pk", "status", "decided_at")),
        )

    before = picture()
    pairs = decide_all(batch, dana)
    assert picture() != before
    assert PersonExit.objects.filter(reason="duplicate", reversed_at=None).count() == 46
    for pair in pairs:
        undo_decision(actor=dana, pair=pair)
    assert picture() == before
    assert not PersonExit.objects.filter(reason="duplicate", reversed_at=None).exists()
