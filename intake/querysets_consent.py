"""Sets of consents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models import Q

from accounts.policies import Permission
from intake.querysets import households_q

if TYPE_CHECKING:
    from intake.models import Consent, Household  # noqa: F401


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Answers of households and persons."""

    def visible_to(self, user: Any) -> Self:
        """Answers of households the user may read."""
        return self.filter(
            Q(person__isnull=True) & households_q(user, Permission.HOUSEHOLDS_READ, "household__")
            | Q(person__isnull=False)
            & households_q(user, Permission.HOUSEHOLDS_READ, "person__household__")
        )

    def of(self, household: Household) -> Self:
        """Answers of a household, and those of the persons who are in it now."""
        return self.filter(
            Q(household=household, person__isnull=True) | Q(person__household=household)
        )

    def of_known(self, household: Household, user: Any) -> Self:
        """Answers of a household, and those of the persons in it whom the user may know of."""
        from intake.models import Person

        known = Person.objects.known_to(user).filter(household=household)
        return self.of(household).filter(Q(person__isnull=True) | Q(person__in=known))

    def standing(self) -> Self:
        """The present answers: neither withdrawn nor replaced."""
        return self.filter(withdrawn_at__isnull=True)
