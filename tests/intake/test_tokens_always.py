"""Whatever is done with slips, in whatever order: each household has exactly one that works."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run

from accounts.models import User
from common.errors import InvalidInput
from intake.choices import RevocationReason, TokenState
from intake.models import Household
from intake.services.tokens import (
    bind_token,
    find_by_token,
    print_copy,
    replace_token,
    revoke_sheet,
    revoke_token,
)
from tests.factories import intake as make
from tests.factories.tokens import make_slips, slip

REASONS = st.sampled_from(RevocationReason.values)


class Slips(RuleBasedStateMachine):
    """A desk that prints, gives, loses and replaces slips, beside a model of who holds which."""

    alice: User
    tokens = Bundle("tokens")
    homes = Bundle("homes")

    def __init__(self) -> None:
        super().__init__()
        self.point = transaction.atomic()
        self.point.__enter__()
        self.owner: dict[str, object] = {}  # working tokens, by what is known of them
        self.ended: set[str] = set()
        self.unused: set[str] = set()
        self.households: dict[object, Household] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.point.__exit__(None, None, None)

    def now_holds(self, key: object, token: str) -> None:
        self.unused.discard(token)
        for old in [each for each, owner in self.owner.items() if owner == key]:
            if old != token:
                del self.owner[old]
                self.ended.add(old)
        self.owner[token] = key
        self.households[key] = Household.objects.get(pk=key)

    def may_give(self, key: object, token: str) -> bool:
        return token in self.unused or self.owner.get(token) == key

    @rule(target=tokens, count=st.integers(1, 3))
    def print_ahead(self, count: int) -> object:
        made = make_slips(self.alice, count)
        self.unused |= set(made)
        return multiple(*made)

    @rule(target=homes)
    def register(self) -> object:
        home = make.make_household(self.alice, [make.member()])
        self.now_holds(home.pk, home.token)
        return home.pk

    @rule(target=homes, token=tokens)
    def register_with_a_slip(self, token: str) -> object:
        try:
            home = make.make_household(self.alice, [make.member()], token=token)
        except InvalidInput:
            assert token not in self.unused
            return multiple()
        assert token in self.unused
        self.now_holds(home.pk, token)
        return home.pk

    @rule(key=homes, token=tokens)
    def bind(self, key: object, token: str) -> None:
        try:
            bind_token(actor=self.alice, household=self.households[key], token=token)
        except InvalidInput:
            assert not self.may_give(key, token)
        else:
            assert self.may_give(key, token)
            self.now_holds(key, token)

    @rule(key=homes, token=tokens, reason=REASONS)
    def replace_by_a_printed_one(self, key: object, token: str, reason: str) -> None:
        try:
            replace_token(
                actor=self.alice, household=self.households[key], reason=reason, token=token
            )
        except InvalidInput:
            assert not self.may_give(key, token)
        else:
            assert self.may_give(key, token)
            self.now_holds(key, token)

    @rule(target=tokens, key=homes, reason=REASONS)
    def replace_by_a_new_one(self, key: object, reason: str) -> str:
        new = replace_token(actor=self.alice, household=self.households[key], reason=reason)
        self.now_holds(key, new.token)
        return new.token

    @rule(token=tokens, reason=REASONS)
    def revoke(self, token: str, reason: str) -> None:
        revoke_token(actor=self.alice, token=token, reason=reason)
        if (key := self.owner.get(token)) is not None:
            self.now_holds(key, Household.objects.get(pk=key).token)
        self.unused.discard(token)
        self.ended.add(token)

    @rule(target=tokens, key=homes, reason=REASONS)
    def revoke_what_a_household_has(self, key: object, reason: str) -> str:
        old = self.households[key].token
        revoke_token(actor=self.alice, household=self.households[key], reason=reason)
        self.now_holds(key, Household.objects.get(pk=key).token)
        return old

    @rule(token=tokens, reason=REASONS)
    def lose_a_sheet(self, token: str, reason: str) -> None:
        if (sheet := slip(token).sheet) is None:
            return
        unused = set(sheet.tokens.filter(state=TokenState.PRINTED).values_list("token", flat=True))
        assert revoke_sheet(actor=self.alice, sheet=sheet, reason=reason) == len(unused)
        self.unused -= unused
        self.ended |= unused

    @rule(token=tokens)
    def print_again(self, token: str) -> None:
        if (sheet := slip(token).sheet) is not None:
            _sheet, slips = print_copy(actor=self.alice, sheet=sheet)
            assert {each.token for each in slips} <= self.unused

    @invariant()
    def each_household_has_one_that_works(self) -> None:
        assert sorted(map(str, self.owner.values())) == sorted(map(str, self.households))
        for token, key in self.owner.items():
            found = find_by_token(self.alice, token)
            assert found.state == TokenState.BOUND
            assert found.household is not None
            assert found.household.pk == key
            assert found.household.token == token

    @invariant()
    def what_was_revoked_never_works_again(self) -> None:
        for token in self.ended:
            assert find_by_token(self.alice, token).state == TokenState.REVOKED
        assert not Household.objects.filter(token__in=self.ended).exists()
        for token in self.unused:
            found = find_by_token(self.alice, token)
            assert (found.state, found.household) == (TokenState.PRINTED, None)


@pytest.mark.django_db
def test_each_household_has_exactly_one_slip_that_works(alice: User) -> None:
    make.make_entry_point("TEM")
    Slips.alice = alice
    run(
        Slips,
        settings=settings(
            max_examples=8,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
