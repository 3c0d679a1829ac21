"""What families and persons agreed to, with what was explained to them."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.history import keeps_history
from common import clock
from common.encryption import SealedTextField
from common.models import BaseModel
from intake.choices import ConsentHow, ConsentPurpose, LegalBasis
from intake.models.codelists import Language
from intake.models.households import Household
from intake.querysets_consent import ConsentQuerySet


@keeps_history(shown=("household", "purpose", "recipient", "given", "legal_basis", "withdrawn_at"))
class Consent(BaseModel):
    """An answer of a household, or of one person of it, for a purpose and a recipient.

    `household` is where it was answered; what a person answered alone follows the person.

    Stands while `withdrawn_at` is empty. Ended by a new answer (`replaced_by`) or withdrawn; a
    withdrawn answer counts as no until the family is asked again. Never deleted or changed.

    `recipient` is an agency's code, or empty: the operation, and every agency that it asks for
    help for this purpose, unless there is an answer for that agency by name. `explained` is the
    version of the text that was read out (intake.consent_texts), empty when nobody noted it.
    `occurred_at` is when they answered, `withdrawn_at` when they took it back. Personal data:
    `withdrawn_reason` (sealed).
    """

    household = models.ForeignKey(Household, models.CASCADE, related_name="consents")
    person = models.ForeignKey(
        "intake.Person",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="consents",
        verbose_name=_("person"),
    )
    purpose = models.CharField(_("purpose"), max_length=20, choices=ConsentPurpose)
    recipient = models.CharField(_("recipient"), max_length=20, blank=True)
    given = models.BooleanField(_("given"))
    legal_basis = models.CharField(
        _("legal basis"), max_length=20, choices=LegalBasis, default=LegalBasis.CONSENT
    )
    explained = models.CharField(_("text that was read out"), max_length=20, blank=True)
    explained_in = models.ForeignKey(
        Language,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("language of the explanation"),
    )
    explained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("explained by"),
    )
    how = models.CharField(_("how they answered"), max_length=12, choices=ConsentHow, blank=True)
    occurred_at = models.DateTimeField(_("answered at"), default=clock.now)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    withdrawn_reason = SealedTextField(_("why it was withdrawn"), blank=True, default="")
    replaced_by = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["household", "purpose", "recipient"],
                condition=Q(withdrawn_at__isnull=True, person__isnull=True),
                name="consent_once_per_purpose_and_recipient",
                violation_error_message=_("This purpose and recipient are already answered."),
            ),
            models.UniqueConstraint(
                fields=["person", "purpose", "recipient"],
                condition=Q(withdrawn_at__isnull=True, person__isnull=False),
                name="consent_once_per_person_purpose_and_recipient",
                violation_error_message=_("This purpose and recipient are already answered."),
            ),
            models.CheckConstraint(
                condition=Q(replaced_by__isnull=True) | Q(withdrawn_at__isnull=False),
                name="consent_replaced_stands_no_longer",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True)
                | Q(withdrawn_at__gte=models.F("occurred_at")),
                name="consent_withdrawn_after_it_was_given",
                violation_error_message=_("It was withdrawn after it was given: check the time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.recipient}".strip()

    @property
    def stands(self) -> bool:
        """Whether it is the present answer."""
        return self.withdrawn_at is None

    @property
    def belongs_to(self) -> Any:
        """The key of the household that it holds in now."""
        return self.household_id if self.person is None else self.person.household_id
