"""What is being made ready for more people: the contingency plan, site by site."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from common.models import BaseModel
from intake.models import Area
from reception.choices import PlanState
from reception.models.sites import Site
from reception.querysets_plans import SitePlanItemQuerySet, SitePlanQuerySet


class SitePlan(BaseModel):
    """That a site is being made ready, or made larger: how many places, by when, by whom.

    preparing until it is ready or given up; both are the end (`ended_at`). With a site that
    exists, or with the name and district of one that does not yet; it gets its site when there is
    one. `hidden` keeps the plan of a future safe house from most. What changed stands in events.
    Holds no personal data.
    """

    site = models.ForeignKey(
        Site, models.CASCADE, null=True, blank=True, related_name="plans", verbose_name=_("site")
    )
    name = models.CharField(_("name of the place"), max_length=150, blank=True)
    area = models.ForeignKey(
        Area,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("district"),
    )
    hidden = models.BooleanField(_("hidden location"), default=False)
    places = models.PositiveIntegerField(_("planned places"))
    ready_on = models.DateField(_("expected to be ready on"), null=True, blank=True)
    agency = models.ForeignKey(
        Agency,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("agency in charge"),
    )
    responsible = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who sees to it"),
    )
    state = models.CharField(
        _("state"), max_length=10, choices=PlanState, default=PlanState.PREPARING, editable=False
    )
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", editable=False
    )

    objects = SitePlanQuerySet.as_manager()

    class Meta:
        verbose_name = _("plan for a site")
        verbose_name_plural = _("plans for sites")
        ordering = ["ready_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(site__isnull=False) | (~Q(name="") & Q(area__isnull=False)),
                name="site_plan_says_where",
                violation_error_message=_("Choose a site, or give a name and a district."),
            ),
            models.CheckConstraint(
                condition=Q(places__gte=1),
                name="site_plan_has_places",
                violation_error_message=_("Plan at least one place."),
            ),
            models.UniqueConstraint(
                fields=["site"],
                condition=Q(state=PlanState.PREPARING),
                name="site_plan_one_standing_per_site",
                violation_error_message=_("There is a plan for this site already: change it."),
            ),
            models.CheckConstraint(
                condition=Q(state=PlanState.PREPARING, ended_at__isnull=True)
                | (~Q(state=PlanState.PREPARING) & Q(ended_at__isnull=False)),
                name="site_plan_ended_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.where

    @property
    def where(self) -> str:
        """The site's name, or that of the place that is to be one."""
        return str(self.site) if self.site is not None else self.name

    @property
    def code(self) -> str:
        """The site's code, for events; empty for what is no site yet and for hidden ones.

        Who reads events need not know of hidden sites.
        """
        return self.site.code if self.site is not None and not self.site.hidden else ""


class SitePlanItem(BaseModel):
    """One thing that is still needed until a site is ready; done when `done_at` says so.

    `text` is about a place (stoves, a pump), never about people. Holds no personal data.
    """

    plan = models.ForeignKey(SitePlan, models.CASCADE, related_name="items")
    text = models.CharField(_("what is needed"), max_length=200)
    due_on = models.DateField(_("by"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )

    objects = SitePlanItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("what a site still needs")
        verbose_name_plural = _("what sites still need")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text=""),
                name="site_plan_item_says_what",
                violation_error_message=_("Say what is needed."),
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True)
                | Q(done_at__isnull=False, done_by__isnull=False, done_at__gte=F("recorded_at")),
                name="site_plan_item_done_says_when_and_who",
            ),
        ]

    def __str__(self) -> str:
        return self.text
