"""The page of one transport: families get on and off, it leaves and comes, who is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.policies import Permission
from audit.access import record_access
from common.admin import holds
from common.errors import DomainError
from common.ids import read_id
from intake.choices import TokenState
from intake.references import InvalidReferenceError, InvalidTokenError
from reception.admin.check_in import people_shown
from reception.admin.local_pages import local_page
from reception.admin.shown import address
from reception.choices import (
    RESERVED_STATUSES,
    LineState,
    ManifestReason,
    MissingReason,
    StayedBehindReason,
    TransportStatus,
)
from reception.manifests import begins_at, lines_of, other_end
from reception.models import Transport, TransportLine
from reception.policies import may_at, may_load
from reception.scanning import coming, meant
from reception.services import journeys, transporting, travelling

WRITE = Permission.PLACEMENTS_WRITE
T, L = TransportStatus, LineState


def transport_page(model_admin: Any, request: HttpRequest, transport: Transport) -> HttpResponse:
    """Show it, or do what was pressed and come back."""
    if request.method != "POST":
        return _page(model_admin, request, transport)
    if not holds(request.user, WRITE):
        raise PermissionDenied
    step = request.POST.get("step", "")
    if step == "scan":
        return _scan(model_admin, request, transport)
    act = STEPS.get(step)
    if act is None:
        return redirect("admin:reception_transport_change", transport.pk)
    try:
        said = act(request, transport)
    except DomainError as error:
        return _page(model_admin, request, transport, refused=str(error.message))
    messages.success(request, said)
    return redirect("admin:reception_transport_change", transport.pk)


# Scanning ------------------------------------------------------------------------------------
def _scan(model_admin: Any, request: HttpRequest, transport: Transport) -> HttpResponse:
    """The family that a slip belongs to, on this list, with the one button that is next."""
    text = request.POST.get("text", "").strip()[:200]
    if not text:
        problem = _("Scan a slip, or type what is on it.")
        return _page(model_admin, request, transport, problem=problem)
    try:
        household, _slip, state = meant(request.user, text)
    except (InvalidTokenError, InvalidReferenceError) as error:
        return _page(model_admin, request, transport, problem=error.message, text=text)
    if household is not None:
        record_access(request.user, "scan", household)
    if state == TokenState.REVOKED:
        problem = _(
            "This slip is no longer valid. Take it back and send the people to the registration "
            "desk for a new one."
        )
        return _page(model_admin, request, transport, problem=problem)
    found = [line for line in lines_of(transport) if line.target.household == household]
    if not found:
        problem = _("This family is not on this list. It does not travel until it is put on it.")
        return _page(model_admin, request, transport, problem=problem)
    return _page(model_admin, request, transport, scanned=found)


# Steps ---------------------------------------------------------------------------------------
def _line(request: HttpRequest, transport: Transport) -> TransportLine:
    key = read_id(request.POST.get("line", ""))
    line = transport.lines.filter(pk=key).first() if key else None
    if line is None:
        raise Http404
    return line


def _load(request: HttpRequest, transport: Transport) -> str:
    travelling.start_loading(actor=request.user, transport=transport)
    return _("Loading has begun. Scan each family that gets on.")


def _board(request: HttpRequest, transport: Transport) -> str:
    line = travelling.board(actor=request.user, transport=transport, line=_line(request, transport))
    return ngettext(
        "%(household)s: %(n)d person is on board.",
        "%(household)s: %(n)d persons are on board.",
        line.persons,
    ) % {"household": line.target.household.reference, "n": line.persons}


def _get_off(request: HttpRequest, transport: Transport) -> str:
    line = travelling.take_off_board(
        actor=request.user, transport=transport, line=_line(request, transport)
    )
    return _("%(household)s is not on board.") % {"household": line.target.household.reference}


def _remove(request: HttpRequest, transport: Transport) -> str:
    line = transporting.remove_family(
        actor=request.user, transport=transport, line=_line(request, transport)
    )
    return _("%(household)s is off the list and stays where it is.") % {
        "household": line.target.household.reference
    }


def _depart(request: HttpRequest, transport: Transport) -> str:
    reasons = {
        key: str(value)
        for name, value in request.POST.items()
        if name.startswith("why_") and value and (key := read_id(name.removeprefix("why_")))
    }
    travelling.depart(actor=request.user, transport=transport, stayed_behind=reasons)
    return _("The transport has left. Who was not on board keeps the place here.")


def _arrive(request: HttpRequest, transport: Transport) -> str:
    travelling.arrive(actor=request.user, transport=transport)
    return _("The transport is here. Scan each family that gets off.")


def _arrive_family(request: HttpRequest, transport: Transport) -> str:
    line = _line(request, transport)
    persons = None
    if "some" in request.POST:
        ticked = [read_id(each) for each in request.POST.getlist("persons")]
        persons = [each for each in ticked if each]
    line = travelling.arrive_family(
        actor=request.user, transport=transport, line=line, persons=persons
    )
    return ngettext(
        "%(household)s: %(n)d person is checked in.",
        "%(household)s: %(n)d persons are checked in.",
        line.arrived_persons,
    ) % {"household": line.target.household.reference, "n": line.arrived_persons}


def _arrive_all(request: HttpRequest, transport: Transport) -> str:
    lines = travelling.arrive_all(actor=request.user, transport=transport)
    return ngettext("%(n)d family is checked in.", "%(n)d families are checked in.", len(lines)) % {
        "n": len(lines)
    }


def _missing(request: HttpRequest, transport: Transport) -> str:
    line = travelling.report_missing(
        actor=request.user,
        transport=transport,
        line=_line(request, transport),
        reason=request.POST.get("reason", ""),
        keep_place="keep" in request.POST,
    )
    return _("What is known of %(household)s is written down.") % {
        "household": line.target.household.reference
    }


def _cancel(request: HttpRequest, transport: Transport) -> str:
    transporting.cancel_transport(
        actor=request.user, transport=transport, reason=request.POST.get("reason", "")
    )
    return _("The transport is cancelled. Every family stays where it is.")


STEPS: dict[str, Callable[[HttpRequest, Transport], str]] = {
    "load": _load,
    "board": _board,
    "get_off": _get_off,
    "remove": _remove,
    "depart": _depart,
    "arrive": _arrive,
    "arrive_family": _arrive_family,
    "arrive_all": _arrive_all,
    "missing": _missing,
    "cancel": _cancel,
}


# What is shown -------------------------------------------------------------------------------
def _page(
    model_admin: Any,
    request: HttpRequest,
    transport: Transport,
    *,
    problem: Any = "",
    refused: str = "",
    text: str = "",
    scanned: list[TransportLine] | None = None,
) -> HttpResponse:
    transport = (
        model_admin.get_queryset(request)
        .select_related("from_site", "from_entry_point", "to_site")
        .get(pk=transport.pk)
    )
    loads = may_load(request.user, transport)
    receives = may_at(request.user, WRITE, transport.to_site)
    lines = lines_of(transport)
    model_admin.record_access(request, "read", transport, count=max(len(lines), 1))
    here = {state: [line for line in lines if line.state == state] for state in LineState.values}
    before = transport.status in transporting.BEFORE_DEPARTURE
    road = transport.status in (T.DEPARTED, T.ARRIVED)
    return local_page(
        model_admin,
        request,
        "transport",
        transport.reference,
        status=422 if problem or refused else 200,
        transport=transport,
        begins=begins_at(request.user, transport),
        ends=other_end(request.user, transport.to_site),
        staff=loads or receives,
        prints=loads and transport.status != T.CANCELLED and bool(lines),
        loads=loads and before,
        may_plan=loads and receives and before,
        receives=receives and road,
        scans=(loads and before) or (receives and road),
        rows=[_row(line, loads=loads and before) for line in lines],
        scanned=[_scanned(request, line) for line in scanned or ()],
        on_board=sum(line.persons for line in here[L.BOARDED]),
        arrived=sum(line.arrived_persons for line in here[L.ARRIVED]),
        waiting=here[L.LISTED],
        out=here[L.BOARDED] if road else [],
        missing=here[L.MISSING],
        persons=sum(line.persons for line in lines if line.state != L.LEFT_BEHIND),
        stayed_reasons=StayedBehindReason.choices,
        missing_reasons=MissingReason.choices,
        manifest_reasons=ManifestReason.choices,
        here=reverse("admin:reception_transport_change", args=[transport.pk]),
        problem=problem,
        refused=refused,
        text=text,
    )


def _row(line: TransportLine, *, loads: bool) -> dict[str, Any]:
    return {
        "line": line,
        "page": address("intake_household_change", line.target.household_id),
        "may_board": loads and line.state == L.LISTED,
        "may_get_off": loads and line.state == L.BOARDED,
        "may_remove": loads and line.state in (L.LISTED, L.BOARDED),
        # What happened to its places since: the officer looks before it travels.
        "changed": loads and not journeys.still_travels(line),
        "partly": line.state == L.ARRIVED and line.arrived_persons < line.persons,
    }


def _scanned(request: HttpRequest, line: TransportLine) -> dict[str, Any]:
    due = [stay.person for stay in coming(line.target)]
    on_road = line.transport.departed_at is not None
    may_come = line.state == L.BOARDED or (
        line.state == L.MISSING and line.target.status in RESERVED_STATUSES
    )
    return {
        "line": line,
        "board": not on_road and line.state == L.LISTED,
        "arrive": on_road and may_come,
        "people": people_shown(due) if on_road and may_come else [],
    }
