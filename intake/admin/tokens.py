"""Slips at the desk: sheets printed ahead, and the page that a scan opens households from."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Operation
from accounts.policies import Permission, can
from audit.access import record_access
from common.admin import PolicyModelAdmin, button
from common.errors import DomainError
from common.form_errors import add_domain_error
from intake.admin.pages import page
from intake.admin.registration import entry_points_for
from intake.admin.slips import keep_waiting, qr_code
from intake.choices import RevocationReason, TokenState
from intake.duplicates import surviving
from intake.models import Household, TokenSheet
from intake.references import (
    InvalidReferenceError,
    InvalidTokenError,
    normalise_token,
    parse_reference,
)
from intake.services.tokens import (
    MOST_SLIPS,
    UNKNOWN,
    Found,
    find_by_token,
    print_copy,
    print_sheet,
    revoke_sheet,
)

PER_PAGE = 24


# Sheets --------------------------------------------------------------------------------------
class SheetForm(forms.Form):
    """How many slips, and for which desk."""

    count = forms.IntegerField(
        label=gettext_lazy("Number of slips"),
        initial=PER_PAGE,
        min_value=1,
        max_value=MOST_SLIPS,
        help_text=gettext_lazy("24 fit on a page. At most 500."),
        error_messages={"required": gettext_lazy("Write a number from 1 to 500.")},
    )
    entry_point = forms.ModelChoiceField(
        TokenSheet.objects.none(),
        label=gettext_lazy("Entry point"),
        to_field_name="code",
        required=False,
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("What the sheet is for. No names of people."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, entry_points: QuerySet[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["entry_point"]
        field.queryset = entry_points  # type: ignore[attr-defined]
        if len(entry_points) == 1:
            field.initial = entry_points[0]


class ReasonForm(forms.Form):
    """Why the slips of a sheet end."""

    reason = forms.ChoiceField(
        label=gettext_lazy("reason"),
        choices=[each for each in RevocationReason.choices if each[0] != "superseded"],
    )


@admin.register(TokenSheet)
class TokenSheetAdmin(PolicyModelAdmin):
    """Slips printed ahead. Each printing is counted, and leaves out slips that were given."""

    records_access = False
    view_policy = Permission.HOUSEHOLDS_REGISTER
    add_policy = Permission.HOUSEHOLDS_REGISTER
    list_display = (
        "printed_at",
        "entry_point",
        "count",
        "unused",
        "given",
        "revoked",
        "copies",
        "printed_by",
        "note",
    )
    list_filter = ("entry_point",)
    list_select_related = ("entry_point", "printed_by")
    ordering = ("-printed_at",)
    fields = ("printed_at", "printed_by", "entry_point", "note", "count", "unused", "given",
              "revoked", "copies")  # fmt: skip
    readonly_fields = fields

    class Media:
        css = {"all": ["intake/desk.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Visible sheets with what became of their slips."""
        sheets: QuerySet[Any] = super().get_queryset(request)
        return sheets.annotate(  # type: ignore[no-any-return]
            **{
                f"n_{state}": Count("tokens", filter=Q(tokens__state=state))
                for state in TokenState.values
            }
        )

    @admin.display(description=gettext_lazy("not given yet"))
    def unused(self, sheet: Any) -> int:
        """Slips that belong to nobody."""
        return int(sheet.n_printed)

    @admin.display(description=gettext_lazy("given"))
    def given(self, sheet: Any) -> int:
        """Slips that work."""
        return int(sheet.n_bound)

    @admin.display(description=gettext_lazy("no longer valid"))
    def revoked(self, sheet: Any) -> int:
        """Slips that ended."""
        return int(sheet.n_revoked)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Make a sheet, then print it from its page."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        points = entry_points_for(request.user)
        form = SheetForm(request.POST or None, entry_points=points)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                sheet = print_sheet(
                    actor=request.user,
                    count=data["count"],
                    entry_point=data["entry_point"].code if data["entry_point"] else None,
                    note=data["note"],
                )
            except DomainError as error:
                add_domain_error(form, error)
            else:
                return redirect(self.page_of(sheet))
        return page(
            self,
            request,
            "token_sheet_new",
            _("Print slips ahead"),
            form=form,
            status=422 if form.errors else 200,
        )

    @button(
        gettext_lazy("Print"),
        policy=Permission.HOUSEHOLDS_REGISTER,
        icon="print",
        shown=lambda sheet: not sheet.copies,
    )
    def print_first(self, request: HttpRequest, sheet: TokenSheet) -> HttpResponse:
        """The first copy: all slips."""
        return self._print(request, sheet)

    @button(
        gettext_lazy("Print again"),
        policy=Permission.HOUSEHOLDS_REGISTER,
        icon="print",
        shown=lambda sheet: sheet.copies,
    )
    def print_again(self, request: HttpRequest, sheet: TokenSheet) -> HttpResponse:
        """One more copy, which says so: of the slips that nobody was given."""
        return self._print(request, sheet)

    @button(
        gettext_lazy("Sheet lost: revoke what is not given"),
        policy=Permission.HOUSEHOLDS_REGISTER,
        form=ReasonForm,
        icon="block",
        danger=True,
        shown=lambda sheet: sheet.n_printed > 0,
    )
    def revoke_unused(self, request: HttpRequest, sheet: TokenSheet, data: Any) -> str:
        """End the slips of a sheet that went astray."""
        ended = revoke_sheet(actor=request.user, sheet=sheet, reason=data["reason"])
        return ngettext(
            "%(count)d slip no longer works.", "%(count)d slips no longer work.", ended
        ) % {"count": ended}

    def _print(self, request: HttpRequest, sheet: TokenSheet) -> HttpResponse:
        copy, slips = print_copy(actor=request.user, sheet=sheet)
        cells = [
            {"code": qr_code(slip.token), "lines": (slip.token[:10], slip.token[10:])}
            for slip in slips
        ]
        operation = Operation.current()
        with timezone.override(operation.zone):
            return TemplateResponse(
                request,
                "intake/desk/token_sheet.html",
                {
                    "sheet": copy,
                    "operation": operation,
                    "pages": [cells[at : at + PER_PAGE] for at in range(0, len(cells), PER_PAGE)],
                    "back": self.page_of(sheet),
                },
            ).render()


# Scanning ------------------------------------------------------------------------------------
def scan_page(model_admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Open the household of a slip in one step; say what the slip is when there is none to open.

    What was scanned comes by POST only.
    """
    if not can(request.user, Permission.HOUSEHOLDS_READ):
        raise PermissionDenied
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "POST"])
    if request.method != "POST":
        return _scan_form(model_admin, request)
    text = request.POST.get("text", "").strip()[:200]
    if not text:
        return _scan_form(model_admin, request, problem=_("Scan a slip, or type what is on it."))
    try:
        found = _meant(request.user, text)
    except (InvalidTokenError, InvalidReferenceError) as error:
        return _scan_form(model_admin, request, problem=error.message, text=text)
    may_register = can(request.user, Permission.HOUSEHOLDS_REGISTER)
    if "register" in request.POST and found.state == TokenState.PRINTED and may_register:
        keep_waiting(request, found.token)
        return redirect("admin:intake_household_add")
    if found.household is not None:
        record_access(request.user, "scan", found.household)
        if found.state == TokenState.BOUND:
            return redirect("admin:intake_household_change", found.household.pk)
    return _scan_form(model_admin, request, found=found, may_register=may_register)


def _meant(user: Any, text: str) -> Found:
    """What a token or a reference means to the user; raises for what is neither."""
    try:
        normalise_token(text)
    except InvalidTokenError as error:
        try:
            reference = parse_reference(text)
        except InvalidReferenceError as other:
            raise error if other.code == "unreadable" else other from None
        return _by_reference(user, reference)
    return find_by_token(user, text)


def _by_reference(user: Any, reference: str) -> Found:
    owner = Household.objects.filter(reference=reference).first()
    if owner is None:
        return Found("", UNKNOWN)
    household = surviving(owner)
    if Household.objects.visible_to(user).filter(pk__in={owner.pk, household.pk}).exists():
        return Found("", TokenState.BOUND, household)
    return Found("", UNKNOWN, hidden=True)


def _scan_form(
    model_admin: ModelAdmin[Any],
    request: HttpRequest,
    *,
    problem: Any = "",
    found: Found | None = None,
    **context: Any,
) -> HttpResponse:
    with timezone.override(Operation.current().zone):
        response = page(
            model_admin,
            request,
            "scan",
            _("Scan a slip"),
            problem=problem,
            found=found,
            status=422 if problem else 200,
            **context,
        )
        return response.render()  # type: ignore[attr-defined,no-any-return]
