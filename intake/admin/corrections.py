"""Correcting what is registered: the household as a whole, and each of its people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.errors import DomainError, Stale
from common.form_errors import mark_errors
from intake.admin.groups import (
    areas,
    beside,
    household_address,
    said_back,
    shown,
    typing_help,
)
from intake.admin.sections import Action, register_actions, register_page
from intake.births import age_bracket
from intake.choices import BirthPrecision, Sex
from intake.forms import MemberLists
from intake.forms_correct import HouseholdCorrection, PersonCorrection
from intake.forms_group import AGES, described
from intake.models import Household, IdentityVersion, Person, SpecificNeedType
from intake.presenting import visible_members
from intake.services.editing import edit_household
from intake.services.members import current_input, edit_member, restore_version, snapshot
from intake.services.permitted import holds_for, tiers_of

EDIT = Permission.HOUSEHOLDS_EDIT


@dataclass(frozen=True)
class EarlierView:
    """What the page shows of an earlier version. Personal data; lives for one response."""

    version: IdentityVersion
    name: str
    father_name: str
    sex: str
    birth_text: str


def _same_version(shown_at: str) -> Callable[..., None]:
    """A check for the services: nobody saved the row since the page showed it."""

    def check(*rows: Any) -> None:
        if rows[-1].updated_at.isoformat() != shown_at:
            raise Stale(
                "stale",
                _(
                    "Somebody else changed this meanwhile. What you typed is still here: compare "
                    "it with what is recorded now, then save again to record yours."
                ),
            )

    return check


def _place(form: Any, error: DomainError) -> None:
    for problem in error.problems:
        beside(form, problem.field, str(problem.detail))
    if not error.problems:
        form.add_error(None, str(error.message))


# The household -----------------------------------------------------------------------------
def household_correction(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Origin, languages, phones, size, livestock, notes."""
    record_access(request.user, "read", household)
    with timezone.override(Operation.current().zone):
        data = request.POST.copy() if request.method == "POST" else None
        form = HouseholdCorrection(data, household=household)
        if data is not None and form.is_valid():
            try:
                if form.changes:
                    edit_household(
                        actor=request.user,
                        household=household,
                        changes=form.changes,
                        check=_same_version(form.cleaned_data["version"]),
                    )
            except DomainError as error:
                _place(form, error)
                household.refresh_from_db()
                # Sent again, it is meant to stand over what the other one saved.
                data["version"] = household.updated_at.isoformat()
            else:
                messages.success(request, _("The household is corrected."))
                return HttpResponseRedirect(household_address(household))
        if data is not None:
            mark_errors(form)
        return shown(
            model_admin,
            request,
            "correct_household",
            _("Correct the household"),
            household=household,
            form=form,
            fields=[form[name] for name in form.fields if name != "version"],
            errors_shown=data is not None,
            areas=areas(),
            status=422 if data is not None else 200,
        )


# A person ----------------------------------------------------------------------------------
def person_correction(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """The person whom `?person=` names: form, earlier versions, and the way back to them."""
    person = _wanted(request, household)
    record_access(request.user, "read", person)
    with timezone.override(Operation.current().zone):
        data = request.POST.copy() if request.method == "POST" else None
        if data is not None and data.get("put_back"):
            return _put_back(request, household, person, data)
        form = _form(request.user, person, data)
        if data is not None:
            form.understood = said_back(form, {})
            if form.is_valid() and _saved(request, form, person):
                return HttpResponseRedirect(household_address(household))
            person.refresh_from_db()
            data["version"] = person.updated_at.isoformat()
            mark_errors(form)
        return _person_page(model_admin, request, household, person, form, data is not None)


def _wanted(request: HttpRequest, household: Household) -> Person:
    members = visible_members(household, request.user).select_related("identity")
    try:
        person = members.filter(pk=request.GET.get("person", "")).first()
    except ValidationError:  # not an id
        person = None
    if person is None:
        raise Http404
    return person


def _form(user: Any, person: Person, data: Any) -> PersonCorrection:
    opened = person.identity.open()
    form = PersonCorrection(
        data,
        person=person,
        now=current_input(person, opened),
        birth_text=opened.birth_text,
        lists=MemberLists(tiers_of(user)),
    )
    if person.birth_precision == BirthPrecision.BRACKET:
        known = _age_group(snapshot(person, opened)["person"])
        form.fields["birth"].widget.attrs["placeholder"] = known
    return form


def _saved(request: HttpRequest, form: PersonCorrection, person: Person) -> bool:
    try:
        edit_member(
            actor=request.user,
            person=person,
            changes=form.changes,
            check=_same_version(form.cleaned_data["version"]),
        )
    except DomainError as error:
        _place(form, error)
        return False
    messages.success(request, _("What is recorded of this person is corrected."))
    return True


def _put_back(
    request: HttpRequest, household: Household, person: Person, data: Any
) -> HttpResponse:
    versions = IdentityVersion.objects.visible_to(request.user).filter(person=person)
    try:
        version = versions.get(pk=data["put_back"])
        restore_version(
            actor=request.user, version=version, check=_same_version(data.get("version", ""))
        )
    except (ValidationError, IdentityVersion.DoesNotExist):
        raise Http404 from None
    except DomainError as error:
        messages.error(request, str(error.message))
        return HttpResponseRedirect(request.get_full_path())
    messages.success(request, _("What was recorded before is put back."))
    return HttpResponseRedirect(household_address(household))


def _person_page(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    household: Household,
    person: Person,
    form: PersonCorrection,
    sent: bool,
) -> HttpResponse:
    opened = person.identity.open()
    return shown(
        model_admin,
        request,
        "correct_person",
        _("Correct a person"),
        household=household,
        person=person,
        name=opened.name or described(person, clock.today(Operation.current().zone)),
        recorded=_earlier(None, snapshot(person, opened)),
        form=form,
        earlier=[
            _earlier(each, each.open())
            for each in IdentityVersion.objects.visible_to(request.user)
            .filter(person=person)
            .select_related("replaced_by")
            .order_by("-replaced_at")[:20]
        ],
        errors_shown=sent,
        need_types=SpecificNeedType.objects.filter(
            legacy=False, disabled_on__isnull=True, tier__lt=3
        ).order_by("code"),
        status=422 if sent else 200,
        **typing_help(),
    )


def _earlier(version: Any, kept: dict[str, Any]) -> EarlierView:
    identity = kept["identity"]
    return EarlierView(
        version=version,
        name=identity["name"] or _("Not yet named"),
        father_name=identity["father_name"],
        sex=str(Sex(kept["person"]["sex"]).label),
        birth_text=identity["birth_text"] or _age_group(kept["person"]),
    )


def _age_group(kept: dict[str, Any]) -> str:
    """The age group of a birth that has no words of its own; empty when nothing is known."""
    first, last = kept["birth_earliest"], kept["birth_latest"]
    if not (first and last):
        return ""
    today = clock.today(Operation.current().zone)
    return str(AGES[age_bracket(date.fromisoformat(first), date.fromisoformat(last), today)])


def correction_actions(request: HttpRequest, household: Household) -> list[Action]:
    """The way to correct the household; each of its people has a link beside the name."""
    if household.merged_into_id or not holds_for(request.user, EDIT, household.pk):
        return []
    address = reverse("admin:intake_household_correct", args=[household.pk])
    return [Action(_("Correct the household"), address)]


register_actions("correct", correction_actions, order=40)
register_page("correct/", "correct", household_correction, policy=EDIT)
register_page("correct-person/", "correct_person", person_correction, policy=EDIT)
