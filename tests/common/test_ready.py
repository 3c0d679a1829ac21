"""What is read by a statement kept ready is what the ORM reads."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, Operation, User
from common.ready import read_row
from tests.factories.accounts import make_agency

pytestmark = pytest.mark.django_db


def test_a_row_is_the_object_of_the_model(operation: Operation) -> None:
    with CaptureQueriesContext(connection) as seen:
        found = read_row((Operation,), "WHERE m0.code = %s", [operation.code])
    assert found is not None
    (row,) = found
    fresh = Operation.objects.get()
    for field in Operation._meta.concrete_fields:
        assert getattr(row, field.attname) == getattr(fresh, field.attname)
    assert not row._state.adding
    assert row._state.db == "default"
    assert len(seen.captured_queries) == 1


def test_several_kinds_in_one_statement(carol: User) -> None:
    tail = f"JOIN {User._meta.db_table} m1 ON m1.agency_id = m0.id WHERE m0.code = %s"
    assert read_row((Agency, User), tail, ["AKHS"]) == (carol.agency, carol)
    make_agency("WFP")
    assert read_row((Agency, User), tail, ["WFP"]) is None


def test_there_is_no_operation_before_it_is_set_up() -> None:
    with pytest.raises(Operation.DoesNotExist):
        Operation.current()
