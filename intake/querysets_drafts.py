"""Which unfinished registrations a user sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.db import models

from accounts.policies import Permission, access_of
from common import clock

if TYPE_CHECKING:
    from intake.models import RegistrationDraft  # noqa: F401


class RegistrationDraftQuerySet(models.QuerySet["RegistrationDraft"]):
    """Unfinished registrations."""

    def visible_to(self, user: Any) -> Self:
        """One's own that have not expired, while one may register; nobody else's, ever."""
        if not access_of(user).can(Permission.HOUSEHOLDS_REGISTER):
            return self.none()
        return self.filter(owner=user, expires_at__gt=clock.now()).exclude(self._registered())

    def outdated(self) -> Self:
        """Those whose week is over, or whose household is registered."""
        return self.filter(models.Q(expires_at__lte=clock.now()) | models.Q(self._registered()))

    def _registered(self) -> models.Exists:
        """A draft that was on its way while its household was registered is no draft any more."""
        from intake.models import Household

        return models.Exists(Household.objects.filter(pk=models.OuterRef("pk")))
