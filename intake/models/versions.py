"""What was recorded of a person before it was changed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from common import clock
from common.encryption import seal_json, unseal_json
from common.models import BaseModel
from intake.models.persons import Person
from intake.querysets_versions import IdentityVersionQuerySet


class IdentityVersion(BaseModel):
    """A person as recorded until `replaced_at`: the identity and what else was changed with it.

    Written with every correction, so that a wrong one can be seen and put back. Changed in one case
    only: a note that is moved into the sealed record is emptied here too.
    Personal data: `sealed`, bound to the row. Never shown to agencies.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="versions")
    sealed = models.BinaryField()
    replaced_at = models.DateTimeField(_("replaced at"), default=clock.now)
    replaced_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = IdentityVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("earlier version")
        verbose_name_plural = _("earlier versions")
        indexes = [models.Index(fields=["person", "replaced_at"], name="identity_version_time")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.replaced_at:%Y-%m-%d %H:%M}"

    @property
    def _context(self) -> str:
        return f"intake_identityversion:{self.pk}"

    def seal(self, content: dict[str, Any]) -> None:
        """Keep `content`, JSON of the services' making, sealed in this unsaved row."""
        self.sealed = seal_json(content, context=self._context)

    def open(self) -> dict[str, Any]:
        """What was kept. Whoever shows it records the access."""
        found: dict[str, Any] = unseal_json(self.sealed, context=self._context)
        return found
