"""Slips: the tokens that were printed ahead, given to households and taken back."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.history import keeps_history
from common.models import BaseModel
from intake.choices import RevocationReason, TokenState
from intake.models.entry_points import EntryPoint
from intake.models.households import Household
from intake.querysets_tokens import SlipTokenQuerySet, TokenSheetQuerySet


class TokenSheet(BaseModel):
    """Slips printed ahead for the desk. Holds no personal data.

    `copies` counts how often it went to the printer: a second copy says so on every page and
    leaves out the slips that were given or revoked since the first.
    """

    count = models.PositiveSmallIntegerField(_("slips"))
    entry_point = models.ForeignKey(
        EntryPoint,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="token_sheets",
        verbose_name=_("entry point"),
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    printed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )
    printed_at = models.DateTimeField(_("made at"))
    copies = models.PositiveSmallIntegerField(_("copies printed"), default=0)

    objects = TokenSheetQuerySet.as_manager()

    class Meta:
        verbose_name = _("sheet of slips")
        verbose_name_plural = _("sheets of slips")
        constraints = [
            models.CheckConstraint(
                condition=Q(count__range=(1, 500)),
                name="tokensheet_holds_1_to_500_slips",
                violation_error_message=_("A sheet has between 1 and 500 slips."),
            )
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.printed_at):%Y-%m-%d %H:%M}"


@keeps_history(shown=("state", "household", "bound_at", "revoked_at", "reason"))
class SlipToken(BaseModel):
    """The token of one slip. Holds no personal data: 80 random bits that say nothing.

    Printed: belongs to nobody. Bound: the one working slip of its household, equal to
    `Household.token`. Revoked: never works again; it keeps the household that it belonged to, if
    any, and the token that took its place.

    A household that was registered without a printed slip has no row here until something
    happens to its token: then `Household.token` alone says it. Tokens are random enough (80 bits)
    that two are never equal by chance; `Household.token` is unique, and a token is bound under a
    lock of its row by writing it there, so that none ever belongs to two households.
    """

    token = models.CharField(_("token"), max_length=40, unique=True, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=TokenState, default=TokenState.PRINTED
    )
    sheet = models.ForeignKey(
        TokenSheet, models.PROTECT, null=True, related_name="tokens", verbose_name=_("sheet")
    )
    household = models.ForeignKey(
        Household, models.CASCADE, null=True, related_name="slips", verbose_name=_("household")
    )
    bound_at = models.DateTimeField(_("given at"), null=True)
    bound_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=12, choices=RevocationReason, blank=True)
    replaced_by = models.OneToOneField("self", models.RESTRICT, null=True, related_name="replaces")

    objects = SlipTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("slip")
        verbose_name_plural = _("slips")
        constraints = [
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(state=TokenState.BOUND),
                name="sliptoken_one_bound_per_household",
                violation_error_message=_("This household has a slip already."),
            ),
            models.CheckConstraint(
                condition=Q(state=TokenState.REVOKED)
                | Q(revoked_at__isnull=True, revoked_by__isnull=True, reason=""),
                name="sliptoken_only_revoked_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=TokenState.REVOKED)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(reason=""),
                name="sliptoken_revoked_says_when_who_and_why",
            ),
            models.CheckConstraint(
                condition=~Q(state=TokenState.PRINTED)
                | Q(household__isnull=True, bound_at__isnull=True, bound_by__isnull=True),
                name="sliptoken_printed_belongs_to_nobody",
            ),
            models.CheckConstraint(
                condition=~Q(state=TokenState.BOUND) | Q(household__isnull=False),
                name="sliptoken_bound_has_a_household",
            ),
            models.CheckConstraint(
                condition=Q(household__isnull=True)
                | Q(bound_at__isnull=False, bound_by__isnull=False),
                name="sliptoken_of_a_household_says_when_and_who",
            ),
            models.CheckConstraint(
                condition=Q(replaced_by__isnull=True)
                | Q(state=TokenState.REVOKED, household__isnull=False) & ~Q(replaced_by=F("id")),
                name="sliptoken_replaced_is_revoked",
            ),
        ]

    def __str__(self) -> str:
        return str(TokenState(self.state).label)
