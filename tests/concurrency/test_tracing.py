"""Two officers decide about one candidate, two desks link the same two: real commits."""

from __future__ import annotations

import pytest

from accounts.choices import Role
from accounts.models import User
from intake.models import FamilyLink, TracingMatch
from intake.services.family import link_family
from intake.services.tracing import confirm_match, reject_match, search_new_registrations
from tests.concurrency.together import at_once
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


def test_one_of_several_officers_decides(registrar: User) -> None:
    officers = [accounts.make_user(Role.PROTECTION_OFFICER) for _ in range(HANDS)]
    match = make_match(registrar)
    decisions = [
        lambda actor=actor, decide=decide: decide(
            actor=actor, match=TracingMatch.objects.get(pk=match.pk)
        )
        for actor, decide in zip(officers, [confirm_match, confirm_match] * 2, strict=True)
    ]
    assert sorted(at_once(*decisions)) == ["done", *["match_decided"] * (HANDS - 1)]
    assert FamilyLink.objects.open().count() == 1
    assert reject_match(actor=officers[0], match=match).status == "open"


def test_two_workers_offer_a_candidate_once(registrar: User) -> None:
    match = make_match(registrar)
    TracingMatch.objects.all().delete()
    assert sorted(at_once(*[search_new_registrations] * HANDS)) == ["done"] * HANDS
    assert TracingMatch.objects.get().person_id == match.person_id


def test_two_desks_link_the_same_two_once_from_either_side(registrar: User) -> None:
    one, other = first(asking_household(registrar)), first(found_household(registrar))
    calls = [
        lambda a=a, b=b: link_family(actor=registrar, person=a, relative=b, kind="sibling")
        for a, b in [(one, other), (other, one)] * (HANDS // 2)
    ]
    assert sorted(at_once(*calls)) == [*["already_linked"] * (HANDS - 1), "done"]
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
    assert sorted(at_once(*calls)) == ["done", "done"]
    assert FamilyLink.objects.count() == 1
