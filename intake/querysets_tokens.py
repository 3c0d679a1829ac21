"""Slips and sheets: what is visible to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission, access_of
from intake.querysets import households_q

if TYPE_CHECKING:
    from intake.models import SlipToken, TokenSheet  # noqa: F401


def sheets_q(user: Any, prefix: str = "") -> Q:
    """The condition for sheets (at `prefix`) of the user's desk: none without registering.

    Registrars of the whole operation see all, others those of their entry points and their own.
    """
    scopes = access_of(user).scopes(Permission.HOUSEHOLDS_REGISTER)
    if scopes.everywhere:
        return Q()
    if not scopes:
        return Q(pk__in=[])
    own = Q(**{f"{prefix}printed_by": user})
    return own | Q(**{f"{prefix}entry_point__code__in": scopes.entry_points})


class TokenSheetQuerySet(models.QuerySet["TokenSheet"]):
    """Sheets of slips."""

    def visible_to(self, user: Any) -> Self:
        """Sheets of the user's desk."""
        return self.filter(sheets_q(user))


class SlipTokenQuerySet(models.QuerySet["SlipToken"]):
    """Slips."""

    def visible_to(self, user: Any) -> Self:
        """Slips of households the user may read, and unused ones of the user's desk."""
        theirs = Q(household__isnull=False) & households_q(
            user, Permission.HOUSEHOLDS_READ, "household__"
        )
        return self.filter(theirs | Q(household__isnull=True) & sheets_q(user, "sheet__"))
