"""Situation reports and the mailing list on the staff site."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.policies import Permission
from common.admin import PolicyModelAdmin, button
from reports import services
from reports.choices import ReportStatus
from reports.models import ReportRecipient, SituationReport

P = Permission


def is_draft(report: SituationReport) -> bool:
    """Whether it may still be changed and published."""
    return report.status == ReportStatus.DRAFT


def is_current(report: SituationReport) -> bool:
    """Whether no revision has replaced it."""
    return report.status != ReportStatus.SUPERSEDED


@admin.register(SituationReport)
class SituationReportAdmin(PolicyModelAdmin):
    """Review the figures, write what is to be said about them, publish."""

    view_policy = (P.REPORTS_READ, P.REPORTS_READ_PUBLIC)
    change_policy = P.REPORTS_PUBLISH
    records_access = False
    list_display = ("name", "as_of", "state", "present", "arrivals", "published_at")
    list_filter = ("status",)
    fields = ("name", "as_of", "state", "documents", "mailed", "highlights", "notes")
    readonly_fields = ("name", "as_of", "state", "documents", "mailed")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The words of a report are fixed once it is published."""
        if obj is not None and not is_draft(obj):
            return (*self.readonly_fields, "highlights", "notes")
        return self.readonly_fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Newest first; readers of the public edition see what is published."""
        return super().get_queryset(request).order_by("-number", "-revision")

    @admin.display(description=_("Report"), ordering="number")
    def name(self, report: SituationReport) -> str:
        """Number and revision."""
        if report.revision:
            return str(
                _("No. %(number)s, revision %(revision)s")
                % {"number": report.number, "revision": report.revision}
            )
        return str(_("No. %(number)s") % {"number": report.number})

    @display(  # type: ignore[untyped-decorator]
        description=_("Status"),
        ordering="status",
        label={"draft": "warning", "published": "success", "superseded": "default"},
    )
    def state(self, report: SituationReport) -> tuple[str, str]:
        """Draft, published or superseded."""
        return report.status, report.get_status_display()

    @admin.display(description=_("Persons present"))
    def present(self, report: SituationReport) -> int | None:
        """The stock at the cut-off; in every edition."""
        value: int | None = report.public_figures["key_figures"]["present"]
        return value

    @admin.display(description=_("Arrivals since the start"))
    def arrivals(self, report: SituationReport) -> int | None:
        """All arrivals up to the cut-off."""
        value: int | None = report.public_figures["key_figures"]["arrivals_total"]
        return value

    @admin.display(description=_("Open"))
    def documents(self, report: SituationReport) -> SafeString:
        """Links to the page and the files."""
        page = reverse("reports:page", kwargs={"key": report.number})
        links = [(page, _("Page"))] + [
            (
                reverse("reports:file", kwargs={"key": report.number, "extension": extension}),
                extension.upper(),
            )
            for extension in ("pdf", "xlsx", "json")
        ]
        joined = SafeString(" · ").join(
            format_html('<a class="text-primary-600 underline" href="{}">{}</a>', url, label)
            for url, label in links
        )
        return SafeString(joined)

    @admin.display(description=_("Sent by mail"))
    def mailed(self, report: SituationReport) -> str:
        """How many of the list have it."""
        mailings = list(report.mailings.all())
        sent = sum(1 for each in mailings if each.sent_at)
        return str(_("%(sent)s of %(all)s recipients") % {"sent": sent, "all": len(mailings)})

    @button(_("Publish"), policy=P.REPORTS_PUBLISH, shown=is_draft, icon="campaign")
    def publish(self, request: HttpRequest, report: SituationReport) -> Any:
        """The public edition goes out."""
        services.publish_report(actor=request.user, report=report)
        return _("The report is published and goes to the list.")

    @button(
        _("Count again as a revision"),
        policy=P.REPORTS_PUBLISH,
        shown=is_current,
        icon="calculate",
        danger=True,
    )
    def revise(self, request: HttpRequest, report: SituationReport) -> Any:
        """Freeze the same cut-off anew."""
        revised = services.revise_report(actor=request.user, report=report)
        return _("Revision %(revision)s is a draft; the earlier figures are kept.") % {
            "revision": revised.revision
        }


@admin.register(ReportRecipient)
class ReportRecipientAdmin(PolicyModelAdmin):
    """Who gets the report by mail, in which edition and language."""

    view_policy = P.REPORTS_PUBLISH
    add_policy = P.REPORTS_PUBLISH
    change_policy = P.REPORTS_PUBLISH
    delete_policy = P.REPORTS_PUBLISH
    records_access = False
    list_display = ("email", "organisation", "edition", "language", "is_active")
    list_filter = ("edition", "is_active")
    search_fields = ("email", "organisation")

    def visible_to(self, request: HttpRequest) -> QuerySet[Any]:
        """The whole list, for reporting officers."""
        return ReportRecipient.objects.order_by("email")
