"""Tracing requests for their own role: who is looked for beside who may be meant."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from accounts.policies import Permission, can
from audit.access import record_access
from common import clock
from common.admin import PolicyModelAdmin, domain_errors_as_messages
from intake import slots
from intake.admin.pages import page
from intake.admin.persons import household_link
from intake.admin.status_filters import WorkFilter
from intake.births import age_bracket
from intake.choices import (
    TRACING_ENDED,
    ExitReason,
    LinkStrength,
    MatchStatus,
    Relationship,
    Sex,
    TracingEnd,
)
from intake.form_fields import MomentField
from intake.models import Area, TracingMatch, TracingRequest
from intake.services.tracing import close_tracing_request, confirm_match, reject_match, reunite
from intake.tracing import CONFIDENT, Sought, describe

M = MatchStatus


class FollowedFilter(WorkFilter):
    """What is followed, unless something else is asked for."""

    first = gettext_lazy("Followed")
    others = (
        ("candidate", gettext_lazy("Somebody may be meant")),
        ("ended", gettext_lazy("Ended")),
        ("all", gettext_lazy("All")),
    )

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Requests as chosen."""
        match value:
            case "all":
                return rows
            case "ended":
                return rows.filter(status__in=TRACING_ENDED)
            case "candidate":
                return rows.filter(status="candidate")
        return rows.exclude(status__in=TRACING_ENDED)


class ReuniteForm(forms.Form):
    """Who moves to whom, and when."""

    move = forms.ChoiceField(label=gettext_lazy("Who moves"))
    occurred_at = MomentField(label=gettext_lazy("When"), initial=clock.now)

    def __init__(self, *args: Any, asker: str = "", found: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = gettext_lazy("%(one)s moves to %(other)s")
        self.fields["move"].choices = [  # type: ignore[attr-defined]
            ("sought", words % {"one": found, "other": asker}),
            ("asker", words % {"one": asker, "other": found}),
        ]


@admin.register(TracingRequest)
class TracingRequestAdmin(PolicyModelAdmin):
    """Only a person decides who is meant; every look is recorded. The list shows no name."""

    view_policy = Permission.TRACING
    list_display = ("reference", "status", "household", "candidates", "best", "recorded_at")
    list_filter = (FollowedFilter,)
    list_select_related = ("asker__household",)
    search_fields = ("reference__exact", "asker__household__reference__exact")
    search_help_text = gettext_lazy("Reference of the request or the household")
    ordering = ("-recorded_at",)

    class Media:
        css = {"all": ["intake/desk.css"]}

    def get_urls(self) -> list[Any]:
        """Deciding is by POST."""
        return [
            path(
                "<uuid:pk>/decide/",
                self.admin_site.admin_view(self.decide_view),
                name="intake_tracingrequest_decide",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Visible requests with how many candidates wait, and the best of them."""
        rows: QuerySet[Any] = super().get_queryset(request)
        waiting = Q(matches__status=M.OPEN)
        return rows.annotate(  # type: ignore[no-any-return]
            waiting=Count("matches", filter=waiting), top=Max("matches__score", filter=waiting)
        )

    @admin.display(description=gettext_lazy("household"))
    def household(self, row: TracingRequest) -> str:
        """A link to the household that asks."""
        return household_link(row.asker.household)

    @admin.display(description=gettext_lazy("candidates"), ordering="waiting")
    def candidates(self, row: Any) -> int:
        """How many wait for a decision."""
        return int(row.waiting)

    @admin.display(description=gettext_lazy("alike"), ordering="top")
    def best(self, row: Any) -> str:
        """The score of the best of them in per cent."""
        return f"{int(row.top * 100)} %" if row.top else "—"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Who is looked for and who may be meant, side by side; opening them is recorded."""
        asked = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if asked is None:
            raise Http404
        record_access(request.user, "read", asked)
        record_access(request.user, "read", asked.asker)
        matches = list(
            asked.matches.select_related(
                "person__identity", "person__household__origin_area"
            ).order_by("status", "-score", "pk")
        )
        with timezone.override(Operation.current().zone):
            response: Any = self._page(request, asked, matches)
            answer: HttpResponse = response.render()
        return answer

    def _page(
        self, request: HttpRequest, asked: TracingRequest, matches: list[TracingMatch]
    ) -> HttpResponse:
        households = {match.person.household_id for match in matches}
        sites = slots.site_names(households, request.user)
        shown = []
        for match in matches:
            record_access(request.user, "read", match.person)
            shown.append(_candidate(match, sites, request.user))
        sought = Sought.of(asked)
        asker = asked.asker.identity.open()
        confirmed = next((each for each in shown if each["match"].status == M.CONFIRMED), None)
        area = Area.objects.filter(pk=sought.last_seen_area or None).first()
        found = confirmed["name"] if confirmed else ""
        return page(
            self,
            request,
            "tracing",
            asked.reference,
            asked=asked,
            sought=sought,
            relation=Relationship(sought.relation).label,
            sex=Sex(sought.sex).label,
            area=area,
            asker=asker,
            candidates=[each for each in shown if each["match"].status != M.REJECTED],
            rejected=sum(each["match"].status == M.REJECTED for each in shown),
            followed=asked.status not in TRACING_ENDED,
            confirmed=confirmed,
            reunite_form=ReuniteForm(asker=asker.name, found=found),
            ends=TracingEnd.choices,
            strengths=LinkStrength.choices,
        )

    def decide_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Confirm, reject, reunite or close."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        asked = self.get_queryset(request).filter(pk=pk).first()
        if asked is None:
            raise Http404
        with domain_errors_as_messages(request):
            if said := self._decide(request, asked):
                messages.success(request, said)
        here = reverse("admin:intake_tracingrequest_change", args=[asked.pk])
        return HttpResponseRedirect(here)

    def _decide(self, request: HttpRequest, asked: TracingRequest) -> str:
        decision, actor = request.POST.get("decision"), request.user
        if decision == "close":
            reason = request.POST.get("reason", "")
            close_tracing_request(actor=actor, request=asked, reason=reason)
            return _("The search has ended.")
        matches = {str(each.pk): each for each in asked.matches.select_related("person", "request")}
        match = matches.get(request.POST.get("match", ""))
        if match is None:
            messages.error(request, _("Choose one of the candidates."))
        elif decision == "confirm":
            confirm_match(
                actor=actor, match=match, strength=request.POST.get("strength", "probable")
            )
            return _("The two are linked. Speak with both before anybody moves.")
        elif decision == "reject":
            reject_match(actor=actor, match=match)
            return _("Somebody else: this candidate is not offered again.")
        elif decision == "reunite":
            return self._reunited(request, match)
        return ""

    def _reunited(self, request: HttpRequest, match: TracingMatch) -> str:
        with timezone.override(Operation.current().zone):
            form = ReuniteForm(request.POST)
            if not form.is_valid():
                for errors in form.errors.values():
                    messages.error(request, " ".join(map(str, errors)))
                return ""
        data = form.cleaned_data
        reunite(actor=request.user, match=match, move=data["move"], occurred_at=data["occurred_at"])
        return _("They are one household now. Give them a place together.")


def _candidate(match: TracingMatch, sites: dict[Any, str], user: Any) -> dict[str, Any]:
    person = match.person
    identity = person.identity.open()
    today = clock.today(Operation.current().zone)
    return {
        "match": match,
        "person": person,
        "name": identity.name,
        "father_name": identity.father_name,
        "also_known_as": "، ".join(identity.also_known_as),
        "birth": identity.birth_text,
        "age": age_bracket(person.birth_earliest, person.birth_latest, today),
        "household": person.household,
        "site": sites.get(person.household_id, "") if person.left_at is None else "",
        # That the authority took somebody is said; what it decided, to its own role only.
        "separated": person.exit_reason == ExitReason.SEPARATED,
        "may_screen": can(user, Permission.SCREENING),
        "percent": int(match.score * 100),
        "likely": match.score >= CONFIDENT,
        "reasons": describe(match.reasons),
    }
