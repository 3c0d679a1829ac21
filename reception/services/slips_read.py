"""What a slip or reference means in a count, as far as the person who counts may know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from common.errors import FieldProblem, InvalidInput, Text
from intake.choices import TokenState
from intake.duplicates import surviving
from intake.models import Household, SlipToken
from intake.references import (
    InvalidReferenceError,
    InvalidTokenError,
    normalise_token,
    parse_reference,
)
from intake.services.moves import living_on_in
from intake.services.tokens import find_by_token
from reception.models import HeadCount

LAST_SIGNS = 6
TOKEN_GROUPS = 4  # dashes: XXXX-XXXX-XXXX-XXXX-C


@dataclass(frozen=True)
class Read:
    """The canonical text that was read, and the household it leads to for this reader."""

    text: str
    household: Household | None = None


def read_slip(actor: Any, count: HeadCount, text: str) -> Read:
    """Who is meant by a token or a reference.

    A household that is expected in this count is found whoever counts; any other only by who may
    read it: for the rest it is as if it did not exist. Raises InvalidInput `text` for what is
    neither or was mistyped, and `slip_revoked` for a slip that no longer works.
    """
    text = text.strip()[:200]
    if not text:
        raise _invalid("required", _("Scan a slip, or type what is on it."))
    try:
        token = normalise_token(text)
    except InvalidTokenError as error:
        return _by_reference(actor, count, text, error)
    found = find_by_token(actor, text)
    if found.state == TokenState.REVOKED:
        raise InvalidInput(
            "slip_revoked",
            detail := _(
                "This slip is no longer valid. Take it back, and count the family by its reference."
            ),
            problems=[FieldProblem("text", "slip_revoked", detail)],
        )
    household = found.household or _expected(count, household__token=token)
    return Read(token, household)


def _by_reference(actor: Any, count: HeadCount, text: str, error: InvalidTokenError) -> Read:
    try:
        reference = parse_reference(text)
    except InvalidReferenceError as other:
        better = error if other.code == "unreadable" else other
        raise _invalid(better.code, better.message) from None
    household = anybody(reference)
    if household is None:
        return Read(reference)
    if _expected(count, household=household) is not None:
        return Read(reference, household)
    readable = Household.objects.visible_to(actor).filter(pk=household.pk).exists()
    return Read(reference, household if readable else None)


def anybody(text: str) -> Household | None:
    """The household that a canonical token or reference leads to, whoever may know of it."""
    owner = Household.objects.filter(reference=text).first()
    if owner is None:
        slips = SlipToken.objects.select_related("household")
        slip = slips.filter(token=text, state=TokenState.BOUND).first()
        owner = slip.household if slip else Household.objects.filter(token=text).first()
    return living_on_in(surviving(owner)) if owner is not None else None


def shown_text(text: str) -> str:
    """What was read, as pages show it: a reference, or the end of a slip's token.

    A token opens a household for who may; its end is enough to find the slip again.
    """
    return f"…{text[-LAST_SIGNS:]}" if text.count("-") == TOKEN_GROUPS else text


def _expected(count: HeadCount, **which: Any) -> Household | None:
    line = count.lines.filter(expected__gt=0, **which).select_related("household").first()
    return line.household if line is not None else None


def _invalid(code: str, detail: Text) -> InvalidInput:
    return InvalidInput("invalid", detail, problems=[FieldProblem("text", code, detail)])
