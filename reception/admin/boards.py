"""Pages of the boards: all sites, one site, norms, the next 72 hours, the contingency plan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Operation
from accounts.policies import Permission, access_of
from audit.access import record_access
from common import clock
from common.admin import Policy, holds
from reception.admin.shown import address, occupancy_bar
from reception.boards.contingency import PlanLine, contingency
from reception.boards.forecasting import COVERAGE
from reception.boards.norms import norms_table, site_norms
from reception.boards.projection import Projection, may_project, projection
from reception.boards.sites import FamilyAtSite, SiteBoard, SiteLine, site_board, sites_board
from reception.choices import AbsenceReason
from reception.models import Placement, Site
from reception.policies import may_at
from reception.querysets import sites_q

P = Permission
# Seconds until a page that is left open reads itself again.
REFRESH = 120
ROWS_SHOWN = 200


def lasting(duration: timedelta | None) -> str:
    """A duration as people say it: minutes, hours, or days; empty for none."""
    if duration is None:
        return ""
    minutes = int(duration.total_seconds() // 60)
    if minutes < 60:
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d day", "%(count)d days", hours // 24) % {"count": hours // 24}


class BoardPages:
    """The addresses of the boards, for the admin of sites."""

    def get_urls(self) -> list[URLPattern]:
        """The boards before the pages of sites: they need no key."""
        view = self.admin_site.admin_view  # type: ignore[attr-defined]
        return [
            path("boards/", view(self.boards), name="reception_boards"),
            path("boards/norms/", view(self.norms_board), name="reception_norms_board"),
            path("boards/next/", view(self.next_hours), name="reception_projection"),
            path("boards/plan/", view(self.plan_board), name="reception_contingency"),
            path("boards/at/<slug:code>/", view(self.board), name="reception_board"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    def boards(self, request: HttpRequest) -> HttpResponse:
        """Every site in a line."""
        _require(request, P.PLACEMENTS_READ)
        board = sites_board(request.user, clock.now())
        return self._page(
            request,
            "boards",
            _("Board of the sites"),
            board=board,
            totals=_totals(board),
            lines=[_site_row(line) for line in board.lines],
        )

    def board(self, request: HttpRequest, code: str) -> HttpResponse:
        """One site; looking is recorded, since families are named by their references."""
        _require(request, P.PLACEMENTS_READ)
        readable = Site.objects.filter(sites_q(request.user, P.PLACEMENTS_READ))
        site = get_object_or_404(readable, code=code)
        board = site_board(site, clock.now())
        rows = _families(board)
        record_access(request.user, "list", Placement, count=sum(len(r) for r in rows.values()))
        return self._page(
            request,
            "board",
            _("Board of %(site)s") % {"site": site},
            board=board,
            site=site,
            bar=occupancy_bar(site),
            norms=site_norms(site),
            rows=rows,
            units=board.units,
            last=lasting(board.as_of - board.last_sign) if board.last_sign else "",
            site_page=address("reception_site_change", site.pk),
            may_write=may_at(request.user, P.PLACEMENTS_WRITE, site),
        )

    def norms_board(self, request: HttpRequest) -> HttpResponse:
        """Every site against the norms."""
        _require(request, P.SITES_READ)
        return self._page(
            request,
            "norms_board",
            _("Sites against the norms"),
            sites=norms_table(request.user),
        )

    def next_hours(self, request: HttpRequest) -> HttpResponse:
        """The next 72 hours."""
        if not may_project(request.user):
            raise PermissionDenied
        found = projection(request.user, clock.now())
        return self._page(
            request,
            "projection",
            _("The next 72 hours: an estimate"),
            found=found,
            sentence=_when_full(found),
            coverage=round(100 * COVERAGE),
        )

    def plan_board(self, request: HttpRequest) -> HttpResponse:
        """The contingency plan."""
        _require(request, P.SITES_READ)
        found = contingency(request.user, clock.now())
        may_plan = access_of(request.user).can(P.PLANS_EDIT)
        return self._page(
            request,
            "contingency",
            _("Contingency plan"),
            found=found,
            ready=[_plan_row(line, request.user) for line in found.ready],
            preparing=[_plan_row(line, request.user) for line in found.preparing],
            add=address("reception_siteplan_add") if may_plan else "",
        )

    def _page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            f"reception/admin/{template}.html",
            {
                **self.admin_site.each_context(request),  # type: ignore[attr-defined]
                "opts": Site._meta,
                "title": title,
                "as_of": clock.now().astimezone(Operation.current().zone),
                "refreshing": REFRESH if request.GET.get("refresh") == "1" else 0,
                **context,
            },
        )


def _require(request: HttpRequest, policy: Policy) -> None:
    if not holds(request.user, policy):
        raise PermissionDenied


def _totals(board: Any) -> list[dict[str, Any]]:
    """The sums on top of the overview."""
    silent = sum(line.silent for line in board.lines)
    full = bool(board.lines) and not board.free
    words = (
        ("due", gettext_lazy("People due"), False),
        ("late", gettext_lazy("of them late"), True),
        ("present", gettext_lazy("People there"), False),
        ("away", gettext_lazy("People away"), False),
        ("moving", gettext_lazy("To be transferred"), False),
        ("overstaying", gettext_lazy("Overstaying"), True),
    )
    totals = [
        {"label": label, "value": board.total(name), "alarming": alarming and board.total(name)}
        for name, label, alarming in words
    ]
    return [
        *totals,
        {
            "label": _("Places free"),
            "value": board.free,
            "alarming": full,
        },
        {"label": _("Sites not reporting"), "value": silent, "alarming": silent},
    ]


def _site_row(line: SiteLine) -> dict[str, Any]:
    return {
        "line": line,
        "bar": occupancy_bar(line.site),
        "page": address("reception_board", line.site.code),
        "last": lasting(clock.now() - line.last_sign) if line.last_sign else "",
    }


def _families(board: SiteBoard) -> dict[str, list[dict[str, Any]]]:
    groups = {
        "due": board.due,
        "overstaying": board.overstaying,
        "absent": board.absent,
        "moving": board.moving,
    }
    return {name: [_family(f) for f in group[:ROWS_SHOWN]] for name, group in groups.items()}


def _family(family: FamilyAtSite) -> dict[str, Any]:
    return {
        "family": family,
        "page": address("reception_placement_change", family.placement),
        "check_in": address("reception_placement_check_in", family.placement),
        "lasting": lasting(family.lasting),
        "reason": AbsenceReason(family.reason).label if family.reason else "",
    }


def _plan_row(line: PlanLine, user: Any) -> dict[str, Any]:
    plan, site = line.plan, line.site
    make = ""
    if plan is None and site is not None and may_at(user, P.PLANS_EDIT, site):
        make = f"{address('reception_siteplan_add')}?site={site.pk}"
    return {
        "line": line,
        "page": address("reception_site_change", site.pk) if site else "",
        "plan": address("reception_siteplan_change", plan.pk) if plan else "",
        "make": make,
    }


def _when_full(found: Projection) -> str:
    """When the places run out, in one sentence."""
    if not found.available or found.free is None:
        return ""
    if found.full_in is None and found.full_early is None:
        return _("The places last for 72 hours, also if many come.")
    if found.full_in is None:
        return _(
            "The places last for 72 hours if as many come as expected. "
            "If many come, they run out in %(early)s."
        ) % {"early": _in_hours(found.full_early)}
    if found.full_in == 0:
        return _("There are fewer free places than people waiting now.")
    late = _("later than in 72 hours") if found.full_late is None else _in_hours(found.full_late)
    return _(
        "The places run out in about %(hours)s. If many come: %(early)s. If few come: %(late)s."
    ) % {
        "hours": _in_hours(found.full_in),
        "early": _in_hours(found.full_early),
        "late": late,
    }


def _in_hours(hours: int | None) -> str:
    return ngettext("%(count)d hour", "%(count)d hours", hours or 0) % {"count": hours or 0}
