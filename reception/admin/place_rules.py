"""What must hold for a family's place, on the household's page: apart, near, quarantine, care."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.options import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.policies import Permission, can
from audit.access import record_access
from common.admin import add_domain_error, domain_errors_as_messages
from common.errors import DomainError
from intake.admin.sections import register_page, register_section
from intake.duplicates import surviving
from intake.models import Household
from intake.references import InvalidReferenceError, parse_reference
from intake.services.permitted import holds_for
from reception import services
from reception.admin.choosing import _page
from reception.admin.shown import address
from reception.choices import RequirementKind
from reception.models import KeepApart, KinGroupMember, PlacementRequirement, Site
from reception.services.hard_rules import partner_of, together_now

WRITE, APART = Permission.PLACEMENTS_WRITE, Permission.KEEP_APART
ORDER = 45


class _UntilForm(forms.Form):
    until = forms.DateTimeField(
        label=gettext_lazy("Until (empty: until somebody ends it)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )


class RequireForm(_UntilForm):
    """What must hold."""

    kind = forms.ChoiceField(label=gettext_lazy("What must hold"), choices=RequirementKind.choices)
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes to health care, at most"), required=False, min_value=1
    )
    site = forms.ModelChoiceField(
        Site.objects.none(), label=gettext_lazy("Site"), required=False, to_field_name="code"
    )
    note = forms.CharField(
        label=gettext_lazy("Note (read by protection staff only)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = ("kind", "minutes", "site", "until", "note")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites: Any = self.fields["site"]
        sites.queryset = Site.objects.visible_to(user).order_by("name")


class OtherForm(forms.Form):
    """Another household, by its reference."""

    other = forms.CharField(label=gettext_lazy("Reference of the other household"), max_length=40)

    def household(self, user: Any) -> Household | None:
        """The household that the user may read, or an error at the field."""
        found = None
        try:
            reference = parse_reference(self.cleaned_data["other"])
            found = Household.objects.filter(reference=reference).first()
        except InvalidReferenceError:
            pass
        survivor = surviving(found) if found else None
        if survivor and Household.objects.visible_to(user).filter(pk=survivor.pk).exists():
            return survivor
        self.add_error("other", _("There is no such household where you may read. Check it."))
        return None


class ApartForm(OtherForm, _UntilForm):
    """Whom to keep apart, and why."""

    reason = forms.CharField(
        label=gettext_lazy("Why (read by protection officers only)"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = ("other", "reason", "until")


def place_rules(household: Household, user: Any) -> dict[str, Any]:
    """What holds for the place of a household, as far as the user may know."""
    rows = PlacementRequirement.objects.visible_to(user).in_force().filter(household=household)
    pairs = list(KeepApart.objects.visible_to(user).in_force().of(household))
    member = KinGroupMember.objects.filter(household=household, ended_at__isnull=True).first()
    others = {partner_of(pair, household.pk) for pair in pairs}
    kin = (
        list(
            KinGroupMember.objects.filter(group=member.group_id, ended_at__isnull=True)
            .exclude(household=household)
            .values_list("household_id", flat=True)
        )
        if member
        else []
    )
    visible = Household.objects.visible_to(user).filter(pk__in=[*others, *kin])
    known = {each.pk: each for each in visible}
    return {
        "requirements": list(rows.select_related("site").order_by("pk")),
        "pairs": [
            {
                "pair": pair,
                "other": known.get(partner_of(pair, household.pk)),
                "reason": pair.reason if can(user, APART) else "",
                "together": together_now(pair),
            }
            for pair in pairs
        ],
        "kin": [known[pk] for pk in kin if pk in known],
        "in_kin": member is not None,
        "notes": can(user, Permission.NEEDS_TIER_2),
    }


def place_rules_section(request: HttpRequest, household: Household) -> str:
    """The section of the household's page; empty for who neither places nor protects."""
    user = request.user
    may_edit = household.merged_into_id is None and holds_for(user, WRITE, household.pk)
    rules = place_rules(household, user)
    told = rules["requirements"] or rules["pairs"] or rules["kin"]
    if not can(user, Permission.PLACEMENTS_READ) or not (told or may_edit):
        return ""
    return render_to_string(
        "reception/admin/place_rules_section.html",
        {**rules, "household": household, "may_edit": may_edit, "told": told},
        request=request,
    )


def place_rules_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Say what must hold; end what no longer does."""
    record_access(request.user, "read", household)
    asked = request.POST.get("do", "")
    forms_ = {
        "require": RequireForm(_data(request, asked == "require"), user=request.user),
        "apart": ApartForm(_data(request, asked == "apart"), prefix="apart"),
        "near": OtherForm(_data(request, asked == "near"), prefix="near"),
    }
    if request.method == "POST" and _done(request, household, asked, forms_):
        return redirect(address("intake_household_place_rules", household.pk))
    return _page(
        model_admin,
        request,
        "place_rules",
        _("For the place of %(household)s") % {"household": household.reference},
        household=household,
        may_apart=holds_for(request.user, APART, household.pk),
        forms=forms_,
        back=address("intake_household_change", household.pk),
        **place_rules(household, request.user),
        status=422 if request.method == "POST" else 200,
    )


def _data(request: HttpRequest, wanted: bool) -> Any:
    return request.POST if request.method == "POST" and wanted else None


def _done(request: HttpRequest, household: Household, asked: str, forms_: dict[str, Any]) -> bool:
    """Do what was asked; False when a form has to be shown again."""
    ends = {
        "end_requirement": _end_requirement,
        "end_apart": _end_apart,
        "end_near": _leave,
    }
    if asked in ends:
        with domain_errors_as_messages(request):
            ends[asked](request, household)
            messages.success(request, _("It no longer holds."))
        return True
    form = forms_.get(asked)
    if form is None or not form.is_valid():
        return False
    try:
        if not _save(request, household, asked, form):
            return False
    except DomainError as error:
        add_domain_error(form, error)
        return False
    messages.success(request, _("It is noted and holds from now on."))
    return True


def _save(request: HttpRequest, household: Household, asked: str, form: Any) -> bool:
    data, user = form.cleaned_data, request.user
    if asked == "require":
        services.require_place(actor=user, household=household, **data)
        return True
    other = form.household(user)
    if other is None:
        return False
    if asked == "near":
        services.join_kin(actor=user, households=[household, other])
        return True
    services.keep_apart(
        actor=user, household=household, other=other, reason=data["reason"], until=data["until"]
    )
    return True


def _end_requirement(request: HttpRequest, household: Household) -> None:
    rows = PlacementRequirement.objects.visible_to(request.user).filter(household=household)
    for row in rows.filter(pk__in=_key(request)):
        services.end_requirement(actor=request.user, requirement=row)


def _end_apart(request: HttpRequest, household: Household) -> None:
    pairs = KeepApart.objects.visible_to(request.user).of(household)
    for pair in pairs.filter(pk__in=_key(request)):
        services.end_keep_apart(actor=request.user, pair=pair)


def _leave(request: HttpRequest, household: Household) -> None:
    services.leave_kin(actor=request.user, household=household)


def _key(request: HttpRequest) -> list[Any]:
    from reception.admin.allocations import keys_of

    return keys_of([request.POST.get("row", "")])


def register() -> None:
    """Put the section and its page on the household's page."""
    register_section("place-rules", place_rules_section, order=ORDER)
    register_page("place-rules/", "place_rules", place_rules_page, policy=WRITE)


register()
