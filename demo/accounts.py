"""One login per role, API clients and the agencies' clients of the demonstration.

Passwords and secrets are random and written once to var/demo/credentials.json, readable by its
owner only; the database keeps hashes.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from accounts.choices import Role, ScopeKind
from accounts.models import Agency, RoleAssignment, User
from accounts.policies import API_SCOPES
from accounts.services import create_api_client

PEOPLE: dict[str, str] = {
    "registrar": Role.REGISTRAR,
    "placement_officer": Role.PLACEMENT_OFFICER,
    "site_manager": Role.SITE_MANAGER,
    "aid_coordinator": Role.AID_COORDINATOR,
    "protection_officer": Role.PROTECTION_OFFICER,
    "reporting_officer": Role.REPORTING_OFFICER,
    "auditor": Role.AUDITOR,
    "administrator": Role.ADMINISTRATOR,
}
CLIENTS: dict[str, tuple[str, str]] = {
    "registrar": (
        Role.REGISTRAR,
        "households:read households:write entry-points:write sites:read placements:read",
    ),
    "site_manager": (
        Role.SITE_MANAGER,
        "households:read sites:read sites:write placements:read placements:write",
    ),
    "aid_coordinator": (
        Role.AID_COORDINATOR,
        "households:read sites:read aid-requests:read aid-requests:write",
    ),
    "reporting": (Role.REPORTING_OFFICER, "sites:read situation-reports:read"),
}
AGENCIES = ("UNHCR", "AKHS", "WFP", "UNICEF", "WHO", "RCST", "CES")
AGENCY_SCOPES = "aid-requests:read aid-requests:write webhooks situation-reports:read"


def _person(username: str, role: str, **fields: Any) -> tuple[User, str]:
    password = secrets.token_urlsafe(12)
    scope_kind, scope_code = ScopeKind.OPERATION, ""
    if role == Role.AGENCY_STAFF:
        scope_kind, scope_code = ScopeKind.AGENCY, fields["agency"].code
    user = User.objects.create_user(
        username=username, password=password, email=f"{username}@panah.example", **fields
    )
    RoleAssignment.objects.create(
        user=user, role=role, scope_kind=scope_kind, scope_code=scope_code
    )
    return user, password


def load_people() -> tuple[dict[str, User], dict[str, dict[str, str]]]:
    """One person per role, and one of each agency for the portal: users, and their logins."""
    users: dict[str, User] = {}
    logins: dict[str, dict[str, str]] = {}
    for name, role in PEOPLE.items():
        users[name], password = _person(name, role)
        logins[name] = {"username": name, "password": password}
    for code in AGENCIES:
        name = f"{code.lower()}_staff"
        agency = Agency.objects.get(code=code)
        users[name], password = _person(name, Role.AGENCY_STAFF, agency=agency)
        logins[name] = {"username": name, "password": password}
    return users, logins


def load_clients(*, actor: User) -> tuple[dict[str, Any], dict[str, Any]]:
    """OAuth2 clients of staff devices and of agencies, with their secrets."""
    clients: dict[str, Any] = {}
    for name, (role, scopes) in CLIENTS.items():
        client, secret = create_api_client(
            actor=actor,
            name=f"Demonstration {name}",
            scopes=scopes,
            role=role,
            scope_kind=ScopeKind.OPERATION,
            scope_code="",
        )
        clients[name] = _credentials(client.client_id, secret, scopes)
    agencies: dict[str, Any] = {}
    for code in AGENCIES:
        client, secret = create_api_client(
            actor=actor,
            name=f"Demonstration {code}",
            scopes=AGENCY_SCOPES,
            role=Role.AGENCY_STAFF,
            scope_kind=ScopeKind.AGENCY,
            scope_code=code,
            agency=Agency.objects.get(code=code),
        )
        agencies[code] = _credentials(client.client_id, secret, AGENCY_SCOPES)
    return clients, agencies


def _credentials(client_id: str, secret: str, scopes: str) -> dict[str, str]:
    assert set(scopes.split()) <= set(API_SCOPES)
    return {"client_id": client_id, "client_secret": secret, "scope": scopes}


def write_credentials(path: Path, content: dict[str, Any]) -> None:
    """Write the file for its owner only, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
    temporary.replace(path)


def update_base_url(path: Path, base_url: str) -> None:
    """The same logins at another port."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.get("base_url") != base_url:
        write_credentials(path, {**content, "base_url": base_url})
