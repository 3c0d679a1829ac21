"""Slips that were printed ahead."""

from __future__ import annotations

from accounts.models import User
from intake.models import SlipToken
from intake.services.tokens import print_sheet


def make_slips(actor: User, count: int = 1, **fields: str) -> list[str]:
    """The tokens of a new sheet."""
    sheet = print_sheet(actor=actor, count=count, **fields)  # type: ignore[arg-type]
    return list(sheet.tokens.order_by("pk").values_list("token", flat=True))


def slip(token: str) -> SlipToken:
    """The row of a token."""
    return SlipToken.objects.get(token=token)
