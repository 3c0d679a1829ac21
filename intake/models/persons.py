"""Persons (pseudonymous), their sealed identities, exits and specific needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.history import keeps_history
from common.encryption import SealedTextField, seal_json, unseal_json
from common.models import BaseModel
from intake.choices import (
    BirthPrecision,
    BirthSource,
    Calendar,
    EntryKind,
    ExitReason,
    LegalStatus,
    MaritalStatus,
    MoveReason,
    NeedClosing,
    NeedStatus,
    ProcessStatus,
    Relationship,
    Sex,
)
from intake.models.codelists import Country, SpecificNeedType
from intake.models.households import Arrival, Household
from intake.querysets import PersonExitQuerySet, PersonQuerySet, SpecificNeedQuerySet


class Absence(models.Func):
    """The time from leaving to coming back; open at its end while the person is away."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


@keeps_history(
    shown=("household", "is_focal_point", "pre_registered", "process_status", "arrived_at")
)
class Person(BaseModel):
    """One individual, without a name: see Identity.

    In the count while `left_at` is empty; otherwise `exit_reason` says why. Both repeat the exit
    that stands (PersonExit), for the figures of now; earlier absences are there. A birth is a range
    with its precision; both ends empty when nothing is known. `arrived_at` is when the person came
    into the count by `entry`: it repeats the arrival's time so that figures need no join, and is
    the time of birth of who was born here.
    Of who was only counted in an age group the birth is that group's range on the day they were
    counted (precision `age_bracket`, always Gregorian). `pre_registered` until somebody writes down
    who the person is: then there is an identity without a name.
    """

    household = models.ForeignKey(Household, models.PROTECT, related_name="members")
    arrival = models.ForeignKey(
        Arrival, models.PROTECT, null=True, related_name="persons", editable=False
    )
    entry = models.CharField(
        _("came by"), max_length=10, choices=EntryKind, default=EntryKind.ARRIVAL, editable=False
    )
    arrived_at = models.DateTimeField(_("arrived at"), editable=False)
    mother = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children_born_here",
        editable=False,
        verbose_name=_("mother"),
    )
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    relationship = models.CharField(
        _("relationship"), max_length=20, choices=Relationship, default=Relationship.UNKNOWN
    )
    is_focal_point = models.BooleanField(_("focal point"), default=False)
    pre_registered = models.BooleanField(
        _("counted only"),
        default=False,
        help_text=_("Counted at a group pre-registration; who it is, is to be completed."),
    )
    sex = models.CharField(_("sex"), max_length=10, choices=Sex)
    birth_earliest = models.DateField(_("born not before"), null=True, blank=True)
    birth_latest = models.DateField(_("born not after"), null=True, blank=True)
    birth_precision = models.CharField(
        _("precision"), max_length=15, choices=BirthPrecision, default=BirthPrecision.UNKNOWN
    )
    birth_calendar = models.CharField(
        _("calendar"), max_length=15, choices=Calendar, default=Calendar.GREGORIAN
    )
    birth_source = models.CharField(
        _("source of the birth"), max_length=10, choices=BirthSource, default=BirthSource.STATED
    )
    nationality = models.ForeignKey(
        Country,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("nationality"),
    )
    marital_status = models.CharField(
        _("marital status"), max_length=10, choices=MaritalStatus, default=MaritalStatus.UNKNOWN
    )
    legal_status = models.CharField(
        _("legal status"), max_length=30, choices=LegalStatus, default=LegalStatus.NOT_YET
    )
    process_status = models.CharField(
        _("process status"), max_length=10, choices=ProcessStatus, default=ProcessStatus.ACTIVE
    )
    exit_reason = models.CharField(
        _("reason of exit"), max_length=25, choices=ExitReason, blank=True
    )
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        constraints = [
            models.CheckConstraint(
                condition=Q(birth_earliest__isnull=True, birth_latest__isnull=True)
                | Q(birth_earliest__lte=F("birth_latest")),
                name="person_birth_is_a_range",
                violation_error_message=_("The birth must be a range of days, or unknown."),
            ),
            models.CheckConstraint(
                condition=(Q(left_at__isnull=True) & Q(exit_reason=""))
                | (Q(left_at__isnull=False) & ~Q(exit_reason="")),
                name="person_exit_has_reason_and_time",
            ),
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(is_focal_point=True, left_at__isnull=True),
                name="household_one_focal_point",
                violation_error_message=_("A household has one focal point."),
            ),
        ]
        indexes = [
            models.Index(fields=["arrived_at"], name="person_arrived"),
            models.Index(fields=["updated_at", "id"], name="person_changes"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.pk)[:8]}"


@dataclass
class IdentityData:
    """What an identity holds: names in any script, contacts, documents, notes. Personal data."""

    name: str
    father_name: str = ""
    grandfather_name: str = ""
    also_known_as: list[str] = field(default_factory=list)
    birth_text: str = ""
    phones: list[str] = field(default_factory=list)
    documents: list[dict[str, str]] = field(default_factory=list)
    notes: str = ""


@keeps_history()
class Identity(models.Model):
    """A person's names, documents and notes, sealed as one value bound to the person.

    Personal data: `sealed`. Kept apart from Person so that figures, placements and requests
    never need to open it.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="identity")
    sealed = models.BinaryField()

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.person_id)[:8]}"

    @staticmethod
    def _context(person_id: Any) -> str:
        return f"intake_identity:{person_id}"

    @classmethod
    def sealing(cls, person: Person, data: IdentityData) -> Identity:
        """An unsaved identity of `person` with `data` sealed."""
        return cls(person=person, sealed=seal_json(vars(data), context=cls._context(person.pk)))

    def open(self) -> IdentityData:
        """The names and documents. Whoever shows them records the access."""
        return self.opened(self.person_id, self.sealed)

    @classmethod
    def opened(cls, person_id: Any, sealed: bytes | memoryview) -> IdentityData:
        """The same from plain values, for searches that read many."""
        return IdentityData(**unseal_json(sealed, context=cls._context(person_id)))


@keeps_history(shown=("occurred_at", "returned_at", "return_recorded_at", "reversed_at"))
class PersonExit(BaseModel):
    """That a person left the count, and perhaps came back: each when it happened and was recorded.

    Standing while neither `returned_at` nor `reversed_at` is set. `returned_at`: the person came
    back then, and the absence stays in every figure of the days between. `reversed_at`: the exit
    never happened, it was recorded wrongly. Never deleted. Holds no personal data.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="exits")
    reason = models.CharField(_("reason"), max_length=25, choices=ExitReason)
    occurred_at = models.DateTimeField(_("happened at"))
    voluntary = models.BooleanField(_("voluntary"), null=True, blank=True)
    destination = models.CharField(_("destination"), max_length=100, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    returned_at = models.DateTimeField(_("came back at"), null=True, blank=True)
    return_recorded_at = models.DateTimeField(_("return recorded at"), null=True, blank=True)
    return_recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reversed_at = models.DateTimeField(_("taken back at"), null=True, blank=True)

    objects = PersonExitQuerySet.as_manager()

    class Meta:
        verbose_name = _("exit")
        verbose_name_plural = _("exits")
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(reversed_at__isnull=True, returned_at__isnull=True),
                name="person_exit_one_open",
                violation_error_message=_("This person has already left."),
            ),
            models.CheckConstraint(
                condition=Q(
                    returned_at__isnull=True,
                    return_recorded_at__isnull=True,
                    return_recorded_by__isnull=True,
                )
                | Q(
                    returned_at__gte=F("occurred_at"),
                    return_recorded_at__isnull=False,
                    return_recorded_by__isnull=False,
                ),
                name="person_exit_return_is_whole_and_later",
                violation_error_message=_("A person comes back after they left."),
            ),
            ExclusionConstraint(
                name="person_absences_do_not_overlap",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (Absence("occurred_at", "returned_at"), RangeOperators.OVERLAPS),
                ],
                condition=Q(reversed_at__isnull=True),
            ),
        ]
        indexes = [
            # Few people come back: the figures of past days look only at these.
            models.Index(
                fields=["person"],
                condition=Q(returned_at__isnull=False, reversed_at__isnull=True),
                name="person_exit_came_back",
            ),
            models.Index(fields=["occurred_at"], name="person_exit_time"),
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.occurred_at:%Y-%m-%d}"


@keeps_history(shown=("from_household", "to_household", "occurred_at"))
class HouseholdMove(BaseModel):
    """That a person went from one household to another, with what they were in the first.

    The person keeps their history; the household of a past day follows from these rows. Holds no
    personal data.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="moves")
    from_household = models.ForeignKey(Household, models.PROTECT, related_name="moves_out")
    to_household = models.ForeignKey(Household, models.PROTECT, related_name="moves_in")
    occurred_at = models.DateTimeField(_("happened at"))
    reason = models.CharField(_("reason"), max_length=15, choices=MoveReason)
    from_relationship = models.CharField(
        _("relationship before"), max_length=20, choices=Relationship
    )
    was_focal_point = models.BooleanField(_("was the focal point"), default=False)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("move between households")
        verbose_name_plural = _("moves between households")
        constraints = [
            models.CheckConstraint(
                condition=~Q(from_household=F("to_household")),
                name="household_move_goes_elsewhere",
                violation_error_message=_("Choose another household than the person’s own."),
            )
        ]
        indexes = [models.Index(fields=["person", "occurred_at"], name="household_move_history")]

    def __str__(self) -> str:
        return f"{self.reason} {self.occurred_at:%Y-%m-%d}"


@keeps_history(listed=False)
class SpecificNeed(BaseModel):
    """A specific need of a person. Sensitive: visible by the tier of its type.

    Suggested or pending review until a person decides: confirmed, or closed with a reason, by
    whom and when. Closed needs stay, so that a suggestion that was dismissed does not come back.
    Personal data: `note` (sealed), what was said when a review was asked for.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="needs")
    type = models.ForeignKey(
        SpecificNeedType, models.PROTECT, related_name="+", verbose_name=_("need")
    )
    status = models.CharField(_("status"), max_length=15, choices=NeedStatus)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    closed_reason = models.CharField(
        _("why it was closed"), max_length=12, choices=NeedClosing, blank=True
    )
    note = SealedTextField(_("note"), blank=True, default="")

    objects = SpecificNeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("specific need")
        verbose_name_plural = _("specific needs")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "type"],
                condition=~Q(status=NeedStatus.CLOSED),
                name="specific_need_once_per_person",
                violation_error_message=_("This need is already recorded."),
            ),
            models.CheckConstraint(
                condition=Q(closed_reason="") | Q(status=NeedStatus.CLOSED),
                name="specific_need_reason_only_when_closed",
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="specific_need_decision_has_author_and_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.type_id)
