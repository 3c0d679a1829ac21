"""Choosing a site for a family: from the list of those who wait, or for a transfer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.policies import Permission
from common import clock
from common.admin import add_domain_error, holds
from common.errors import DomainError
from intake.models import Household
from reception import services
from reception.admin.shown import address, occupancy_bar
from reception.choices import RESERVED_STATUSES, PlacementStatus
from reception.models import Placement, Site
from reception.querysets import sites_q
from reception.selectors import unplaced_households
from reception.services.rules import only_children
from reception.services.transporting import announce_to

WRITE = Permission.PLACEMENTS_WRITE
PER_PAGE = 50
# The family stays for now: only for a family that has come.
ANNOUNCED = PlacementStatus.TRANSFER_PENDING


class PlaceForm(forms.Form):
    """Where, and whether the family is there already."""

    site = forms.CharField(error_messages={"required": gettext_lazy("Choose a site.")})
    status = forms.ChoiceField(
        label=gettext_lazy("The family"),
        choices=[
            (PlacementStatus.RESERVED, gettext_lazy("is expected: keep the places for 24 hours")),
            (PlacementStatus.CONFIRMED, gettext_lazy("is on its way: keep the places")),
            (PlacementStatus.CHECKED_IN, gettext_lazy("is there: check it in")),
        ],
        initial=PlacementStatus.RESERVED,
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class TransferForm(PlaceForm):
    """As for placing; a family on its way is simply expected."""

    status = forms.ChoiceField(
        label=gettext_lazy("The family"),
        choices=[
            (PlacementStatus.RESERVED, gettext_lazy("is expected: keep the places for 24 hours")),
            (PlacementStatus.CHECKED_IN, gettext_lazy("is there: check it in")),
            (ANNOUNCED, gettext_lazy("is still here: keep places there until it leaves")),
        ],
        initial=PlacementStatus.RESERVED,
    )

    def __init__(self, *args: Any, placement: Placement, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        status: Any = self.fields["status"]
        if placement.status in RESERVED_STATUSES:
            status.choices = [each for each in status.choices if each[0] != ANNOUNCED]


def waiting(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """The families that wait and that this user may see; looking is recorded."""
    _require(request)
    visible = Household.objects.visible_to(request.user).values("pk")
    families = unplaced_households().filter(pk__in=visible)
    page = Paginator(families, PER_PAGE).get_page(request.GET.get("page"))
    now = clock.now()
    rows = [
        {
            "household": family,
            "page": address("intake_household_change", family.pk),
            "place": address("reception_place", family.pk),
            "hours": int((now - family.arrived).total_seconds() // 3600),
        }
        for family in page
    ]
    model_admin.record_access(request, "list", Household, count=len(rows))
    return _page(
        model_admin,
        request,
        "waiting",
        gettext_lazy("Waiting for a place"),
        rows=rows,
        page=page,
    )


def place(model_admin: Any, request: HttpRequest, household_id: Any) -> HttpResponse:
    """Choose a site for a family that waits."""
    _require(request)
    household = get_object_or_404(Household.objects.visible_to(request.user), pk=household_id)

    def act(site: Site, data: dict[str, Any]) -> Any:
        services.place_household(
            actor=request.user,
            household=household,
            site=site,
            status=data["status"],
            note=data["note"],
        )
        messages.success(
            request,
            _("%(household)s has a place at %(site)s.")
            % {"household": household.reference, "site": site.local_name},
        )
        return redirect(address("reception_waiting"))

    return _choose(
        model_admin,
        request,
        household=household,
        form=PlaceForm(request.POST or None),
        title=_("A place for %(household)s") % {"household": household.reference},
        back=address("reception_waiting"),
        act=act,
    )


def transfer(model_admin: Any, request: HttpRequest, placement_id: Any) -> HttpResponse:
    """Choose another site for a family that has a place."""
    _require(request)
    visible = Placement.objects.visible_to(request.user).select_related("household", "site")
    placement = get_object_or_404(visible, pk=placement_id)
    household = placement.household

    def act(site: Site, data: dict[str, Any]) -> Any:
        if data["status"] == ANNOUNCED:
            announce_to(actor=request.user, placement=placement, site=site)
            messages.success(
                request,
                _("Places at %(site)s are kept for %(household)s until it leaves.")
                % {"household": household.reference, "site": site.name},
            )
            return redirect(address("reception_placement_change", placement.pk))
        moved = services.transfer_placement(
            actor=request.user,
            placement=placement,
            site=site,
            arrived=data["status"] == PlacementStatus.CHECKED_IN,
            note=data["note"],
        )
        messages.success(
            request,
            _("%(household)s now has a place at %(site)s.")
            % {"household": household.reference, "site": site.local_name},
        )
        return redirect(address("reception_placement_change", moved.pk))

    return _choose(
        model_admin,
        request,
        household=household,
        form=TransferForm(request.POST or None, placement=placement),
        title=_("Move %(household)s from %(site)s")
        % {"household": household.reference, "site": placement.site.local_name},
        back=address("reception_placement_change", placement.pk),
        act=act,
        leave_out=placement.site,
    )


def _choose(
    model_admin: Any,
    request: HttpRequest,
    *,
    household: Household,
    form: PlaceForm,
    title: str,
    back: str,
    act: Callable[[Site, dict[str, Any]], HttpResponse],
    leave_out: Site | None = None,
) -> HttpResponse:
    sites = Site.objects.open().for_refugees().filter(sites_q(request.user, WRITE)).order_by("name")
    if leave_out is not None:
        sites = sites.exclude(pk=leave_out.pk)
    if request.method == "POST" and form.is_valid():
        site = sites.filter(code=form.cleaned_data["site"]).first()
        if site is None:
            form.add_error("site", _("This site is not receiving people. Choose an open site."))
        else:
            try:
                return act(site, form.cleaned_data)
            except DomainError as error:
                add_domain_error(form, error)
    members = list(household.members.in_count())
    size = len(members)
    model_admin.record_access(request, "read", household)
    return _page(
        model_admin,
        request,
        "choose_site",
        title,
        form=form,
        size=size,
        back=back,
        sites=_offers(list(sites), size=size, children=bool(size) and only_children(members)),
        status=200 if request.method != "POST" else 400,
    )


def _offers(sites: list[Site], *, size: int, children: bool) -> list[dict[str, Any]]:
    """The sites with what speaks against each; those that fit first."""
    offers = []
    for site in sites:
        reason = ""
        if site.free < size:
            reason = _("too few free places")
        elif children and not site.interim_care:
            reason = _("no interim care for children alone")
        offers.append(
            {
                "site": site,
                "against": reason,
                "bar": occupancy_bar(site),
                "qualities": _qualities(site),
            }
        )
    return sorted(offers, key=lambda offer: (bool(offer["against"]), -offer["site"].free))


def _qualities(site: Site) -> str:
    """What the site offers, in words."""
    words = [
        _("step-free") if site.accessible else "",
        _("women-only section") if site.women_only_section else "",
        _("interim care for children") if site.interim_care else "",
        _("heated") if site.cold_rated else "",
    ]
    if site.health_minutes is not None:
        words.append(_("%(n)d minutes to health care") % {"n": site.health_minutes})
    return "; ".join(word for word in words if word)


def _require(request: HttpRequest) -> None:
    if not holds(request.user, WRITE):
        raise PermissionDenied


def _page(
    model_admin: Any,
    request: HttpRequest,
    template: str,
    title: str | Promise,
    *,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    return TemplateResponse(
        request,
        f"reception/admin/{template}.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.model._meta,
            "title": title,
            "media": model_admin.media,
            **context,
        },
        status=status,
    )
