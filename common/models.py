"""Abstract bases: time-ordered keys and the two times of every fact."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from common import clock
from common.ids import new_id


class BaseModel(models.Model):
    """A row with a key that a client may supply, when it was recorded and last changed."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(
        primary_key=True, default=new_id, editable=False
    )
    recorded_at = models.DateTimeField(_("recorded at"), default=clock.now, editable=False)
    updated_at = models.DateTimeField(_("changed at"), default=clock.now, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save and move `updated_at`, also when only some fields are written."""
        self.updated_at = clock.now()
        if (fields := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*fields, "updated_at"}
        super().save(*args, **kwargs)


LABEL_SEPARATOR = ": "


class CodeListEntry(models.Model):
    """One entry of a list that the field owns. Never deleted: disabled from a day on."""

    code = models.CharField(_("code"), max_length=40, primary_key=True)
    label = models.CharField(_("label"), max_length=200)
    disabled_on = models.DateField(_("disabled on"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.code} {self.name}" if self.label else self.code

    @property
    def name(self) -> str:
        """The label in the reader's language; `Disability: speech impairment` part by part."""
        parts = self.label.split(LABEL_SEPARATOR)
        return LABEL_SEPARATOR.join(pgettext("code list", part) for part in parts if part)
