"""API clients and roles: who may act, and as whom. Only administrators change them."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import get_access_token_model

from accounts.choices import Role, ScopeKind, UserKind
from accounts.hooks import record_change
from accounts.models import Agency, ApiClient, Operation, RoleAssignment, User
from accounts.policies import API_SCOPES, Permission, can
from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput, NotPermitted, Text


def require_manager(actor: Any) -> None:
    """NotPermitted unless the actor manages accounts."""
    if not can(actor, Permission.ACCOUNTS_MANAGE):
        raise NotPermitted("not_permitted", _("Only an administrator can do this."))


def _invalid(field: str, code: str, detail: Text) -> InvalidInput:
    return InvalidInput("invalid", detail, problems=[FieldProblem(field, code, detail)])


def create_api_client(
    *,
    actor: Any,
    name: str,
    scopes: str,
    role: str,
    scope_kind: str,
    scope_code: str = "",
    agency: Agency | None = None,
) -> tuple[ApiClient, str]:
    """A client with a service user of its own that holds `role` in one scope.

    `scopes` are names of API_SCOPES, separated by spaces. Returns the client and its secret: the
    database keeps a hash, so this is the only time it can be read.
    """
    require_manager(actor)
    if not name.strip():
        raise _invalid("name", "required", _("Give the client a name."))
    allowed = _known_scopes(scopes)
    if agency is None and scope_kind == ScopeKind.AGENCY:
        agency = Agency.objects.filter(code=scope_code).first()
    if agency is not None and (scope_kind, scope_code) != (ScopeKind.AGENCY, agency.code):
        raise _invalid("scope_code", "invalid", _("A client of an agency acts for it only."))
    with transaction.atomic():
        secret = secrets.token_urlsafe(32)
        user = User.objects.create_user(
            username=f"client-{secrets.token_hex(8)}",
            full_name=name.strip()[:200],
            kind=UserKind.SERVICE,
            agency=agency,
        )
        client = ApiClient.objects.create(
            name=name.strip()[:255],
            user=user,
            agency=agency,
            client_type=ApiClient.CLIENT_CONFIDENTIAL,
            authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
            client_secret=secret,
            allowed_scopes=allowed,
        )
        _record("client.created", client, actor, scopes=allowed)
        assign_role(actor=actor, user=user, role=role, scope_kind=scope_kind, scope_code=scope_code)
    return client, secret


@transaction.atomic
def rotate_secret(*, actor: Any, client: ApiClient) -> str:
    """A new secret, returned this once; the old one and all tokens end now."""
    require_manager(actor)
    row = _locked(client)
    if not row.is_usable(None):
        raise Conflict("client_revoked", _("This client was revoked. Make a new one."))
    secret = secrets.token_urlsafe(32)
    row.client_secret = secret
    row.save(update_fields=["client_secret", "updated"])
    _end_tokens(row)
    _record("client.secret_rotated", row, actor)
    return secret


@transaction.atomic
def revoke_client(*, actor: Any, client: ApiClient) -> None:
    """End a client for good: no new tokens, and those it has stop working. Repeatable."""
    require_manager(actor)
    row = _locked(client)
    _end_tokens(row)
    if row.user is not None and row.user.is_active:
        row.user.is_active = False
        row.user.save(update_fields=["is_active"])
        _record("client.revoked", row, actor)


@transaction.atomic
def change_client_scopes(*, actor: Any, client: ApiClient, scopes: str) -> ApiClient:
    """Set what the client may ask for; its tokens end, so that none keeps more."""
    require_manager(actor)
    row, allowed = _locked(client), _known_scopes(scopes)
    if row.allowed_scopes != allowed:
        row.allowed_scopes = allowed
        row.save(update_fields=["allowed_scopes", "updated"])
        _end_tokens(row)
        _record("client.scopes_changed", row, actor, scopes=allowed)
    return row


@transaction.atomic
def assign_role(
    *,
    actor: Any,
    user: User,
    role: str,
    scope_kind: str = ScopeKind.OPERATION,
    scope_code: str = "",
    expires_at: datetime | None = None,
) -> RoleAssignment:
    """Give `user` a role somewhere, until `expires_at` or for good.

    Given again it only changes the end. InvalidInput names the field at fault.
    """
    require_manager(actor)
    check_assignment(user, role, scope_kind, scope_code, expires_at)
    where = {"user": user, "role": role, "scope_kind": scope_kind, "scope_code": scope_code}
    assignment, created = RoleAssignment.objects.get_or_create(
        **where, defaults={"expires_at": expires_at}
    )
    changed = not created and assignment.expires_at != expires_at
    if changed:
        assignment.expires_at = expires_at
        assignment.save(update_fields=["expires_at"])
    if created or changed:
        _record_role("role.assigned", assignment, actor)
    return assignment


@transaction.atomic
def end_role(*, actor: Any, assignment: RoleAssignment) -> RoleAssignment:
    """End a role now; the assignment stays as a record. The last administrator stays."""
    require_manager(actor)
    now = clock.now()
    rows = RoleAssignment.objects.select_related("user").order_by("pk")
    # The administrators are locked together: two ends at once must not leave none.
    held = list(
        rows.filter(Q(pk=assignment.pk) | Q(role=Role.ADMINISTRATOR)).select_for_update(
            of=("self",), no_key=True
        )
    )
    row = next(each for each in held if each.pk == assignment.pk)
    if row.expires_at is not None and row.expires_at <= now:
        return row
    if row.role == Role.ADMINISTRATOR and not any(
        each.pk != row.pk
        and each.role == Role.ADMINISTRATOR
        and each.user.is_active
        and each.user.kind == UserKind.PERSON
        and (each.expires_at is None or each.expires_at > now)
        for each in held
    ):
        raise Conflict("last_administrator", _("Name another administrator first."))
    row.expires_at = now
    row.save(update_fields=["expires_at"])
    _record_role("role.ended", row, actor)
    return row


def _known_scopes(scopes: str) -> str:
    names = scopes.split()
    unknown = sorted(set(names) - set(API_SCOPES))
    if not names or unknown:
        raise _invalid("scopes", "unknown", _("Choose scopes from the list of API scopes."))
    return " ".join(sorted(set(names)))


def check_assignment(
    user: User, role: str, scope_kind: str, scope_code: str, expires_at: datetime | None
) -> None:
    """InvalidInput naming the field when a role cannot be given like that."""
    if role not in Role.values:
        raise _invalid("role", "invalid", _("Choose one of the roles."))
    if scope_kind not in ScopeKind.values:
        raise _invalid("scope_kind", "invalid", _("Choose where the role holds."))
    if (scope_kind == ScopeKind.OPERATION) != (scope_code == ""):
        raise _invalid(
            "scope_code",
            "invalid",
            _("Name the place or agency, or choose the whole operation without one."),
        )
    if role == Role.AGENCY_STAFF and scope_kind != ScopeKind.AGENCY:
        raise _invalid("scope_kind", "invalid", _("Agency staff hold their role at one agency."))
    if scope_kind == ScopeKind.AGENCY:
        if not Agency.objects.filter(code=scope_code).exists():
            raise _invalid("scope_code", "unknown", _("No agency has this code."))
        if user.agency is None or user.agency.code != scope_code:
            raise _invalid("scope_code", "invalid", _("This user does not belong to the agency."))
    if expires_at is not None and expires_at <= clock.now():
        raise _invalid("expires_at", "past", _("The end must lie in the future."))


def _locked(client: ApiClient) -> ApiClient:
    row: ApiClient
    rows = ApiClient.objects.filter(pk=client.pk).order_by("pk").select_related("user")
    (row,) = rows.select_for_update(of=("self",), no_key=True)
    return row


def _end_tokens(client: ApiClient) -> None:
    get_access_token_model().objects.filter(application=client).delete()


def _record(kind: str, client: ApiClient, actor: Any, **data: Any) -> None:
    # The client's own key is a number: the event is about its service user.
    agency = client.agency.code if client.agency else ""
    record_change(
        kind, client.user, actor=actor, agency_code=agency, client_id=client.client_id, **data
    )


def _record_role(kind: str, row: RoleAssignment, actor: Any) -> None:
    until = row.expires_at.isoformat() if row.expires_at else ""
    record_change(
        kind,
        row.user,
        actor=actor,
        role=row.role,
        scope_kind=row.scope_kind,
        scope_code=row.scope_code,
        until=until,
    )


@transaction.atomic
def save_user(*, actor: Any, user: User, password: str | None = None) -> User:
    """Save a new or changed user; a password, when given, is set. Records what was changed."""
    require_manager(actor)
    created = user._state.adding
    if created:
        user.kind = UserKind.PERSON
        user.set_password(password)
    elif password is not None:
        user.set_password(password)
    before = None if created else User.objects.filter(pk=user.pk).first()
    if before is not None and before.is_active and not user.is_active:
        _require_another_administrator(user)
    user.save()
    kind = "user.created" if created else "user.changed"
    record_change(kind, user, actor=actor, active=user.is_active, password=password is not None)
    return user


@transaction.atomic
def save_record(*, actor: Any, record: Agency | Operation) -> Agency | Operation:
    """Save a new or changed agency, or the operation."""
    require_manager(actor)
    kind = record._meta.model_name
    created = record._state.adding
    record.save()
    record_change(f"{kind}.{'created' if created else 'changed'}", record, actor=actor)
    return record


def _require_another_administrator(user: User) -> None:
    rows = RoleAssignment.objects.filter(role=Role.ADMINISTRATOR, user__is_active=True)
    held = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))
    now = clock.now()
    current = [each for each in held if each.expires_at is None or each.expires_at > now]
    if current and all(each.user_id == user.pk for each in current):
        raise Conflict("last_administrator", _("Name another administrator first."))
