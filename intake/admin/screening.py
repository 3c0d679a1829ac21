"""What the authority decided: its own role's pages, and what a registrar saw and cannot reread."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.admin import PolicyModelAdmin, add_domain_error, button
from common.errors import DomainError
from intake.admin.pages import page
from intake.admin.persons import household_link
from intake.admin.sections import Action, register_actions, register_page
from intake.choices import ExitReason, ScreeningOutcomeKind
from intake.forms_family import OutcomeForm, PersonForm, WitnessForm
from intake.models import Household, Person, ScreeningOutcome
from intake.relatives import label_of
from intake.services.permitted import holds_for
from intake.services.screening import SEPARATING, may_be_child, record_outcome, review_record

P = Permission
K = ScreeningOutcomeKind


def outcome_label(record: ScreeningOutcome) -> str:
    """What was recorded, in words."""
    known = dict(ScreeningOutcomeKind.choices)
    return str(known.get(record.sealed.get("outcome", ""), "—"))


class ReviewFilter(admin.SimpleListFilter):
    """Records that somebody must look at again."""

    title = gettext_lazy("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Due by now, or within a week."""
        return [("due", gettext_lazy("Due")), ("week", gettext_lazy("Due within a week"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Records whose day of review has come."""
        today = clock.today(Operation.current().zone)
        if self.value() == "due":
            return queryset.due(today)  # type: ignore[attr-defined,no-any-return]
        if self.value() == "week":
            week = today + timedelta(days=7)
            return queryset.due(week)  # type: ignore[attr-defined,no-any-return]
        return queryset


class ReviewForm(forms.Form):
    """When to look again; empty when that is done with."""

    next_on = forms.DateField(
        label=gettext_lazy("Look at it again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )


@admin.register(ScreeningOutcome)
class ScreeningOutcomeAdmin(PolicyModelAdmin):
    """What the authority decided; its own role only. The list shows no outcome and no name."""

    view_policy = Permission.SCREENING
    list_display = ("short_id", "recorded_at", "review_on", "to_review", "by")
    list_filter = (ReviewFilter,)
    list_select_related = ("recorded_by",)
    ordering = ("-recorded_at",)
    fields = (
        "household_reference",
        "outcome",
        "authority",
        "authority_reference",
        "remarks",
        "to_review",
        "review_on",
        "reviewed_at",
        "recorded_at",
    )
    readonly_fields = fields
    show_full_result_count = False

    @admin.display(description=gettext_lazy("by"), ordering="recorded_by")
    def by(self, record: ScreeningOutcome) -> str:
        """Who wrote the record down."""
        return str(record.recorded_by)

    @admin.display(description=gettext_lazy("record"))
    def short_id(self, record: ScreeningOutcome) -> str:
        """The end of the id."""
        return str(record.pk)[-8:]

    @admin.display(description=gettext_lazy("household"))
    def household_reference(self, record: ScreeningOutcome) -> str:
        """A link to the household."""
        return household_link(record.person.household)

    @admin.display(description=gettext_lazy("outcome"))
    def outcome(self, record: ScreeningOutcome) -> str:
        """What was recorded, in words."""
        return outcome_label(record)

    @admin.display(description=gettext_lazy("authority"))
    def authority(self, record: ScreeningOutcome) -> str:
        """Who decided."""
        return str(record.sealed.get("authority", "") or "—")

    @admin.display(description=gettext_lazy("reference number"))
    def authority_reference(self, record: ScreeningOutcome) -> str:
        """The authority's own number."""
        return str(record.sealed.get("authority_reference", "") or "—")

    @admin.display(description=gettext_lazy("remarks"))
    def remarks(self, record: ScreeningOutcome) -> str:
        """The sealed remarks."""
        return str(record.sealed.get("remarks", "") or "—")

    @admin.display(description=gettext_lazy("to review"), boolean=True)
    def to_review(self, record: ScreeningOutcome) -> bool:
        """Whether a remark waits for a decision by a person."""
        return bool(record.sealed.get("to_review")) and record.reviewed_at is None

    @button(
        gettext_lazy("Reviewed"),
        policy=Permission.SCREENING,
        form=ReviewForm,
        shown=lambda record: record.reviewed_at is None,
    )
    def review(self, request: HttpRequest, record: Any, data: dict[str, Any]) -> str:
        """Say that it was looked at."""
        review_record(actor=request.user, record=record, next_on=data["next_on"])
        return str(_("The review is recorded."))


def screening_actions(request: HttpRequest, household: Household) -> list[Action]:
    """The ways to the sealed record; nothing of what it holds."""
    ways = [
        (P.SCREENING, "screening", _("Sealed record")),
    ]
    if household.merged_into_id is None:
        ways.insert(0, (P.HOUSEHOLDS_REGISTER, "authority", _("The authority took somebody along")))
    return [
        Action(label, reverse(f"admin:intake_household_{name}", args=[household.pk]))
        for policy, name, label in ways
        if holds_for(request.user, policy, household.pk)
    ]


def screening_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """The household's sealed records, and a form for another. Each record shown is recorded."""
    with timezone.override(Operation.current().zone):
        form = _form(OutcomeForm, request, household, list(household.members.all()))
        if request.method == "POST" and form.is_valid() and _recorded(request, household, form):
            return HttpResponseRedirect(
                reverse("admin:intake_household_screening", args=[household.pk])
            )
        records = list(
            ScreeningOutcome.objects.visible_to(request.user)
            .filter(person__household=household)
            .select_related("person__identity", "recorded_by")
            .order_by("recorded_at")
        )
        record_access(request.user, "read", household)
        for record in records:
            record_access(request.user, "read", record)
        return _rendered(
            page(
                model_admin,
                request,
                "screening",
                _("What the authority decided"),
                household=household,
                form=form,
                records=[
                    {
                        "row": each,
                        "name": each.person.identity.open().name,
                        "outcome": outcome_label(each),
                    }
                    for each in records
                ],
                errors_shown=request.method == "POST",
                status=422 if request.method == "POST" else 200,
            )
        )


def _recorded(request: HttpRequest, household: Household, form: Any) -> bool:
    data = dict(form.cleaned_data)
    person = household.members.get(pk=data.pop("person"))
    try:
        made = record_outcome(actor=request.user, person=person, **data)
    except DomainError as error:
        add_domain_error(form, error)
        return False
    if made.sealed["outcome"] == K.CHILD and data["outcome"] != K.CHILD:
        messages.warning(
            request,
            _("This person may be under 18: it is recorded for child protection instead."),
        )
    else:
        messages.success(request, _("It is recorded."))
    return True


def authority_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """A registrar says that the authority took somebody along; it cannot be read again here."""
    with timezone.override(Operation.current().zone):
        record_access(request.user, "read", household)
        form = _form(WitnessForm, request, household, list(household.members.in_count()))
        if request.method == "POST" and form.is_valid() and _witnessed(request, household, form):
            return HttpResponseRedirect(
                reverse("admin:intake_household_change", args=[household.pk])
            )
        return _rendered(
            page(
                model_admin,
                request,
                "authority",
                _("The authority took this person"),
                household=household,
                form=form,
                errors_shown=request.method == "POST",
                status=422 if request.method == "POST" else 200,
            )
        )


def _witnessed(request: HttpRequest, household: Household, form: Any) -> bool:
    data = form.cleaned_data
    person = household.members.get(pk=data["person"])
    try:
        record_outcome(
            actor=request.user,
            person=person,
            outcome=SEPARATING[0],
            occurred_at=data["occurred_at"],
            authority=data["authority"],
            remarks=data["remarks"],
        )
    except DomainError as error:
        add_domain_error(form, error)
        return False
    if may_be_child(person, data["occurred_at"]):
        messages.warning(
            request,
            _(
                "This person may be under 18 and stays in the household. Child protection is "
                "asked to see to it at once: tell your supervisor too."
            ),
        )
    else:
        messages.success(request, _("It is recorded. The family stays one household."))
    return True


def _form(kind: type[PersonForm], request: HttpRequest, household: Household, people: Any) -> Any:
    rows = Person.objects.filter(pk__in=[each.pk for each in people]).select_related("identity")
    rows = rows.exclude(exit_reason__in=(ExitReason.DUPLICATE, ExitReason.ERROR))
    members = [(str(each.pk), label_of(each)) for each in rows.order_by("position")]
    return kind(request.POST if request.method == "POST" else None, members=[("", "—"), *members])


def _rendered(response: Any) -> HttpResponse:
    """Rendered while the operation's zone is active."""
    answer: HttpResponse = response.render()
    return answer


register_actions("screening", screening_actions, order=20)
register_page("screening/", "screening", screening_page, policy=P.SCREENING)
register_page("authority/", "authority", authority_page, policy=P.HOUSEHOLDS_REGISTER)
