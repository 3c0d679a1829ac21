"""Keys made anew beside people who register and correct: real threads, real commits."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import close_old_connections, connection, transaction
from django.test import override_settings

from accounts.choices import Role
from accounts.models import User
from intake.indexed import values_of
from intake.models import (
    Household,
    IdentityIndex,
    KeyRebuild,
    Person,
    TracingKey,
    TracingRequest,
)
from intake.searching import search_people
from intake.services import rebuilding
from intake.services.indexing import reindex_many
from intake.services.members import edit_member
from intake.services.rebuilding import rebuild_some
from tests.factories import accounts
from tests.factories import intake as make
from tests.factories.family import asking_household, first, make_request

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = b"o" * 32, b"n" * 32
ONLY_OLD, BOTH, ONLY_NEW = {"k0": OLD}, {"k1": NEW, "k0": OLD}, {"k1": NEW}
NAMES = ("Zarina", "Golnaz", "Malika", "Farida", "Shirin", "Nigora")


@pytest.fixture
def registrar() -> User:
    """A registrar, with six households under the old secret, committed."""
    accounts.make_operation()
    user = accounts.make_user(Role.REGISTRAR)
    with override_settings(LOOKUP_KEYS=ONLY_OLD):
        for name in NAMES:
            make.make_household(user, [make.member(name)])
    return user


def in_threads(*jobs: Any) -> list[Any]:
    """Run all at once, each with a connection of its own."""

    def run(job: Any) -> Any:
        close_old_connections()
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [each.result(timeout=60) for each in [pool.submit(run, job) for job in jobs]]


def found(text: str, user: User) -> set[Any]:
    """The households that a search finds."""
    return {hit.person.household_id for hit in search_people(user=user, text=text).hits}


def test_a_correction_that_lands_while_keys_are_read_is_not_lost(
    registrar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rebuild has read the old name; somebody corrects it before the keys are written."""
    home = Household.objects.order_by("pk").first()
    assert home is not None
    person = home.members.get()
    old_name = person.identity.open().name
    reading, correcting = threading.Event(), threading.Event()

    def slow(household: Household, people: Any) -> Any:
        made = values_of(household, people)
        if household.pk == home.pk and not reading.is_set():
            reading.set()
            # Whoever corrects waits for the household's lock: both orders must come out right.
            correcting.wait(timeout=1)
        return made

    monkeypatch.setattr("intake.services.indexing.values_of", slow)

    def correct() -> None:
        reading.wait(timeout=20)
        edit_member(
            actor=User.objects.get(pk=registrar.pk),
            person=Person.objects.get(pk=person.pk),
            changes={"name": "Mehrangez"},
        )
        correcting.set()

    with override_settings(LOOKUP_KEYS=BOTH):
        in_threads(lambda: rebuild_some(seconds=60), correct)
    with override_settings(LOOKUP_KEYS=ONLY_NEW):
        assert found("Mehrangez", registrar) == {home.pk}
        assert found(old_name, registrar) == set()
        assert not IdentityIndex.objects.exclude(made_with="1:k1").exists()


def test_a_rebuild_that_waits_for_a_household_holds_no_tracing_request(
    registrar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who confirms a match locks the households first, then the request: never a deadlock."""
    asker = asking_household(registrar)
    request = make_request(registrar, first(asker))
    reading, looked = threading.Event(), threading.Event()

    def reach(ids: Any) -> int:
        reading.set()
        looked.wait(timeout=20)
        return reindex_many(ids)

    def confirm() -> None:
        reading.wait(timeout=20)
        try:
            with transaction.atomic():
                TracingRequest.objects.select_for_update(nowait=True).get(pk=request.pk)
        finally:
            looked.set()

    monkeypatch.setattr(rebuilding, "reindex_many", reach)
    with override_settings(LOOKUP_KEYS=BOTH):
        in_threads(lambda: rebuild_some(seconds=60), confirm)
        kinds = TracingKey.objects.filter(request=request).values_list("kind", flat=True)
        assert "name" in kinds


def test_two_workers_and_a_registrar_at_once(
    registrar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_CHUNK", 1)
    gate = threading.Barrier(3)

    def work() -> Any:
        gate.wait(timeout=20)
        return rebuild_some(seconds=60)

    def register() -> Any:
        gate.wait(timeout=20)
        user = User.objects.get(pk=registrar.pk)
        return [make.make_household(user, [make.member(f"Mehr{n}angez")]).pk for n in range(3)]

    with override_settings(LOOKUP_KEYS=BOTH):
        one, other, made = in_threads(work, work, register)
        assert one.pk == other.pk
        assert KeyRebuild.objects.get(pk=one.pk).finished_at is not None
    with override_settings(LOOKUP_KEYS=ONLY_NEW):
        assert len(made) == 3
        for name in NAMES:
            assert len(found(name, registrar)) == 1
    assert not IdentityIndex.objects.exclude(made_with="1:k1").exists()


def test_a_worker_that_is_killed_loses_one_chunk_at_most(
    registrar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_CHUNK", 2)
    calls: list[Any] = []

    def killed(ids: Any) -> int:
        calls.append(ids)
        count = reindex_many(ids)
        if len(calls) == 2:
            raise SystemExit  # after the keys were written, before anything was committed
        return count

    monkeypatch.setattr(rebuilding, "reindex_many", killed)
    with override_settings(LOOKUP_KEYS=BOTH):
        with pytest.raises(SystemExit):
            rebuild_some(seconds=60)
        assert KeyRebuild.objects.get().done == 2
        assert IdentityIndex.objects.filter(made_with="1:k1").count() == 2
        for name in NAMES:
            assert len(found(name, registrar)) == 1
        assert rebuild_some(seconds=60).done == 6
    assert not IdentityIndex.objects.exclude(made_with="1:k1").exists()
