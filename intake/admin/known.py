"""Whether a family is registered already, told in the forms before it is saved.

With the script, a panel beside the button says it while one types; what was on the screen there
is not asked again. Otherwise the first "Register" brings the page back with the panel, and one key
registers anyway.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from accounts.models import Operation
from accounts.policies import Permission, can
from common import clock
from common.ids import read_id
from intake.admin.sections import register_page
from intake.areas import area_code
from intake.choices import Sex
from intake.duplicates import Candidate, describe
from intake.duplicates.asking_first import ASKED_FROM, known_already
from intake.form_fields import MomentField
from intake.forms import _several
from intake.inputs import DocumentInput, HouseholdInput, MemberInput
from intake.models import Arrival, Household, Person

SEEN = "known-seen"
MOST_SHOWN = 5
_NAMED = re.compile(r"(members-\d{1,3}-|focal-|)name\Z", re.ASCII)
_LONGEST = 200


@dataclass(frozen=True)
class Shown:
    """One candidate as the panel shows it, without names."""

    household: Household
    arrived: str
    entry_point: str
    persons: int
    reasons: list[str]


@dataclass(frozen=True)
class Known:
    """What is like what was typed. `asked`: something nearly sure that was not seen before."""

    found: list[Shown] = field(default_factory=list)
    more: int = 0
    asked: bool = False


def ask_first(
    request: HttpRequest, data: HouseholdInput, own: Household | None = None
) -> Known | None:
    """What to show before a household is registered, or people are added to `own`.

    None when there is nothing, and for what was registered from this form already.
    """
    if own is None and data.id is not None and Household.objects.filter(pk=data.id).exists():
        return None
    found = known_already(actor=request.user, data=data, own=own.pk if own else None)
    seen = set(request.POST.getlist(SEEN))
    new = [each for each in found if str(each.household.pk) not in seen]
    known = _known(found, asked=any(each.score >= ASKED_FROM for each in new))
    return known if found else None


def ask_before_adding(request: HttpRequest, household: Household) -> Known | None:
    """The same for a person whom the form of one more person holds."""
    return ask_first(request, _added_so_far(request, household), household)


def _added_so_far(request: HttpRequest, household: Household) -> HouseholdInput:
    data = typed_so_far(request.POST)
    return replace(data, id=None, origin_area=household.origin_area_id or "")


def panel_address(household: Household | None = None) -> str:
    """Where the script asks while one types."""
    if household is None:
        return reverse("admin:intake_household_known_new")
    return reverse("admin:intake_household_known", args=[household.pk])


def addresses(model_admin: ModelAdmin[Any]) -> list[URLPattern]:
    """The address at which the script asks about a new household."""
    view = model_admin.admin_site.admin_view(panel_view)
    return [path("known/", view, name="intake_household_known_new")]


def panel_view(request: HttpRequest) -> HttpResponse:
    """The panel for what is typed so far, or nothing: POST with the fields of the form."""
    if not can(request.user, Permission.HOUSEHOLDS_REGISTER):
        raise PermissionDenied
    return _panel(request, None)


def _panel_of(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    return _panel(request, household)


def _panel(request: HttpRequest, own: Household | None) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    with timezone.override(Operation.current().zone):
        data = _added_so_far(request, own) if own else typed_so_far(request.POST)
    found = known_already(actor=request.user, data=data, own=own.pk if own else data.id)
    if not found:
        return HttpResponse("")
    context = {"known": _known(found), "typing": True}
    return HttpResponse(render_to_string("intake/desk/known.html", context, request=request))


def typed_so_far(data: QueryDict) -> HouseholdInput:
    """What a form holds while one types: nothing is wrong yet, only not there.

    Reads the forms of a household, of a group and of one more person.
    """
    prefixes = [found[1] for name in data if (found := _NAMED.match(name))]
    return HouseholdInput(
        id=read_id(data.get("id", "")),
        entry_point="",
        arrived_at=_arrived_at(data.get("arrived_at", "")),
        origin_area=area_code(_text(data, "origin_area")) or "",
        phones=_several(_text(data, "phones")),
        members=[_member(data, prefix) for prefix in prefixes],
    )


def _member(data: QueryDict, prefix: str) -> MemberInput:
    number = _text(data, f"{prefix}document_number")
    return MemberInput(
        name=_text(data, f"{prefix}name"),
        father_name=_text(data, f"{prefix}father_name"),
        grandfather_name=_text(data, f"{prefix}grandfather_name"),
        also_known_as=_several(_text(data, f"{prefix}also_known_as"))[:10],
        sex=sex if (sex := _text(data, f"{prefix}sex")) in Sex.values else Sex.UNKNOWN,
        birth=_text(data, f"{prefix}birth"),
        phones=_several(_text(data, f"{prefix}phones")) if prefix else (),
        documents=[DocumentInput(type="", number=number)] if number else (),
        focal_point=bool(prefix) and data.get("focal_point") == prefix.rstrip("-"),
    )


def _text(data: QueryDict, name: str) -> str:
    return (data.get(name) or "").replace("\x00", "").strip()[:_LONGEST]


def _arrived_at(text: str) -> Any:
    try:
        return MomentField(required=False).clean(text) or clock.now()
    except ValidationError:
        return clock.now()


def _known(found: Sequence[Candidate], *, asked: bool = False) -> Known:
    shown = found[:MOST_SHOWN]
    ids = [each.household.pk for each in shown]
    first: dict[uuid.UUID, Arrival] = {}
    arrivals = Arrival.objects.filter(household__in=ids).select_related("entry_point")
    for arrival in arrivals.order_by("-occurred_at"):
        first[arrival.household_id] = arrival
    counted = Person.objects.in_count().filter(household__in=ids).order_by()
    sizes = dict(counted.values("household").annotate(n=Count("pk")).values_list("household", "n"))
    zone = Operation.current().zone
    return Known(
        [
            Shown(
                household=each.household,
                arrived=first[each.household.pk].occurred_at.astimezone(zone).date().isoformat(),
                entry_point=first[each.household.pk].entry_point.name,
                persons=sizes.get(each.household.pk, 0),
                reasons=describe(each.reasons),
            )
            for each in shown
        ],
        more=len(found) - len(shown),
        asked=asked,
    )


register_page("known/", "known", _panel_of, policy=Permission.HOUSEHOLDS_REGISTER)
