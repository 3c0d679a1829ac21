"""Relatives and tracing on the household's page."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from accounts.policies import Permission
from audit.access import record_access
from common.admin import add_domain_error, domain_errors_as_messages
from common.errors import DomainError
from intake.admin.pages import page
from intake.admin.sections import register_page, register_section
from intake.choices import LinkEnd, Relationship, TracingEnd
from intake.duplicates import surviving
from intake.forms_family import LinkForm, TracingForm
from intake.models import Area, FamilyLink, Household, Person
from intake.references import InvalidReferenceError, parse_reference
from intake.relatives import AskedView, KinView, asked_by, known_members, label_of, relatives_of
from intake.services.family import end_family_link, link_family
from intake.services.permitted import holds_for
from intake.services.tracing import close_tracing_request, file_tracing_request
from intake.tracing import Sought

P = Permission


def family_section(request: HttpRequest, household: Household) -> str:
    """Relatives in other households, and who is looked for."""
    links = relatives_of(household, request.user)
    asked = asked_by(household, request.user)
    may_edit = household.merged_into_id is None and holds_for(
        request.user, P.HOUSEHOLDS_EDIT, household.pk
    )
    if not (links or asked or may_edit):
        return ""
    names = _names(links)
    for person in {each.relative for each in links if each.relative is not None}:
        record_access(request.user, "read", person)
    return render_to_string(
        "intake/desk/family.html",
        {
            "household": household,
            "links": [
                {
                    "view": each,
                    "member": names.get(each.member.pk, ""),
                    "relative": names.get(each.relative.pk, "") if each.relative else "",
                }
                for each in links
            ],
            "asked": [
                {"view": each, "sought": Sought.of(each.request), "relation": _relation(each)}
                for each in asked
            ],
            "may_edit": may_edit,
            "may_trace": holds_for(request.user, P.TRACING, household.pk),
            "link_ends": LinkEnd.choices,
            "tracing_ends": TracingEnd.choices,
        },
        request=request,
    )


def _relation(each: AskedView) -> str:
    return str(Relationship(Sought.of(each.request).relation).label)


def _names(links: list[KinView]) -> dict[uuid.UUID, str]:
    """Names of those whom the reader may know, opened in one query."""
    people = {each.member.pk for each in links}
    people |= {each.relative.pk for each in links if each.relative is not None}
    rows = Person.objects.filter(pk__in=people).select_related("identity") if people else []
    return {person.pk: person.identity.open().name for person in rows}


def _choices(members: list[Person]) -> list[tuple[str, str]]:
    return [(str(each.pk), label_of(each)) for each in members]


def _back(household: Household) -> HttpResponseRedirect:
    return HttpResponseRedirect(
        reverse("admin:intake_household_change", args=[household.pk]) + "#family"
    )


def link_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Link a member with a relative: first the household's reference, then who it is there."""
    record_access(request.user, "read", household)
    posted = request.POST if request.method == "POST" else None
    form = LinkForm(posted, members=_choices(known_members(household, request.user)))
    other = _other_household(form, request.user) if posted else None
    if other is not None:
        record_access(request.user, "read", other)
        people = _choices(known_members(other, request.user))
        form.fields["relative"].choices = [("", "—"), *people]  # type: ignore[attr-defined]
        if "save" in request.POST and form.is_valid() and _linked(request, household, other, form):
            return _back(household)
    return page(
        model_admin,
        request,
        "family_link",
        _("Link a relative"),
        household=household,
        form=form,
        other=other,
        errors_shown=bool(posted) and ("save" in request.POST or other is None),
        status=422 if posted and ("save" in request.POST or other is None) else 200,
    )


def _other_household(form: LinkForm, user: Any) -> Household | None:
    """The household of the reference, if there is one that the user may read."""
    found = None
    try:
        reference = parse_reference(str(form.data.get("reference", "")))
        found = Household.objects.filter(reference=reference).first()
    except InvalidReferenceError:
        pass
    survivor = surviving(found) if found else None
    if survivor and Household.objects.visible_to(user).filter(pk=survivor.pk).exists():
        return survivor
    form.add_error("reference", _("There is no such household where you may read. Check it."))
    return None


def _linked(request: HttpRequest, household: Household, other: Household, form: LinkForm) -> bool:
    data = form.cleaned_data
    relative = other.members.filter(pk__in=[data["relative"]] if data["relative"] else []).first()
    if relative is None:
        form.add_error("relative", _("Choose the relative."))
        return False
    try:
        link_family(
            actor=request.user,
            person=household.members.get(pk=data["person"]),
            relative=relative,
            **{name: data[name] for name in ("kind", "strength", "said_by", "separated")},
        )
    except DomainError as error:
        add_domain_error(form, error)
        return False
    messages.success(request, _("The two are linked."))
    return True


def end_view(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """End a link, by POST."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    visible = FamilyLink.objects.visible_to(request.user)
    mine = visible.filter(person__household=household) | visible.filter(
        relative__household=household
    )
    link = mine.filter(pk__in=_sent(request.POST.get("link"))).first()
    if link is not None:
        with domain_errors_as_messages(request):
            end_family_link(actor=request.user, link=link, reason=request.POST.get("reason", ""))
            messages.success(request, _("The link has ended."))
    return _back(household)


def tracing_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """File a tracing request for a member."""
    record_access(request.user, "read", household)
    members = [each for each in known_members(household, request.user) if each.left_at is None]
    form = TracingForm(
        request.POST if request.method == "POST" else None,
        members=_choices(members),
        officer=holds_for(request.user, P.TRACING, household.pk),
    )
    if request.method == "POST" and form.is_valid() and _filed(request, household, form):
        return _back(household)
    failed = request.method == "POST"
    return page(
        model_admin,
        request,
        "tracing_new",
        _("Look for a relative"),
        household=household,
        form=form,
        consents_url=_consents_url(household),
        areas=Area.objects.filter(level=2, disabled_on__isnull=True)
        .select_related("parent")
        .order_by("label"),
        errors_shown=failed,
        status=422 if failed else 200,
    )


def _filed(request: HttpRequest, household: Household, form: TracingForm) -> bool:
    try:
        made = file_tracing_request(
            actor=request.user,
            asker=household.members.get(pk=form.cleaned_data["person"]),
            sought=form.sought(),
            override_reason=form.cleaned_data.get("override_reason", ""),
        )
    except DomainError as error:
        add_domain_error(form, error, fields={"asker": "person"})
        return False
    messages.success(
        request,
        _("The search has begun: %(reference)s. A tracing officer tells the family what is found.")
        % {"reference": made.reference},
    )
    return True


def _consents_url(household: Household) -> str:
    """The page on which consents are asked for, where it is installed."""
    try:
        return reverse("admin:intake_household_consents", args=[household.pk])
    except NoReverseMatch:
        return ""


def close_view(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Close a tracing request of this household, by POST."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    shown = {each.request.pk: each.request for each in asked_by(household, request.user)}
    asked = next((shown[pk] for pk in _sent(request.POST.get("request")) if pk in shown), None)
    if asked is not None:
        with domain_errors_as_messages(request):
            close_tracing_request(
                actor=request.user, request=asked, reason=request.POST.get("reason", "")
            )
            messages.success(request, _("The search has ended."))
    return _back(household)


def _sent(text: str | None) -> list[uuid.UUID]:
    """The key that was sent, or nothing."""
    try:
        return [uuid.UUID(text or "")]
    except ValueError:
        return []


register_section("family", family_section, order=30)
register_page("family/link/", "family_link", link_page, policy=P.HOUSEHOLDS_EDIT)
register_page("family/end/", "family_end", end_view, policy=P.HOUSEHOLDS_EDIT)
register_page("tracing/", "tracing", tracing_page, policy=P.HOUSEHOLDS_EDIT)
register_page("tracing/close/", "tracing_close", close_view, policy=P.HOUSEHOLDS_EDIT)
