"""A hint where a note may endanger somebody, and the button that moves it to the sealed record.

Worked out from the notes as they stand whenever the page is shown, whoever wrote them and how:
nothing is stored, nobody is scored, and registering was not kept waiting for it.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.policies import Permission
from common.admin import domain_errors_as_messages
from common.ids import read_id
from intake.admin.sections import register_page, register_section
from intake.models import Household
from intake.presenting import visible_members
from intake.services.hints import hinted_notes, move_note
from intake.services.permitted import holds_for

P = Permission


def hint_section(request: HttpRequest, household: Household) -> str:
    """The notes that may belong into the sealed record, for who may change the household."""
    if not holds_for(request.user, P.HOUSEHOLDS_EDIT, household.pk):
        return ""
    notes = hinted_notes(household)
    if not notes:
        return ""
    return render_to_string(
        "intake/desk/hint.html", {"household": household, "notes": notes}, request=request
    )


def move_view(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Move a note, by POST."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    with domain_errors_as_messages(request):
        move_note(actor=request.user, household=household, person=_person(request, household))
        messages.success(request, _("The note is moved. Only its own role can read it now."))
    return HttpResponseRedirect(reverse("admin:intake_household_change", args=[household.pk]))


def _person(request: HttpRequest, household: Household) -> Any:
    """The member whose note it is; None for the household's own."""
    text = request.POST.get("person", "")
    if not text:
        return None
    key = read_id(text)
    found = visible_members(household, request.user).filter(pk=key).first() if key else None
    # An unknown person is refused by the service, not taken for the household.
    return found or household.members.model(pk=uuid.uuid4(), household=household)


register_section("hint", hint_section, order=-100)
register_page("notes/seal/", "seal_note", move_view, policy=P.HOUSEHOLDS_EDIT)
