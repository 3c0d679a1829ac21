"""Plans for sites: what is made ready, and the list of what is still needed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.choices import UserKind
from accounts.models import Agency, User
from accounts.policies import ROLE_PERMISSIONS, Permission
from audit.models import Event
from common.admin import PolicyModelAdmin, button
from reception import services
from reception.admin.refusals import RefusalsInForm
from reception.admin.shown import address
from reception.choices import PlanState
from reception.models import SitePlan, SitePlanItem
from reception.services.planning import EDITABLE, may_plan, plannable_sites

EDIT = Permission.PLANS_EDIT
EVENTS_SHOWN = 30
# What an event of a plan is called on its page.
EVENT_WORDS = {
    "plan.made": _("Plan made"),
    "plan.changed": _("Plan changed"),
    "plan.ended": _("Plan ended"),
    "plan.need_added": _("Added to the list"),
    "plan.need_met": _("Ticked off"),
    "plan.need_open_again": _("Open again"),
    "plan.need_dropped": _("Taken off the list"),
}


class NeedForm(forms.Form):
    """One thing that is needed."""

    text = forms.CharField(label=_("What is needed"), max_length=200)
    due_on = forms.DateField(
        label=_("By"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class ItemForm(forms.Form):
    """Which line of the list."""

    item = forms.UUIDField()


def _standing(plan: SitePlan) -> bool:
    return plan.state == PlanState.PREPARING


def _nowhere(plan: SitePlan) -> bool:
    """Its button stands beside each line of the list instead."""
    return False


@admin.register(SitePlan)
class SitePlanAdmin(RefusalsInForm, PolicyModelAdmin):
    """What is being made ready. Changed through the services only."""

    view_policy = Permission.SITES_READ
    add_policy = EDIT
    change_policy = EDIT
    records_access = False
    list_display = ("where", "places", "ready_on", "agency", "state")
    list_filter = ("state",)
    list_select_related = ("site", "agency")
    ordering = ("state", "ready_on", "pk")
    fieldsets = (
        (
            _("Where"),
            {
                "fields": ("site", "name", "area", "hidden"),
                "description": _("Choose a site, or give a name and a district."),
            },
        ),
        (_("What and when"), {"fields": ("places", "ready_on", "agency", "responsible")}),
    )
    change_form_outer_before_template = "reception/admin/plan_needs.html"

    class Media:
        css = {"all": ("reception/reception.css", "reception/boards.css")}

    @admin.display(description=_("site"))
    def where(self, plan: SitePlan) -> str:
        """The site or the name of the place."""
        return plan.where

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """While the plan stands, for who may plan for this very site."""
        allowed = super().has_change_permission(request, obj)
        if not allowed or obj is None:
            return allowed
        return _standing(obj) and may_plan(request.user, obj)

    # The form ----------------------------------------------------------------------------
    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only sites for which the user may plan, and staff who plan."""
        if db_field.name == "site":
            kwargs["queryset"] = plannable_sites(request.user)
        elif db_field.name == "responsible":
            roles = [role for role, held in ROLE_PERMISSIONS.items() if EDIT in held]
            kwargs["queryset"] = User.objects.filter(
                is_active=True, kind=UserKind.PERSON, role_assignments__role__in=roles
            ).distinct()
        elif db_field.name == "agency":
            kwargs["queryset"] = Agency.objects.filter(is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """By the service, from what the form says."""
        if change:
            changes = {name: form.cleaned_data[name] for name in form.changed_data}
            services.change_plan(
                actor=request.user,
                plan=SitePlan.objects.get(pk=obj.pk),
                **{name: value for name, value in changes.items() if name in EDITABLE},
            )
            return
        made = services.plan_site(
            actor=request.user, **{name: form.cleaned_data[name] for name in EDITABLE}
        )
        obj.pk, obj._state.adding = made.pk, False

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """To the plan's page, where the list of what is needed begins."""
        self.message_user(request, str(_("The plan is made. Write down what is still needed.")))
        return redirect(address("reception_siteplan_change", obj.pk))

    # The list of what is needed ----------------------------------------------------------
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the list and the plan's history."""
        plan = kwargs.get("obj")
        context["show_save_and_add_another"] = False
        if plan is not None and plan.pk:
            may = self.has_change_permission(request, plan)
            context["plan"] = plan
            context["needs"] = [
                {"item": item, "may": may} for item in plan.items.select_related("done_by")
            ]
            context["press"] = {
                name: address(f"reception_siteplan_{name}", plan.pk)
                for name in ("met", "open_again", "drop")
            }
            context["history"] = _history(plan)
            context["board"] = address("reception_contingency")
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    @button(_("Add what is needed"), policy=EDIT, form=NeedForm, shown=_standing, icon="add_task")
    def add_need(self, request: HttpRequest, plan: SitePlan, data: dict[str, Any]) -> Any:
        """One more line."""
        services.add_need(actor=request.user, plan=plan, **data)
        return _("It is on the list.")

    @button(_("Done"), policy=EDIT, form=ItemForm, shown=_nowhere)
    def met(self, request: HttpRequest, plan: SitePlan, data: dict[str, Any]) -> Any:
        """A line is done."""
        return self._ticked(request, plan, data, done=True)

    @button(_("Not done after all"), policy=EDIT, form=ItemForm, shown=_nowhere)
    def open_again(self, request: HttpRequest, plan: SitePlan, data: dict[str, Any]) -> Any:
        """A line is open again."""
        return self._ticked(request, plan, data, done=False)

    @button(_("Take off the list"), policy=EDIT, form=ItemForm, shown=_nowhere)
    def drop(self, request: HttpRequest, plan: SitePlan, data: dict[str, Any]) -> Any:
        """A line is not needed any more."""
        item = SitePlanItem.objects.filter(plan=plan, pk=data["item"]).first()
        if item is not None:
            services.drop_need(actor=request.user, item=item)
        return _("It is off the list.")

    def _ticked(
        self, request: HttpRequest, plan: SitePlan, data: dict[str, Any], *, done: bool
    ) -> Any:
        item = SitePlanItem.objects.filter(plan=plan, pk=data["item"]).first()
        if item is None:
            return _("It is off the list.")
        services.tick_need(actor=request.user, item=item, done=done)
        return _("Ticked off.") if done else _("It is open again.")

    @button(_("The site is ready"), policy=EDIT, shown=_standing, icon="task_alt")
    def ready(self, request: HttpRequest, plan: SitePlan) -> Any:
        """The end that is hoped for."""
        services.end_plan(actor=request.user, plan=plan, state=PlanState.READY)
        return _("The plan has ended: the site is ready. Open the site so that it receives people.")

    @button(_("Give the plan up"), policy=EDIT, shown=_standing, icon="cancel", danger=True)
    def give_up(self, request: HttpRequest, plan: SitePlan) -> Any:
        """The other end."""
        services.end_plan(actor=request.user, plan=plan, state=PlanState.DROPPED)
        return _("The plan is given up.")


def _history(plan: SitePlan) -> list[dict[str, Any]]:
    """What happened to the plan, newest first: figures before and after, and who."""
    events = Event.objects.filter(subject_id=plan.pk).select_related("actor").order_by("-pk")
    return [
        {
            "at": event.occurred_at,
            "who": event.actor,
            "what": EVENT_WORDS.get(event.kind, event.kind),
            "figures": [
                f"{before if before is not None else '–'} → {after if after is not None else '–'}"
                for before, after in (
                    event.data[key] for key in ("places", "ready_on") if _pair(event, key)
                )
            ],
        }
        for event in events[:EVENTS_SHOWN]
    ]


def _pair(event: Event, key: str) -> bool:
    return isinstance(event.data.get(key), list) and len(event.data[key]) == 2
