"""The base of every admin page: policies decide, only visible rows are served, looks are recorded.

`common` knows neither roles nor access records: `accounts` registers how a policy is checked and
`audit` how a look is recorded (`register_policy_check`, `register_access_recorder`, called from
their `apps.py`). Until both did, everything is denied.

Use:

    @admin.register(Site)
    class SiteAdmin(PolicyModelAdmin):
        view_policy = Permission.SITES_READ
        change_policy = Permission.SITES_EDIT
        records_access = False          # no personal data on these pages

        @button(_("Close"), policy=Permission.SITES_EDIT, form=ReasonForm)
        def close(self, request, site, data):
            close_site(actor=request.user, site=site, reason=data["reason"])
            return _("The site is closed.")
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.admin.utils import construct_change_message
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from common.admin_buttons import Button, ButtonsMixin, button, domain_errors_as_messages
from common.encryption import SealedTextField
from common.form_errors import add_domain_error
from common.models import CodeListEntry

__all__ = [
    "BoundedPaginator",
    "Button",
    "PolicyModelAdmin",
    "add_domain_error",
    "button",
    "domain_errors_as_messages",
    "holds",
    "register_access_recorder",
    "register_policy_check",
]

# One permission, a tuple of which one is enough, or None: denied to everybody.
Policy = str | tuple[str, ...] | None
PolicyCheck = Callable[[Any, str], bool]
AccessRecorder = Callable[..., None]

_policy_checks: list[PolicyCheck] = []
_access_recorders: list[AccessRecorder] = []


def register_policy_check(check: PolicyCheck) -> None:
    """Have `check(user, permission)` decide. Called once, from the `ready` of accounts."""
    _policy_checks[:] = [check]


def register_access_recorder(recorder: AccessRecorder) -> None:
    """Have `recorder(user, action, subject, count=…)` called. From the `ready` of audit."""
    _access_recorders[:] = [recorder]


def holds(user: Any, policy: Policy) -> bool:
    """Whether `user` holds the policy anywhere; never without a registered check."""
    if policy is None or not _policy_checks:
        return False
    wanted = policy if isinstance(policy, tuple) else (policy,)
    return any(_policy_checks[0](user, permission) for permission in wanted)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages over at most LIMIT rows, so that a list of a million rows is never counted whole.

    Beyond the limit people narrow the list by search or filter; the page says "10000+".
    """

    LIMIT = 10_000
    template_name = "common/admin/pagination.html"

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        if not isinstance(rows, models.QuerySet):
            return len(rows)
        return rows.order_by()[: self.LIMIT + 1].count()

    @property
    def count(self) -> int:
        """How many rows the pages cover."""
        return min(self._counted, self.LIMIT)

    @property
    def more(self) -> bool:
        """Whether there are more rows than the pages cover."""
        return self._counted > self.LIMIT


class PolicyModelAdmin(ButtonsMixin, ModelAdmin):
    """An admin page that asks policies, serves visible rows only and records who looked.

    Denied unless a policy says otherwise. Rows come from the manager's `visible_to(user)`; a
    table without it serves nothing unless the page defines `visible_to(request)` itself.
    """

    view_policy: Policy = None
    add_policy: Policy = None
    change_policy: Policy = None
    delete_policy: Policy = None
    # Off only where the pages show no personal data.
    records_access = True

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 200
    list_disable_select_all = True
    list_filter_submit = True
    warn_unsaved_form = True
    view_on_site = False
    actions_on_top = True

    # Who may -----------------------------------------------------------------------------
    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the user may do anything here."""
        return any(
            holds(request.user, policy)
            for policy in (self.view_policy, self.add_policy, self.change_policy)
        )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may view or change."""
        return holds(request.user, self.view_policy) or holds(request.user, self.change_policy)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever holds the policy for adding."""
        return holds(request.user, self.add_policy)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever holds the policy for changing."""
        return holds(request.user, self.change_policy)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever holds the policy for deleting; nobody by default."""
        return holds(request.user, self.delete_policy)

    def visible_to(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The rows this user may see. Override for tables whose manager has no `visible_to`.

        Code lists are the same for everybody whom the page's policy lets in.
        """
        manager: Any = self.model._default_manager
        if issubclass(self.model, CodeListEntry):
            return manager.all()  # type: ignore[no-any-return]
        if not hasattr(manager, "visible_to"):
            return manager.none()  # type: ignore[no-any-return]
        return manager.visible_to(request.user)  # type: ignore[no-any-return]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Visible rows only, in the page's order."""
        rows = self.visible_to(request)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_actions(self, request: HttpRequest) -> Any:
        """No deletion of many rows at once: records of people are closed, not deleted."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # Who looked --------------------------------------------------------------------------
    def record_access(
        self, request: HttpRequest, action: str, subject: Any, *, count: int = 1
    ) -> None:
        """Record a look, where these pages show personal data."""
        if self.records_access:
            for recorder in _access_recorders:
                recorder(request.user, action, subject, count=count)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Show the page with its buttons and record the look."""
        if obj is not None and obj.pk and not add:
            self.record_access(request, "read", obj)
        context["buttons"] = self.shown_buttons(request, obj)
        return super().render_change_form(  # type: ignore[no-any-return]
            request, context, add, change, form_url, obj
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list and record how many rows were shown."""
        response = super().changelist_view(request, extra_context)
        cl = getattr(response, "context_data", {}).get("cl")
        if cl is not None and request.method == "GET":
            action = "search" if cl.query else "list"
            self.record_access(request, action, self.model, count=len(cl.result_list))
        return response  # type: ignore[no-any-return]

    # The admin's own log: which row and which fields, never what they say -----------------
    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        """Names of changed fields only; related rows are not named."""
        return construct_change_message(form, [], add)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        """Log without the row's text."""
        return _log(request, obj, ADDITION, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry:
        """Log without the row's text."""
        return _log(request, obj, CHANGE, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        """Log without the rows' text."""
        return [_log(request, obj, DELETION, "") for obj in queryset]

    # Fields ------------------------------------------------------------------------------
    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Sealed text is a text area; everything else as the theme does it."""
        if isinstance(db_field, SealedTextField):
            kwargs.setdefault("widget", UnfoldAdminTextareaWidget(attrs={"rows": 3}))
            return db_field.formfield(**kwargs)  # type: ignore[no-any-return]
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[no-any-return]


def neutral_name(obj: Any) -> str:
    """What a row is called in logs: its reference or code, else its key."""
    for name in ("reference", "code"):
        if value := getattr(obj, name, ""):
            return str(value)
    return str(obj.pk)


def _log(request: HttpRequest, obj: Any, flag: int, message: Any) -> LogEntry:
    return LogEntry.objects.create(
        user_id=request.user.pk,  # type: ignore[misc]
        content_type=ContentType.objects.get_for_model(obj, for_concrete_model=False),
        object_id=str(obj.pk),
        object_repr=neutral_name(obj)[:200],
        action_flag=flag,
        change_message=message if isinstance(message, str) else json.dumps(message),
    )
