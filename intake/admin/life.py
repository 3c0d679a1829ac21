"""What happened to the people of a household: pages to record it, and the story so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.errors import DomainError
from common.form_errors import add_domain_error, mark_errors
from common.ids import read_id
from intake import services
from intake.admin import known
from intake.admin.pages import page
from intake.admin.sections import Action, register_actions, register_page, register_section
from intake.choices import EntryKind, ExitReason
from intake.duplicates import candidates_for
from intake.forms_group import described
from intake.forms_life import BirthForm, FollowForm, LeaveForm, MoveForm, Named, ReturnForm
from intake.inputs import MemberInput
from intake.models import Household, Person, PersonExit
from intake.presenting import visible_members, visible_moves
from intake.services.editing import add_arrival
from intake.services.permitted import holds_for

P = Permission


@dataclass(frozen=True)
class _Page:
    """One thing that can happen: its form, who it can happen to, and what the service does."""

    name: str
    title: str | Promise
    button: str | Promise
    form: type[forms.Form]
    policy: Permission
    people: Callable[[Person], bool]
    save: Callable[[Any, Household, dict[str, Any]], str]


def _named(household: Household, user: Any, wanted: Callable[[Person], bool]) -> list[Named]:
    """The people and how they are called, in the order of the household."""
    members = visible_members(household, user).select_related("identity")
    persons = members.order_by("-is_focal_point", "position", "pk")
    today = clock.today(Operation.current().zone)
    return [
        (person, person.identity.open().name or described(person, today))
        for person in persons
        if wanted(person)
    ]


def _is_here(person: Person) -> bool:
    return person.left_at is None


def _is_away(person: Person) -> bool:
    return person.left_at is not None and person.exit_reason not in (
        ExitReason.DECEASED,
        ExitReason.DUPLICATE,
        ExitReason.ERROR,
        ExitReason.SEPARATED,
    )


def _leave(user: Any, household: Household, data: dict[str, Any]) -> str:
    services.record_exits(actor=user, **data)
    return _("It is recorded. Their places are free.")


def _come_back(user: Any, household: Household, data: dict[str, Any]) -> str:
    with transaction.atomic():
        for person in data["persons"]:
            services.record_return(actor=user, person=person, occurred_at=data["occurred_at"])
    return _("They are in the count again, without a place.")


def _birth(user: Any, household: Household, data: dict[str, Any]) -> str:
    services.record_birth(
        actor=user,
        household=household,
        occurred_at=data.pop("occurred_at"),
        mother=data.pop("mother"),
        data=MemberInput(**data),
    )
    return _("The child is registered.")


def _follow(user: Any, household: Household, data: dict[str, Any]) -> str:
    point, arrived_at = data.pop("entry_point"), data.pop("arrived_at")
    member = MemberInput(**data)
    if point is None:
        services.add_member(actor=user, household=household, data=member)
    else:
        with transaction.atomic():
            _arrival, (_person,) = add_arrival(
                actor=user,
                household=household,
                entry_point=point.code,
                arrived_at=arrived_at,
                members=[member],
            )
    candidates_for(household, user=user, offer=True)
    return _("The person is registered.")


def _move(user: Any, household: Household, data: dict[str, Any]) -> str:
    target = data["to"]
    if target is None:
        target = services.split_household(
            actor=user,
            household=household,
            persons=data["persons"],
            occurred_at=data["occurred_at"],
        )
    else:
        services.move_people(
            actor=user,
            persons=data["persons"],
            household=target,
            occurred_at=data["occurred_at"],
            reason=data["reason"],
            relationships=dict.fromkeys((p.pk for p in data["persons"]), data["relationship"]),
        )
    return _("They belong to household %(reference)s now.") % {"reference": target.reference}


PAGES = (
    _Page(
        "leave",
        gettext_lazy("Somebody left or died"),
        gettext_lazy("Record it"),
        LeaveForm,
        P.HOUSEHOLDS_EVENTS,
        _is_here,
        _leave,
    ),
    _Page(
        "follow",
        gettext_lazy("Somebody followed or was forgotten"),
        gettext_lazy("Register the person"),
        FollowForm,
        P.HOUSEHOLDS_REGISTER,
        lambda person: True,
        _follow,
    ),
    _Page(
        "birth",
        gettext_lazy("A child was born"),
        gettext_lazy("Register the child"),
        BirthForm,
        P.HOUSEHOLDS_EVENTS,
        lambda person: True,
        _birth,
    ),
    _Page(
        "come_back",
        gettext_lazy("Somebody came back"),
        gettext_lazy("Record it"),
        ReturnForm,
        P.HOUSEHOLDS_EVENTS,
        _is_away,
        _come_back,
    ),
    _Page(
        "move",
        gettext_lazy("Part the household, or join another"),
        gettext_lazy("Move them"),
        MoveForm,
        P.HOUSEHOLDS_EDIT,
        _is_here,
        _move,
    ),
)


def _view_of(
    each: _Page,
) -> Callable[[ModelAdmin[Any], HttpRequest, Household], HttpResponse]:
    def view(
        model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
    ) -> HttpResponse:
        with timezone.override(Operation.current().zone):
            people = _named(household, request.user, each.people)
            form = each.form(request.POST or None, people=people, user=request.user)  # type: ignore[call-arg]
            found = None
            if request.method == "POST" and form.is_valid():
                if each.name == "follow":
                    found = known.ask_before_adding(request, household)
                if found is not None and found.asked:
                    return _form_page(model_admin, request, household, each, form, found)
                try:
                    said = each.save(request.user, household, dict(form.cleaned_data))
                except DomainError as error:
                    add_domain_error(form, error)
                else:
                    messages.success(request, said)
                    return HttpResponseRedirect(_page_of(household))
            record_access(request.user, "read", household)
            return _form_page(model_admin, request, household, each, form)

    return view


def _form_page(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    household: Household,
    each: _Page,
    form: forms.Form,
    found: known.Known | None = None,
) -> HttpResponse:
    mark_errors(form)
    response = page(
        model_admin,
        request,
        "life_form",
        each.title,
        status=422 if form.errors else 200,
        household=household,
        form=form,
        button=each.button,
        errors_shown=bool(form.errors),
        known=found,
        known_url=known.panel_address(household) if each.name == "follow" else "",
        nobody="persons" in form.fields and not form.fields["persons"].choices,  # type: ignore[attr-defined]
    )
    return response.render() if hasattr(response, "render") else response


def _page_of(household: Household) -> str:
    return reverse("admin:intake_household_change", args=[household.pk])


def take_back(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Take back an exit that was recorded wrongly: POST with the person."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    chosen = read_id(request.POST.get("person", ""))
    members = visible_members(household, request.user)
    person = members.filter(pk=chosen).first() if chosen else None
    try:
        if person is not None:
            services.reverse_exit(actor=request.user, person=person)
            messages.success(request, _("It is taken back: the person is in the count again."))
    except DomainError as error:
        messages.error(request, str(error.message))
    return HttpResponseRedirect(_page_of(household))


# The story so far --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One thing that happened: when, when it was recorded, to whom (personal data), and what."""

    happened_at: datetime
    recorded_at: datetime
    name: str
    what: str | Promise
    detail: str = ""
    # The person whose exit may be taken back.
    person: Person | None = None


def story(household: Household, user: Any) -> list[Entry]:
    """What happened to the people of a household, as this user may know it, oldest first."""
    members = visible_members(household, user).select_related("identity")
    today = clock.today(Operation.current().zone)
    names = {p.pk: p.identity.open().name or described(p, today) for p in members}
    entries = [
        Entry(p.arrived_at, p.recorded_at, names[p.pk], EntryKind(p.entry).label)
        for p in members
        if p.entry != EntryKind.ARRIVAL
    ]
    entries += _exits(names)
    entries += _moves(household, user, names)
    return sorted(entries, key=attrgetter("happened_at", "recorded_at"))


def _exits(names: dict[Any, str]) -> list[Entry]:
    entries = []
    exits = PersonExit.objects.filter(person__in=names).exclude(reason=ExitReason.SEPARATED)
    for each in exits.select_related("person"):
        label = ExitReason(each.reason).label
        if each.reversed_at:
            taken_back = _("Taken back: %(what)s") % {"what": label}
            entries.append(
                Entry(each.occurred_at, each.reversed_at, names[each.person_id], taken_back)
            )
            continue
        may_go_back = each.returned_at is None and each.reason != ExitReason.DUPLICATE
        entries.append(
            Entry(
                each.occurred_at,
                each.recorded_at,
                names[each.person_id],
                label,
                each.destination,
                each.person if may_go_back else None,
            )
        )
        if each.returned_at and each.return_recorded_at:
            entries.append(
                Entry(
                    each.returned_at, each.return_recorded_at, names[each.person_id], _("Came back")
                )
            )
    return entries


def _moves(household: Household, user: Any, names: dict[Any, str]) -> list[Entry]:
    entries = []
    for each in visible_moves(household, user):
        out = each.from_household_id == household.pk
        other = each.to_household if out else each.from_household
        what = _("To household %(reference)s") if out else _("From household %(reference)s")
        entries.append(
            Entry(
                each.occurred_at,
                each.recorded_at,
                names.get(each.person_id, _("Somebody")),
                what % {"reference": other.reference},
                str(each.get_reason_display()),
            )
        )
    return entries


def actions(request: HttpRequest, household: Household) -> list[Action]:
    """What may be recorded now."""
    if household.merged_into_id is not None:
        return []
    user = request.user
    held = {
        policy
        for policy in {each.policy for each in PAGES}
        if holds_for(user, policy, household.pk)
    }
    persons = list(visible_members(household, user)) if held else []
    return [
        Action(each.title, reverse(f"admin:intake_household_{each.name}", args=[household.pk]))
        for each in PAGES
        if each.policy in held
        and (each.name in ("birth", "follow") or any(each.people(person) for person in persons))
    ]


def section(request: HttpRequest, household: Household) -> str:
    """The story so far, when there is one."""
    told = story(household, request.user)
    if not told:
        return ""
    return render_to_string(
        "intake/desk/life.html",
        {
            "household": household,
            "story": told,
            "may_record": holds_for(request.user, P.HOUSEHOLDS_EVENTS, household.pk),
        },
        request=request,
    )


for _each in PAGES:
    register_page(
        f"{_each.name.replace('_', '-')}/", _each.name, _view_of(_each), policy=_each.policy
    )
register_page("take-back/", "take_back", take_back, policy=P.HOUSEHOLDS_EVENTS)
register_section("life", section, order=15)
register_actions("life", actions, order=10)
