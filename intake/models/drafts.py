"""Registrations that were begun and not sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.encryption import SealedJSONField
from common.models import BaseModel
from intake.models.entry_points import EntryPoint
from intake.querysets_drafts import RegistrationDraftQuerySet


class RegistrationDraft(BaseModel):
    """What a registrar typed and has not registered yet; its id is that of the household to be.

    Until it is registered, discarded, or not touched for a week; then it is deleted. Its owner
    only reads it. Personal data: `content` (sealed): the fields of the form as they were typed.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    saved_at = models.DateTimeField(_("saved at"))
    expires_at = models.DateTimeField(_("deleted at"), db_index=True)
    entry_point = models.ForeignKey(
        EntryPoint, models.SET_NULL, null=True, related_name="+", verbose_name=_("entry point")
    )
    people = models.PositiveSmallIntegerField(_("people"), default=0)
    content = SealedJSONField(_("what was typed"))

    objects = RegistrationDraftQuerySet.as_manager()

    class Meta:
        verbose_name = _("unfinished registration")
        verbose_name_plural = _("unfinished registrations")
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("saved_at")), name="draft_expires_after_it_was_saved"
            )
        ]
        indexes = [models.Index(fields=["owner", "-saved_at"], name="draft_of_owner")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.pk)[-8:]}"
