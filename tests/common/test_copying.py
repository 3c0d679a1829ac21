"""Few rows in one trip, many by COPY: the same rows, and the same refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from django.db import DataError, IntegrityError, transaction

from accounts.models import User
from common import copying
from common.copying import rows_of, write_together
from intake.models import Arrival, EntryPoint, Household
from tests.factories.intake import make_entry_point, make_household

pytestmark = pytest.mark.django_db
WAYS = pytest.mark.parametrize("few", [0, 250], ids=["copy", "one trip"])


def household(actor: User, number: int, **fields: Any) -> Household:
    return Household(
        reference=f"T-{number}",
        token=f"token-{number}",
        registered_by=actor,
        contact={"phones": ["+93"], "notes": 'د "کور"\n\\x00 \t\\N'},
        fingerprint=b"\x00\xff\\x",
        livestock="3 goats, 'two' sheep; \\N",
        **fields,
    )


@WAYS
def test_rows_are_read_as_they_were_written(alice: User, few: int) -> None:
    point = make_entry_point()
    homes = [household(alice, number, declared_size=number) for number in range(1, 4)]
    at = datetime(2021, 7, 5, 4, 30, 1, 250, tzinfo=UTC)
    arrivals = [Arrival(household=home, entry_point=point, occurred_at=at) for home in homes]
    with patch.object(copying, "FEW", few), transaction.atomic():
        write_together([rows_of(homes), rows_of(arrivals)])
    assert not homes[0]._state.adding
    for home in homes:
        found = Household.objects.get(pk=home.pk)
        for field in Household._meta.concrete_fields:
            kept, given = getattr(found, field.attname), getattr(home, field.attname)
            same = bytes(kept) == bytes(given) if isinstance(kept, memoryview) else kept == given
            assert same, field.name
        assert found.arrivals.get().occurred_at == at


@WAYS
def test_what_a_constraint_refuses_leaves_nothing(alice: User, few: int) -> None:
    with patch.object(copying, "FEW", few):
        with pytest.raises(IntegrityError), transaction.atomic():
            write_together([rows_of([household(alice, 1), household(alice, 1)])])
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            write_together([rows_of([household(alice, 2, declared_size=900)])])
    cause: Any = refused.value.__cause__
    assert cause.diag.constraint_name == "household_declared_size_is_sensible"
    assert not Household.objects.exists()


@WAYS
def test_what_is_too_long_is_refused_and_not_cut(alice: User, few: int) -> None:
    home = household(alice, 1)
    home.reference = "T" * 21
    with patch.object(copying, "FEW", few), pytest.raises(DataError), transaction.atomic():
        write_together([rows_of([home])])


@WAYS
def test_nothing_to_write_is_no_error(few: int) -> None:
    with patch.object(copying, "FEW", few):
        write_together([])


def test_a_registration_is_the_same_either_way(alice: User) -> None:
    with patch.object(copying, "FEW", 0):
        by_copy = make_household(alice)
    together = make_household(alice)
    shown = []
    for home in (by_copy, together):
        people = home.members.order_by("position").select_related("identity")
        shown.append(
            [
                (p.identity.open(), p.sex, p.birth_earliest, (p.index.words, p.index.phones))
                for p in people
            ]
        )
    assert shown[0] == shown[1]
    assert EntryPoint.objects.count() == 1
