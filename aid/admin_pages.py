"""The page on which aid is asked for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.models import Agency
from accounts.policies import Permission, can
from aid.beneficiaries import find_beneficiary
from aid.forms import ItemFormSet, NewRequestForm, agency_choices
from aid.models import AidRequest, Sector
from aid.services import request_aid
from common.errors import DomainError
from common.form_errors import add_domain_error
from common.ids import new_id

PREFILLED = ("site", "household", "person", "sector", "level")


def new_request(admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the form; on POST ask for the aid and go to the request's page.

    `site`, `household`, `person`, `sector` and `level` may be given in the address.
    """
    if not can(request.user, Permission.AID_REQUEST):
        raise PermissionDenied
    if request.method == "POST":
        form = NewRequestForm(request.POST, user=request.user)
        items = ItemFormSet(request.POST, prefix="items")
        made = _ask(request, form, items)
        if made is not None:
            messages.success(
                request, _("The request %(reference)s was sent.") % {"reference": made.reference}
            )
            return redirect(admin.page_of(made))
    else:
        given = {name: request.GET[name] for name in PREFILLED if name in request.GET}
        form = NewRequestForm(initial={"id": new_id(), **given}, user=request.user)
        items = ItemFormSet(prefix="items")
    context = {
        **admin.admin_site.each_context(request),
        "title": _("New request"),
        "opts": AidRequest._meta,
        "form": form,
        "items": items,
        "agencies": {code: _plain(agency_choices(code)) for code in _sectors()},
    }
    return TemplateResponse(request, "aid/admin/new_request.html", context)


def _ask(request: HttpRequest, form: NewRequestForm, items: Any) -> AidRequest | None:
    """The request that was made, or None with the errors beside their fields."""
    if not (form.is_valid() & items.is_valid()):
        return None
    rows = [each for each in items.forms if each.cleaned_data]
    data = form.cleaned_data
    try:
        return request_aid(
            actor=request.user,
            agency=Agency.objects.get(code=data["agency"]),
            sector=data["sector"],
            level=data["level"],
            beneficiary=find_beneficiary(actor=request.user, **form.beneficiary()),
            items=[each.cleaned_data for each in rows],
            summary=data["summary"],
            request_id=data["id"],
        )
    except DomainError as error:
        named = next(name for name in ("site", "household", "person") if data.get(name))
        add_domain_error(form, error, rows={"items": rows}, fields={"beneficiary": named})
        return None


def _sectors() -> list[str]:
    return list(Sector.objects.values_list("code", flat=True))


def _plain(choices: list[tuple[Any, Any]]) -> list[Any]:
    """Choices as JSON: `[label or "", [[value, text], …]]` per group."""
    groups: list[Any] = [["", []]]
    for value, text in choices:
        if isinstance(text, list):
            groups.append([str(value), [[code, str(label)] for code, label in text]])
        else:
            groups[0][1].append([str(value), str(text)])
    return groups
