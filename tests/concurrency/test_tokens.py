"""One slip, several desks: real threads, real commits."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.choices import Role
from accounts.models import User
from common.errors import DomainError
from intake.models import Household, SlipToken
from intake.services import register_household, tokens
from intake.services.tokens import bind_token, find_by_token, replace_token
from tests.factories import accounts
from tests.factories import intake as make
from tests.factories.tokens import make_slips

HANDS = 5

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def registrar() -> User:
    """A registrar and a crossing, committed."""
    accounts.make_operation()
    make.make_entry_point("TEM")
    return accounts.make_user(Role.REGISTRAR)


def at_once(*calls: Callable[[], Any]) -> list[str]:
    """Call all together, each from a thread of its own: "" or the code of the first problem."""
    gate = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> str:
        try:
            gate.wait(timeout=20)
            call()
        except DomainError as error:
            return error.problems[0].code if error.problems else error.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def desks(registrar: User, token: str, homes: list[Household]) -> list[Callable[[], Any]]:
    """As many desks that register with one slip, and as many that give it to a household."""
    inputs = [make.household_input([make.member()], token=token) for _ in homes]
    return [
        *(lambda data=data: register_household(actor=registrar, data=data) for data in inputs),
        *(
            lambda home=home: bind_token(actor=registrar, household=home, token=token)
            for home in homes
        ),
    ]


def test_of_many_desks_that_give_one_slip_exactly_one_does(registrar: User) -> None:
    (token,) = make_slips(registrar)
    homes = [make.make_household(registrar, [make.member()]) for _ in range(3)]
    answers = at_once(*desks(registrar, token, homes))
    assert Counter(answers) == {"": 1, "token_bound": 5}
    assert Household.objects.filter(token=token).count() == 1
    assert Household.objects.count() in (3, 4)
    holder = SlipToken.objects.get(token=token).household
    assert find_by_token(registrar, token).household == holder == Household.objects.get(token=token)


def test_without_the_lock_two_desks_would_give_it(
    registrar: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race is real: the database's last word is all that stands when the lock is away."""
    (token,) = make_slips(registrar)
    homes = [make.make_household(registrar, [make.member()]) for _ in range(2)]
    gate = threading.Barrier(2)

    def unlocked(wanted: Any) -> dict[str, SlipToken]:
        found = {each.token: each for each in SlipToken.objects.filter(token__in=set(wanted))}
        gate.wait(timeout=20)
        return found

    monkeypatch.setattr(tokens, "lock_slips", unlocked)
    calls = [
        lambda home=home: bind_token(actor=registrar, household=home, token=token) for home in homes
    ]
    with pytest.raises(Exception, match="duplicate key"):
        at_once(*calls)
    assert Household.objects.filter(token=token).count() == 1


def test_one_registration_with_a_slip_sent_by_many_is_one_household(registrar: User) -> None:
    (token,) = make_slips(registrar)
    data = make.household_input([make.member()], id=uuid4(), token=token)
    calls = [lambda: register_household(actor=registrar, data=data)] * HANDS
    assert at_once(*calls) == [""] * HANDS
    assert Household.objects.get().token == token


def test_batches_that_name_slips_in_another_order_wait_for_each_other(registrar: User) -> None:
    ahead = make_slips(registrar, 12)
    sent = [make.household_input([make.member()], id=uuid4(), token=token) for token in ahead]
    from intake.services.registration import register_many

    orders = [sent if number % 2 else sent[::-1] for number in range(HANDS)]
    calls = [lambda data=order: register_many(actor=registrar, data=data) for order in orders]
    assert at_once(*calls) == [""] * HANDS
    assert set(Household.objects.values_list("token", flat=True)) == set(ahead)
    assert SlipToken.objects.filter(state="bound").count() == 12


def test_a_slip_replaced_by_many_hands_leaves_one_that_works(registrar: User) -> None:
    home = make.make_household(registrar, [make.member()])
    calls = [lambda: replace_token(actor=registrar, household=home, reason="lost")] * HANDS
    assert at_once(*calls) == [""] * HANDS
    home.refresh_from_db()
    (working,) = home.slips.filter(state="bound")
    assert working.token == home.token
    assert home.slips.count() == HANDS + 1


def test_households_that_take_each_others_slips_do_not_wait_for_ever(registrar: User) -> None:
    homes = [make.make_household(registrar, [make.member()]) for _ in range(4)]
    for home in homes:
        replace_token(actor=registrar, household=home, reason="lost")
        home.refresh_from_db()
    calls = [
        lambda home=home, other=other: bind_token(
            actor=registrar, household=home, token=other.token
        )
        for home, other in zip(homes, homes[1:] + homes[:1], strict=True)
    ]
    assert at_once(*calls) == ["token_bound"] * 4
