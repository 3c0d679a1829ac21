"""Who may act at which site."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.policies import Permission, access_of
from common.errors import NotPermitted
from reception.models import Site, Transport


def may_at(actor: Any, permission: Permission, site: Site) -> bool:
    """Whether `actor` holds `permission` at this site.

    The same rule as `querysets.sites_q`, for one object: assignments for the operation or for an
    entry point hold at every site, assignments for a site hold there. At a hidden site only with
    the right to hidden sites or an assignment there.
    """
    access = access_of(actor)
    scopes = access.scopes(permission)
    if site.code in scopes.sites:
        return True
    if site.hidden and not access.can(Permission.SITES_HIDDEN):
        return False
    return scopes.everywhere or bool(scopes.entry_points)


def require_at(actor: Any, permission: Permission, site: Site) -> None:
    """Raise NotPermitted unless `actor` holds `permission` at this site."""
    if not may_at(actor, permission, site):
        raise NotPermitted("not_permitted", _("You may not do this at this site."))


def may_load(actor: Any, transport: Transport) -> bool:
    """Whether `actor` may plan and load a transport: who places people where it begins."""
    if transport.from_site is not None:
        return may_at(actor, Permission.PLACEMENTS_WRITE, transport.from_site)
    scopes = access_of(actor).scopes(Permission.PLACEMENTS_WRITE)
    point = transport.from_entry_point
    return scopes.everywhere or (point is not None and point.code in scopes.entry_points)


def require_load(actor: Any, transport: Transport) -> None:
    """Raise NotPermitted unless `actor` may plan and load this transport."""
    if not may_load(actor, transport):
        raise NotPermitted("not_permitted", _("You may not send transports from this place."))
