"""Answers to the Washington Group short set."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.history import keeps_history
from common.models import BaseModel
from intake.choices import Difficulty, Respondent
from intake.models.persons import Person
from intake.querysets_washington import WashingtonGroupQuerySet
from intake.washington import DOMAINS, over_cut_off

_KNOWN = tuple(Difficulty.values)


def _answer(label: Any) -> Any:
    return models.PositiveSmallIntegerField(label, choices=Difficulty)


@keeps_history(listed=False)
class WashingtonGroup(BaseModel):
    """The six answers of one person on one day; asked again, the newer row counts.

    Health data about a pseudonymous person: read with needs of tier 1. Rows are never changed.
    `occurred_at` is when they were asked.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="washington_groups")
    seeing = _answer(_("seeing"))
    hearing = _answer(_("hearing"))
    walking = _answer(_("walking"))
    remembering = _answer(_("remembering"))
    self_care = _answer(_("self-care"))
    communicating = _answer(_("communicating"))
    occurred_at = models.DateTimeField(_("asked at"))
    respondent = models.CharField(
        _("who answered"), max_length=5, choices=Respondent, default=Respondent.SELF
    )
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    objects = WashingtonGroupQuerySet.as_manager()

    class Meta:
        verbose_name = _("Washington Group answers")
        verbose_name_plural = _("Washington Group answers")
        constraints = [
            models.CheckConstraint(
                condition=Q(**{f"{domain}__in": _KNOWN for domain in DOMAINS}),
                name="washington_group_answers_are_known",
                violation_error_message=_("Choose one of the answers for each question."),
            ),
        ]
        indexes = [models.Index(fields=["person", "-occurred_at"], name="washington_group_latest")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.pk)[:8]}"

    @property
    def answers(self) -> dict[str, int]:
        """The answer to each question, by domain."""
        return {domain: getattr(self, domain) for domain in DOMAINS}

    @property
    def has_disability(self) -> bool:
        """Whether at least one domain is at or over the cut-off DISABILITY3."""
        return bool(over_cut_off(self.answers))
