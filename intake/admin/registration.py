"""The registration page: one form for a household and its members."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Operation
from accounts.policies import Permission, access_of
from common import clock
from common.errors import DomainError
from common.form_errors import mark_errors
from intake.admin import drafts, form_rows, known, warnings
from intake.admin.birth_words import birth_preview, describe_birth, understood
from intake.admin.form_problems import shown_problems
from intake.admin.pages import page
from intake.admin.slips import waiting_slip
from intake.areas import area_text, choosable_areas
from intake.choices import BirthSource, LegalBasis, MaritalStatus
from intake.duplicates import candidates_for
from intake.forms import (
    HouseholdForm,
    MemberForm,
    MemberFormSet,
    MemberLists,
    filled_rows,
    show_problems,
)
from intake.inputs import ConsentInput, DocumentInput, HouseholdInput, MemberInput
from intake.models import EntryPoint, Household, SpecificNeedType
from intake.needs import REVIEW_CODE
from intake.services.hints import hinted_notes
from intake.services.permitted import tiers_of
from intake.services.registration import register_household

__all__ = ["birth_preview", "describe_birth", "registration_page"]


def entry_points_for(user: Any) -> Any:
    """The entry points at which the user registers people."""
    scopes = access_of(user).scopes(Permission.HOUSEHOLDS_REGISTER)
    points = EntryPoint.objects.visible_to(user).order_by("name")
    return points if scopes.everywhere else points.filter(code__in=scopes.entry_points)


def registration_page(model_admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Show the form, one's draft in it, add a row to it, or register what it holds."""
    with timezone.override(Operation.current().zone):
        if request.method != "POST":
            if typed := drafts.typed_in(request, request.GET.get("draft", "")):
                return _form_page(model_admin, request, *_bound_forms(request, typed))
            household, members = _blank_forms(request.user)
            household.initial["token"] = waiting_slip(request)
            return _form_page(model_admin, request, household, members)
        data = request.POST.copy()
        if "save" not in data:
            # Without the script, "add another person" sends the form: nothing is checked yet.
            return _form_page(model_admin, request, *_bound_forms(request, data, more=True))
        household, members = _bound_forms(request, data)
        valid = household.is_valid()
        if members.is_valid() and valid:
            if saved := _save(request, household, members):
                return saved
        else:
            _check_births(filled_rows(members), data.get("arrived_at", ""))
        # Nothing is wrong: something is doubtful, or the family may be registered already.
        asked = hasattr(household, "asked") or hasattr(household, "known")
        return _form_page(model_admin, request, household, members, errors_shown=not asked)


def _bound_forms(
    request: HttpRequest, data: QueryDict, *, more: bool = False
) -> tuple[HouseholdForm, Any]:
    """The forms with what was typed, and an empty row for one more person if asked for."""
    form_rows.close_gaps(data)
    if more:
        form_rows.add_row(data)
    form_rows.give_ids(data)
    household = HouseholdForm(data, entry_points=entry_points_for(request.user))
    members = _member_forms(request.user, data)
    _read_back(members.forms, data.get("arrived_at", ""))
    return household, members


def _blank_forms(user: Any) -> tuple[HouseholdForm, Any]:
    """Empty forms; entry point, origin and nationality are those that the user wrote last."""
    mine = Household.objects.filter(registered_by=user).select_related("origin_area")
    last = mine.order_by("-recorded_at").first()
    arrival = last.arrivals.select_related("entry_point").first() if last else None
    member = last.members.first() if last else None
    initial = {"focal_point": "members-0"}
    if arrival:
        initial["entry_point"] = arrival.entry_point.code
    if last and last.origin_area:
        initial["origin_area"] = area_text(last.origin_area)
    household = HouseholdForm(entry_points=entry_points_for(user), initial=initial)
    members = _member_forms(user)
    members.forms[0].initial["nationality"] = member.nationality_id if member else None
    return household, members


def _member_forms(user: Any, data: Any = None) -> Any:
    lists = MemberLists(tiers_of(user))
    return MemberFormSet(data, prefix="members", form_kwargs={"lists": lists})


def _save(request: HttpRequest, household: HouseholdForm, members: Any) -> HttpResponse | None:
    """Register; None when the service found problems, which are then in the forms."""
    filled = filled_rows(members)
    try:
        sent = household_input(household, filled)
        data = warnings.answers_in_place(request, sent, household, filled)
        found = known.ask_first(request, sent)
        if data is None or (found is not None and found.asked):
            household.known = found  # type: ignore[attr-defined]
            return None
        registration = register_household(actor=request.user, data=data)
    except DomainError as error:
        show_problems(error.problems, household, filled)
        if before := drafts.registered_before(error, request.user, household.cleaned_data["id"]):
            household.add_error(None, _registered_before(before))
        elif not error.problems:
            household.add_error(None, str(error.message))
        return None
    drafts.registered(request, registration.household)
    candidates_for(registration.household, user=request.user, offer=True)
    size = len(registration.members)
    messages.success(
        request,
        ngettext(
            "Household %(reference)s is registered: %(size)d person.",
            "Household %(reference)s is registered: %(size)d people.",
            size,
        )
        % {"reference": registration.household.reference, "size": size},
    )
    url = reverse("admin:intake_household_change", args=[registration.household.pk])
    # A note that may endanger somebody: the household's page asks what to do with it.
    return HttpResponseRedirect(f"{url}#hint" if hinted_notes(registration.household) else url)


def _registered_before(household: Household) -> Any:
    """It was registered from this form; what was typed since is to be changed on its page."""
    return format_html(
        '{} <a href="{}">{}</a>',
        _("This household is registered already. What you changed since then is not saved:"),
        reverse("admin:intake_household_change", args=[household.pk]),
        household.reference,
    )


def household_input(household: HouseholdForm, members: list[MemberForm]) -> HouseholdInput:
    """What the registration service takes, from checked forms."""
    data = household.cleaned_data
    languages: dict[str, Any] = {
        name: data[name].pk if data[name] else ""
        for name in ("preferred_language", "interpreter_language")
    }
    return HouseholdInput(
        id=data["id"],
        entry_point=data["entry_point"].code,
        arrived_at=data["arrived_at"],
        origin_area=data["origin_area"],
        phones=data["phones"],
        declared_size=data["declared_size"],
        token=data["token"],
        consents=[
            ConsentInput(purpose=purpose, recipient="", given=given)
            for purpose, given in household.consents
        ],
        members=_members(members, data["focal_point"]),
        livestock=data["livestock"],
        transferred_from=data["transferred_from"],
        legal_basis=data["legal_basis"] or LegalBasis.VITAL_INTEREST,
        notes=data["notes"],
        **languages,
    )


def _members(forms: list[MemberForm], focal_point: str) -> list[MemberInput]:
    """The people; whose row is not marked as the focal point's stands in no relationship yet."""
    marked = any(form.prefix == focal_point for form in forms)
    return [
        _member_input(
            form,
            focal_point=form.prefix == focal_point,
            head=form.prefix == focal_point if marked else not index,
        )
        for index, form in enumerate(forms)
    ]


def _member_input(form: MemberForm, *, focal_point: bool, head: bool) -> MemberInput:
    data = form.cleaned_data
    kind = data["document_type"]
    documents = (
        [DocumentInput(type=kind.pk if kind else "other", number=data["document_number"])]
        if data["document_number"]
        else []
    )
    return MemberInput(
        id=data["id"],
        name=data["name"],
        father_name=data["father_name"],
        sex=data["sex"],
        birth=data["birth"],
        relationship=data["relationship"] or ("head" if head else "unknown"),
        focal_point=focal_point,
        grandfather_name=data["grandfather_name"],
        also_known_as=data["also_known_as"],
        marital_status=data["marital_status"] or MaritalStatus.UNKNOWN,
        birth_source=data["birth_source"] or BirthSource.STATED,
        phones=data["phones"],
        nationality=data["nationality"].pk if data["nationality"] else "",
        specific_needs=[*data["needs"], *data["other_needs"]],
        documents=documents,
        notes=data["notes"],
    )


def _form_page(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    household: HouseholdForm,
    members: Any,
    *,
    errors_shown: bool = False,
) -> HttpResponse:
    if errors_shown:
        mark_errors(household, *members.forms)
    offset = timezone.localtime(clock.now()).utcoffset()
    shift = clock.shift()
    return page(
        model_admin,
        request,
        "register",
        _("Register a household"),
        household=household,
        members=members,
        errors_shown=errors_shown,
        problems=shown_problems(household, members) if errors_shown else [],
        focal_point=household["focal_point"].value(),
        warnings_carried=warnings.carried(request, [household, *members.forms]),
        known_url=known.panel_address(),
        preview_url=reverse("admin:intake_household_birth_preview"),
        areas_url=reverse("admin:intake_household_areas"),
        clock_offset=int(((offset or shift * 0) + shift).total_seconds() * 1000),
        areas=[(area_text(each), each.parent) for each in choosable_areas()],
        # Codes of their tiers, and the request for a review: no list of what they may not see.
        need_types=SpecificNeedType.objects.filter(
            Q(tier__in=tiers_of(request.user)) | Q(pk=REVIEW_CODE),
            legacy=False,
            disabled_on__isnull=True,
        ).order_by("code"),
        status=422 if errors_shown else 200,
        **drafts.page_context(request.user, household["id"].value()),
    )


def _read_back(forms: list[MemberForm], arrived_at: str) -> None:
    for form in forms:
        text = str(form["birth"].value() or "")
        ok, said = understood(text, arrived_at) if text.strip() else (True, "")
        form.understood = said if ok else ""  # type: ignore[attr-defined]


def _check_births(forms: list[MemberForm], arrived_at: str) -> None:
    """Say what is wrong with births too while other fields keep the household from being sent."""
    for form in forms:
        text = str(form["birth"].value() or "")
        if text.strip() and not form["birth"].errors:
            ok, said = understood(text, arrived_at)
            if not ok:
                form.add_error("birth", said)
