"""The members of a placed family: who came, who is away, in which room, who is apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.policies import Permission
from audit.access import record_access
from common.errors import DomainError
from common.ids import read_id
from reception import services
from reception.admin.check_in import Shown, people_shown
from reception.admin.local_pages import local_page
from reception.admin.shown import address
from reception.choices import (
    OPEN_STATUSES,
    PRESENT_STATUSES,
    AbsenceReason,
    SiteStatus,
    StayState,
)
from reception.models import Placement, Site, Stay, Unit
from reception.policies import may_at
from reception.querysets import sites_q

WRITE = Permission.PLACEMENTS_WRITE


class StepsForm(forms.Form):
    """What the steps need beside the members who are ticked; each step reads its own fields."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"), choices=AbsenceReason.choices, required=False
    )
    free_place = forms.BooleanField(
        label=gettext_lazy("Give their places to others meanwhile"), required=False
    )
    unit = forms.ModelChoiceField(
        label=gettext_lazy("Room or tent"),
        queryset=Unit.objects.none(),
        required=False,
        empty_label=gettext_lazy("none"),
    )
    site = forms.ModelChoiceField(
        label=gettext_lazy("Site"),
        queryset=Site.objects.none(),
        required=False,
        to_field_name="code",
    )
    split_reason = forms.CharField(
        label=gettext_lazy("Why is the family apart?"), max_length=200, required=False
    )
    arrived = forms.BooleanField(label=gettext_lazy("They are there already"), required=False)

    def __init__(self, data: Any, *, placement: Placement, user: Any) -> None:
        super().__init__(data)
        fields: Any = self.fields
        fields["unit"].queryset = Unit.objects.filter(site=placement.site)
        fields["unit"].label_from_instance = _unit_words
        fields["site"].queryset = (
            Site.objects.filter(sites_q(user, WRITE), status=SiteStatus.OPEN)
            .exclude(pk=placement.site_id)
            .order_by("name")
        )


def _unit_words(unit: Unit) -> str:
    return _("%(name)s: %(free)d free of %(capacity)d") % {
        "name": unit.name,
        "free": max(unit.free, 0),
        "capacity": unit.capacity,
    }


Step = Callable[[Any, Placement, list[Any], dict[str, Any]], Placement]


def _came(actor: Any, placement: Placement, persons: list[Any], data: dict[str, Any]) -> Placement:
    return services.check_in(
        actor=actor, placement=placement, persons=persons, unit=data.get("unit")
    )


def _stayed_away(
    actor: Any, placement: Placement, persons: list[Any], data: dict[str, Any]
) -> Placement:
    return services.mark_not_come(actor=actor, placement=placement, persons=persons)


def _away(actor: Any, placement: Placement, persons: list[Any], data: dict[str, Any]) -> Placement:
    return services.record_absence(
        actor=actor,
        placement=placement,
        persons=persons,
        reason=data["reason"],
        keep_place=not data["free_place"],
    )


def _back(actor: Any, placement: Placement, persons: list[Any], data: dict[str, Any]) -> Placement:
    return services.record_return(actor=actor, placement=placement, persons=persons)


def _room(actor: Any, placement: Placement, persons: list[Any], data: dict[str, Any]) -> Placement:
    return services.move_to_unit(
        actor=actor, placement=placement, unit=data["unit"], persons=persons
    )


def _apart(actor: Any, placement: Placement, persons: list[Any], data: dict[str, Any]) -> Placement:
    if data["site"] is None:
        raise DomainError("required", _("Choose the site where they go."))
    return services.split_placement(
        actor=actor,
        placement=placement,
        persons=persons,
        site=data["site"],
        reason=data["split_reason"],
        arrived=data["arrived"],
    )


STEPS: dict[str, Step] = {
    "came": _came,
    "stayed_away": _stayed_away,
    "away": _away,
    "back": _back,
    "room": _room,
    "apart": _apart,
}


def people(model_admin: Any, request: HttpRequest, placement_id: Any) -> HttpResponse:
    """Tick members and press what happened; or bring a part back to its family."""
    visible = Placement.objects.visible_to(request.user).select_related("household", "site")
    placement = get_object_or_404(visible, pk=placement_id)
    if not may_at(request.user, WRITE, placement.site):
        raise PermissionDenied
    form = StepsForm(request.POST or None, placement=placement, user=request.user)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            placement = _act(request, placement, form.cleaned_data)
            messages.success(request, _("It is recorded."))
            return redirect("admin:reception_placement_people", placement.pk)
        except DomainError as error:
            problem = str(error.message)
    record_access(request.user, "read", placement.household)
    return _page(model_admin, request, placement, form, problem)


def _act(request: HttpRequest, placement: Placement, data: dict[str, Any]) -> Placement:
    step = request.POST.get("step", "")
    if step == "together":
        return services.reunite_placement(actor=request.user, placement=placement)
    persons = [read_id(each) for each in request.POST.getlist("persons")]
    if step not in STEPS or not persons:
        raise DomainError("required", _("Tick the members it is about, then press the button."))
    return STEPS[step](request.user, placement, [p for p in persons if p is not None], data)


def _page(
    model_admin: Any, request: HttpRequest, placement: Placement, form: StepsForm, problem: str
) -> HttpResponse:
    placement = Placement.objects.select_related("household", "site").get(pk=placement.pk)
    stays = list(
        Stay.objects.standing()
        .filter(placement=placement)
        .select_related("person", "unit")
        .order_by("person__position", "person_id")
    )
    shown = {each.person.pk: each for each in people_shown([stay.person for stay in stays])}
    states = {stay.state for stay in stays}
    return local_page(
        model_admin,
        request,
        "placement_people",
        _("Members of %(household)s") % {"household": placement.household.reference},
        status=422 if problem or form.errors else 200,
        placement=placement,
        rows=[_row(stay, shown[stay.person_id]) for stay in stays],
        form=form,
        problem=problem,
        ticked=set(request.POST.getlist("persons")),
        back=address("reception_placement_change", placement.pk),
        site_page=address("reception_site_change", placement.site_id),
        here=reverse("admin:reception_placement_people", args=[placement.pk]),
        may=_possible(placement, states),
    )


def _row(stay: Stay, shown: Shown) -> dict[str, Any]:
    return {"stay": stay, "shown": shown, "words": stay.get_state_display()}


def _possible(placement: Placement, states: set[str]) -> dict[str, bool]:
    """Which steps make sense now."""
    open_now = placement.status in OPEN_STATUSES
    come = placement.status in PRESENT_STATUSES
    return {
        "came": open_now and bool(states & {StayState.DUE, StayState.NOT_COME}),
        "stayed_away": come and StayState.DUE in states,
        "away": come and StayState.PRESENT in states,
        "back": come and bool(states & {StayState.AWAY, StayState.AWAY_FREED}),
        "room": open_now and Unit.objects.filter(site=placement.site_id).exists(),
        "apart": open_now and placement.transfer_of_id is None,
        "together": open_now and placement.part > 0,
    }
