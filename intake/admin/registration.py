"""The registration page: one form for a household and its members."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Operation
from accounts.policies import Permission, access_of, can
from common import clock
from common.errors import DomainError
from intake.admin.pages import page
from intake.admin.slips import waiting_slip
from intake.births import Birth, BirthError, in_both_calendars, parse_birth
from intake.duplicates import find_duplicates
from intake.forms import (
    MAX_MEMBERS,
    HouseholdForm,
    MemberForm,
    MemberFormSet,
    filled_rows,
    show_problems,
)
from intake.inputs import ConsentInput, DocumentInput, HouseholdInput, MemberInput
from intake.models import Area, EntryPoint, Household, SpecificNeedType
from intake.services.hints import hinted_notes
from intake.services.registration import register_household


def entry_points_for(user: Any) -> Any:
    """The entry points at which the user registers people."""
    scopes = access_of(user).scopes(Permission.HOUSEHOLDS_REGISTER)
    points = EntryPoint.objects.visible_to(user).order_by("name")
    return points if scopes.everywhere else points.filter(code__in=scopes.entry_points)


def registration_page(model_admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Show the form, add a row to it, or register what it holds."""
    zone = Operation.current().zone
    with timezone.override(zone):
        if request.method != "POST":
            household, members = _blank_forms(request.user)
            household.initial["token"] = waiting_slip(request)
            return _form_page(model_admin, request, household, members)
        data = request.POST.copy()
        adding = "save" not in data
        if adding:
            # Without the script, "add another person" sends the form: nothing is checked yet.
            count = int(data.get("members-TOTAL_FORMS") or 0)
            data["members-TOTAL_FORMS"] = str(min(count + 1, MAX_MEMBERS))
        household = HouseholdForm(data, entry_points=entry_points_for(request.user))
        members = MemberFormSet(data, prefix="members")
        _read_back(members.forms, data.get("arrived_at", ""))
        if adding:
            return _form_page(model_admin, request, household, members)
        valid = household.is_valid()
        if members.is_valid() and valid:
            if saved := _save(request, household, members):
                return saved
        else:
            _check_births(filled_rows(members), data.get("arrived_at", ""))
        return _form_page(model_admin, request, household, members, errors_shown=True)


def _blank_forms(user: Any) -> tuple[HouseholdForm, Any]:
    """Empty forms; the entry point and nationality are those that the user registered last."""
    last = Household.objects.filter(registered_by=user).order_by("-recorded_at").first()
    arrival = last.arrivals.select_related("entry_point").first() if last else None
    member = last.members.first() if last else None
    household = HouseholdForm(
        entry_points=entry_points_for(user),
        initial={"entry_point": arrival.entry_point.code} if arrival else {},
    )
    members = MemberFormSet(prefix="members")
    members.forms[0].initial["nationality"] = member.nationality_id if member else None
    return household, members


def _save(request: HttpRequest, household: HouseholdForm, members: Any) -> HttpResponse | None:
    """Register; None when the service found problems, which are then in the forms."""
    filled = filled_rows(members)
    try:
        registration = register_household(
            actor=request.user, data=household_input(household, filled)
        )
    except DomainError as error:
        show_problems(error.problems, household, filled)
        if not error.problems:
            household.add_error(None, str(error.message))
        return None
    find_duplicates([registration.household.pk])
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


def household_input(household: HouseholdForm, members: list[MemberForm]) -> HouseholdInput:
    """What the registration service takes, from checked forms."""
    data = household.cleaned_data
    languages = {
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
        members=[_member_input(form, first=not index) for index, form in enumerate(members)],
        **languages,
    )


def _member_input(form: MemberForm, *, first: bool) -> MemberInput:
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
        relationship=data["relationship"] or ("head" if first else "unknown"),
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
        _mark(household)
        for form in members.forms:
            _mark(form)
    offset = timezone.localtime(clock.now()).utcoffset()
    shift = clock.shift()
    consents = ("consent_assistance", "consent_health", "consent_tracing", "interpreter_language")
    return page(
        model_admin,
        request,
        "register",
        _("Register a household"),
        household=household,
        members=members,
        errors_shown=errors_shown,
        consents_open=any(household[name].value() for name in consents),
        preview_url=reverse("admin:intake_household_birth_preview"),
        clock_offset=int(((offset or shift * 0) + shift).total_seconds() * 1000),
        areas=_areas(),
        need_types=SpecificNeedType.objects.filter(
            legacy=False, disabled_on__isnull=True, tier__lt=3
        ).order_by("code"),
        status=422 if errors_shown else 200,
    )


def _areas() -> Any:
    """Districts of the countries that people come from and of the operation."""
    return (
        Area.objects.filter(level=2, disabled_on__isnull=True)
        .select_related("parent")
        .order_by("label")
    )


def _mark(form: HouseholdForm | MemberForm) -> None:
    """Tell assistive technology which fields are wrong, and where that is said."""
    for bound in form:
        if bound.errors:
            bound.field.widget.attrs["aria-invalid"] = "true"
            bound.field.widget.attrs["aria-describedby"] = f"{bound.auto_id}_error"


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


def birth_preview(request: HttpRequest) -> HttpResponse:
    """What was understood of a birth that is being typed: POST only, nothing is kept."""
    if not can(request.user, Permission.HOUSEHOLDS_REGISTER):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    with timezone.override(Operation.current().zone):
        ok, text = understood(
            request.POST.get("birth", "")[:100], request.POST.get("arrived_at", "")
        )
    return JsonResponse({"ok": ok, "text": text})


def understood(text: str, arrived_at: str = "") -> tuple[bool, str]:
    """Whether a birth can be read, and what it means, in both calendars and as an age."""
    zone = timezone.get_current_timezone()
    moment = _moment(arrived_at)
    day = moment.date() if moment else clock.now().astimezone(zone).date()
    try:
        birth = parse_birth(text, said_on=day)
    except BirthError as error:
        return False, str(error.message)
    return True, f"{describe_birth(birth)} · {_age(birth, day)}"


def _moment(text: str) -> Any:
    try:
        return parse_datetime(text)
    except ValueError:
        return None


def describe_birth(birth: Birth) -> str:
    """The birth in both calendars."""
    both = in_both_calendars(birth)
    # Isolated, so that digits keep their order in right-to-left text.
    return _("%(gregorian)s (Solar Hijri %(hijri)s)") % {
        "gregorian": f"\u2066{both.gregorian}\u2069",
        "hijri": f"\u2066{both.solar_hijri}\u2069",
    }


def _age(birth: Birth, on: Any) -> str:
    least, greatest = birth.age_range(on)
    if least == greatest:
        return ngettext("%(age)d year old", "%(age)d years old", least) % {"age": least}
    return _("%(least)d to %(greatest)d years old") % {"least": least, "greatest": greatest}
