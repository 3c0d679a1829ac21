"""Checking families in by the slip they show: one field, one button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.errors import DomainError
from common.ids import read_id
from intake.births import age_bracket
from intake.models import Identity, Person
from intake.references import InvalidReferenceError, InvalidTokenError
from reception import services
from reception.admin.local_pages import local_page
from reception.admin.shown import address
from reception.choices import PlacementStatus, SiteStatus
from reception.models import Placement, Site
from reception.querysets import sites_q
from reception.scanning import Seen, Verdict, coming, look_at

WRITE = Permission.PLACEMENTS_WRITE


@dataclass(frozen=True)
class Shown:
    """A person to tick. Personal data; lives for one response."""

    person: Person
    name: str
    age: str


def people_shown(persons: list[Person]) -> list[Shown]:
    """Persons with name and age bracket; the caller records the reading of their household."""
    known = Identity.objects.in_bulk([person.pk for person in persons])
    today = clock.today(Operation.current().zone)
    return [
        Shown(
            person,
            known[person.pk].open().name if person.pk in known else "",
            age_bracket(person.birth_earliest, person.birth_latest, today),
        )
        for person in persons
    ]


def choose(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """At which site; straight on where there is only one."""
    sites = list(
        Site.objects.filter(sites_q(request.user, WRITE))
        .filter(status__in=(SiteStatus.OPEN, SiteStatus.FULL))
        .order_by("name")
    )
    if not sites:
        raise PermissionDenied
    if len(sites) == 1:
        return redirect("admin:reception_check_in", sites[0].code)
    return local_page(
        model_admin, request, "check_in_choose", gettext_lazy("Check in"), sites=sites
    )


def check_in(model_admin: Any, request: HttpRequest, code: str) -> HttpResponse:
    """Scan a slip; see who is due; check in all of them or those who came."""
    site = get_object_or_404(Site.objects.filter(sites_q(request.user, WRITE)), code=code)
    if request.method != "POST":
        return _page(model_admin, request, site)
    if "placement" in request.POST:
        return _come(model_admin, request, site)
    if "place" in request.POST:
        return _place(model_admin, request, site)
    text = request.POST.get("text", "").strip()[:200]
    if not text:
        return _page(model_admin, request, site, problem=_("Scan a slip, or type what is on it."))
    try:
        seen = look_at(request.user, site, text)
    except (InvalidTokenError, InvalidReferenceError) as error:
        return _page(model_admin, request, site, problem=error.message, text=text)
    if seen.household is not None:
        record_access(request.user, "scan", seen.household)
    return _page(model_admin, request, site, seen=seen, text=text)


def _come(model_admin: Any, request: HttpRequest, site: Site) -> HttpResponse:
    """The button under a family that is due."""
    due = Placement.objects.visible_to(request.user).filter(site=site)
    placement = get_object_or_404(due, pk=read_id(request.POST["placement"]))
    expected = {stay.person_id for stay in coming(placement)}
    chosen = expected
    if "some" in request.POST:
        ticked = {read_id(each) for each in request.POST.getlist("persons")}
        chosen = {person for person in expected if person in ticked}
    try:
        if not chosen and placement.status == PlacementStatus.CHECKED_IN and not expected:
            messages.info(request, _("This family is checked in here already."))
            return redirect("admin:reception_check_in", site.code)
        if not chosen:
            return _again(
                model_admin,
                request,
                site,
                placement,
                _("Tick who is here, or press “All are here”."),
            )
        services.check_in(actor=request.user, placement=placement, persons=sorted(chosen))
    except DomainError as error:
        return _again(model_admin, request, site, placement, str(error.message))
    said = ngettext(
        "%(household)s: %(n)d person is checked in.",
        "%(household)s: %(n)d persons are checked in.",
        len(chosen),
    ) % {"household": placement.household.reference, "n": len(chosen)}
    messages.success(request, said)
    return redirect("admin:reception_check_in", site.code)


def _again(
    model_admin: Any, request: HttpRequest, site: Site, placement: Placement, problem: str
) -> HttpResponse:
    stays = coming(placement)
    seen = Seen(Verdict.DUE, placement.household, placement, stays, may_place=True)
    if not stays:
        seen = Seen(Verdict.PRESENT, placement.household, placement)
    return _page(model_admin, request, site, seen=seen, refused=problem)


def _place(model_admin: Any, request: HttpRequest, site: Site) -> HttpResponse:
    """The button under a family without a place: it is here, so it gets one now."""
    text = request.POST["place"][:200]
    try:
        seen = look_at(request.user, site, text)
    except (InvalidTokenError, InvalidReferenceError) as error:
        return _page(model_admin, request, site, problem=error.message)
    if seen.verdict != Verdict.NO_PLACE or seen.household is None:
        return _page(model_admin, request, site, seen=seen)
    try:
        services.place_household(
            actor=request.user,
            household=seen.household,
            site=site,
            status=PlacementStatus.CHECKED_IN,
        )
    except DomainError as error:
        return _page(model_admin, request, site, seen=seen, text=text, refused=str(error.message))
    messages.success(
        request,
        _("%(household)s has a place here and is checked in.")
        % {"household": seen.household.reference},
    )
    return redirect("admin:reception_check_in", site.code)


def _page(
    model_admin: Any,
    request: HttpRequest,
    site: Site,
    *,
    seen: Seen | None = None,
    problem: Any = "",
    refused: str = "",
    text: str = "",
) -> HttpResponse:
    transfer = ""
    if seen is not None and seen.verdict == Verdict.ELSEWHERE and seen.placement is not None:
        transfer = address("reception_placement_transfer", seen.placement.pk)
    return local_page(
        model_admin,
        request,
        "check_in",
        _("Check in at %(site)s") % {"site": site.name},
        status=422 if problem or refused else 200,
        site=Site.objects.get(pk=site.pk),
        site_page=address("reception_site_change", site.pk),
        here=reverse("admin:reception_check_in", args=[site.code]),
        seen=seen,
        people=people_shown(seen.persons) if seen is not None and seen.stays else [],
        transfer=transfer,
        problem=problem,
        refused=refused,
        text=text,
    )
