"""Users, agencies, roles and API clients. Invented people only."""

from __future__ import annotations

import itertools
from datetime import date, time
from typing import Any

from accounts.choices import AgencyKind, Role, ScopeKind, UserKind
from accounts.models import Agency, ApiClient, Operation, RoleAssignment, User

_serial = itertools.count(1)
PASSWORD = "a-long-test-password"


def make_operation(**fields: Any) -> Operation:
    """The operation in Gorno-Badakhshan."""
    return Operation.objects.create(
        **{
            "code": "gbao-2021",
            "name": "Gorno-Badakhshan, July 2021",
            "country": "TJK",
            "time_zone": "Asia/Dushanbe",
            "cut_off": time(6, 0),
            "started_on": date(2021, 7, 1),
            **fields,
        }
    )


def make_agency(code: str = "", **fields: Any) -> Agency:
    """An agency."""
    code = code or f"AG{next(_serial)}"
    return Agency.objects.create(
        **{"code": code, "name": f"Agency {code}", "kind": AgencyKind.UN, **fields}
    )


def make_user(
    role: str | None = None, *, scope: str = ScopeKind.OPERATION, code: str = "", **fields: Any
) -> User:
    """A user with one role in one scope, or with none (the outsider)."""
    user = User.objects.create_user(
        **{
            "username": f"user{next(_serial)}",
            "password": PASSWORD,
            "email": f"user{next(_serial)}@example.org",
            **fields,
        }
    )
    if role:
        RoleAssignment.objects.create(user=user, role=role, scope_kind=scope, scope_code=code)
    return user


def make_client(
    *,
    scopes: str,
    role: str,
    scope: str = ScopeKind.OPERATION,
    code: str = "",
    agency: Agency | None = None,
    secret: str = "a-test-secret",
) -> ApiClient:
    """An OAuth2 client with its service user."""
    user = make_user(role, scope=scope, code=code, kind=UserKind.SERVICE, agency=agency)
    return ApiClient.objects.create(
        name=f"client{next(_serial)}",
        user=user,
        agency=agency,
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
        client_secret=secret,
        allowed_scopes=scopes,
    )


def make_agency_user(agency: Agency, **fields: Any) -> User:
    """A person who works at an agency."""
    return make_user(
        Role.AGENCY_STAFF, scope=ScopeKind.AGENCY, code=agency.code, agency=agency, **fields
    )
