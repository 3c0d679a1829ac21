"""Who sees which family link and which tracing request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from accounts.policies import Permission, access_of
from intake.choices import TRACING_ENDED, ExitReason, MatchStatus, TracingStatus
from intake.querysets import households_q

if TYPE_CHECKING:
    from intake.models import FamilyLink, TracingMatch, TracingRequest  # noqa: F401


class FamilyLinkQuerySet(models.QuerySet["FamilyLink"]):
    """Family links."""

    def visible_to(self, user: Any) -> Self:
        """Links of people whose household the user may read, on either side.

        Sealed links, and any link of somebody whom the authority separated, only where the user
        holds the tracing permission.
        """
        P = Permission
        if access_of(user).scopes(P.TRACING).everywhere:
            return self.all()
        traced = households_q(user, P.TRACING, "person__household__") | households_q(
            user, P.TRACING, "relative__household__"
        )
        read = households_q(user, P.HOUSEHOLDS_READ, "person__household__") | households_q(
            user, P.HOUSEHOLDS_READ, "relative__household__"
        )
        civilian = models.Q(sealed=False) & ~models.Q(person__exit_reason=ExitReason.SEPARATED)
        civilian &= ~models.Q(relative__exit_reason=ExitReason.SEPARATED)
        return self.filter(traced | (read & civilian))

    def open(self) -> Self:
        """Followed: not ended."""
        return self.filter(ended_at__isnull=True)

    def between(self, one: Any, other: Any) -> Self:
        """Links of two persons, whichever of them stands first."""
        return self.filter(
            models.Q(person=one, relative=other) | models.Q(person=other, relative=one)
        )


class TracingRequestQuerySet(models.QuerySet["TracingRequest"]):
    """Tracing requests."""

    def visible_to(self, user: Any) -> Self:
        """Requests of people where the user holds the tracing permission."""
        return self.filter(households_q(user, Permission.TRACING, "asker__household__"))

    def followed(self) -> Self:
        """Neither reunited nor closed."""
        return self.exclude(status__in=TRACING_ENDED)

    def searching(self) -> Self:
        """Somebody is looked for among those who register."""
        return self.filter(status__in=(TracingStatus.OPEN, TracingStatus.CANDIDATE))


class TracingMatchQuerySet(models.QuerySet["TracingMatch"]):
    """Candidates."""

    def visible_to(self, user: Any) -> Self:
        """Candidates of requests that the user may see."""
        return self.filter(households_q(user, Permission.TRACING, "request__asker__household__"))

    def open(self) -> Self:
        """Nobody has decided yet."""
        return self.filter(status=MatchStatus.OPEN)
