"""Proposals: which family could have which place, why, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common import clock
from common.models import BaseModel
from intake.models import EntryPoint, Household
from reception.choices import OPEN_PROPOSALS, AllocationScope, AllocationStatus, ProposedState
from reception.models.placements import Placement
from reception.models.sites import Site
from reception.querysets_allocations import LineQuerySet, RunQuerySet

# A proposal that is worked out for longer was lost with its worker.
LOST_AFTER = timedelta(minutes=5)

S = AllocationStatus


class AllocationRun(BaseModel):
    """A proposal for families that wait, over the sites of the one who asked.

    Asked (a worker may be at it; `attempt` counts, so that a late one is not taken), proposed,
    confirmed or partly confirmed, withdrawn, failed. `policy` holds the parameters and `sites`
    the places as they were when it was worked out: codes and numbers. `fingerprint` stands for
    the whole input: the same input gives the same proposal. No personal data.
    """

    scope = models.CharField(_("for whom"), max_length=10, choices=AllocationScope)
    entry_point = models.ForeignKey(
        EntryPoint, models.PROTECT, null=True, blank=True, verbose_name=_("entry point")
    )
    arrived_from = models.DateTimeField(_("arrived from"), null=True, blank=True)
    arrived_until = models.DateTimeField(_("arrived until"), null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=AllocationStatus, default=AllocationStatus.ASKED
    )
    policy = models.JSONField(default=dict, blank=True, editable=False)
    sites = models.JSONField(default=list, blank=True, editable=False)
    attempt = models.PositiveSmallIntegerField(default=1, editable=False)
    attempt_at = models.DateTimeField(default=clock.now, editable=False)
    proposed_at = models.DateTimeField(_("proposed at"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)
    bound = models.FloatField(null=True, editable=False)
    gap = models.FloatField(_("gap to the proven bound"), null=True, editable=False)
    seconds = models.FloatField(_("seconds"), null=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    failure = models.CharField(max_length=40, blank=True, editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=[S.ASKED, S.FAILED, S.WITHDRAWN])
                | Q(proposed_at__isnull=False),
                name="allocation_proposed_has_a_time",
            ),
            models.CheckConstraint(
                condition=(Q(status__in=[S.CONFIRMED, S.WITHDRAWN]) & Q(ended_at__isnull=False))
                | (~Q(status__in=[S.CONFIRMED, S.WITHDRAWN]) & Q(ended_at__isnull=True)),
                name="allocation_ended_has_a_time",
            ),
            models.CheckConstraint(
                condition=(Q(scope=AllocationScope.ARRIVALS) & Q(entry_point__isnull=False))
                | (~Q(scope=AllocationScope.ARRIVALS) & Q(entry_point__isnull=True)),
                name="allocation_of_arrivals_names_the_entry_point",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.recorded_at:%Y-%m-%d %H:%M}"

    @property
    def is_lost(self) -> bool:
        """Whether the worker that was at it must have died."""
        return self.status == S.ASKED and clock.now() - self.attempt_at > LOST_AFTER

    @property
    def status_now(self) -> str:
        """The status; one that was lost with its worker has failed."""
        return S.FAILED if self.is_lost else self.status

    @property
    def may_be_changed(self) -> bool:
        """Whether its lines may be changed and confirmed."""
        return self.status in OPEN_PROPOSALS

    @property
    def may_be_asked_again(self) -> bool:
        """Whether it may be worked out once more."""
        return self.status_now in (S.PROPOSED, S.FAILED)


class AllocationLine(BaseModel):
    """What is proposed for one household. Holds codes and numbers, no personal data.

    Proposed (without a site: nobody can take the family, `missing` says what is lacking), changed
    or left out by the officer, then confirmed (with the placement) or refused (`refusal` says
    why). A `locked` line keeps its site when the proposal is worked out anew.
    """

    run = models.ForeignKey(AllocationRun, models.CASCADE, related_name="lines")
    household = models.ForeignKey(Household, models.PROTECT, related_name="allocation_lines")
    places = models.PositiveSmallIntegerField(_("places"), default=0)
    proposed_site = models.ForeignKey(
        Site, models.PROTECT, null=True, related_name="+", verbose_name=_("proposed")
    )
    site = models.ForeignKey(
        Site, models.PROTECT, null=True, related_name="allocation_lines", verbose_name=_("site")
    )
    locked = models.BooleanField(_("kept"), default=False)
    state = models.CharField(
        _("state"), max_length=10, choices=ProposedState, default=ProposedState.PROPOSED
    )
    facts = models.JSONField(default=dict, editable=False)
    reasons = models.JSONField(default=list, editable=False)
    missing = models.JSONField(default=list, editable=False)
    alternatives = models.JSONField(default=list, editable=False)
    refusal = models.JSONField(default=dict, blank=True, editable=False)
    placement = models.OneToOneField(
        Placement, models.PROTECT, null=True, related_name="allocation_line", editable=False
    )

    objects = LineQuerySet.as_manager()

    class Meta:
        verbose_name = _("line of a proposal")
        verbose_name_plural = _("lines of proposals")
        constraints = [
            models.UniqueConstraint(
                fields=["run", "household"], name="allocation_line_once_per_household"
            ),
            models.CheckConstraint(
                condition=(Q(state=ProposedState.CONFIRMED) & Q(placement__isnull=False))
                | (~Q(state=ProposedState.CONFIRMED) & Q(placement__isnull=True)),
                name="allocation_line_confirmed_has_a_placement",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposedState.LEFT_OUT) | Q(site__isnull=True),
                name="allocation_line_left_out_has_no_site",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposedState.CHANGED) | Q(site__isnull=False),
                name="allocation_line_changed_has_a_site",
            ),
        ]

    def __str__(self) -> str:
        return str(self.household.reference)

    @property
    def is_kept(self) -> bool:
        """Whether asking again leaves the site as it is: the officer locked or changed it."""
        return self.site_id is not None and (self.locked or self.state == ProposedState.CHANGED)

    @property
    def reason_list(self) -> list[dict[str, Any]]:
        """Codes and numbers of what decided."""
        return list(self.reasons)
