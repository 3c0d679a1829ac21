"""Who sees which possible duplicate, and what waits for a decision or an answer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission
from intake.choices import UNDECIDED, FieldStatus, HouseholdStatus, PairStatus
from intake.querysets import households_q

if TYPE_CHECKING:
    from intake.models import (  # noqa: F401
        DuplicatePair,
        FieldQuestion,
        PairDecision,
        PersonMerge,
    )


def waits_q(now: datetime) -> Q:
    """The condition for pairs that wait for a decision, of households that stand."""
    overdue = Q(status=PairStatus.ASKED, asked_until__lte=now)
    stand = Q(first__merged_into__isnull=True, second__merged_into__isnull=True)
    return stand & (Q(status=PairStatus.OPEN) | overdue)


class DuplicatePairQuerySet(models.QuerySet["DuplicatePair"]):
    """Possible duplicates."""

    def visible_to(self, user: Any) -> Self:
        """Pairs of which the user may see both households; others leave no trace in any list."""
        return self.filter(
            households_q(user, Permission.HOUSEHOLDS_READ, "first__"),
            households_q(user, Permission.HOUSEHOLDS_READ, "second__"),
        )

    def of(self, household: Any) -> Self:
        """Pairs in which the household (or its id) is one of the two."""
        return self.filter(Q(first=household) | Q(second=household))

    def undecided(self) -> Self:
        """Neither decided nor lapsed, and both households still stand for themselves."""
        return self.filter(
            status__in=UNDECIDED,
            first__merged_into__isnull=True,
            second__merged_into__isnull=True,
        )

    def unsettled(self) -> Self:
        """Without what a merge settled: nobody decides about a closed household any more."""
        merged = Q(first__merged_into__isnull=False) | Q(second__merged_into__isnull=False)
        return self.exclude(merged, status__in=[*UNDECIDED, PairStatus.LAPSED])

    def waiting(self, now: datetime) -> Self:
        """The queue: to decide, and asked in the field without an answer in time."""
        return self.filter(waits_q(now))

    def of_keys(self, keys: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> Self:
        """The pairs with these (first id, second id), and perhaps some others of `first`."""
        return self.filter(first_id__in={first for first, _second in keys})


class PairDecisionQuerySet(models.QuerySet["PairDecision"]):
    """Decisions about pairs."""

    def standing(self) -> Self:
        """Not taken back."""
        return self.filter(undone_at__isnull=True)


class PersonMergeQuerySet(models.QuerySet["PersonMerge"]):
    """Persons who were registered twice."""

    def standing(self) -> Self:
        """Not undone."""
        return self.filter(undone_at__isnull=True)


class FieldQuestionQuerySet(models.QuerySet["FieldQuestion"]):
    """What the field is asked about one household."""

    def visible_to(self, user: Any) -> Self:
        """Questions about households that the user may read; they tell of no other."""
        return self.filter(households_q(user, Permission.HOUSEHOLDS_READ, "household__"))

    def open(self) -> Self:
        """To ask: not answered, and the household still stands for itself."""
        return self.filter(
            status=FieldStatus.OPEN,
            household__merged_into__isnull=True,
            household__status=HouseholdStatus.ACTIVE,
        )
