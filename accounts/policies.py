"""Who may do what: the one table of permissions by role, and the scopes in which they hold.

Deny by default: a permission that no role lists is held by nobody. What a user may do is the
union over the current role assignments; where they may do it is the union of those assignments'
scopes. Querysets ask `access_of(user)` in their `visible_to(user)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection, models

from accounts.choices import Role, ScopeKind
from common import clock

if TYPE_CHECKING:
    from accounts.models import User


class Permission(models.TextChoices):
    """Everything that can be permitted."""

    OPEN_SITE = "staff.open"
    HOUSEHOLDS_REGISTER = "households.register"
    HOUSEHOLDS_READ = "households.read"
    HOUSEHOLDS_EDIT = "households.edit"
    HOUSEHOLDS_EVENTS = "households.events"
    HOUSEHOLDS_IMPORT = "households.import"
    DUPLICATES_DECIDE = "duplicates.decide"
    NEEDS_TIER_1 = "needs.tier1"
    NEEDS_TIER_2 = "needs.tier2"
    NEEDS_TIER_3 = "needs.tier3"
    SCREENING = "screening.manage"
    TRACING = "tracing.manage"
    ENTRY_POINTS_READ = "entry_points.read"
    ENTRY_POINTS_EDIT = "entry_points.edit"
    ENTRY_POINTS_REPORT = "entry_points.report"
    BORDER_READ = "border.read"
    BORDER_ASSESS = "border.assess"
    SITES_READ = "sites.read"
    SITES_EDIT = "sites.edit"
    SITES_HIDDEN = "sites.hidden"
    PLACEMENTS_READ = "placements.read"
    PLACEMENTS_WRITE = "placements.write"
    KEEP_APART = "placements.keep_apart"
    CAPACITY_OVERRIDE = "capacity.override"
    PLANS_EDIT = "plans.edit"
    AGENCIES_READ = "agencies.read"
    AID_REQUEST = "aid.request"
    AID_READ = "aid.read"
    AID_RESPOND = "aid.respond"
    SERVICES_EDIT = "services.edit"
    WEBHOOKS = "webhooks.manage"
    NOTIFICATIONS_READ = "notifications.read"
    REPORTS_READ = "reports.read"
    REPORTS_READ_PUBLIC = "reports.read_public"
    REPORTS_PUBLISH = "reports.publish"
    AUDIT_READ = "audit.read"
    ACCOUNTS_MANAGE = "accounts.manage"
    CODELISTS_MANAGE = "codelists.manage"


P = Permission
_STAFF = {P.OPEN_SITE, P.ENTRY_POINTS_READ, P.NOTIFICATIONS_READ}

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.REGISTRAR: frozenset(
        _STAFF
        | {P.HOUSEHOLDS_REGISTER, P.HOUSEHOLDS_READ, P.HOUSEHOLDS_EDIT, P.HOUSEHOLDS_IMPORT}
        | {P.HOUSEHOLDS_EVENTS, P.ENTRY_POINTS_REPORT, P.BORDER_READ}
        | {P.BORDER_ASSESS, P.NEEDS_TIER_1, P.SITES_READ, P.PLACEMENTS_READ}
    ),
    Role.PLACEMENT_OFFICER: frozenset(
        _STAFF
        | {P.HOUSEHOLDS_READ, P.NEEDS_TIER_1, P.SITES_READ, P.PLACEMENTS_READ, P.PLACEMENTS_WRITE}
        | {P.REPORTS_READ, P.PLANS_EDIT}
    ),
    Role.SITE_MANAGER: frozenset(
        _STAFF
        | {P.HOUSEHOLDS_READ, P.HOUSEHOLDS_EVENTS, P.NEEDS_TIER_1, P.SITES_READ, P.SITES_EDIT}
        | {P.PLACEMENTS_READ, P.PLACEMENTS_WRITE, P.AID_REQUEST, P.AID_READ, P.AGENCIES_READ}
        | {P.PLANS_EDIT}
    ),
    Role.AID_COORDINATOR: frozenset(
        _STAFF
        | {P.HOUSEHOLDS_READ, P.NEEDS_TIER_1, P.SITES_READ, P.PLACEMENTS_READ}
        | {P.AGENCIES_READ, P.AID_REQUEST, P.AID_READ, P.REPORTS_READ, P.PLANS_EDIT}
    ),
    Role.AGENCY_STAFF: frozenset(
        {P.OPEN_SITE, P.AID_READ, P.AID_RESPOND, P.SERVICES_EDIT, P.WEBHOOKS}
        | {P.NOTIFICATIONS_READ, P.REPORTS_READ_PUBLIC}
    ),
    Role.PROTECTION_OFFICER: frozenset(
        _STAFF
        | {P.HOUSEHOLDS_READ, P.HOUSEHOLDS_EDIT, P.HOUSEHOLDS_EVENTS, P.DUPLICATES_DECIDE}
        | {P.NEEDS_TIER_1, P.NEEDS_TIER_2, P.NEEDS_TIER_3, P.SCREENING, P.TRACING}
        | {P.ENTRY_POINTS_REPORT, P.BORDER_READ, P.BORDER_ASSESS}
        | {P.SITES_READ, P.SITES_HIDDEN, P.PLACEMENTS_READ, P.PLACEMENTS_WRITE, P.KEEP_APART}
        | {P.AGENCIES_READ, P.AID_REQUEST, P.AID_READ, P.REPORTS_READ}
    ),
    Role.SCREENING_OFFICER: frozenset(_STAFF | {P.HOUSEHOLDS_READ, P.SCREENING}),
    Role.REPORTING_OFFICER: frozenset(
        _STAFF | {P.SITES_READ, P.REPORTS_READ, P.REPORTS_PUBLISH, P.AGENCIES_READ}
    ),
    Role.AUDITOR: frozenset(_STAFF | {P.AUDIT_READ, P.REPORTS_READ}),
    Role.ADMINISTRATOR: frozenset(
        _STAFF
        | {P.ACCOUNTS_MANAGE, P.CODELISTS_MANAGE, P.ENTRY_POINTS_EDIT, P.AGENCIES_READ}
        | {P.SITES_READ, P.SITES_EDIT, P.CAPACITY_OVERRIDE, P.REPORTS_READ}
        | {P.ENTRY_POINTS_REPORT, P.PLANS_EDIT}
    ),
}

# What an OAuth2 token may be asked for; a token never grants more than its client's roles do.
API_SCOPES: dict[str, tuple[str, frozenset[Permission]]] = {
    "households:read": (
        "Read households and persons",
        frozenset({P.HOUSEHOLDS_READ, P.NEEDS_TIER_1, P.NEEDS_TIER_2, P.ENTRY_POINTS_READ}),
    ),
    "households:write": (
        "Register and change households",
        frozenset(
            {P.HOUSEHOLDS_REGISTER, P.HOUSEHOLDS_EDIT, P.HOUSEHOLDS_EVENTS, P.ENTRY_POINTS_READ}
        ),
    ),
    "duplicates:decide": (
        "Read possible duplicates and decide about them",
        frozenset({P.DUPLICATES_DECIDE, P.HOUSEHOLDS_READ}),
    ),
    "entry-points:read": (
        "Read entry points, counts at the border and assessments",
        frozenset({P.ENTRY_POINTS_READ, P.BORDER_READ}),
    ),
    "entry-points:write": (
        "Report the state of entry points, counts at the border and assessments",
        frozenset({P.ENTRY_POINTS_READ, P.ENTRY_POINTS_REPORT, P.BORDER_READ, P.BORDER_ASSESS}),
    ),
    "sites:read": ("Read sites and their occupancy", frozenset({P.SITES_READ})),
    "sites:write": ("Change sites", frozenset({P.SITES_EDIT})),
    "placements:read": ("Read placements", frozenset({P.PLACEMENTS_READ})),
    "placements:write": ("Place households", frozenset({P.PLACEMENTS_WRITE, P.PLACEMENTS_READ})),
    "keep-apart:write": (
        "Say which families must be kept apart, and why",
        frozenset({P.KEEP_APART, P.PLACEMENTS_READ}),
    ),
    "aid-requests:read": ("Read aid requests", frozenset({P.AID_READ})),
    "aid-requests:write": (
        "Ask for aid or answer requests",
        frozenset({P.AID_REQUEST, P.AID_RESPOND, P.AID_READ, P.SERVICES_EDIT}),
    ),
    "webhooks": ("Manage webhooks", frozenset({P.WEBHOOKS})),
    "situation-reports:read": (
        "Read situation reports",
        frozenset({P.REPORTS_READ, P.REPORTS_READ_PUBLIC}),
    ),
}


@dataclass(frozen=True)
class Scopes:
    """Where a permission holds: everywhere, or at the named places and agencies (codes)."""

    everywhere: bool = False
    entry_points: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()
    agencies: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.everywhere or self.entry_points or self.sites or self.agencies)


@dataclass
class Access:
    """What one user may do, and where. Made by `access_of`."""

    assignments: list[tuple[str, str, str]] = field(default_factory=list)
    token_permissions: frozenset[Permission] | None = None

    def can(self, permission: Permission) -> bool:
        """Whether the user holds `permission` anywhere."""
        return bool(self.scopes(permission))

    def scopes(self, permission: Permission) -> Scopes:
        """Where the user holds `permission`; falsy when nowhere."""
        if self.token_permissions is not None and permission not in self.token_permissions:
            return Scopes()
        found: dict[str, set[str]] = {kind: set() for kind in ScopeKind.values}
        for role, kind, code in self.assignments:
            if permission in ROLE_PERMISSIONS.get(role, frozenset()):
                found[kind].add(code)
        return Scopes(
            everywhere=bool(found[ScopeKind.OPERATION]),
            entry_points=frozenset(found[ScopeKind.ENTRY_POINT]),
            sites=frozenset(found[ScopeKind.SITE]),
            agencies=frozenset(found[ScopeKind.AGENCY]),
        )

    @property
    def roles(self) -> frozenset[str]:
        """The roles that are held anywhere."""
        return frozenset(role for role, _, _ in self.assignments)


def access_of(user: Any) -> Access:
    """The access of a user; nothing for the anonymous. Loaded once per user instance."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return Access()
    cached: Access | None = getattr(user, "_access", None)
    if cached is None:
        cached = Access(assignments=_current_assignments(user))
        user._access = cached
    return cached


# Kept ready: every request asks it.
_ASSIGNMENTS = """
SELECT role, scope_kind, scope_code FROM accounts_roleassignment
WHERE user_id = %s AND (expires_at IS NULL OR expires_at > %s)
"""


def _current_assignments(user: User) -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_ASSIGNMENTS, [user.pk, clock.now()])
        rows: list[tuple[str, str, str]] = cursor.fetchall()
        return rows


def limit_to_token(user: User, scopes: str) -> None:
    """Restrict `user` (this instance only) to what the token's scopes allow."""
    allowed: set[Permission] = set()
    for scope in scopes.split():
        allowed |= API_SCOPES.get(scope, ("", frozenset()))[1]
    access_of(user).token_permissions = frozenset(allowed)


def can(user: Any, permission: Permission) -> bool:
    """Whether `user` holds `permission` anywhere."""
    return access_of(user).can(permission)
