"""Drafts of registrations on the staff site: saved by the page, offered to their owner."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.request import QueryDict
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Operation
from accounts.policies import Permission, can
from audit.access import record_access
from common.errors import Conflict, DomainError
from common.ids import read_id
from intake.draft_keys import browser_key, owner_tag
from intake.models import Household, RegistrationDraft
from intake.services.drafts import LARGEST, discard_draft, forget_registered, save_draft

# Sent by the page's script, which then moves to the page of the household itself.
SCRIPT_HEADER = "X-Panah-Script"


def drafts_of(user: Any) -> list[RegistrationDraft]:
    """The user's unfinished registrations, the newest first, without what they say."""
    drafts = RegistrationDraft.objects.visible_to(user).defer("content")
    return list(drafts.select_related("entry_point").order_by("-saved_at"))


def typed_in(request: HttpRequest, draft_id: str) -> QueryDict | None:
    """The fields of one's own draft as a browser would send them; None when there is none."""
    if (key := read_id(draft_id)) is None:
        return None
    draft = RegistrationDraft.objects.visible_to(request.user).filter(pk=key).first()
    if draft is None:
        return None
    record_access(request.user, "read", draft)
    data = QueryDict(mutable=True)
    for name, value in draft.content.get("fields", []):
        data.appendlist(name, value)
    data["id"] = str(draft.pk)
    return data


def registered(request: HttpRequest, household: Household) -> None:
    """A registered household leaves no draft behind."""
    forget_registered([household.pk])


def registered_before(error: DomainError, user: Any, household_id: Any) -> Household | None:
    """The household that was registered from this form already, when that is what is wrong."""
    if not (isinstance(error, Conflict) and error.code in ("conflict", "registered")):
        return None
    mine = Household.objects.visible_to(user).filter(registered_by=user)
    return mine.filter(pk=household_id).first()


def answer_to_script(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Tell the page's script where to go: it could not see where a redirection leads."""
    if SCRIPT_HEADER in request.headers and isinstance(response, HttpResponseRedirect):
        return JsonResponse({"location": response.url})
    return response


def page_context(user: Any, draft_id: Any) -> dict[str, Any]:
    """What the form's page hands to its script, and the drafts that it lists."""
    key = read_id(draft_id)
    return {
        "drafts": [draft for draft in drafts_of(user) if draft.pk != key],
        "draft_urls": {
            "save": reverse("admin:intake_household_draft_save"),
            "open": reverse("admin:intake_household_draft_open"),
            "form": reverse("admin:intake_household_add"),
        },
        "draft_owner": owner_tag(user),
        "draft_key": browser_key(user, key) if key else "",
    }


# Addresses ---------------------------------------------------------------------------------
def _guard(request: HttpRequest) -> HttpResponse | None:
    if not can(request.user, Permission.HOUSEHOLDS_REGISTER):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    return None


def save_view(request: HttpRequest) -> HttpResponse:
    """Keep what was typed: POST {"id": …, "fields": [[name, text], …]} as JSON."""
    if refused := _guard(request):
        return refused
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return _problem("too_large", _("This form is too large to be kept."), 413)
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return _problem("too_large", _("This form is too large to be kept."), 413)
    try:
        sent = json.loads(body)
        draft_id = uuid.UUID(str(sent["id"]))
        fields = sent["fields"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return _problem("unreadable", _("This is no registration form: open it anew."), 400)
    try:
        draft = save_draft(actor=request.user, draft_id=draft_id, fields=fields)
    except DomainError as error:
        if household := registered_before(error, request.user, draft_id):
            url = reverse("admin:intake_household_change", args=[household.pk])
            return JsonResponse({"code": "registered", "location": url}, status=409)
        return _problem(error.code, str(error.message), error.status)
    zone = Operation.current().zone
    at = timezone.localtime(draft.saved_at, zone)
    return JsonResponse({"saved_at": draft.saved_at.isoformat(), "at": f"{at:%H:%M}"})


def _problem(code: str, message: str, status: int) -> HttpResponse:
    return JsonResponse({"code": code, "message": message}, status=status)


def open_view(request: HttpRequest) -> HttpResponse:
    """The key of this user's own copy of one draft in a browser: POST `id`."""
    if refused := _guard(request):
        return refused
    key = read_id(request.POST.get("id", ""))
    if key is None:
        return _problem("unreadable", _("This is no registration form: open it anew."), 400)
    household = Household.objects.visible_to(request.user).filter(pk=key).first()
    location = reverse("admin:intake_household_change", args=[household.pk]) if household else ""
    return JsonResponse({"key": browser_key(request.user, key), "registered": location})


def discard_view(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Delete one's own draft, by POST, and go back to the form."""
    if refused := _guard(request):
        return refused
    if not discard_draft(actor=request.user, draft_id=pk):
        raise Http404
    messages.success(request, _("The unfinished registration is discarded."))
    return HttpResponseRedirect(reverse("admin:intake_household_add"))


def addresses(model_admin: ModelAdmin[Any]) -> list[URLPattern]:
    """Saving, opening and discarding."""
    wrap = model_admin.admin_site.admin_view
    name = "intake_household_draft"
    return [
        path("drafts/", wrap(save_view), name=f"{name}_save"),
        path("drafts/open/", wrap(open_view), name=f"{name}_open"),
        path("drafts/<uuid:pk>/discard/", wrap(discard_view), name=f"{name}_discard"),
    ]
