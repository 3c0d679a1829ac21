"""What the staff of a household are asked about it before a pair is decided.

Nothing here tells of the other household: whoever answers may not know of it.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet, Value
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from accounts.policies import Permission
from common.admin import PolicyModelAdmin, domain_errors_as_messages
from common.ids import read_id
from intake.admin.pages import local_time, on_household
from intake.admin.persons import household_link
from intake.admin.questions import ArrivedThroughFilter
from intake.admin.sections import register_page, register_section
from intake.admin.status_filters import WorkFilter
from intake.choices import FieldAnswer, FieldStatus
from intake.duplicates import answer_field_question
from intake.duplicates.asking import LONGEST_NOTE
from intake.models import FieldQuestion, Household
from intake.services.permitted import holds_for


def field_questions_section(request: HttpRequest, household: Household) -> str:
    """What to ask this family, with the answers to choose from."""
    rows = FieldQuestion.objects.visible_to(request.user).open().filter(household=household)
    found = list(rows.order_by("due_at", "pk"))
    if not found:
        return ""
    return render_to_string(
        "intake/desk/field_questions.html",
        {
            "household": household,
            "questions": found,
            "answers": FieldAnswer.choices,
            "longest_note": LONGEST_NOTE,
            "may_answer": holds_for(request.user, Permission.HOUSEHOLDS_EVENTS, household.pk),
        },
        request=request,
    )


def answer_view(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Answer one question, by POST, and go back to the household."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    key = read_id(request.POST.get("question", ""))
    visible = FieldQuestion.objects.visible_to(request.user).filter(household=household)
    question = visible.filter(pk=key).first() if key else None
    if question is None:
        raise Http404
    with domain_errors_as_messages(request):
        answer_field_question(
            actor=request.user,
            question=question,
            answer=request.POST.get("answer", ""),
            note=request.POST.get("note", ""),
        )
        messages.success(request, _("Answered."))
    page = reverse("admin:intake_household_change", args=[household.pk])
    return HttpResponseRedirect(f"{page}#field-questions")


class StatusFilter(WorkFilter):
    """What is to ask, unless something else is asked for."""

    first = FieldStatus.OPEN.label
    others = ((FieldStatus.ANSWERED.value, FieldStatus.ANSWERED.label),)

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Questions to ask, or those that were answered."""
        return rows.filter(status=value) if value else rows.open()  # type: ignore[attr-defined]


@admin.register(FieldQuestion)
class FieldQuestionAdmin(PolicyModelAdmin):
    """Which families to ask, the most urgent first: no names; a row leads to the household."""

    view_policy = Permission.HOUSEHOLDS_EVENTS
    list_display = ("household_reference", "topic", "status", "expected_by")
    list_display_links = None
    list_filter = (StatusFilter, ArrivedThroughFilter)
    list_select_related = ("household",)
    ordering = ("due_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Questions about visible households, with the zone for their times."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.annotate(zone=Value(Operation.current().time_zone))  # type: ignore[no-any-return]

    @admin.display(description=gettext_lazy("household"))
    def household_reference(self, row: FieldQuestion) -> str:
        """A link to the household."""
        return household_link(row.household)

    @admin.display(description=gettext_lazy("answer expected by"), ordering="due_at")
    def expected_by(self, row: Any) -> str:
        """Until when, local time."""
        return local_time(row.due_at, row.zone)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Questions are answered where the people are shown."""
        return on_household(self, request, object_id, "field-questions")


register_section("field_questions", field_questions_section, order=5)
register_page(
    "field-questions/answer/",
    "field_question_answer",
    answer_view,
    policy=Permission.HOUSEHOLDS_EVENTS,
)
