"""Two households that may be one, what was decided about them, and what the field was asked."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.encryption import SealedTextField
from common.models import BaseModel
from intake.choices import (
    UNDECIDED,
    FieldAnswer,
    FieldStatus,
    FieldTopic,
    PairStatus,
)
from intake.models.households import Household
from intake.models.persons import Person
from intake.querysets_duplicates import (
    DuplicatePairQuerySet,
    FieldQuestionQuerySet,
    PairDecisionQuerySet,
    PersonMergeQuerySet,
)


class DuplicatePair(BaseModel):
    """Two households that may be the same people; only a person decides. No personal data.

    Open, asked (until `asked_until`, then it waits for a decision again), same, different, or
    lapsed: no longer alike and never decided. `first` has the smaller key. `reasons` are codes
    with counts, `matches` pairs of person ids. Once a pair was decided different, `known` holds
    what was known then (person ids, counts, keyed hashes), and `news` says, as codes with counts,
    what was learnt since if it was opened again.
    """

    first = models.ForeignKey(Household, models.CASCADE, related_name="+")
    second = models.ForeignKey(Household, models.CASCADE, related_name="+")
    score = models.FloatField(_("score"))
    reasons = models.JSONField(_("reasons"), default=list)
    matches = models.JSONField(default=list)
    status = models.CharField(
        _("status"), max_length=10, choices=PairStatus, default=PairStatus.OPEN
    )
    asked_until = models.DateTimeField(_("answer expected by"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    known = models.JSONField(default=dict, editable=False)
    news = models.JSONField(_("what is new"), default=list, editable=False)
    # What is needed to put everything back: ids only.
    undo = models.JSONField(default=dict, editable=False)

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_once"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="duplicate_pair_in_key_order"
            ),
            models.CheckConstraint(
                condition=Q(status=PairStatus.ASKED, asked_until__isnull=False)
                | (~Q(status=PairStatus.ASKED) & Q(asked_until__isnull=True)),
                name="duplicate_pair_asked_has_an_end",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-score", "id"],
                condition=Q(status__in=UNDECIDED),
                name="duplicate_pair_queue",
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_id} ~ {self.second_id}"


class PairDecision(BaseModel):
    """One decision about a pair: kept when it is taken back, and when the pair opens again.

    Standing while `undone_at` is empty. `score` is what the queue offered the pair with. Holds no
    personal data.
    """

    pair = models.ForeignKey(DuplicatePair, models.CASCADE, related_name="decisions")
    decision = models.CharField(
        _("decision"),
        max_length=10,
        choices=[
            (PairStatus.SAME.value, PairStatus.SAME.label),
            (PairStatus.DIFFERENT.value, PairStatus.DIFFERENT.label),
        ],
    )
    score = models.FloatField(_("score"))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided at"))
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)

    objects = PairDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision about a possible duplicate")
        verbose_name_plural = _("decisions about possible duplicates")
        constraints = [
            models.CheckConstraint(
                condition=Q(decision__in=[PairStatus.SAME, PairStatus.DIFFERENT]),
                name="pair_decision_is_same_or_different",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="pair_decision_undone_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} {self.decided_at:%Y-%m-%d}"


class PersonMerge(BaseModel):
    """That two records are one person: `survivor` answers for `repeat`. Kept forever.

    Standing while `undone_at` is empty. Holds no personal data.
    """

    repeat = models.ForeignKey(Person, models.PROTECT, related_name="merges")
    survivor = models.ForeignKey(Person, models.PROTECT, related_name="merged_repeats")
    pair = models.ForeignKey(DuplicatePair, models.PROTECT, related_name="person_merges")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(_("decided at"))
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)

    objects = PersonMergeQuerySet.as_manager()

    class Meta:
        verbose_name = _("person registered twice")
        verbose_name_plural = _("persons registered twice")
        constraints = [
            models.CheckConstraint(
                condition=~Q(repeat=F("survivor")), name="person_merge_is_of_two_records"
            ),
            models.UniqueConstraint(
                fields=["repeat"],
                condition=Q(undone_at__isnull=True),
                name="person_merge_one_survivor",
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by__isnull=True)
                | Q(undone_at__isnull=False, undone_by__isnull=False),
                name="person_merge_undone_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{str(self.repeat_id)[-8:]} = {str(self.survivor_id)[-8:]}"


class FieldQuestion(BaseModel):
    """What the staff where a household is are asked about it, before its pair is decided.

    Open, answered, or withdrawn (decided before anybody answered). It says nothing of the other
    household of the pair: whoever may read this one reads the question. Personal data: `note`
    and `answer_note`, sealed.
    """

    pair = models.ForeignKey(DuplicatePair, models.CASCADE, related_name="questions")
    household = models.ForeignKey(Household, models.CASCADE, related_name="field_questions")
    topic = models.CharField(_("question"), max_length=20, choices=FieldTopic)
    note = SealedTextField(_("note"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    due_at = models.DateTimeField(_("answer expected by"))
    status = models.CharField(
        _("status"), max_length=10, choices=FieldStatus, default=FieldStatus.OPEN
    )
    answer = models.CharField(_("answer"), max_length=20, choices=FieldAnswer, blank=True)
    answer_note = SealedTextField(_("note"))
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    answered_at = models.DateTimeField(_("answered at"), null=True)

    objects = FieldQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question to the field")
        verbose_name_plural = _("questions to the field")
        constraints = [
            models.UniqueConstraint(
                fields=["pair", "household"],
                condition=Q(status=FieldStatus.OPEN),
                name="field_question_one_open_of_a_pair",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status=FieldStatus.ANSWERED)
                    & ~Q(answer="")
                    & Q(answered_by__isnull=False, answered_at__isnull=False)
                )
                | (
                    ~Q(status=FieldStatus.ANSWERED)
                    & Q(answer="", answered_by__isnull=True, answered_at__isnull=True)
                ),
                name="field_question_answered_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["household"],
                condition=Q(status=FieldStatus.OPEN),
                name="field_question_to_ask",
            )
        ]

    def __str__(self) -> str:
        return f"{self.topic} {str(self.pk)[-8:]}"
