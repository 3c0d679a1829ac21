"""Two registrars complete the same people at once: real threads, real commits."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.choices import Role
from accounts.models import User
from intake.choices import RegistrationLevel
from intake.keys import NAME, digest_of
from intake.models import Household, IdentityIndex, IdentityVersion, Person
from intake.names import skeleton
from intake.services.members import edit_member
from tests.factories import accounts, groups
from tests.factories import intake as make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def home() -> Household:
    """A counted group, committed."""
    accounts.make_operation()
    make.make_entry_point("TEM")
    return groups.make_group(accounts.make_user(Role.REGISTRAR))


def at_once(calls: list[Any]) -> list[Any]:
    """Each call in a thread of its own, all together."""
    gate = threading.Barrier(len(calls))

    def run(call: Any) -> Any:
        try:
            gate.wait(timeout=20)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_who_complete_one_person_at_once_and_neither_is_lost(home: Household) -> None:
    person = home.members.filter(pre_registered=True)[0]
    path = f"/api/v1/households/{home.reference}/members/{person.pk}/"
    reader = APIClient()
    reader.force_authenticate(home.registered_by)
    etag = reader.get(path).headers["ETag"]

    def completing(name: str) -> Any:
        def call() -> Any:
            client = APIClient()
            client.force_authenticate(User.objects.get(pk=home.registered_by_id))
            return client.patch(path, {"name": name}, headers={"If-Match": etag})

        return call

    answers = at_once([completing(name) for name in ("Gulnora", "Malika", "Farida", "Zuhra")])
    assert Counter(each.status_code for each in answers) == {200: 1, 412: 3}
    (kept,) = [each.json()["name"] for each in answers if each.status_code == 200]
    person = Person.objects.get(pk=person.pk)
    assert person.identity.open().name == kept
    assert [each.open()["identity"]["name"] for each in IdentityVersion.objects.all()] == [""]


def test_without_a_check_the_later_one_stands_and_the_earlier_is_kept(home: Household) -> None:
    person = home.members.filter(pre_registered=True)[0]

    def naming(name: str) -> Any:
        return lambda: edit_member(
            actor=User.objects.get(pk=home.registered_by_id),
            person=Person.objects.get(pk=person.pk),
            changes={"name": name},
        )

    at_once([naming(name) for name in ("Gulnora", "Malika", "Farida")])
    found = Person.objects.get(pk=person.pk).identity.open().name
    kept = {each.open()["identity"]["name"] for each in IdentityVersion.objects.all()}
    assert {found} | kept == {"", "Gulnora", "Malika", "Farida"}
    words = IdentityIndex.objects.get(person=person).words
    names = {digest_of(NAME, skeleton(name)) for name in ("Gulnora", "Malika", "Farida")}
    assert set(words) & names == {digest_of(NAME, skeleton(found))}


def test_all_people_of_a_group_completed_at_once_leave_a_registered_household(
    home: Household,
) -> None:
    people = list(home.members.filter(pre_registered=True))

    def naming(person: Person, name: str) -> Any:
        return lambda: edit_member(
            actor=User.objects.get(pk=home.registered_by_id), person=person, changes={"name": name}
        )

    names = ("Gulnora", "Malika", "Farida", "Zuhra", "Habib")
    at_once([naming(person, name) for person, name in zip(people, names, strict=True)])
    home.refresh_from_db()
    assert home.level == RegistrationLevel.INDIVIDUAL
    assert not home.members.filter(pre_registered=True).exists()
