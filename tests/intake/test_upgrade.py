"""The schema of keys forth and back on a database with rows."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.choices import Role
from intake.duplicates import decide_pair
from intake.models import PersonMerge, TracingKey
from intake.services.rebuilding import rebuild_some
from tests.factories import accounts
from tests.factories.duplicates import registered_twice
from tests.factories.family import asking_household, first, make_request

_OLD_KEY = """
INSERT INTO intake_tracingkey (request_id, kind, digest)
SELECT id, 'name', '\\x00'::bytea FROM intake_tracingrequest
"""


@pytest.mark.django_db(transaction=True)
def test_keys_go_back_and_forth_and_merges_are_kept() -> None:
    accounts.make_operation()
    registrar = accounts.make_user(Role.REGISTRAR)
    make_request(registrar, first(asking_household(registrar)))
    officer = accounts.make_user(Role.PROTECTION_OFFICER)
    decide_pair(actor=officer, pair=registered_twice(registrar), same=True)
    merges = set(PersonMerge.objects.values_list("repeat_id", "survivor_id"))
    try:
        call_command("migrate", "intake", "0012_row_history", verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute(_OLD_KEY)
    finally:
        # Everything: what depends on it went back with it.
        call_command("migrate", verbosity=0)
    assert set(PersonMerge.objects.values_list("repeat_id", "survivor_id")) == merges
    assert not TracingKey.objects.exists()
    rebuild_some(seconds=60)
    assert TracingKey.objects.exists()
