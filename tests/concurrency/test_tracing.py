"""Two officers decide about one candidate, two desks link the same two: real commits."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from accounts.choices import Role
from accounts.models import User
from common.errors import DomainError
from intake.models import FamilyLink, TracingMatch
from intake.services.family import link_family
from intake.services.tracing import confirm_match, reject_match, search_new_registrations
from tests.factories import accounts
from tests.factories.family import (
    asking_household,
    first,
    found_household,
    make_match,
    make_request,
)

pytestmark = pytest.mark.django_db(transaction=True)
HANDS = 4


@pytest.fixture
def registrar() -> User:
    """A registrar, committed."""
    accounts.make_operation()
    return accounts.make_user(Role.REGISTRAR)


def at_once(*calls: Callable[[], Any]) -> list[str]:
    """Call each from a thread of its own, all together; what became of each."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> str:
        try:
            gate.wait(timeout=20)
            call()
        except DomainError as error:
            return error.code
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return sorted(pool.map(run, calls))


def test_one_of_several_officers_decides(registrar: User) -> None:
    officers = [accounts.make_user(Role.PROTECTION_OFFICER) for _ in range(HANDS)]
    match = make_match(registrar)
    decisions = [
        lambda actor=actor, decide=decide: decide(
            actor=actor, match=TracingMatch.objects.get(pk=match.pk)
        )
        for actor, decide in zip(officers, [confirm_match, confirm_match] * 2, strict=True)
    ]
    assert at_once(*decisions) == ["done", *["match_decided"] * (HANDS - 1)]
    assert FamilyLink.objects.open().count() == 1
    assert reject_match(actor=officers[0], match=match).status == "open"


def test_two_workers_offer_a_candidate_once(registrar: User) -> None:
    match = make_match(registrar)
    TracingMatch.objects.all().delete()
    assert at_once(*[search_new_registrations] * HANDS) == ["done"] * HANDS
    assert TracingMatch.objects.get().person_id == match.person_id


def test_two_desks_link_the_same_two_once_from_either_side(registrar: User) -> None:
    one, other = first(asking_household(registrar)), first(found_household(registrar))
    calls = [
        lambda a=a, b=b: link_family(actor=registrar, person=a, relative=b, kind="sibling")
        for a, b in [(one, other), (other, one)] * (HANDS // 2)
    ]
    assert at_once(*calls) == [*["already_linked"] * (HANDS - 1), "done"]
    assert FamilyLink.objects.count() == 1


def test_two_requests_about_the_same_two_people_make_one_link(registrar: User) -> None:
    officers = [accounts.make_user(Role.PROTECTION_OFFICER) for _ in range(2)]
    match = make_match(registrar)
    second = make_request(registrar, match.request.asker)
    matches = [match, second.matches.get(person=match.person)]
    calls = [
        lambda actor=actor, pk=each.pk: confirm_match(
            actor=actor, match=TracingMatch.objects.get(pk=pk)
        )
        for actor, each in zip(officers, matches, strict=True)
    ]
    assert at_once(*calls) == ["done", "done"]
    assert FamilyLink.objects.count() == 1
