"""Proposals: ask, read, change a family's site, keep it, confirm."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.policies import Permission
from common.admin import PolicyModelAdmin, add_domain_error, domain_errors_as_messages, holds
from common.errors import DomainError
from intake.models import EntryPoint, Household
from reception import services
from reception.admin.choosing import _page, _qualities
from reception.admin.shown import address, occupancy_bar
from reception.choices import AllocationScope, PlacementStatus
from reception.models import AllocationLine, AllocationRun, Site
from reception.proposal_view import ProposalView, Reader, SiteView, line_view, view_of
from reception.querysets import sites_q
from reception.selectors import unplaced_households
from reception.services.allocating import AllocationRefused, Asked, against_line
from reception.services.hard_rules import words_of

WRITE = Permission.PLACEMENTS_WRITE
# Families of a site that are listed before the officer asks for all of them.
SHOWN = 40
MOST_CHOSEN = 300


class AskForm(forms.Form):
    """For whom a proposal is asked."""

    scope = forms.ChoiceField(
        choices=AllocationScope.choices,
        initial=AllocationScope.WAITING,
        error_messages={"required": gettext_lazy("Choose for whom.")},
    )
    entry_point = forms.ModelChoiceField(
        EntryPoint.objects.none(), label=gettext_lazy("Entry point"), required=False
    )
    arrived_from = forms.DateTimeField(
        label=gettext_lazy("Arrived from"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    arrived_until = forms.DateTimeField(
        label=gettext_lazy("Arrived until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        points: Any = self.fields["entry_point"]
        points.queryset = EntryPoint.objects.visible_to(user).order_by("name")

    def asked(self, households: list[Household]) -> Asked:
        """What the form says; fields of another scope are left out."""
        data = self.cleaned_data
        arrivals = data["scope"] == AllocationScope.ARRIVALS
        chosen = data["scope"] == AllocationScope.CHOSEN
        return Asked(
            scope=data["scope"],
            entry_point=data["entry_point"] if arrivals else None,
            arrived_from=data["arrived_from"] if arrivals else None,
            arrived_until=data["arrived_until"] if arrivals else None,
            households=households if chosen else [],
        )


class ConfirmForm(forms.Form):
    """How long the places are kept."""

    status = forms.ChoiceField(
        label=gettext_lazy("The families"),
        choices=[
            (PlacementStatus.RESERVED, gettext_lazy("are expected: keep the places for 24 hours")),
            (PlacementStatus.CONFIRMED, gettext_lazy("are on their way: keep the places")),
        ],
        initial=PlacementStatus.RESERVED,
    )


@admin.register(AllocationRun)
class AllocationRunAdmin(PolicyModelAdmin):
    """Proposals, the newest first; one opens on its own page."""

    view_policy = WRITE
    list_display = ("asked_at", "scope", "entry_point", "state", "asked_by")
    list_filter = ("scope",)
    list_select_related = ("entry_point", "asked_by")
    ordering = ("-pk",)

    class Media:
        css = {"all": ("reception/reception.css", "reception/proposal.css")}

    @admin.display(description=gettext_lazy("asked at"), ordering="recorded_at")
    def asked_at(self, run: AllocationRun) -> Any:
        """When it was asked for."""
        return run.recorded_at

    @admin.display(description=gettext_lazy("status"))
    def state(self, run: AllocationRun) -> str:
        """The status; one that was lost has failed."""
        return _status(run)

    def get_urls(self) -> list[URLPattern]:
        """The proposal's own pages before those of the admin."""
        wrap = self.admin_site.admin_view
        steps = {
            "confirm": self.confirm,
            "again": self.again,
            "withdraw": self.withdraw,
        }
        return [
            path("ask/", wrap(self.ask), name="reception_ask"),
            path("<uuid:run_id>/", wrap(self.proposal), name="reception_proposal"),
            *(
                path(f"<uuid:run_id>/{name}/", wrap(view), name=f"reception_proposal_{name}")
                for name, view in steps.items()
            ),
            path(
                "<uuid:run_id>/<uuid:line_id>/",
                wrap(self.line),
                name="reception_proposal_line",
            ),
            path(
                "<uuid:run_id>/<uuid:line_id>/keep/",
                wrap(self.keep),
                name="reception_proposal_keep",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """The proposal's own page."""
        return redirect(address("reception_proposal", object_id))

    # Asking ------------------------------------------------------------------------------
    def ask(self, request: HttpRequest) -> HttpResponse:
        """For whom a proposal is wanted: all, those of one bus, chosen families."""
        _require(request)
        visible = Household.objects.visible_to(request.user).values("pk")
        waiting = unplaced_households().filter(pk__in=visible)
        form = AskForm(request.POST or None, user=request.user)
        picked = request.POST.getlist("household")
        if request.method == "POST" and form.is_valid():
            chosen = list(waiting.filter(pk__in=keys_of(picked)))
            try:
                run = services.ask_allocation(actor=request.user, asked=form.asked(chosen))
                return redirect(address("reception_proposal", run.pk))
            except DomainError as error:
                add_domain_error(form, error)
        families = list(waiting[:MOST_CHOSEN])
        self.record_access(request, "list", Household, count=len(families))
        return _page(
            self,
            request,
            "ask_proposal",
            gettext_lazy("Ask for a proposal"),
            form=form,
            families=families,
            count=waiting.count(),
            picked=set(picked),
            status=200 if request.method != "POST" else 400,
        )

    # Reading -----------------------------------------------------------------------------
    def proposal(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        """The proposal: families without a place first, then site by site."""
        return self._shown(request, self._run(request, run_id), form=ConfirmForm())

    def _shown(
        self,
        request: HttpRequest,
        run: AllocationRun,
        *,
        form: ConfirmForm,
        refused: AllocationRefused | None = None,
    ) -> HttpResponse:
        view = view_of(run, request.user)
        self.record_access(request, "read", run, count=len(view.lines))
        return _page(
            self,
            request,
            "proposal",
            _("Proposal for %(whom)s") % {"whom": _whom(run)},
            run=run,
            state=_status(run),
            working=run.status_now == "asked",
            failed=run.status_now == "failed",
            view=view,
            counts=view.counts,
            told=_told(view),
            sites=[_site(each, request.GET.get("site", "")) for each in view.sites],
            form=form,
            refused=refused.refused if refused else [],
            to_confirm=view.to_confirm,
            status=409 if refused else 200,
        )

    # Changing ----------------------------------------------------------------------------
    def line(self, request: HttpRequest, run_id: Any, line_id: Any) -> HttpResponse:
        """Another site for a family, or none, with what speaks against each."""
        run = self._run(request, run_id)
        line = self._line(request, run, line_id)
        sites = list(Site.objects.open().filter(sites_q(request.user, WRITE)).order_by("name"))
        wrong = ""
        if request.method == "POST":
            code = request.POST.get("site", "")
            site = next((each for each in sites if each.code == code), None)
            if site is None and code != "-":
                wrong = _("Choose a site.")
            else:
                try:
                    services.change_line(actor=request.user, line=line, site=site)
                    return self._back(run, line)
                except DomainError as error:
                    wrong = str(error.message)
        self.record_access(request, "read", line.household)
        return _page(
            self,
            request,
            "proposal_line",
            _("Another site for %(household)s") % {"household": line.household.reference},
            run=run,
            each=line_view(line, Reader.of(request.user)),
            wrong=wrong,
            offers=_offers(line, sites),
            back=address("reception_proposal", run.pk),
            status=400 if wrong else 200,
        )

    def keep(self, request: HttpRequest, run_id: Any, line_id: Any) -> HttpResponse:
        """Keep a family's site when asking again, or no longer."""
        run = self._run(request, run_id)
        line = self._line(request, run, line_id)
        if request.method == "POST":
            with domain_errors_as_messages(request):
                services.lock_line(actor=request.user, line=line, locked=not line.locked)
        return self._back(run, line)

    def again(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        """Work it out anew; what was changed or kept stays."""
        run = self._run(request, run_id)
        if request.method == "POST":
            with domain_errors_as_messages(request):
                services.ask_again(actor=request.user, run=run)
        return self._back(run)

    def withdraw(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        """Nobody will confirm it."""
        run = self._run(request, run_id)
        if request.method == "POST":
            with domain_errors_as_messages(request):
                services.withdraw_allocation(actor=request.user, run=run)
                messages.success(request, _("The proposal is withdrawn. No place was taken."))
        return self._back(run)

    def confirm(self, request: HttpRequest, run_id: Any) -> HttpResponse:
        """Give the places: all of them, or those that still hold."""
        run = self._run(request, run_id)
        form = ConfirmForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return self._back(run)
        try:
            done = services.confirm_allocation(
                actor=request.user,
                run=run,
                only_possible="only_possible" in request.POST,
                status=form.cleaned_data["status"],
            )
        except AllocationRefused as refused:
            return self._shown(request, run, form=form, refused=refused)
        except DomainError as error:
            messages.error(request, str(error.message))
            return self._back(run)
        count = len(done.confirmed)
        messages.success(
            request,
            ngettext(
                "%(count)d family has a place now.", "%(count)d families have a place now.", count
            )
            % {"count": count},
        )
        return self._back(run)

    # Helpers -----------------------------------------------------------------------------
    def _run(self, request: HttpRequest, run_id: Any) -> AllocationRun:
        _require(request)
        runs = AllocationRun.objects.visible_to(request.user)
        return get_object_or_404(runs.select_related("entry_point", "asked_by"), pk=run_id)

    def _line(self, request: HttpRequest, run: AllocationRun, line_id: Any) -> AllocationLine:
        lines = AllocationLine.objects.visible_to(request.user).filter(run=run)
        return get_object_or_404(
            lines.select_related("household", "site", "proposed_site", "run"), pk=line_id
        )

    def _back(self, run: AllocationRun, line: AllocationLine | None = None) -> HttpResponse:
        anchor = f"#line-{line.pk}" if line else ""
        return redirect(address("reception_proposal", run.pk) + anchor)


def _require(request: HttpRequest) -> None:
    if not holds(request.user, WRITE):
        raise PermissionDenied


def keys_of(texts: list[str]) -> list[Any]:
    """Those of the texts that can be keys: a made-up one is nobody’s."""
    field = Household._meta.pk
    found = []
    for text in texts:
        try:
            found.append(field.to_python(text))
        except forms.ValidationError:
            continue
    return found


def _status(run: AllocationRun) -> str:
    from reception.choices import AllocationStatus

    return str(AllocationStatus(run.status_now).label)


def _whom(run: AllocationRun) -> str:
    if run.entry_point is not None:
        return _("those who came by %(point)s") % {"point": run.entry_point.name}
    if run.scope == AllocationScope.CHOSEN:
        return _("chosen families")
    return _("all who wait")


def _told(view: ProposalView) -> list[str]:
    """The proposal in sentences, for the top of the page."""
    counts = view.counts
    placed = ngettext(
        "%(with)d of %(all)d family has a site (%(persons)d of %(of)d persons).",
        "%(with)d of %(all)d families have a site (%(persons)d of %(of)d persons).",
        counts["families"],
    ) % {
        "with": counts["families_with_site"],
        "all": counts["families"],
        "persons": counts["persons_with_site"],
        "of": counts["persons"],
    }
    told = [placed]
    if counts["families_unplaced"]:
        told.append(
            ngettext(
                "For %(count)d family there is no place; below you see what is missing.",
                "For %(count)d families there is no place; below you see what is missing.",
                counts["families_unplaced"],
            )
            % {"count": counts["families_unplaced"]}
        )
    if view.run.gap is not None and view.run.status != "asked":
        told.append(
            _("No better proposal is possible with these rules.")
            if view.run.gap <= 0
            else _("At most %(percent)s %% could be won by a better proposal.")
            % {"percent": f"{100 * view.run.gap:.1f}"}
        )
    return told


def _site(each: SiteView, unfolded: str) -> dict[str, Any]:
    """A site of the proposal for the page."""
    everything = unfolded == each.site.code
    room = max(each.room, 1)
    return {
        "view": each,
        "open": everything,
        "lines": each.lines if everything else each.lines[:SHOWN],
        "hidden": 0 if everything else max(len(each.lines) - SHOWN, 0),
        "taken": min(round(100 * each.site.taken / room, 1), 100),
        "more": min(round(100 * each.more / room, 1), 100),
    }


def _offers(line: AllocationLine, sites: list[Site]) -> list[dict[str, Any]]:
    """The sites with what speaks against each; those that may be chosen first."""
    names = {site.code: site.local_name for site in sites}
    against = against_line(line, sites)
    offers = [
        {
            "site": site,
            "against": [words_of(said, names) for said in against[site.code]],
            "bar": occupancy_bar(site),
            "qualities": _qualities(site),
            "chosen": site.pk == line.site_id,
        }
        for site in sites
    ]
    return sorted(offers, key=lambda offer: (bool(offer["against"]), offer["site"].name))
