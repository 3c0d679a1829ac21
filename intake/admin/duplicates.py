"""Possible duplicates: a queue by score, both households side by side, decide and undo."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common.admin import PolicyModelAdmin
from common.errors import DomainError
from intake.admin.detail import member_views
from intake.admin.pages import page
from intake.choices import PairStatus
from intake.duplicates import decide_pair, describe, undo_decision
from intake.models import DuplicatePair


class StatusFilter(admin.SimpleListFilter):
    """What is to decide, unless something else is asked for."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Decided pairs, and all."""
        return [
            (PairStatus.SAME, PairStatus.SAME.label),
            (PairStatus.DIFFERENT, PairStatus.DIFFERENT.label),
            ("all", gettext_lazy("All")),
        ]

    def choices(self, changelist: Any) -> Any:
        """The first choice is what is to decide."""
        first, *others = super().choices(changelist)
        yield {**first, "display": PairStatus.OPEN.label}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Pairs with the status that was chosen."""
        if self.value() == "all":
            return queryset
        return queryset.filter(status=self.value() or PairStatus.OPEN)


@admin.register(DuplicatePair)
class DuplicatePairAdmin(PolicyModelAdmin):
    """Only a person decides, and any decision can be taken back."""

    view_policy = Permission.DUPLICATES_DECIDE
    list_display = ("households", "percent", "why", "status", "decided_by", "decided_at")
    list_display_links = ("households",)
    list_filter = (StatusFilter,)
    list_select_related = ("first", "second", "decided_by")
    ordering = ("-score",)

    class Media:
        css = {"all": ["intake/desk.css"]}

    def get_urls(self) -> list[Any]:
        """Deciding is by POST."""
        return [
            path(
                "<uuid:pk>/decide/",
                self.admin_site.admin_view(self.decide_view),
                name="intake_duplicatepair_decide",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Pairs of which the officer may see both households."""
        pairs: QuerySet[Any] = super().get_queryset(request)
        return pairs.exclude(status=PairStatus.OPEN, first__merged_into__isnull=False).exclude(
            status=PairStatus.OPEN, second__merged_into__isnull=False
        )

    @admin.display(description=gettext_lazy("households"))
    def households(self, pair: DuplicatePair) -> str:
        """Both references."""
        return f"{pair.first.reference} · {pair.second.reference}"

    @admin.display(description=gettext_lazy("alike"), ordering="score")
    def percent(self, pair: DuplicatePair) -> str:
        """The score in per cent."""
        return f"{int(pair.score * 100)} %"

    @admin.display(description=gettext_lazy("why"))
    def why(self, pair: DuplicatePair) -> str:
        """The reasons in words."""
        return "; ".join(describe(pair.reasons))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Both households side by side; opening them is recorded."""
        pair = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if pair is None:
            raise Http404
        operation = Operation.current()
        sides = []
        numbers = {str(a): n for n, match in enumerate(pair.matches, 1) for a in match}
        with timezone.override(operation.zone):
            for household in (pair.first, pair.second):
                record_access(request.user, "read", household)
                members = member_views(household, request.user, operation)
                members.sort(key=lambda each: numbers.get(str(each.person.pk), 999))
                arrivals = household.arrivals.select_related("entry_point")
                arrival = arrivals.order_by("occurred_at").first()
                sides.append(
                    {
                        "household": household,
                        "arrival": arrival,
                        "arrived_at": arrival.occurred_at if arrival else household.recorded_at,
                        "members": [
                            {"view": each, "match": numbers.get(str(each.person.pk))}
                            for each in members
                        ],
                    }
                )
            sides.sort(key=lambda side: side["arrived_at"])
            response = page(
                self,
                request,
                "pair",
                _("Are these the same people?"),
                pair=pair,
                percent=int(pair.score * 100),
                reasons=describe(pair.reasons),
                sides=sides,
                is_open=pair.status == PairStatus.OPEN,
            )
            return response.render() if hasattr(response, "render") else response

    def decide_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Decide or undo, and go on to the next pair."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        pair = self.get_queryset(request).filter(pk=pk).first()
        if pair is None:
            raise Http404
        here = reverse("admin:intake_duplicatepair_change", args=[pair.pk])
        decision = request.POST.get("decision")
        try:
            if decision == "undo":
                undo_decision(actor=request.user, pair=pair)
                messages.success(request, _("The decision is undone; the pair is open again."))
                return HttpResponseRedirect(here)
            if decision not in ("same", "different"):
                messages.error(request, _("Choose what they are: the same, or different."))
                return HttpResponseRedirect(here)
            decide_pair(actor=request.user, pair=pair, same=decision == "same")
        except DomainError as error:
            messages.error(request, str(error.message))
            return HttpResponseRedirect(here)
        messages.success(request, _("Decided. You can undo it on the page of the pair."))
        following = (
            self.get_queryset(request).filter(status=PairStatus.OPEN).order_by("-score").first()
        )
        if following is None:
            return HttpResponseRedirect(reverse("admin:intake_duplicatepair_changelist"))
        return HttpResponseRedirect(
            reverse("admin:intake_duplicatepair_change", args=[following.pk])
        )
