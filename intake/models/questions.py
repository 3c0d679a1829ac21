"""What is doubtful in the data of a household and waits for somebody to ask."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.history import keeps_history
from common.encryption import SealedTextField
from common.models import BaseModel
from intake.choices import QuestionAnswer, QuestionCode, QuestionStatus
from intake.models.households import Household
from intake.models.persons import Person
from intake.querysets_quality import OpenQuestionQuerySet


@keeps_history(shown=("status", "answer", "answered_at"))
class OpenQuestion(BaseModel):
    """One doubt about a household, or about one of its people.

    Open until somebody answers it or what raised it is no longer so (outdated); an answered one
    is not asked again for the same `facts`, a keyed hash of what raised it. `data`: ids of persons
    and households, and counts. Personal data: `note` (sealed).
    """

    household = models.ForeignKey(Household, models.CASCADE, related_name="questions")
    person = models.ForeignKey(
        Person, models.CASCADE, null=True, blank=True, related_name="questions"
    )
    code = models.CharField(_("question"), max_length=30, choices=QuestionCode)
    status = models.CharField(
        _("status"), max_length=10, choices=QuestionStatus, default=QuestionStatus.OPEN
    )
    facts = models.BinaryField(max_length=16, editable=False)
    data = models.JSONField(default=dict, editable=False)
    answer = models.CharField(_("answer"), max_length=10, choices=QuestionAnswer, blank=True)
    note = SealedTextField(_("note"))
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)

    objects = OpenQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("open question")
        verbose_name_plural = _("open questions")
        constraints = [
            models.UniqueConstraint(
                fields=["household", "person", "code"],
                condition=Q(status=QuestionStatus.OPEN),
                nulls_distinct=False,
                name="question_open_once",
                violation_error_message=_("This question is open already."),
            ),
            models.CheckConstraint(
                condition=(
                    Q(status=QuestionStatus.ANSWERED)
                    & ~Q(answer="")
                    & Q(answered_by__isnull=False, answered_at__isnull=False)
                )
                | (
                    ~Q(status=QuestionStatus.ANSWERED)
                    & Q(answer="", answered_by__isnull=True, answered_at__isnull=True)
                ),
                name="question_answered_is_whole",
                violation_error_message=_("An answer says what, by whom and when."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["recorded_at"],
                condition=Q(status=QuestionStatus.OPEN),
                name="question_open_oldest",
            )
        ]

    def __str__(self) -> str:
        return str(self.code)
