"""Slips that were printed ahead, given to households in the transaction that registers them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from common import clock
from common.errors import FieldProblem
from intake.choices import TokenState
from intake.inputs import HouseholdInput
from intake.models import Household, SlipToken
from intake.references import InvalidTokenError, normalise_token
from intake.services.checking import invalid

UNKNOWN = _("This slip is not known here. Compare the characters, or take another slip.")
REVOKED = _("This slip is no longer valid. Take it back and use another one.")
BOUND = _("This slip belongs to a household already. Use another slip.")


def lock_slips(tokens: Iterable[str]) -> dict[str, SlipToken]:
    """The rows of these tokens, locked in the order of their keys, by token."""
    rows = SlipToken.objects.filter(token__in=set(tokens)).order_by("pk")
    return {slip.token: slip for slip in rows.select_for_update(of=("self",), no_key=True)}


def read_token(text: str) -> str:
    """The canonical form of a token; InvalidInput `token` with what is wrong with it."""
    try:
        return normalise_token(text)
    except InvalidTokenError as error:
        raise invalid([_unreadable(error)]) from None


def _unreadable(error: InvalidTokenError) -> FieldProblem:
    return FieldProblem("token", error.code, error.message)


def problem_with(token: str, slip: SlipToken | None, *, taken: bool) -> FieldProblem:
    """Why a token cannot be given to a household; `taken` when it is one's made without a row."""
    if taken or (slip is not None and slip.state == TokenState.BOUND):
        return FieldProblem("token", "token_bound", BOUND)
    if slip is not None:
        return FieldProblem("token", "token_revoked", REVOKED)
    return FieldProblem("token", "token_unknown", UNKNOWN)


class GivenSlips:
    """The slips named in what is registered: locked, checked one by one, then bound.

    To be made first thing in the transaction: who waits here for another desk then finds what
    that desk has written. Costs nothing when no slip is named.
    """

    def __init__(self, data: Sequence[HouseholdInput]) -> None:
        self._read: dict[str, str | FieldProblem] = {}
        for text in {each.token for each in data if each.token.strip()}:
            try:
                self._read[text] = normalise_token(text)
            except InvalidTokenError as error:
                self._read[text] = _unreadable(error)
        tokens = {each for each in self._read.values() if isinstance(each, str)}
        self._slips = lock_slips(tokens) if tokens else {}
        without_row = tokens - self._slips.keys()
        self._taken = set(
            Household.objects.filter(token__in=without_row).values_list("token", flat=True)
            if without_row
            else ()
        )
        self._given: dict[str, Household] = {}

    def problems(self, data: HouseholdInput) -> list[FieldProblem]:
        """What keeps the slip of this household from being given to it."""
        token = self._read.get(data.token)
        if token is None:
            return []
        if isinstance(token, FieldProblem):
            return [token]
        slip = self._slips.get(token)
        if slip is not None and slip.state == TokenState.PRINTED and token not in self._taken:
            return []
        return [problem_with(token, slip, taken=token in self._taken)]

    def reserve(self, data: HouseholdInput) -> None:
        """Keep the slip for this household: another one in the same call finds it given."""
        token = self._read.get(data.token)
        if isinstance(token, str):
            self._taken.add(token)

    def give(self, data: HouseholdInput, household: Household) -> None:
        """Make the slip the token of a household that is not written yet."""
        token = self._read.get(data.token)
        if isinstance(token, str):
            household.token = token
            self._given[token] = household

    def write(self, actor: Any) -> None:
        """Bind what was given, once the households are written."""
        now = clock.now()
        bound = [self._slips[token] for token in self._given]
        for slip in bound:
            slip.state, slip.household = TokenState.BOUND, self._given[slip.token]
            slip.bound_at, slip.bound_by, slip.updated_at = now, actor, now
        if bound:
            SlipToken.objects.bulk_update(
                bound, ["state", "household", "bound_at", "bound_by", "updated_at"]
            )
