"""Counts of people seen crossing: the page to enter one on a phone, and the list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.policies import Permission
from common import clock
from common.admin import PolicyModelAdmin, button
from common.errors import DomainError
from intake.admin.pages import page
from intake.births.brackets import BRACKETS
from intake.forms_border import SEX_LABELS, CountForm, add_problems, bracket_words
from intake.models import CrossingCount, EntryPoint
from intake.models.border import SEXES_SEEN
from intake.querysets_border import reports_at
from intake.services.counts import (
    CountInput,
    correct_crossing_count,
    record_crossing_count,
    withdraw_crossing_count,
)

P = Permission
# The next count begins where the last one ended, unless that is longer ago.
NEXT_WITHIN = timedelta(hours=24)


def count_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, point: EntryPoint, corrects: Any
) -> HttpResponse:
    """Enter how many people were seen, or put the right numbers in the place of wrong ones."""
    wrong = None
    if corrects is not None:
        wrong = point.counts.visible_to(request.user).filter(pk=corrects).first()
        if wrong is None:
            raise Http404
    form = CountForm(request.POST or None, initial=_initial(point, wrong))
    if request.method == "POST" and form.is_valid():
        try:
            made = _save(request, point, wrong, form)
        except DomainError as error:
            add_problems(form, error)
        else:
            text = ngettext(
                "%(count)d person seen at %(name)s is recorded.",
                "%(count)d people seen at %(name)s are recorded.",
                made.total,
            ) % {"count": made.total, "name": point.name}
            messages.success(request, text)
            url = reverse("admin:intake_entrypoint_change", args=[point.pk])
            return HttpResponseRedirect(url)
    title = _("Correct a count: %(name)s") if wrong else _("People seen crossing: %(name)s")
    return page(
        model_admin,
        request,
        "crossing_count",
        title % {"name": point.name},
        status=422 if form.errors else 200,
        form=form,
        point=point,
        wrong=wrong,
    )


def _initial(point: EntryPoint, wrong: CrossingCount | None) -> dict[str, Any]:
    if wrong is None:
        last = point.counts.standing().order_by("-ended_at").first()
        hour = clock.now().replace(minute=0, second=0, microsecond=0)
        near = last is not None and last.ended_at > clock.now() - NEXT_WITHIN
        return {"began_at": last.ended_at if last is not None and near else hour}
    numbers = {
        f"numbers__{sex}__{bracket}": number or None
        for sex, row in wrong.table().items()
        for bracket, number in row.items()
    }
    names = ("began_at", "ended_at", "total", "method", "note")
    return {**numbers, **{name: getattr(wrong, name) for name in names}}


def _save(
    request: HttpRequest, point: EntryPoint, wrong: CrossingCount | None, form: CountForm
) -> CrossingCount:
    names = ("id", "began_at", "ended_at", "total", "method", "note")
    data = CountInput(numbers=form.numbers(), **{name: form.cleaned_data[name] for name in names})
    if wrong is not None:
        return correct_crossing_count(actor=request.user, count=wrong, data=data)
    return record_crossing_count(actor=request.user, entry_point=point, data=data)


def stands(count: CrossingCount) -> bool:
    """Whether it was neither corrected nor taken back."""
    return count.superseded_at is None


@admin.register(CrossingCount)
class CrossingCountAdmin(PolicyModelAdmin):
    """All counts of people seen crossing, also those that were replaced."""

    view_policy = P.ENTRY_POINTS_READ
    list_display = ("entry_point", "began_at", "ended_at", "total", "method", "state")
    list_filter = ("entry_point", "method")
    list_select_related = ("entry_point",)
    ordering = ("-began_at",)
    fields = (
        *("entry_point", "began_at", "ended_at", "total", "numbers", "method", "shown_note"),
        *("state", "recorded_at", "recorded_by"),
    )
    readonly_fields = fields

    class Media:
        css = {"all": ["intake/border.css"]}

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Keep whether this user reads its note."""
        count = super().get_object(request, object_id, from_field)
        if count is not None:
            count.note_is_open = reports_at(request.user, count.entry_point.code)
        return count

    def shown_buttons(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """Only for those who report at its entry point."""
        if obj is None or not reports_at(request.user, obj.entry_point.code):
            return []
        return super().shown_buttons(request, obj)

    @button(
        gettext_lazy("Correct"),
        policy=(P.ENTRY_POINTS_REPORT, P.ENTRY_POINTS_EDIT),
        shown=stands,
        icon="edit",
    )
    def correct(self, request: HttpRequest, count: CrossingCount) -> HttpResponse:
        """To the page with its numbers."""
        keys = [count.entry_point_id, count.pk]
        return HttpResponseRedirect(reverse("admin:intake_entrypoint_correct", args=keys))

    @button(
        gettext_lazy("Take back"),
        policy=(P.ENTRY_POINTS_REPORT, P.ENTRY_POINTS_EDIT),
        shown=stands,
        icon="undo",
        danger=True,
    )
    def withdraw(self, request: HttpRequest, count: CrossingCount) -> str:
        """It should never have been there; it stays in the list and no longer counts."""
        withdraw_crossing_count(actor=request.user, count=count)
        return _("The count is taken back.")

    @admin.display(description=gettext_lazy("state"))
    def state(self, count: CrossingCount) -> str:
        """Counts, corrected, or taken back."""
        if stands(count):
            return _("Counts")
        corrected = CrossingCount.objects.filter(corrects=count).exists()
        return _("Corrected") if corrected else _("Taken back")

    @admin.display(description=gettext_lazy("note"))
    def shown_note(self, count: Any) -> str:
        """The note, for those who work there."""
        return count.note if getattr(count, "note_is_open", False) and count.note else "—"

    @admin.display(description=gettext_lazy("by sex and age"))
    def numbers(self, count: CrossingCount) -> SafeString:
        """The table of what was told apart."""
        head = format_html_join("", "<th>{}</th>", ((SEX_LABELS[sex],) for sex in SEXES_SEEN))
        table = count.table()
        rows = format_html_join(
            "",
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
            (
                (bracket_words(bracket), *(table[sex][bracket] for sex in SEXES_SEEN))
                for bracket in BRACKETS
            ),
        )
        return format_html(
            '<table class="bd-numbers"><thead><tr><td></td>{}</tr></thead>'
            "<tbody>{}</tbody></table>",
            head,
            rows,
        )
