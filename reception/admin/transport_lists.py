"""Choosing who travels with a transport, and the list on paper that travels with it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Operation
from accounts.policies import Permission
from common import clock
from common.errors import DomainError
from intake.models import Household
from reception.admin.local_pages import local_page
from reception.choices import RESERVED_STATUSES, ManifestReason, PlacementStatus
from reception.manifests import BANDS, begins_at, other_end, print_manifest
from reception.models import Placement, Transport, TransportLine
from reception.policies import may_at, may_load
from reception.selectors import unplaced_households
from reception.services import transporting
from reception.services.transporting import Wanted

WRITE = Permission.PLACEMENTS_WRITE
MOST_SHOWN = 300


# Who travels ---------------------------------------------------------------------------------
def families(model_admin: Any, request: HttpRequest, transport: Transport) -> HttpResponse:
    """Tick the families that travel; places and seats for all of them, or nothing."""
    if not (may_load(request.user, transport) and may_at(request.user, WRITE, transport.to_site)):
        raise PermissionDenied
    offered = _offered(request.user, transport)
    refused = ""
    if request.method == "POST":
        wanted = [
            _wanted(request, each) for each in offered if str(each["key"]) in _ticked(request)
        ]
        try:
            lines = transporting.add_families(
                actor=request.user, transport=transport, families=wanted
            )
        except DomainError as error:
            refused = str(error.message)
        else:
            said = ngettext(
                "%(n)d family is on the list.", "%(n)d families are on the list.", len(lines)
            ) % {"n": len(lines)}
            messages.success(request, said)
            return redirect("admin:reception_transport_change", transport.pk)
    model_admin.record_access(request, "list", Household, count=len(offered))
    for each in offered:
        each |= _typed(request, each["key"])
    return local_page(
        model_admin,
        request,
        "transport_families",
        _("Who travels with %(transport)s") % {"transport": transport.reference},
        transport=Transport.objects.get(pk=transport.pk),
        begins=begins_at(request.user, transport),
        ends=other_end(request.user, transport.to_site),
        free=max(transport.to_site.free, 0),
        offered=offered,
        refused=refused,
        back=reverse("admin:reception_transport_change", args=[transport.pk]),
        status=422 if refused else 200,
    )


def _ticked(request: HttpRequest) -> set[str]:
    return set(request.POST.getlist("family"))


def _typed(request: HttpRequest, key: Any) -> dict[str, Any]:
    sent = request.POST
    return {
        "ticked": str(key) in _ticked(request),
        "wheelchairs": sent.get(f"wheelchairs_{key}", "0"),
        "step_free": f"step_free_{key}" in sent,
        "escort": f"escort_{key}" in sent,
        "baggage": sent.get(f"baggage_{key}", "")[:200],
    }


def _wanted(request: HttpRequest, offer: dict[str, Any]) -> Wanted:
    typed = _typed(request, offer["key"])
    number = typed["wheelchairs"].strip()
    return Wanted(
        offer["household"],
        offer["placement"],
        wheelchairs=int(number) if number.isascii() and number.isdigit() else 0,
        step_free=typed["step_free"],
        escort=typed["escort"],
        baggage=typed["baggage"],
    )


def _offered(user: Any, transport: Transport) -> list[dict[str, Any]]:
    """Families that could travel: those to be transferred first, then the others that are there."""
    listed = TransportLine.objects.open()
    if transport.from_site is not None:
        here = (
            Placement.objects.visible_to(user)
            .filter(
                site=transport.from_site,
                status__in=(PlacementStatus.TRANSFER_PENDING, PlacementStatus.CHECKED_IN),
                transfer_of__isnull=True,
            )
            .exclude(pk__in=listed.filter(placement__isnull=False).values("placement_id"))
            .select_related("household")
            .order_by("-status", "checked_in_at", "pk")
        )
        return [
            {
                "key": place.pk,
                "placement": place,
                "household": place.household,
                "size": place.places,
                "pending": place.status == PlacementStatus.TRANSFER_PENDING,
            }
            for place in here[:MOST_SHOWN]
        ]
    return _from_the_border(user, transport, listed)


def _from_the_border(user: Any, transport: Transport, listed: Any) -> list[dict[str, Any]]:
    visible = Household.objects.visible_to(user)
    came_here = Q(arrivals__entry_point=transport.from_entry_point)
    expected = Placement.objects.filter(
        site=transport.to_site,
        status__in=RESERVED_STATUSES,
        transfer_of__isnull=True,
        household__in=visible.filter(came_here).values("pk"),
    ).exclude(pk__in=listed.values("target_id"))
    rows = [
        {
            "key": place.household_id,
            "placement": None,
            "household": place.household,
            "size": place.places,
            "pending": True,
        }
        for place in expected.select_related("household").order_by("recorded_at")[:MOST_SHOWN]
    ]
    waiting = unplaced_households().filter(pk__in=visible.filter(came_here).values("pk"))
    return rows + [
        {
            "key": household.pk,
            "placement": None,
            "household": household,
            "size": household.size,
            "pending": False,
        }
        for household in waiting[:MOST_SHOWN]
    ]


# On paper ------------------------------------------------------------------------------------
def printed(model_admin: Any, request: HttpRequest, transport: Transport) -> HttpResponse:
    """A numbered copy of the list to be printed; each printing is an event, so it is a POST."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    names = "names" in request.POST
    try:
        manifest = print_manifest(
            actor=request.user,
            transport=transport,
            names=names,
            reason=request.POST.get("reason", ""),
        )
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("admin:reception_transport_change", transport.pk)
    operation = Operation.current()
    with timezone.override(operation.zone):
        return TemplateResponse(
            request,
            "reception/admin/transport_list.html",
            {
                "manifest": manifest,
                "transport": manifest.transport,
                "operation": operation,
                "bands": BANDS,
                "begins": begins_at(request.user, manifest.transport),
                "ends": other_end(request.user, manifest.transport.to_site),
                "contact": manifest.transport.contact,
                "now": clock.now(),
                "reason": dict(ManifestReason.choices).get(request.POST.get("reason", ""), "")
                if names
                else "",
                "back": reverse("admin:reception_transport_change", args=[transport.pk]),
            },
        ).render()
