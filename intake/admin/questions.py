"""Open questions: on the household's page, and the list for the day after."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import ModelAdmin
from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from accounts.policies import Permission
from common.admin import PolicyModelAdmin, domain_errors_as_messages
from common.ids import read_id
from intake.admin.households import EntryPointFilter
from intake.admin.pages import local_time, on_household
from intake.admin.persons import household_link
from intake.admin.sections import register_page, register_section
from intake.admin.status_filters import WorkFilter
from intake.choices import QuestionStatus
from intake.models import Arrival, Household, Identity, OpenQuestion
from intake.quality.answering import LONGEST_NOTE, answer_question
from intake.quality.catalogue import CATALOGUE, answers, words
from intake.quality.presenting import open_of, others_of
from intake.services.permitted import holds_for

_MOST_ANSWERED = 20


def questions_section(request: HttpRequest, household: Household) -> str:
    """What is open, each with its answers as buttons, and what was answered before."""
    found = open_of(household, request.user)
    answered = list(
        OpenQuestion.objects.visible_to(request.user)
        .filter(household=household, status=QuestionStatus.ANSWERED)
        .select_related("answered_by")
        .order_by("-answered_at")[:_MOST_ANSWERED]
    )
    if not found and not answered:
        return ""
    names = _names([*found, *answered])
    return render_to_string(
        "intake/desk/questions.html",
        {
            "household": household,
            "questions": [_shown(each, names, request.user) for each in found],
            "answered": [_answered(each, names) for each in answered],
            "may_answer": holds_for(request.user, Permission.HOUSEHOLDS_EDIT, household.pk),
            "longest_note": LONGEST_NOTE,
        },
        request=request,
    )


def _names(questions: Sequence[OpenQuestion]) -> dict[uuid.UUID, str]:
    """Names of the people asked about; the household's page has recorded the look."""
    keys = {each.person_id for each in questions if each.person_id}
    return {pk: found.open().name for pk, found in Identity.objects.in_bulk(keys).items()}


def _shown(question: OpenQuestion, names: dict[uuid.UUID, str], user: Any) -> dict[str, Any]:
    return {
        "pk": question.pk,
        "name": names.get(question.person_id, "") if question.person_id else "",
        "text": words(question.code, question.data),
        "answers": answers(question.code),
        "others": others_of(question, user),
    }


def _answered(question: OpenQuestion, names: dict[uuid.UUID, str]) -> dict[str, Any]:
    return {
        "name": names.get(question.person_id, "") if question.person_id else "",
        "text": words(question.code, question.data),
        "label": CATALOGUE[question.code].answers.get(question.answer, question.answer),
        "note": question.note,
        "by": question.answered_by,
        "at": question.answered_at,
    }


def answer_view(
    model_admin: ModelAdmin[Any], request: HttpRequest, household: Household
) -> HttpResponse:
    """Answer one question, by POST, and go back to the household."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    if (key := read_id(request.POST.get("question", ""))) is None:
        raise Http404
    visible = OpenQuestion.objects.visible_to(request.user)
    question = visible.filter(household=household, pk=key).first()
    if question is None:
        raise Http404
    with domain_errors_as_messages(request):
        answer_question(
            actor=request.user,
            question=question,
            answer=request.POST.get("answer", ""),
            note=request.POST.get("note", ""),
        )
        messages.success(request, _("Answered."))
    page = reverse("admin:intake_household_change", args=[household.pk])
    return HttpResponseRedirect(f"{page}#questions")


class StatusFilter(WorkFilter):
    """What is to answer, unless something else is asked for."""

    first = QuestionStatus.OPEN.label
    others = (
        (QuestionStatus.ANSWERED.value, QuestionStatus.ANSWERED.label),
        (QuestionStatus.OUTDATED.value, QuestionStatus.OUTDATED.label),
    )

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Questions with the status that was chosen."""
        return rows.filter(status=value or QuestionStatus.OPEN)


class ArrivedThroughFilter(EntryPointFilter):
    """By the entry point of an arrival of the household."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Questions about households that arrived there."""
        if not self.value():
            return queryset
        there = Arrival.objects.filter(entry_point__code=self.value())
        return queryset.filter(household__in=there.values("household"))


@admin.register(OpenQuestion)
class OpenQuestionAdmin(PolicyModelAdmin):
    """The list for the day after, oldest first: no names; a row leads to the household's page."""

    view_policy = Permission.HOUSEHOLDS_EDIT
    list_display = ("household_reference", "question", "arrived_through", "asked_at")
    list_display_links = None
    list_filter = (StatusFilter, "code", ArrivedThroughFilter)
    list_select_related = ("household",)
    ordering = ("recorded_at", "pk")

    class Media:
        css = {"all": ["intake/warnings.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Visible questions with where the household crossed."""
        first = Arrival.objects.filter(household=OuterRef("household")).order_by("occurred_at")
        questions: QuerySet[Any] = super().get_queryset(request)
        return questions.annotate(  # type: ignore[no-any-return]
            zone=Value(Operation.current().time_zone),
            entry_point=Subquery(first.values("entry_point__name")[:1]),
        )

    @admin.display(description=gettext_lazy("household"))
    def household_reference(self, question: OpenQuestion) -> str:
        """A link to the household."""
        return household_link(question.household)

    @admin.display(description=gettext_lazy("question"), ordering="code")
    def question(self, question: OpenQuestion) -> str:
        """What is asked, in words."""
        return words(question.code, question.data)

    @admin.display(description=gettext_lazy("entry point"))
    def arrived_through(self, question: Any) -> str:
        """Where they crossed first."""
        return question.entry_point or "—"

    @admin.display(description=gettext_lazy("asked at"), ordering="recorded_at")
    def asked_at(self, question: Any) -> str:
        """When the doubt came up, local time."""
        return local_time(question.recorded_at, question.zone)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Questions are answered where the people are shown."""
        return on_household(self, request, object_id, "questions")


register_section("questions", questions_section, order=10)
register_page(
    "questions/answer/", "question_answer", answer_view, policy=Permission.HOUSEHOLDS_EDIT
)
