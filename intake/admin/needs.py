"""Needs on the household's page: confirm, dismiss, add, or ask for a protection officer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Operation
from accounts.policies import Permission
from common import clock
from common.errors import DomainError
from intake.admin.sections import register_page, register_section
from intake.choices import Difficulty, NeedClosing, NeedStatus
from intake.forms_group import described
from intake.models import Household, Person, SpecificNeed, SpecificNeedType, WashingtonGroup
from intake.needs import REVIEW_CODE
from intake.presenting import visible_members
from intake.services.needs import add_need, close_need, confirm_need, request_review
from intake.services.permitted import holds_for, tiers_of
from intake.washington import over_cut_off

ACTIONS = ("add", "review", "confirm", "close")
# What ends a suggestion or a review, and what ends a need that was confirmed.
DISMISSING = (NeedClosing.NOT_SO, NeedClosing.REVIEWED, NeedClosing.MISTAKE)
ENDING = (NeedClosing.MET, NeedClosing.NO_LONGER, NeedClosing.MISTAKE)


@dataclass
class CareView:
    """What the page shows of one person's needs. Personal data; lives for one response."""

    person: Person
    name: str
    needs: list[SpecificNeed]
    asked: WashingtonGroup | None
    hard: list[str]


def offered_types(user: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    """The codes that the user may name, by category; of others they do not learn here."""
    rows = SpecificNeedType.objects.filter(
        legacy=False, disabled_on__isnull=True, tier__in=tiers_of(user)
    ).exclude(code=REVIEW_CODE)
    categories = SpecificNeedType.objects.filter(code=F("category"))
    labels = {row.code: row.name for row in categories}
    found = []
    for category, types in groupby(rows.order_by("category", "code"), lambda row: row.category):
        options = [(each.code, f"{each.name} ({each.code})") for each in types]
        found.append((labels.get(category, category), options))
    return found


def needs_section(request: HttpRequest, household: Household) -> str:
    """Everybody in the count, with the needs that the user may see and what they may do."""
    tiers = tiers_of(request.user)
    if not tiers:
        return ""
    people = care_views(household, request.user)
    if not people:
        return ""
    return render_to_string(
        "intake/desk/needs.html",
        {
            "household": household,
            "people": people,
            "told": [each for each in people if each.needs or each.asked],
            "untold": [each for each in people if not (each.needs or each.asked)],
            "offered": offered_types(request.user),
            "dismissing": [(each.value, each.label) for each in DISMISSING],
            "ending": [(each.value, each.label) for each in ENDING],
            "may_edit": household.merged_into_id is None
            and holds_for(request.user, Permission.HOUSEHOLDS_EDIT, household.pk),
            "review_code": REVIEW_CODE,
        },
        request=request,
    )


def care_views(household: Household, user: Any) -> list[CareView]:
    """Everybody in the count with open needs and the Washington Group answers that count."""
    members = visible_members(household, user).filter(left_at__isnull=True)
    members = members.select_related("identity").order_by("-is_focal_point", "position", "pk")
    today = clock.today(Operation.current().zone)
    needs: dict[Any, list[SpecificNeed]] = {}
    rows = SpecificNeed.objects.visible_to(user).open().filter(person__household=household)
    for need in rows.select_related("type", "decided_by").order_by("type__tier", "type_id"):
        needs.setdefault(need.person_id, []).append(need)
    asked = WashingtonGroup.objects.visible_to(user).filter(person__household=household).latest()
    latest = {row.person_id: row for row in asked}
    return [
        CareView(
            person=person,
            name=person.identity.open().name or described(person, today),
            needs=needs.get(person.pk, []),
            asked=latest.get(person.pk),
            hard=_hard(latest.get(person.pk)),
        )
        for person in members
    ]


def _hard(row: WashingtonGroup | None) -> list[str]:
    """What is a lot of difficulty or more, in words."""
    if row is None:
        return []
    answers = row.answers
    return [
        f"{row._meta.get_field(domain).verbose_name}: {Difficulty(answers[domain]).label}"  # type: ignore[union-attr]
        for domain in over_cut_off(answers)
    ]


class ActionForm(forms.Form):
    """What was pressed, and for whom or which need."""

    act = forms.ChoiceField(
        choices=[(each, each) for each in ("add", "review", "confirm", "close")]
    )
    person = forms.UUIDField(required=False)
    need = forms.UUIDField(required=False)
    code = forms.CharField(required=False, max_length=10)
    reason = forms.CharField(required=False, max_length=12)
    note = forms.CharField(required=False)


def act(request: HttpRequest, household: Household) -> None:
    """Do what a form of the needs asks for, and say what was done or what is wrong."""
    form = ActionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This could not be understood. Try it again from the page."))
        return
    try:
        messages.success(request, _do(request.user, household, form.cleaned_data))
    except DomainError as error:
        details = [str(problem.detail) for problem in error.problems]
        messages.error(request, " ".join(details) or str(error.message))


def _do(user: Any, household: Household, data: dict[str, Any]) -> str:
    if data["act"] in ("add", "review"):
        person = visible_members(household, user).filter(pk=data["person"]).first()
        if person is None:
            raise PermissionDenied
        if data["act"] == "review":
            request_review(actor=user, person=person, note=data["note"])
            return _("A protection officer will look at it.")
        add_need(actor=user, person=person, code=data["code"])
        return _("The need is recorded.")
    known = visible_members(household, user)
    rows = SpecificNeed.objects.visible_to(user).filter(person__in=known)
    need = rows.select_related("person").filter(pk=data["need"]).first()
    if need is None:
        raise PermissionDenied
    if data["act"] == "confirm":
        confirm_need(actor=user, need=need, code=data["code"])
        return _("The need is confirmed.")
    close_need(actor=user, need=need, reason=data["reason"])
    return (
        _("Closed. It will not be suggested again.")
        if need.status == NeedStatus.SUGGESTED
        else _("Closed.")
    )


def needs_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """The target of the section's forms: POST only."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    act(request, household)
    url = reverse("admin:intake_household_change", args=[household.pk])
    return HttpResponseRedirect(f"{url}#needs")


register_section("needs", needs_section, order=20)
register_page("needs/", "needs", needs_page, policy=Permission.HOUSEHOLDS_EDIT)
