"""Aid on the staff site; for an agency's staff the same pages are its portal."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from accounts.models import Agency
from accounts.policies import Permission, access_of
from aid import services
from aid.admin_pages import new_request
from aid.choices import RequestStatus
from aid.forms import AgencyServiceForm, DeliveryForm, NoteForm, ReasonForm, RerouteForm
from aid.models import AgencyService, AidRequest, Sector
from aid.presenting import PREFETCHED, RELATED, Reader, present_beneficiary
from aid.querysets import OPEN
from aid.services.delivering import DELIVERABLE
from common import clock
from common.admin import PolicyModelAdmin, button

P = Permission
S = RequestStatus
COLOURS = {
    "overdue": "danger",
    "waiting": "warning",
    "work": "info",
    "done": "success",
    "closed": "default",
}
SENT = (S.SUBMITTED, S.RECEIVED)


def may(status: str) -> Any:
    """Whether a request may become `status` (what is on hold goes on by resuming)."""
    return lambda row: row.may_become(status) and (row.status != S.ON_HOLD or status not in OPEN)


class StandingFilter(admin.SimpleListFilter):
    """Open, overdue or done."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The three."""
        return [("open", _("Open")), ("overdue", _("Overdue")), ("closed", _("Closed"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet[AidRequest]:
        """Narrowed."""
        if self.value() == "overdue":
            return queryset.overdue(clock.now())  # type: ignore[no-any-return]
        if self.value() == "open":
            return queryset.open()  # type: ignore[no-any-return]
        if self.value() == "closed":
            return queryset.exclude(status__in=OPEN)  # type: ignore[no-any-return]
        return queryset  # type: ignore[no-any-return]


@admin.register(AidRequest)
class AidRequestAdmin(PolicyModelAdmin):
    """Requests: asked for by coordination, answered by the addressed agency."""

    view_policy = P.AID_READ
    add_policy = P.AID_REQUEST
    ordering = ("-pk",)
    search_fields = ("reference",)
    search_help_text = _("Search by reference")
    list_display_links = ("reference",)
    readonly_fields = (
        "reference",
        "standing_text",
        "urgency",
        "sector_label",
        "agency_name",
        "for_whom",
        "things",
        "summary",
        "reason",
        "submitted_at",
        "acknowledge_by",
        "act_by",
        "timeline",
        "delivered",
    )
    fieldsets = (
        (
            None,
            {"fields": ("reference", "standing_text", "urgency", "sector_label", "agency_name")},
        ),
        (_("What is asked"), {"fields": ("for_whom", "things", "summary", "reason")}),
        (_("Deadlines"), {"fields": ("submitted_at", "acknowledge_by", "act_by")}),
        (_("Steps"), {"fields": ("timeline",)}),
        (_("Deliveries"), {"fields": ("delivered",)}),
    )

    class Media:
        css = {"all": ("aid/aid.css",)}

    def get_list_display(self, request: HttpRequest) -> list[str]:
        """An agency sees its own requests only: no column for it."""
        columns = ["reference", "standing", "urgency", "sector_label", "agency_code", "short_for"]
        columns += ["submitted_at", "act_by"]
        if Reader.of(request.user).is_agency:
            columns.remove("agency_code")
        return columns

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Likewise no filter by agency."""
        filters: list[Any] = [StandingFilter, "level", "status", "sector"]
        return filters if Reader.of(request.user).is_agency else [*filters, "agency"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AidRequest]:
        """With what the list shows, and each row's beneficiary as this reader may know it."""
        rows = super().get_queryset(request).select_related(*RELATED)
        return rows.prefetch_related(*PREFETCHED)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A page of its own: whom for and the things asked are one form."""
        return new_request(self, request)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Say for whom, as far as the reader may know; opening a name is recorded."""
        if obj is not None:
            reader = Reader.of(request.user)
            obj.reader_is_agency = reader.is_agency
            obj.presented = present_beneficiary(obj, reader, identity=True)
        return super().render_change_form(request, context, add, change, form_url, obj)

    # Columns and fields --------------------------------------------------------------------
    @display(  # type: ignore[untyped-decorator]
        description=_("Standing"),
        ordering="status",
        label={
            "overdue": "danger",
            "waiting": "warning",
            "work": "info",
            "done": "success",
            "closed": "default",
        },
    )
    def standing(self, row: AidRequest) -> tuple[str, str]:
        """The status in words; overdue in words and colour."""
        status = RequestStatus(row.status).label
        if row.is_overdue(clock.now()):
            return "overdue", _("Overdue: %(status)s") % {"status": status}
        if row.status in OPEN:
            return ("waiting" if row.status in SENT else "work"), str(status)
        done = row.status in (S.FULFILLED, S.PARTLY_FULFILLED)
        return ("done" if done else "closed"), str(status)

    @admin.display(description=_("Standing"))
    def standing_text(self, row: AidRequest) -> str:
        """The same, on the request's page."""
        key, text = self.standing(row)
        return format_html('<span class="aid-standing aid-{}">{}</span>', key, text)

    @admin.display(description=_("Urgency"), ordering="level")
    def urgency(self, row: AidRequest) -> str:
        """The level in words."""
        return str(row.get_level_display())

    @admin.display(description=_("Sector"), ordering="sector")
    def sector_label(self, row: AidRequest) -> str:
        """The sector in words."""
        return row.sector.name

    @admin.display(description=_("Agency"), ordering="agency__code")
    def agency_code(self, row: AidRequest) -> str:
        """The addressed agency."""
        return row.agency.code

    @admin.display(description=_("Agency"))
    def agency_name(self, row: AidRequest) -> str:
        """The addressed agency, whose own page not everybody may open."""
        return str(row.agency)

    @admin.display(description=_("For"))
    def short_for(self, row: AidRequest) -> str:
        """What kind of beneficiary; who it is stands on the request's page."""
        if row.site_id:
            return str(_("Site"))
        return str(_("Household")) if row.household_id else str(_("Person"))

    @admin.display(description=_("For"))
    def for_whom(self, row: AidRequest) -> str:
        """The beneficiary as the reader may know it."""
        shown = getattr(row, "presented", None)
        return render_to_string("aid/admin/beneficiary.html", {"shown": shown, "row": row})

    @admin.display(description=_("Things asked for"))
    def things(self, row: AidRequest) -> str:
        """Quantities and items."""
        return render_to_string("aid/admin/items.html", {"items": row.items.all()})

    @admin.display(description=_("Steps"))
    def timeline(self, row: AidRequest) -> str:
        """From asked to done, oldest first; each side sees names of its own people only."""
        by_agency = getattr(row, "reader_is_agency", True)
        steps = []
        for change in row.changes.select_related("changed_by__agency").order_by("pk"):
            user = change.changed_by
            own = (user.agency_id == row.agency_id) == by_agency
            other = _("Coordination") if by_agency else row.agency.code
            private = by_agency and change.to_status == S.REROUTED
            steps.append(
                {
                    "status": change.get_to_status_display(),
                    "at": change.recorded_at,
                    "by": user.full_name or user.username if own else other,
                    "note": "" if private else change.note,
                }
            )
        return render_to_string("aid/admin/timeline.html", {"steps": steps})

    @admin.display(description=_("Deliveries"))
    def delivered(self, row: AidRequest) -> str:
        """What was delivered, newest first."""
        rows = row.deliveries.order_by("-delivered_at")
        return render_to_string("aid/admin/deliveries.html", {"deliveries": rows})

    # The agency's steps --------------------------------------------------------------------
    @button(_("Acknowledge"), policy=P.AID_RESPOND, icon="visibility", shown=may(S.RECEIVED))
    def acknowledge(self, request: HttpRequest, row: AidRequest) -> Any:
        """The agency has seen it."""
        services.acknowledge(actor=request.user, request=row)
        return _("Acknowledged.")

    @button(_("Accept"), policy=P.AID_RESPOND, icon="check", form=NoteForm, shown=may(S.ACCEPTED))
    def accept(self, request: HttpRequest, row: AidRequest, data: dict[str, Any]) -> Any:
        """The agency will do it."""
        services.accept(actor=request.user, request=row, note=data["note"])
        return _("Accepted.")

    @button(_("Start"), policy=P.AID_RESPOND, icon="play_arrow", shown=may(S.IN_PROGRESS))
    def start(self, request: HttpRequest, row: AidRequest) -> Any:
        """The agency has begun."""
        services.start(actor=request.user, request=row)
        return _("Started.")

    @button(
        _("Record a delivery"),
        policy=P.AID_RESPOND,
        icon="local_shipping",
        form=DeliveryForm,
        shown=lambda row: row.status in DELIVERABLE,
    )
    def deliver(self, request: HttpRequest, row: AidRequest, data: dict[str, Any]) -> Any:
        """What was delivered."""
        services.record_delivery(actor=request.user, request=row, **data)
        return _("The delivery was recorded.")

    @button(_("Fulfilled"), policy=P.AID_RESPOND, icon="done_all", shown=may(S.FULFILLED))
    def fulfil(self, request: HttpRequest, row: AidRequest) -> Any:
        """Done."""
        services.fulfil(actor=request.user, request=row)
        return _("Fulfilled.")

    @button(
        _("Partly fulfilled"),
        policy=P.AID_RESPOND,
        form=NoteForm,
        shown=may(S.PARTLY_FULFILLED),
    )
    def fulfil_in_part(self, request: HttpRequest, row: AidRequest, data: dict[str, Any]) -> Any:
        """A part was done, no more will be."""
        services.fulfil(actor=request.user, request=row, complete=False, note=data["note"])
        return _("Partly fulfilled.")

    @button(
        _("Put on hold"), policy=P.AID_RESPOND, icon="pause", form=ReasonForm, shown=may(S.ON_HOLD)
    )
    def hold(self, request: HttpRequest, row: AidRequest, data: dict[str, Any]) -> Any:
        """The clock stands still."""
        services.hold(actor=request.user, request=row, reason=data["reason"])
        return _("On hold.")

    @button(
        _("Go on"),
        policy=P.AID_RESPOND,
        icon="play_arrow",
        shown=lambda row: row.status == S.ON_HOLD,
    )
    def resume(self, request: HttpRequest, row: AidRequest) -> Any:
        """Go on as before the hold."""
        services.resume(actor=request.user, request=row)
        return _("Going on; the deadlines moved by the time held.")

    @button(_("Decline"), policy=P.AID_RESPOND, form=ReasonForm, shown=may(S.DECLINED), danger=True)
    def decline(self, request: HttpRequest, row: AidRequest, data: dict[str, Any]) -> Any:
        """The agency will not do it."""
        services.decline(actor=request.user, request=row, reason=data["reason"])
        return _("Declined.")

    @button(
        _("Could not be done"),
        policy=P.AID_RESPOND,
        form=ReasonForm,
        shown=may(S.NOT_FULFILLED),
        danger=True,
    )
    def fail(self, request: HttpRequest, row: AidRequest, data: dict[str, Any]) -> Any:
        """Not done after all."""
        services.fail(actor=request.user, request=row, reason=data["reason"])
        return _("Recorded as not fulfilled.")

    # Coordination's steps ------------------------------------------------------------------
    @button(
        _("Ask another agency"),
        policy=P.AID_REQUEST,
        icon="alt_route",
        form=RerouteForm,
        shown=may(S.REROUTED),
    )
    def reroute(self, request: HttpRequest, row: AidRequest, data: dict[str, Any]) -> Any:
        """Pass it on."""
        made = services.reroute(
            actor=request.user, request=row, agency=data["agency"], note=data["note"]
        )
        return format_html(
            '{} <a href="{}">{}</a>', _("Passed on as"), self.page_of(made), made.reference
        )

    @button(
        _("Cancel the request"),
        policy=P.AID_REQUEST,
        form=ReasonForm,
        shown=may(S.CANCELLED),
        danger=True,
    )
    def cancel(self, request: HttpRequest, row: AidRequest, data: dict[str, Any]) -> Any:
        """Take it back."""
        services.cancel(actor=request.user, request=row, reason=data["reason"])
        return _("Cancelled.")


@admin.register(AgencyService)
class AgencyServiceAdmin(PolicyModelAdmin):
    """Who offers what: read by coordination, stated by each agency for itself."""

    view_policy = (P.AGENCIES_READ, P.SERVICES_EDIT)
    add_policy = P.SERVICES_EDIT
    change_policy = P.SERVICES_EDIT
    delete_policy = P.SERVICES_EDIT
    records_access = False
    form = AgencyServiceForm
    ordering = ("agency__code", "sector")
    list_display = ("agency", "sector_label", "capacity_answer", "note")
    list_select_related = ("agency", "sector")
    list_filter = ("capacity_answer", "sector")

    @admin.display(description=_("Sector"), ordering="sector")
    def sector_label(self, row: AgencyService) -> str:
        """The sector in words."""
        return row.sector.name

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The sector of a line stays."""
        return ("sector",) if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Hand the whole list with this line to the service."""
        agency = obj.agency if change else own_agency(request.user)
        line = services.ServiceLine(
            sector=obj.sector_id,
            capacity=obj.capacity_answer,
            areas=[area.pk for area in form.cleaned_data["areas"]],
            note=obj.note,
        )
        rows = services.set_agency_services(
            actor=request.user,
            agency=agency,
            services=[*_lines(agency, without=obj.sector_id), line],
        )
        obj.pk = next(row.pk for row in rows if row.sector_id == obj.sector_id)
        obj.agency = agency

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """The areas were saved with the line."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Hand the list without this line to the service."""
        services.set_agency_services(
            actor=request.user,
            agency=obj.agency,
            services=_lines(obj.agency, without=obj.sector_id),
        )


def own_agency(user: Any) -> Agency:
    """The agency for which the user may state services."""
    codes = access_of(user).scopes(P.SERVICES_EDIT).agencies
    return Agency.objects.filter(code__in=codes).earliest("code")


def _lines(agency: Agency, *, without: str) -> list[services.ServiceLine]:
    rows = AgencyService.objects.filter(agency=agency).exclude(sector_id=without)
    return [
        services.ServiceLine(
            sector=row.sector_id,
            capacity=row.capacity_answer,
            areas=[area.pk for area in row.areas.all()],
            note=row.note,
        )
        for row in rows.prefetch_related("areas")
    ]


@admin.register(Sector)
class SectorAdmin(PolicyModelAdmin):
    """The code list of sectors: shown; it comes from aid/codelists."""

    view_policy = P.CODELISTS_MANAGE
    records_access = False
    ordering = ("code",)
    list_display = ("code", "label", "sensitive", "disabled_on")
