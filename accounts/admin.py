"""Users with their roles, agencies, API clients and the operation, for the administrator."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from accounts import services
from accounts.choices import UserKind
from accounts.forms import (
    NewClientForm,
    NewUserForm,
    PasswordForm,
    RoleForm,
    ScopesForm,
    UserForm,
)
from accounts.models import Agency, ApiClient, Operation, RoleAssignment, User
from accounts.policies import Permission
from common.admin import (
    PolicyModelAdmin,
    add_domain_error,
    button,
    domain_errors_as_messages,
    holds,
)
from common.errors import DomainError

P = Permission
# Tables of libraries whose own admin pages know no policy (among them this app's ApiClient).
_FOREIGN = {"oauth2_provider", "django_celery_beat", "auth", "contenttypes", "sessions"}
for _model in list(admin.site._registry):
    if _model._meta.app_label in _FOREIGN or _model is ApiClient:
        admin.site.unregister(_model)


class RoleInline(TabularInline):
    """Roles of a user. Removing one ends it now; the record stays."""

    model = RoleAssignment
    form = RoleForm
    extra = 0
    verbose_name_plural = _("roles")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Administrators."""
        return holds(request.user, P.ACCOUNTS_MANAGE)

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission

    def get_queryset(self, request: HttpRequest) -> QuerySet[RoleAssignment]:
        """All of the user, ended ones too."""
        return RoleAssignment.objects.order_by("pk")


@admin.register(User)
class UserAdmin(PolicyModelAdmin):
    """People who sign in. Services behind API clients are on the clients' pages."""

    view_policy = add_policy = change_policy = P.ACCOUNTS_MANAGE
    form = UserForm
    inlines = (RoleInline,)
    ordering = ("username",)
    list_display = ("username", "full_name", "roles", "agency", "is_active")
    list_select_related = ("agency",)
    list_filter = ("is_active", "agency", "role_assignments__role")
    search_fields = ("username", "full_name")

    def visible_to(self, request: HttpRequest) -> QuerySet[User]:
        """Every person, for administrators."""
        if not holds(request.user, P.ACCOUNTS_MANAGE):
            return User.objects.none()
        return User.objects.filter(kind=UserKind.PERSON).prefetch_related("role_assignments")

    @admin.display(description=_("Roles"))
    def roles(self, row: User) -> str:
        """Every role, with its place."""
        return ", ".join(
            f"{each.get_role_display()} {each.scope_code}".strip()
            for each in row.role_assignments.all()
        )

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """With a first password for a new user."""
        if obj is None:
            kwargs["form"] = NewUserForm
        return super().get_form(request, obj, change, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Roles are given once the user exists: the rules look at the user's agency."""
        return self.inlines if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service."""
        with domain_errors_as_messages(request):
            services.save_user(
                actor=request.user, user=obj, password=form.cleaned_data.get("password")
            )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Each role through the service."""
        formset.save(commit=False)
        for row in formset.deleted_objects:
            with domain_errors_as_messages(request):
                services.end_role(actor=request.user, assignment=row)
        for row in [*formset.new_objects, *(each for each, _fields in formset.changed_objects)]:
            with domain_errors_as_messages(request):
                services.assign_role(
                    actor=request.user,
                    user=row.user,
                    role=row.role,
                    scope_kind=row.scope_kind,
                    scope_code=row.scope_code,
                    expires_at=row.expires_at,
                )

    @button(_("Set a new password"), policy=P.ACCOUNTS_MANAGE, icon="key", form=PasswordForm)
    def new_password(self, request: HttpRequest, row: User, data: dict[str, Any]) -> Any:
        """For who forgot it."""
        services.save_user(actor=request.user, user=row, password=data["password"])
        return _("The new password holds from now on.")


class SavedByService(PolicyModelAdmin):
    """Agencies and the operation: saved by the service; no personal data."""

    change_policy = P.ACCOUNTS_MANAGE
    records_access = False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Through the service."""
        services.save_record(actor=request.user, record=obj)


@admin.register(Agency)
class AgencyAdmin(SavedByService):
    """Organisations that are asked for aid."""

    view_policy = P.AGENCIES_READ
    add_policy = P.ACCOUNTS_MANAGE
    ordering = ("code",)
    list_display = ("code", "name", "kind", "is_active")
    list_filter = ("kind", "is_active")
    search_fields = ("code", "name")

    def visible_to(self, request: HttpRequest) -> QuerySet[Agency]:
        """All, for whoever may read agencies."""
        return Agency.objects.all()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A code that others rely on stays."""
        return ("code",) if obj is not None else ()


@admin.register(Operation)
class OperationAdmin(SavedByService):
    """The one operation."""

    view_policy = P.ACCOUNTS_MANAGE
    list_display = ("code", "name", "time_zone", "cut_off")

    def visible_to(self, request: HttpRequest) -> QuerySet[Operation]:
        """It."""
        return Operation.objects.all()


@admin.register(ApiClient)
class ApiClientAdmin(PolicyModelAdmin):
    """OAuth2 clients. A secret is shown once, on the page that made it."""

    view_policy = add_policy = P.ACCOUNTS_MANAGE
    records_access = False
    ordering = ("name",)
    list_display = ("name", "client_id", "agency", "usable", "created")
    list_select_related = ("agency", "user")
    search_fields = ("name", "client_id")
    fields = readonly_fields = ("name", "client_id", "agency", "usable", "allowed_scopes", "roles")

    def visible_to(self, request: HttpRequest) -> QuerySet[ApiClient]:
        """All, for administrators."""
        rows: QuerySet[ApiClient] = ApiClient.objects.select_related("user")
        return rows

    @admin.display(description=_("In use"), boolean=True)
    def usable(self, row: ApiClient) -> bool:
        """Whether it was not revoked."""
        return row.is_usable(None)

    @admin.display(description=_("Roles"))
    def roles(self, row: ApiClient) -> str:
        """What its service user may do."""
        held = row.user.role_assignments.all() if row.user else []
        return ", ".join(f"{each.get_role_display()} {each.scope_code}".strip() for each in held)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Make a client; the answer to the POST shows the secret."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewClientForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            data = form.cleaned_data
            try:
                client, secret = services.create_api_client(
                    actor=request.user, **{**data, "scopes": " ".join(data["scopes"])}
                )
            except DomainError as error:
                add_domain_error(form, error)
            else:
                return self._show_secret(request, client, secret)
        return self._page(request, "accounts/admin/new_client.html", _("New API client"), form=form)

    @button(
        _("New secret"), policy=P.ACCOUNTS_MANAGE, icon="key", shown=lambda c: c.is_usable(None)
    )
    def rotate(self, request: HttpRequest, row: ApiClient) -> HttpResponse:
        """The old secret and all tokens end."""
        secret = services.rotate_secret(actor=request.user, client=row)
        return self._show_secret(request, row, secret)

    @button(_("Change scopes"), policy=P.ACCOUNTS_MANAGE, icon="tune", form=ScopesForm)
    def scopes(self, request: HttpRequest, row: ApiClient, data: dict[str, Any]) -> Any:
        """What it may ask for."""
        services.change_client_scopes(
            actor=request.user, client=row, scopes=" ".join(data["scopes"])
        )
        return _("The scopes were changed; its tokens ended.")

    @button(
        _("Revoke"),
        policy=P.ACCOUNTS_MANAGE,
        danger=True,
        shown=lambda client: client.is_usable(None),
    )
    def revoke(self, request: HttpRequest, row: ApiClient) -> Any:
        """End it for good."""
        services.revoke_client(actor=request.user, client=row)
        return _("The client was revoked.")

    def _show_secret(self, request: HttpRequest, client: ApiClient, secret: str) -> HttpResponse:
        return self._page(
            request, "accounts/admin/secret.html", client.name, client=client, secret=secret
        )

    def _page(
        self, request: HttpRequest, template: str, title: Any, **context: Any
    ) -> TemplateResponse:
        shared = self.admin_site.each_context(request)
        opts = self.model._meta
        return TemplateResponse(
            request, template, {**shared, "title": title, "opts": opts, **context}
        )
