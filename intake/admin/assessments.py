"""Border assessments: written at a desk, read by few, quoted by the situation report."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.policies import Permission, access_of
from common.admin import PolicyModelAdmin, button
from common.errors import DomainError
from intake.admin.entry_points import areas
from intake.admin.pages import page
from intake.choices import Finding
from intake.forms_border import AssessmentForm, add_problems
from intake.models import BorderAssessment, EntryPoint
from intake.services.assessments import AssessmentInput, record_border_assessment, set_quotable

P = Permission
DECIDERS = (P.BORDER_ASSESS, P.REPORTS_PUBLISH)


def _quoted(row: BorderAssessment) -> bool:
    return row.quotable


def _not_quoted(row: BorderAssessment) -> bool:
    return not row.quotable


@admin.register(BorderAssessment)
class BorderAssessmentAdmin(PolicyModelAdmin):
    """Visits to the border. Opening one is recorded: its findings may endanger people."""

    view_policy = (P.BORDER_READ, P.REPORTS_PUBLISH)
    add_policy = P.BORDER_ASSESS
    list_display = ("where", "visit_began_at", "organisations", "quotable", "recorded_by")
    list_filter = ("quotable",)
    list_select_related = ("entry_point", "area", "recorded_by")
    ordering = ("-visit_began_at",)
    fields = (
        *("where", "visit_began_at", "visit_ended_at", "organisations", "summary", "quotable"),
        *("found", "recorded_at", "recorded_by"),
    )
    readonly_fields = fields

    class Media:
        css = {"all": ["intake/border.css"]}

    @admin.display(description=gettext_lazy("place"))
    def where(self, row: BorderAssessment) -> str:
        """The entry point, else the district."""
        return row.place

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Keep whether this user reads what was found."""
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            opened = BorderAssessment.objects.with_findings_for(request.user)
            row.findings_are_open = opened.filter(pk=row.pk).exists()
        return row

    @admin.display(description=gettext_lazy("What was found"))
    def found(self, row: Any) -> SafeString | str:
        """By heading, for those who may read it."""
        if not getattr(row, "findings_are_open", False):
            return _("You read the summary only.")
        told = [
            (Finding(heading).label, row.findings[heading])
            for heading in Finding.values
            if heading in row.findings
        ]
        if not told:
            return "—"
        rows = format_html_join(
            "", '<dt><strong>{}</strong></dt><dd><bdi dir="auto">{}</bdi></dd>', told
        )
        return format_html('<dl class="bd-found">{}</dl>', rows)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Write down a visit."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        scopes = access_of(request.user).scopes(P.BORDER_ASSESS)
        points = EntryPoint.objects.visible_to(request.user).order_by("name")
        if not scopes.everywhere:
            points = points.filter(code__in=scopes.entry_points)
        form = AssessmentForm(request.POST or None, entry_points=points)
        if request.method == "POST" and form.is_valid():
            try:
                made = record_border_assessment(actor=request.user, data=_input(form))
            except DomainError as error:
                add_problems(form, error)
            else:
                messages.success(request, _("The assessment is recorded."))
                url = reverse("admin:intake_borderassessment_change", args=[made.pk])
                return HttpResponseRedirect(url)
        return page(
            self,
            request,
            "border_assessment",
            _("Record a visit to the border"),
            status=422 if form.errors else 200,
            form=form,
            areas=areas(),
        )

    @button(
        gettext_lazy("Let reports quote it"),
        policy=DECIDERS,
        shown=_not_quoted,
        icon="format_quote",
    )
    def quote(self, request: HttpRequest, row: BorderAssessment) -> str:
        """The next situation report of its period quotes the summary."""
        set_quotable(actor=request.user, assessment=row, quotable=True)
        return _("Situation reports may quote it.")

    @button(
        gettext_lazy("No longer quote it"),
        policy=DECIDERS,
        shown=_quoted,
        icon="block",
    )
    def keep(self, request: HttpRequest, row: BorderAssessment) -> str:
        """Reports that are made keep what they quoted."""
        set_quotable(actor=request.user, assessment=row, quotable=False)
        return _("New situation reports no longer quote it.")


def _input(form: AssessmentForm) -> AssessmentInput:
    data = form.cleaned_data
    names = ("id", "visit_began_at", "visit_ended_at", "organisations", "summary", "quotable")
    return AssessmentInput(
        entry_point=data["entry_point"].code if data["entry_point"] else "",
        area=data["area"],
        findings=form.findings(),
        **{name: data[name] for name in names},
    )
