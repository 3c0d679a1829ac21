"""The slip of a household: printed in the family's language and the staff's, replaced when lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.errors import DomainError
from common.form_errors import add_domain_error
from intake.admin.pages import page
from intake.admin.sections import Action, register_actions, register_page, register_section
from intake.choices import HouseholdStatus, RevocationReason, TokenState
from intake.models import Household
from intake.services.permitted import holds_for
from intake.services.tokens import replace_token, tokens_of

# The language of ours that a family most likely reads, by the one it speaks. Who crosses here
# went to school in Dari where their own language (Pashto, the Pamir languages, Hazaragi, the
# Turkic languages of Afghanistan) is not among ours. Not asked: Dari, read by most who arrive.
READS = {
    "eng": "en",
    "urd": "en",
    "ara": "en",
    "tgk": "tg",
    "yah": "tg",
    "rus": "ru",
    "kir": "ru",
    "uzb": "ru",
    "srh": "en",
}
FAMILY_LANGUAGE = "fa-af"
WAITING = "waiting_slip"


@dataclass(frozen=True)
class Said:
    """What a slip says in one language; `direction` is ltr or rtl."""

    language: str
    direction: str
    title: str
    reference: str
    token: str
    sentences: tuple[str, ...]


def said_in(language: str) -> Said:
    """The words of a slip in one of the languages of the site."""
    with translation.override(language):
        return Said(
            language=language,
            direction="rtl" if get_language_info(language)["bidi"] else "ltr",
            title=_("Registration slip"),
            reference=_("Reference"),
            token=_("Token of the slip"),
            sentences=(
                _("Keep this slip and show it at the site."),
                _("Questions? Ask at any registration desk or where you stay."),
                _("If you lose it, tell the desk: you get a new one and this one stops working."),
                _("Registration and help are free. Nobody may ask you for anything in return."),
            ),
        )


def languages_of(household: Household, staff: str) -> list[str]:
    """The family's language first, then that of the staff; once when they are the same."""
    family = READS.get(household.preferred_language_id or "", FAMILY_LANGUAGE)
    return list(dict.fromkeys([family, staff]))


def qr_code(token: str, title: str = "") -> SafeString:
    """A token as a picture to scan. Its own box in CSS says how large it is."""
    code = segno.make(token, error="m", micro=False)
    svg = code.svg_inline(border=2, omitsize=True, title=title or None, svgclass=None)
    return mark_safe(svg)  # noqa: S308  made here from a token of letters and digits


def slip_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """A slip with reference and token, as text and as a QR code: no word about the people."""
    record_access(request.user, "slip", household)
    return page(
        model_admin,
        request,
        "slip",
        household.reference,
        household=household,
        code=qr_code(household.token, _("Slip")),
        said=[said_in(each) for each in languages_of(household, get_language() or "en")],
        operation=Operation.current(),
        today=clock.today(Operation.current().zone),
    )


class ReplaceForm(forms.Form):
    """Why a slip is replaced, and by which."""

    reason = forms.ChoiceField(
        label=gettext_lazy("What happened to the old slip"),
        choices=[("", "—"), *RevocationReason.choices],
        error_messages={"required": gettext_lazy("Choose what happened to the old slip.")},
    )
    token = forms.CharField(
        label=gettext_lazy("Slip printed ahead"),
        required=False,
        max_length=200,
        help_text=gettext_lazy(
            "Scan it or type its characters. Leave it empty to print a new slip."
        ),
        widget=forms.TextInput(
            attrs={"dir": "ltr", "autocomplete": "off", "autocapitalize": "characters"}
        ),
    )


def replace_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Ask why, then end the old slip; the new one is printed next, unless it is at hand."""
    form = ReplaceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            replace_token(actor=request.user, household=household, **data)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The old slip no longer works."))
            shown = "change" if data["token"] else "slip"
            return redirect(f"admin:intake_household_{shown}", household.pk)
    return page(
        model_admin,
        request,
        "slip_replace",
        _("Replace the slip"),
        household=household,
        form=form,
        status=422 if form.errors else 200,
    )


def slip_section(request: HttpRequest, household: Household) -> str:
    """The slips that no longer work; the one that does is printed from the page's top."""
    ended = [slip for slip in tokens_of(household) if slip.state == TokenState.REVOKED]
    if not ended:
        return ""
    with timezone.override(Operation.current().zone):
        return render_to_string(
            "intake/desk/slip_section.html",
            {"household": household, "ended": ended},
            request=request,
        )


def slip_actions(request: HttpRequest, household: Household) -> list[Action]:
    """Replacing a lost slip, for who may edit an active household."""
    if household.status != HouseholdStatus.ACTIVE or not holds_for(
        request.user, Permission.HOUSEHOLDS_EDIT, household.pk
    ):
        return []
    address = reverse("admin:intake_household_slip_replace", args=[household.pk])
    return [Action(_("Slip lost: replace"), address)]


def keep_waiting(request: HttpRequest, token: str) -> None:
    """Keep a scanned slip for the next household: a token never stands in an address."""
    request.session[WAITING] = token


def waiting_slip(request: HttpRequest) -> str:
    """The slip that was scanned for the household to register now, once; empty without one."""
    return str(request.session.pop(WAITING, ""))


register_page("slip/", "slip", slip_page, policy=Permission.HOUSEHOLDS_READ)
register_page("slip/replace/", "slip_replace", replace_page, policy=Permission.HOUSEHOLDS_EDIT)
register_section("slip", slip_section, order=80)
register_actions("slip", slip_actions, order=30)
