"""Places on the desk's pages that higher apps fill: the site of a household, panels of its page.

Intake knows no site and no request; reception and aid register themselves in their `apps.py`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from typing import Any

from django.utils.functional import Promise

SiteNames = Callable[[Collection[uuid.UUID], Any], dict[uuid.UUID, str]]
Panel = Callable[[Any, Any], str]

_site_names: list[SiteNames] = []
_panels: dict[str, tuple[int, str | Promise, Panel]] = {}


def register_site_names(names: SiteNames) -> None:
    """`names(household_ids, user)` says at which site each household is, as the user may know."""
    _site_names.append(names)


def site_names(households: Collection[uuid.UUID], user: Any) -> dict[uuid.UUID, str]:
    """The site of each of the households that has one."""
    found: dict[uuid.UUID, str] = {}
    for names in _site_names:
        found.update(names(households, user))
    return found


def register_household_panel(
    key: str, title: str | Promise, panel: Panel, *, order: int = 0
) -> None:
    """`panel(household, user)` returns safe HTML for the household's page, or "" for nothing."""
    _panels[key] = (order, title, panel)


def household_panels(household: Any, user: Any) -> list[tuple[str | Promise, str]]:
    """Titles and contents of the panels that have something to show to the user."""
    ordered = sorted(_panels.items(), key=lambda each: (each[1][0], each[0]))
    shown = [(title, panel(household, user)) for _key, (_order, title, panel) in ordered]
    return [(title, html) for title, html in shown if html]


Staying = Callable[[Any, str], Any]
Sites = Callable[[Any], list[tuple[str, str]]]

_staying: list[tuple[Staying, Sites]] = []


def register_staying(rule: Staying, sites: Sites) -> None:
    """Let reception say who stays where, for a search by site.

    `rule(user, site)` gives the ids of households; nobody for a site that the user may not know
    of. `sites(user)` gives the code and name of each site that the user may know of.
    """
    _staying.append((rule, sites))


def staying_at(user: Any, site: str) -> Any:
    """Ids of the households at a site, as far as the user may know; nobody without reception."""
    for rule, _sites in _staying:
        return rule(user, site)
    return []


def sites_known_to(user: Any) -> list[tuple[str, str]]:
    """Code and name of the sites by which the user may search; none without reception."""
    return [site for _rule, sites in _staying for site in sites(user)]
