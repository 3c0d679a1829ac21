"""Two desks record the answer of one family at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from accounts.choices import Role
from accounts.models import User
from intake.consents import answers_of
from intake.inputs import ConsentInput
from intake.models import Consent, SpecificNeed
from intake.services.consents import give_consent, refuse_consent
from intake.services.needs import add_need
from tests.factories.accounts import make_operation, make_user
from tests.factories.intake import make_household, member

DESKS = 6


@pytest.mark.django_db(transaction=True)
def test_one_answer_stands_and_none_is_lost() -> None:
    """Without the lock two of them find the same answer standing, and the database refuses one."""
    make_operation()
    actor = make_user(Role.REGISTRAR)
    household = make_household(actor, [member()])
    barrier = Barrier(DESKS)

    def answer(desk: int) -> bool:
        try:
            user = User.objects.get(pk=actor.pk)
            record = give_consent if desk % 2 else refuse_consent
            barrier.wait(timeout=20)
            data = ConsentInput(purpose="assistance", given=True)
            return record(actor=user, household=household, data=data).given
        finally:
            connection.close()

    with ThreadPoolExecutor(DESKS) as pool:
        said = list(pool.map(answer, range(DESKS)))
    assert sorted(said) == [False, False, False, True, True, True]
    standing = Consent.objects.standing().get()
    assert Consent.objects.count() == DESKS
    assert Consent.objects.filter(replaced_by__isnull=False).count() == DESKS - 1
    assert answers_of(household.pk, None, ()).for_household(("assistance",), "WFP") == (
        standing.given
    )


@pytest.mark.django_db(transaction=True)
def test_a_need_that_two_record_stands_once() -> None:
    make_operation()
    actor = make_user(Role.REGISTRAR)
    person = make_household(actor, [member()]).members.earliest("position")
    barrier = Barrier(DESKS)

    def add(_: int) -> object:
        try:
            user = User.objects.get(pk=actor.pk)
            barrier.wait(timeout=20)
            return add_need(actor=user, person=person, code="DS-PM").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(DESKS) as pool:
        keys = set(pool.map(add, range(DESKS)))
    assert keys == {SpecificNeed.objects.get(type_id="DS-PM").pk}
