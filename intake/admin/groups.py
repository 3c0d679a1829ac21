"""Pre-registering a group, and completing it into individuals."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.errors import DomainError, Stale
from common.form_errors import mark_errors
from common.ids import new_id
from intake.admin import known
from intake.admin.birth_words import understood
from intake.admin.pages import page
from intake.admin.registration import entry_points_for, household_input
from intake.admin.sections import register_page, register_section
from intake.choices import ExitReason, HouseholdStatus, RegistrationLevel
from intake.duplicates import candidates_for
from intake.forms import MAX_MEMBERS, HouseholdForm, MemberForm, MemberLists, show_problems
from intake.forms_group import (
    CompletionForm,
    CountsForm,
    Row,
    completion_rows,
    described,
    persons_named,
)
from intake.inputs import HouseholdInput
from intake.models import Area, Household, Person
from intake.services import add_member, record_exit, register_household
from intake.services.members import edit_members
from intake.services.permitted import holds_for, tiers_of


def add_group_page(model_admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """One focal point by name, the others as numbers; registers and leads to the household."""
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    with timezone.override(Operation.current().zone):
        data = request.POST if request.method == "POST" else None
        points = entry_points_for(request.user)
        initial = {} if data else {"entry_point": _last_entry_point(request.user)}
        household = HouseholdForm(data, entry_points=points, initial=initial)
        focal = MemberForm(data, prefix="focal", lists=MemberLists(tiers_of(request.user)))
        counts = CountsForm(data, prefix="counts")
        if data is not None:
            focal.understood = said_back(focal, data)  # type: ignore[attr-defined]
            valid = [form.is_valid() for form in (household, focal, counts)]
            if all(valid) and (saved := _register(request, household, focal, counts)):
                return saved
        sent = data is not None and not hasattr(household, "known")
        return _group_form(model_admin, request, household, focal, counts, sent=sent)


def _last_entry_point(user: Any) -> str | None:
    last = Household.objects.filter(registered_by=user).order_by("-recorded_at").first()
    arrival = last.arrivals.select_related("entry_point").first() if last else None
    return arrival.entry_point.code if arrival else None


def said_back(form: MemberForm, data: Any) -> str:
    """What is understood of the birth in a form; empty for none, or for one that is wrong."""
    text = str(form["birth"].value() or "")
    if not text.strip():
        return ""
    ok, said = understood(text, data.get("arrived_at", ""))
    return said if ok else ""


def _register(
    request: HttpRequest, household: HouseholdForm, focal: MemberForm, counts: CountsForm
) -> HttpResponse | None:
    """Register; None when the service found problems, which are then in the forms."""
    typed: HouseholdInput = replace(
        household_input(household, [focal]),
        level=RegistrationLevel.GROUP,
        counts=counts.counts,
    )
    found = known.ask_first(request, typed)
    if found is not None and found.asked:
        household.known = found  # type: ignore[attr-defined]
        return None
    try:
        made = register_household(actor=request.user, data=typed)
    except DomainError as error:
        apart = [each for each in error.problems if each.field.startswith("group.")]
        for problem in apart:
            counts.add_error(None, str(problem.detail))
        rest = [each for each in error.problems if each not in apart]
        show_problems(rest, household, [focal])
        if not error.problems:
            household.add_error(None, str(error.message))
        return None
    candidates_for(made.household, user=request.user, offer=True)
    size = len(made.members)
    text = ngettext(
        "Household %(reference)s is counted: %(size)d person. Print the slip now.",
        "Household %(reference)s is counted: %(size)d people. Print the slip now.",
        size,
    )
    messages.success(request, text % {"reference": made.household.reference, "size": size})
    return HttpResponseRedirect(household_address(made.household))


def household_address(household: Household) -> str:
    """The household's page."""
    return reverse("admin:intake_household_change", args=[household.pk])


def _group_form(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    household: HouseholdForm,
    focal: MemberForm,
    counts: CountsForm,
    *,
    sent: bool,
) -> HttpResponse:
    if sent:
        mark_errors(household, focal, counts)
    return shown(
        model_admin,
        request,
        "group_add",
        _("Pre-register a group"),
        household=household,
        focal=focal,
        counts=counts,
        errors_shown=sent,
        areas=areas(),
        known_url=known.panel_address(),
        **typing_help(),
        status=422 if sent else 200,
    )


def shown(*args: Any, **context: Any) -> HttpResponse:
    """A page with its times in the zone that is active now: it is rendered at once."""
    response = page(*args, **context)
    return response.render() if hasattr(response, "render") else response


def typing_help() -> dict[str, Any]:
    """What the script of the pages needs: the preview of births and the operation's clock."""
    local = timezone.localtime(clock.now())
    shift = clock.shift()
    offset = local.utcoffset() or shift * 0
    return {
        "preview_url": reverse("admin:intake_household_birth_preview"),
        "clock_offset": int((offset + shift).total_seconds() * 1000),
    }


def areas() -> Any:
    """The districts that may be chosen."""
    rows = Area.objects.filter(level=2, disabled_on__isnull=True).select_related("parent")
    return rows.order_by("label")


# Completing --------------------------------------------------------------------------------
def complete_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Names and births typed beside what was counted; every row may be left for later."""
    record_access(request.user, "read", household)
    lists = MemberLists(tiers_of(request.user))
    with timezone.override(Operation.current().zone):
        if request.method != "POST":
            rows = rows_of(household)
            return _completion(model_admin, request, household, rows, completion_rows(rows, lists))
        rows = rows_of(household, also=persons_named(request.POST))
        data = request.POST.copy()
        if adding := "save" not in data:
            # Without the script, "add a person" sends the form: nothing is checked yet.
            count = _one_more(data.get("members-TOTAL_FORMS"))
            data["members-TOTAL_FORMS"] = str(count)
            data.setdefault(f"members-{count - 1}-id", str(new_id()))  # sent twice, one person
        forms = completion_rows(rows, lists, data)
        for form in forms.forms:
            form.understood = said_back(form, {})
        if not adding and forms.is_valid() and _complete(request, household, forms.forms):
            return HttpResponseRedirect(household_address(household))
        if not adding:
            _check_births(forms.forms)
            _tell_of_others(forms, data, rows)
        return _completion(model_admin, request, household, rows, forms, sent=not adding)


def _check_births(forms: list[CompletionForm]) -> None:
    """Say what is wrong with births too while something else keeps the rows from being saved."""
    for form in forms:
        text = str(form["birth"].value() or "").strip()
        known = form.opened is not None and text == form.opened.birth_text
        if text and not known and not form["birth"].errors:
            ok, said = understood(text)
            if not ok:
                form.add_error("birth", said)


def _one_more(text: Any) -> int:
    count = int(text) if str(text or "").isdecimal() else 0
    return min(count + 1, MAX_MEMBERS)


def rows_of(household: Household, also: Collection[uuid.UUID] = ()) -> dict[uuid.UUID, Row]:
    """The people of a household in the count: the focal point and those without a name.

    With `also` others too, who were on a page that is sent now: somebody else may have named or
    taken away a person since it was opened.
    """
    today = clock.today(Operation.current().zone)
    people = household.members.exclude(exit_reason=ExitReason.SEPARATED)
    found = {}
    for person in people.select_related("identity").order_by("-is_focal_point", "position", "pk"):
        opened = person.identity.open()
        here = person.left_at is None
        if here and person.is_focal_point and opened.name:
            found[person.pk] = Row(person, opened, _("Focal point"))
        elif (here and person.pre_registered) or person.pk in also:
            found[person.pk] = Row(person, opened, described(person, today))
    return found


def _complete(request: HttpRequest, household: Household, forms: list[CompletionForm]) -> bool:
    """Save what was typed, all of it or nothing; False when there were problems."""
    touched = [form for form in forms if form.has_changed()]
    counted = [form for form in touched if form.counted is not None]
    absent = [form for form in counted if form.cleaned_data["absent"]]
    edits = [(form, form.typed) for form in counted if form not in absent and form.typed]
    added = [form for form in touched if form.counted is None]
    try:
        with transaction.atomic():
            _save_rows(request.user, household, edits, added, absent)
    except _Refused:
        return False
    new = [typed for form, typed in edits if form.waiting and "name" in typed]
    _say_what_was_done(request, len(new) + len(added), len(absent), len(edits) - len(new))
    return True


class _Refused(Exception):
    """Something could not be saved: the forms say what."""


def _save_rows(
    user: Any,
    household: Household,
    edits: list[tuple[CompletionForm, dict[str, Any]]],
    added: list[CompletionForm],
    absent: list[CompletionForm],
) -> None:
    wrong = not _edit(user, household, edits) if edits else False
    for form in added:
        wrong |= not _tried(form, lambda form=form: _add(user, household, form))
    for form in absent:
        wrong |= not _tried(form, lambda form=form: _take_away(user, form))
    if wrong:
        raise _Refused


def _edit(
    user: Any, household: Household, edits: list[tuple[CompletionForm, dict[str, Any]]]
) -> bool:
    versions = {_pk(form): form.cleaned_data["version"] for form, _typed in edits}

    def unchanged(_household: Household, person: Person) -> None:
        if person.updated_at.isoformat() != versions[person.pk]:
            raise Stale("stale", "")

    try:
        edit_members(
            actor=user,
            household=household,
            changes={_pk(form): typed for form, typed in edits},
            check=unchanged,
        )
    except Stale:
        raise _Refused from None  # each row says it
    except DomainError as error:
        for problem in error.problems:
            _members, index, field = problem.field.split(".", 2)
            beside(edits[int(index)][0], field, str(problem.detail))
        if not error.problems:
            edits[0][0].add_error(None, str(error.message))
        return False
    return True


def _pk(form: CompletionForm) -> uuid.UUID:
    assert form.counted is not None
    return form.counted.pk


def beside(form: MemberForm, field: str, detail: str) -> None:
    """Put a problem of the members' services next to the field of the form that it names."""
    name = field.split(".")[0]
    name = {"specific_needs": "needs", "documents": "document_number"}.get(name, name)
    form.add_error(name if name in form.fields else None, detail)


def _tried(form: CompletionForm, call: Any) -> bool:
    try:
        call()
    except DomainError as error:
        for problem in error.problems:
            beside(form, problem.field, str(problem.detail))
        if not error.problems:
            form.add_error(None, str(error.message))
        return False
    return True


def _add(user: Any, household: Household, form: CompletionForm) -> None:
    add_member(actor=user, household=household, data=form.added)


def _take_away(user: Any, form: CompletionForm) -> None:
    assert form.counted is not None
    if form.cleaned_data["version"] != form.counted.updated_at.isoformat():
        raise Stale("stale", _("Somebody else changed this person meanwhile. Look again."))
    record_exit(actor=user, person=form.counted, reason=ExitReason.ERROR, occurred_at=clock.now())


def _say_what_was_done(request: HttpRequest, named: int, gone: int, others: int) -> None:
    if named:
        text = ngettext(
            "%(count)d person now has a name.", "%(count)d people now have a name.", named
        )
        messages.success(request, text % {"count": named})
    if gone:
        text = ngettext(
            "%(count)d person was taken away from the count.",
            "%(count)d people were taken away from the count.",
            gone,
        )
        messages.success(request, text % {"count": gone})
    if others and not named:
        messages.success(request, _("What you typed is saved."))
    if not (named or gone or others):
        messages.info(request, _("Nothing was typed, so nothing was changed."))


def _tell_of_others(forms: Any, data: Any, rows: dict[uuid.UUID, Row]) -> None:
    """At each row that somebody else saved meanwhile, say so and what is recorded now.

    What was typed stays in the row; sent again, it is meant to stand over theirs.
    """
    fresh = {
        person.pk: person
        for person in Person.objects.filter(pk__in=rows).select_related("identity")
    }
    for form in forms.forms:
        if form.counted is None or form.counted.pk not in fresh or not form.has_changed():
            continue
        now = fresh[form.counted.pk]
        version = now.updated_at.isoformat()
        if data.get(form.add_prefix("version")) == version:
            continue
        data[form.add_prefix("version")] = version
        name = now.identity.open().name
        form.now_recorded = name or form.title
        form.add_error(
            None,
            _(
                "Somebody else changed this person meanwhile. What you typed is still here: look "
                "at both, then save again to record yours."
            ),
        )


def _completion(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    household: Household,
    rows: dict[uuid.UUID, Row],
    members: Any,
    *,
    sent: bool = False,
) -> HttpResponse:
    if sent:
        mark_errors(*members.forms)
    open_ones = sum(1 for row in rows.values() if row.person.pre_registered)
    return shown(
        model_admin,
        request,
        "group_complete",
        _("Complete the registration"),
        household=household,
        members=members,
        errors_shown=sent,
        open_ones=open_ones,
        total=household.members.in_count().count(),
        **typing_help(),
        status=422 if sent else 200,
    )


def group_section(request: HttpRequest, household: Household) -> str:
    """How many have no name yet, and the way to complete them."""
    waiting = household.members.filter(pre_registered=True, left_at__isnull=True).count()
    if not waiting or household.status != HouseholdStatus.ACTIVE:
        return ""
    return render_to_string(
        "intake/desk/group_section.html",
        {
            "household": household,
            "waiting": waiting,
            "may_edit": holds_for(request.user, Permission.HOUSEHOLDS_EDIT, household.pk),
        },
        request=request,
    )


register_section("group", group_section, order=5)
register_page("complete/", "complete", complete_page, policy=Permission.HOUSEHOLDS_EDIT)
