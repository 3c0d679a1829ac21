"""Households and their arrivals."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.history import keeps_history
from common.encryption import SealedJSONField
from common.models import BaseModel
from intake.choices import HouseholdStatus, LegalBasis, RegistrationLevel
from intake.models.codelists import Area, Language
from intake.models.entry_points import EntryPoint
from intake.querysets import HouseholdQuerySet


@keeps_history(
    shown=("reference", "status", "level", "declared_size", "legal_basis", "merged_into")
)
class Household(BaseModel):
    """People who arrive and stay together: the registration group.

    Active from registration; closed when its last person left or it was found to be a repeat of
    another (`merged_into`), whose reference then answers for it. Personal data: `contact`
    (sealed): phones and notes.
    """

    reference = models.CharField(_("reference"), max_length=20, unique=True)
    token = models.CharField(_("slip token"), max_length=40, unique=True)
    status = models.CharField(
        _("status"), max_length=10, choices=HouseholdStatus, default=HouseholdStatus.ACTIVE
    )
    level = models.CharField(
        _("registration"),
        max_length=12,
        choices=RegistrationLevel,
        default=RegistrationLevel.INDIVIDUAL,
    )
    declared_size = models.PositiveSmallIntegerField(_("size as declared"), null=True, blank=True)
    origin_area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("origin")
    )
    preferred_language = models.ForeignKey(
        Language,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("preferred language"),
    )
    interpreter_language = models.ForeignKey(
        Language,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("language of the interpreter"),
    )
    legal_basis = models.CharField(
        _("legal basis"), max_length=20, choices=LegalBasis, default=LegalBasis.VITAL_INTEREST
    )
    livestock = models.CharField(_("livestock and assets"), max_length=200, blank=True)
    contact = SealedJSONField(_("contact"))
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="repeats", editable=False
    )
    fingerprint = models.BinaryField(_("hash of what was sent"), null=True, editable=False)
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )
    import_batch = models.ForeignKey(
        "intake.ImportBatch", models.PROTECT, null=True, editable=False, related_name="households"
    )

    objects = HouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("household")
        verbose_name_plural = _("households")
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | Q(status=HouseholdStatus.CLOSED),
                name="household_merged_is_closed",
            ),
            models.CheckConstraint(
                condition=Q(declared_size__isnull=True) | Q(declared_size__range=(1, 200)),
                name="household_declared_size_is_sensible",
                violation_error_message=_("A household has between 1 and 200 people."),
            ),
        ]
        indexes = [models.Index(fields=["updated_at", "id"], name="household_changes")]

    def __str__(self) -> str:
        return self.reference

    @property
    def phones(self) -> list[str]:
        """Phone numbers as they were given."""
        return list(self.contact.get("phones", []))


@keeps_history(shown=("household", "entry_point", "occurred_at"))
class Arrival(BaseModel):
    """A household or part of it crossing at an entry point, or received from another operation.

    Holds no personal data.
    """

    household = models.ForeignKey(Household, models.CASCADE, related_name="arrivals")
    entry_point = models.ForeignKey(EntryPoint, models.PROTECT, verbose_name=_("entry point"))
    occurred_at = models.DateTimeField(_("arrived at"))
    # Empty for a crossing; another operation's name for people who were transferred from it.
    transferred_from = models.CharField(_("transferred from"), max_length=100, blank=True)

    class Meta:
        verbose_name = _("arrival")
        verbose_name_plural = _("arrivals")
        indexes = [models.Index(fields=["occurred_at"], name="arrival_time")]

    def __str__(self) -> str:
        return f"{self.entry_point_id} {self.occurred_at:%Y-%m-%d %H:%M}"
