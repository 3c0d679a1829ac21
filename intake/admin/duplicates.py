"""Possible duplicates: a queue by score, both households side by side, decide, ask and undo."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Operation
from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.admin import PolicyModelAdmin, domain_errors_as_messages
from intake.admin.comparing import rows_of, sides_of
from intake.admin.households import EntryPointFilter
from intake.admin.pages import page
from intake.admin.status_filters import WorkFilter
from intake.choices import UNDECIDED, FieldTopic, PairStatus
from intake.duplicates import (
    Ask,
    MergePreview,
    ask_in_field,
    decide_pair,
    describe,
    describe_news,
    preview_merge,
    queue_figures,
    undo_decision,
)
from intake.duplicates.asking import LONGEST_NOTE
from intake.duplicates.reasons import DOCUMENTS
from intake.models import Arrival, DuplicatePair, Household, Identity


class StatusFilter(WorkFilter):
    """What is to decide, unless something else is asked for."""

    first = PairStatus.OPEN.label
    others = (
        *[(str(each.value), each.label) for each in PairStatus if each != PairStatus.OPEN],
        ("all", gettext_lazy("All")),
    )

    def chosen(self, rows: QuerySet[Any], value: str) -> QuerySet[Any]:
        """Pairs with the status that was chosen; what waits, also asked too long ago."""
        if value == "all":
            return rows
        if value:
            return rows.filter(status=value)
        return rows.waiting(clock.now())  # type: ignore[attr-defined,no-any-return]


class ArrivedThroughFilter(EntryPointFilter):
    """By the entry point of an arrival of either household."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Pairs of which one household arrived there."""
        if not self.value():
            return queryset
        there = Arrival.objects.filter(entry_point__code=self.value()).values("household")
        return queryset.filter(Q(first__in=there) | Q(second__in=there))


class DocumentFilter(admin.SimpleListFilter):
    """Pairs that show the same document."""

    title = gettext_lazy("document")
    parameter_name = "document"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """One choice beside all."""
        return [("same", gettext_lazy("With the same document"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Pairs with that reason."""
        if self.value() != "same":
            return queryset
        return queryset.filter(reasons__contains=[{"code": DOCUMENTS}])


class AskForm(forms.Form):
    """What to ask the family of one household."""

    wanted = forms.BooleanField(required=False)
    topic = forms.ChoiceField(
        label=gettext_lazy("What to ask"), choices=FieldTopic.choices, required=False
    )
    note = forms.CharField(
        label=gettext_lazy("Note for the staff there"),
        required=False,
        max_length=LONGEST_NOTE,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": LONGEST_NOTE}),
        help_text=gettext_lazy("About this family only: they may not know of the other."),
    )

    def __init__(self, *args: Any, household: Household, **kwargs: Any) -> None:
        kwargs["prefix"] = f"ask-{household.pk}"
        super().__init__(*args, **kwargs)
        self.household = household
        self.fields["wanted"].label = _("Ask %(reference)s") % {"reference": household.reference}


@admin.register(DuplicatePair)
class DuplicatePairAdmin(PolicyModelAdmin):
    """Only a person decides, and any decision can be taken back."""

    view_policy = Permission.DUPLICATES_DECIDE
    list_display = ("households", "percent", "why", "status", "decided_by", "decided_at")
    list_display_links = ("households",)
    list_filter = (StatusFilter, ArrivedThroughFilter, DocumentFilter)
    list_select_related = ("first", "second", "decided_by")
    list_before_template = "intake/desk/queue_figures.html"
    ordering = ("-score", "pk")

    class Media:
        css = {"all": ["intake/desk.css", "intake/pair.css"]}

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
        """Pairs of which the officer may see both households, without what a merge settled."""
        pairs: QuerySet[Any] = super().get_queryset(request)
        return pairs.unsettled()  # type: ignore[attr-defined,no-any-return]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The queue with how good what it offers is."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        figures = {"figures": queue_figures(request.user)}
        return super().changelist_view(request, {**(extra_context or {}), **figures})

    @admin.display(description=gettext_lazy("households"))
    def households(self, pair: DuplicatePair) -> str:
        """Both references, as one would read them in any direction of script."""
        return format_html(
            '<bdi dir="ltr">{}</bdi> · <bdi dir="ltr">{}</bdi>',
            pair.first.reference,
            pair.second.reference,
        )

    @admin.display(description=gettext_lazy("alike"), ordering="score")
    def percent(self, pair: DuplicatePair) -> str:
        """The score in per cent."""
        return f"{int(pair.score * 100)} %"

    @admin.display(description=gettext_lazy("why"))
    def why(self, pair: DuplicatePair) -> str:
        """The reasons in words; what is new first."""
        return "; ".join([*describe_news(pair.news), *describe(pair.reasons)])

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Both households side by side; opening them is recorded."""
        pair = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if pair is None:
            raise Http404
        for household in (pair.first, pair.second):
            record_access(request.user, "read", household)
        with timezone.override(Operation.current().zone):
            response: Any = self._page(request, pair)
            answer: HttpResponse = response.render()
        return answer

    def _page(
        self, request: HttpRequest, pair: DuplicatePair, asks: list[AskForm] | None = None
    ) -> HttpResponse:
        is_open = pair.status in UNDECIDED
        preview = preview_merge(actor=request.user, pair=pair) if is_open else None
        sides = sides_of(pair, request.user)
        following = self._following(request, pair)
        return page(
            self,
            request,
            "pair",
            _("Are these the same people?"),
            pair=pair,
            percent=int(pair.score * 100),
            reasons=describe(pair.reasons),
            news=describe_news(pair.news),
            sides=sides,
            rows=rows_of(sides, _known(pair, preview), request.user, Operation.current()),
            decisions=pair.decisions.select_related("decided_by", "undone_by").order_by("pk"),
            is_open=is_open,
            can_undo=pair.status in (PairStatus.SAME, PairStatus.DIFFERENT),
            asks=asks or [AskForm(household=side.household) for side in sides],
            show_ask=asks is not None,
            preview=preview,
            said=_said(preview) if preview else [],
            skip=following.pk if following else None,
        )

    def _following(self, request: HttpRequest, pair: DuplicatePair) -> DuplicatePair | None:
        """The next pair of the queue below this one, from the top again at its end."""
        waiting = self.get_queryset(request).waiting(clock.now()).exclude(pk=pair.pk)  # type: ignore[attr-defined]
        below = Q(score__lt=pair.score) | Q(score=pair.score, pk__gt=pair.pk)
        found: DuplicatePair | None = waiting.filter(below).first() or waiting.first()
        return found

    def decide_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Decide, ask or undo, and go on to the next pair."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        pair = self.get_queryset(request).filter(pk=pk).select_related("first", "second").first()
        if pair is None:
            raise Http404
        here = HttpResponseRedirect(reverse("admin:intake_duplicatepair_change", args=[pair.pk]))
        decision = request.POST.get("decision")
        with domain_errors_as_messages(request):
            if decision == "undo":
                undo_decision(actor=request.user, pair=pair)
                messages.success(request, _("The decision is undone; the pair is open again."))
            elif decision == "ask":
                return self._ask(request, pair)
            elif decision in ("same", "different"):
                decide_pair(actor=request.user, pair=pair, same=decision == "same")
                messages.success(request, _("Decided. You can undo it on the page of the pair."))
                return self._next(request, pair)
            else:
                messages.error(request, _("Choose what they are: the same, or different."))
        return here

    def _ask(self, request: HttpRequest, pair: DuplicatePair) -> HttpResponse:
        """Ask in the field; what was typed stays when it cannot be asked."""
        both = (pair.first, pair.second)
        typed = [AskForm(request.POST, household=each) for each in both]
        if all(form.is_valid() for form in typed):
            asks = [
                Ask(form.household, form.cleaned_data["topic"], form.cleaned_data["note"])
                for form in typed
                if form.cleaned_data["wanted"]
            ]
            with domain_errors_as_messages(request):
                ask_in_field(actor=request.user, pair=pair, asks=asks)
                messages.success(request, _("Asked. The pair comes back with the answer."))
                return self._next(request, pair)
        for household in both:
            record_access(request.user, "read", household)
        with timezone.override(Operation.current().zone):
            response: Any = self._page(request, pair, typed)
            answer: HttpResponse = response.render()
        return answer

    def _next(self, request: HttpRequest, pair: DuplicatePair) -> HttpResponse:
        following = self._following(request, pair)
        if following is None:
            return HttpResponseRedirect(reverse("admin:intake_duplicatepair_changelist"))
        address = reverse("admin:intake_duplicatepair_change", args=[following.pk])
        return HttpResponseRedirect(address)


def _known(pair: DuplicatePair, preview: MergePreview | None) -> dict[uuid.UUID, uuid.UUID]:
    """Who is taken for whom: as the merge would, as it did, or as the search found."""
    if preview is not None and preview.known:
        return preview.known
    found = pair.undo.get("pairs") or pair.matches
    return {uuid.UUID(one): uuid.UUID(other) for one, other in found}


def _said(preview: MergePreview) -> list[str]:
    """What "the same" would do, sentence by sentence."""
    names = {"stays": preview.survivor.reference, "joins": preview.repeat.reference}
    if preview.problem is not None:
        return [str(preview.problem.message)]
    known = len(preview.known)
    said = [
        _("%(stays)s stays. %(joins)s is closed, and its reference leads to %(stays)s.") % names,
        ngettext(
            "%(count)d person is the same and is counted once.",
            "%(count)d people are the same and are counted once.",
            known,
        )
        % {"count": known},
    ]
    if preview.joining:
        rows = Identity.objects.filter(person__in=preview.joining)
        people = ", ".join(row.open().name or _("Not yet named") for row in rows)
        said.append(
            _("Came only later and joins %(stays)s: %(people)s.") % {**names, "people": people}
        )
    said += [
        _("%(what)s that move to %(stays)s: %(count)d.") % {**names, "what": what, "count": count}
        for what, count in ((str(w)[:1].upper() + str(w)[1:], n) for w, n in preview.moved)
    ]
    return said + [str(each) for each in preview.notes]
