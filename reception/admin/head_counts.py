"""Head counts: begin, count with a phone or from paper, close, resolve what differs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.policies import Permission
from common import clock
from common.admin import PolicyModelAdmin, domain_errors_as_messages
from reception import services
from reception.admin import counting
from reception.admin.shown import address
from reception.choices import HeadCountHow, HeadCountKind, SiteStatus
from reception.head_counts import compared, last_count_of
from reception.models import HeadCount, Site
from reception.policies import may_at
from reception.querysets import sites_q
from reception.services.seen_lines import Seen, count_many

READ, WRITE = Permission.PLACEMENTS_READ, Permission.PLACEMENTS_WRITE
PER_PAGE = 40
COUNTS_SHOWN = 7
MOST_LINES = 100


@admin.register(HeadCount)
class HeadCountAdmin(PolicyModelAdmin):
    """Roll calls of sites. Made on the pages of a site; nothing is changed in this list."""

    view_policy = READ
    records_access = False
    list_display = (
        *("site", "day", "kind", "expected", "counted", "missing", "unexpected", "to_resolve"),
    )
    list_filter = ("kind",)
    list_select_related = ("site",)
    search_fields = ("site__code", "site__name")
    search_help_text = gettext_lazy("Name or code")
    ordering = ("-started_at",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Visible counts with their open differences."""
        return super().get_queryset(request).with_open_differences()  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("to resolve"))
    def to_resolve(self, count: Any) -> Any:
        """Open differences; a count that goes on says so."""
        return _("going on") if count.is_open else count.n_open

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """To where the count is: counting, or what differs."""
        count = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if count is None:
            raise Http404
        return redirect(_page_of(request, count))

    def get_urls(self) -> list[URLPattern]:
        """The pages of one count, and that of a site."""
        pages = [
            ("at/<uuid:site_id>/", self.at_site, "count_at"),
            ("<uuid:count_id>/counting/", self.counting, "counting"),
            ("<uuid:count_id>/scanned/", self.scanned, "count_scanned"),
            ("<uuid:count_id>/end/", self.end, "count_end"),
            ("<uuid:count_id>/differences/", self.differences, "count_differences"),
            ("<uuid:count_id>/paper/", self.paper, "count_paper"),
        ]
        wrap = self.admin_site.admin_view
        own = [path(route, wrap(view), name=f"reception_{name}") for route, view, name in pages]
        return [*own, *super().get_urls()]

    # Begin and end -----------------------------------------------------------------------
    def at_site(self, request: HttpRequest, site_id: UUID) -> HttpResponse:
        """Begin a count of a site, or join the one that goes on."""
        site = Site.objects.filter(sites_q(request.user, READ), pk=site_id).first()
        if site is None:
            raise Http404
        may = may_at(request.user, WRITE, site)
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            with domain_errors_as_messages(request):
                method = request.POST.get("method", "") or HeadCountHow.SCAN
                count = services.start_head_count(actor=request.user, site=site, method=method)
                return redirect(_page_of(request, count))
            return redirect(address("reception_count_at", site.pk))
        counts = HeadCount.objects.filter(site=site).with_open_differences()
        counts = counts.order_by("-started_at")
        going_on = counts.open().first()
        return self._render(
            request,
            "count_at",
            _("Head count of %(site)s") % {"site": site.name},
            site=site,
            may=may,
            going_on=going_on,
            resume=_page_of(request, going_on) if going_on else "",
            counts=[(_page_of(request, each), each) for each in counts[:COUNTS_SHOWN]],
            methods=[each for each in HeadCountHow if each != HeadCountHow.REFERENCE],
        )

    def end(self, request: HttpRequest, count_id: UUID) -> HttpResponse:
        """Close a count, open it again, or throw it away."""
        count = self._count(request, count_id, write=True)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        what = request.POST.get("do")
        with domain_errors_as_messages(request):
            if what == "close":
                count = services.close_head_count(actor=request.user, count=count)
            elif what == "reopen":
                count = services.reopen_head_count(actor=request.user, count=count)
            elif what == "drop":
                services.drop_head_count(actor=request.user, count=count)
                messages.success(request, _("The count is thrown away."))
                return redirect(address("reception_count_at", count.site_id))
        return redirect(_page_of(request, count))

    # Count -------------------------------------------------------------------------------
    def counting(self, request: HttpRequest, count_id: UUID) -> HttpResponse:
        """Scan, type, tap: everything that is sent here also works without a script."""
        count = self._count(request, count_id, write=True)
        if not count.is_open:
            return redirect(address("reception_count_differences", count.pk))
        refused = []
        if request.method == "POST":
            sent = counting.read_form(request.POST)
            answers = count_many(actor=request.user, count=count, lines=sent)
            refused = [each for each in answers if each.refusal is not None]
            if not refused:
                for answer in answers:
                    messages.info(request, counting.said_of(answer))
                return redirect(address("reception_counting", count.pk))
        return self._render(
            request,
            "counting",
            _("Head count of %(site)s") % {"site": count.site.name},
            status=422 if refused else 200,
            count=count,
            rooms=counting.rooms_of(count, request.POST),
            recent=counting.recent_of(request.user, count),
            problems=[each.as_json() for each in refused],
            typed=request.POST,
            counted=compared(count).counted,
            untouched=not count.lines.seen_ones().exists() and not count.tallies.exists(),
            queue=f"panah-count:{request.user.pk}:{count.pk}",
        )

    def scanned(self, request: HttpRequest, count_id: UUID) -> HttpResponse:
        """What the page sends by itself, as JSON: a few lines with how long ago each was seen."""
        count = self._count(request, count_id, write=True)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            sent = [_seen(each) for each in json.loads(request.body)["lines"][:MOST_LINES]]
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            return JsonResponse({"code": "invalid"}, status=400)
        answers = count_many(actor=request.user, count=count, lines=sent)
        return JsonResponse(
            {
                "answers": [each.as_json() for each in answers],
                "counted": compared(count).counted,
                "expected": count.expected,
            }
        )

    def paper(self, request: HttpRequest, count_id: UUID) -> HttpResponse:
        """The list to print: references, sizes and boxes; no names."""
        count = self._count(request, count_id)
        return TemplateResponse(
            request,
            "reception/admin/count_paper.html",
            {
                "count": count,
                "rooms": counting.rooms_of(count, {}),
                "back": _page_of(request, count),
                "lines": range(8),
            },
        )

    # Resolve -----------------------------------------------------------------------------
    def differences(self, request: HttpRequest, count_id: UUID) -> HttpResponse:
        """What differs, each with one tap for each thing it may have been."""
        count = self._count(request, count_id)
        may = may_at(request.user, WRITE, count.site)
        if request.method == "POST":
            if not may:
                raise PermissionDenied
            with domain_errors_as_messages(request):
                counting.resolve_from(request, count)
            return redirect(request.get_full_path())
        rows = count.differences.select_related(
            "line__household", "line__unit", "tally__unit", "count__site"
        )
        pages = Paginator(rows.open().order_by("pk"), PER_PAGE)
        page = pages.get_page(request.GET.get("page"))
        newest = last_count_of(count.site)
        return self._render(
            request,
            "count_differences",
            _("Head count of %(site)s") % {"site": count.site.name},
            count=count,
            may=may,
            page=page,
            cards=[counting.card_of(request.user, each, may) for each in page],
            resolved=[
                counting.card_of(request.user, each, may=False)
                for each in rows.exclude(resolution="").order_by("-resolved_at")[:PER_PAGE]
            ],
            sites=counting.sites_for(request.user, count.site) if may else [],
            newest=newest is not None and newest.pk == count.pk,
        )

    # Helpers -----------------------------------------------------------------------------
    def _count(self, request: HttpRequest, count_id: UUID, *, write: bool = False) -> HeadCount:
        visible = HeadCount.objects.visible_to(request.user)
        count = visible.select_related("site").filter(pk=count_id).first()
        if count is None:
            raise Http404
        if write and not may_at(request.user, WRITE, count.site):
            raise PermissionDenied
        return count

    def _render(
        self, request: HttpRequest, template: str, title: str, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        return TemplateResponse(
            request,
            f"reception/admin/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.model._meta,
                "title": title,
                "media": self.media,
                **context,
            },
            status=status,
        )


def _page_of(request: HttpRequest, count: HeadCount) -> str:
    """Where a count is for this user: counting, or what differs."""
    may = count.is_open and may_at(request.user, WRITE, count.site)
    return address("reception_counting" if may else "reception_count_differences", count.pk)


def _seen(sent: dict[str, Any]) -> Seen:
    """One line that the page sends. ValueError, TypeError for what it would never send."""
    ago = min(max(float(sent.get("ago", 0)), 0.0), 36e5 * 24) / 1000
    how = sent.get("how", HeadCountHow.REFERENCE)
    seen = sent.get("seen")
    return Seen(
        key=UUID(sent["key"]),
        text=str(sent.get("text", "")),
        line=UUID(sent["line"]) if sent.get("line") else None,
        unit=str(sent["unit"]) if sent.get("unit") is not None else None,
        seen=int(seen) if seen is not None else None,
        seen_at=clock.now() - timedelta(seconds=ago),
        how=how if how in HeadCountHow.values else HeadCountHow.REFERENCE,
    )


def head_count_line(user: Any, site: Site) -> dict[str, Any]:
    """What the page of a site says of its last count; empty for who may not read placements."""
    if not may_at(user, READ, site) or site.status == SiteStatus.PREPARING:
        return {}
    return {
        "last": last_count_of(site),
        "page": address("reception_count_at", site.pk),
        "daily": HeadCountKind.DAILY,
        "may": may_at(user, WRITE, site),
    }
