"""What stands on a household's page beside its people, and the pages that belong to a household.

Each part of the desk (slips, consents, family links, …) has a module of its own in this package
and registers here what it adds, so that the household's page knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.functional import Promise

from accounts.policies import Permission, can
from intake.models import Household

# Safe HTML of a section, or "" when it has nothing to show to this user.
Section = Callable[[HttpRequest, Household], str]
View = Callable[[Any, HttpRequest, Household], HttpResponse]

# Sections of a lower order stand above the people: what cannot wait.
URGENT_BELOW = 10


@dataclass(frozen=True)
class Action:
    """A button of the household's page: what it says, and the page that it opens."""

    label: str | Promise
    address: str


# The buttons that this user may press on this household, in their order.
Actions = Callable[[HttpRequest, Household], list[Action]]


@dataclass(frozen=True)
class _Page:
    route: str
    name: str
    policy: Permission
    view: View


_sections: dict[str, tuple[int, Section]] = {}
_actions: dict[str, tuple[int, Actions]] = {}
_pages: dict[str, _Page] = {}


def register_section(key: str, section: Section, *, order: int) -> None:
    """Show `section(request, household)` on every household's page, by `order`, then `key`.

    Below `URGENT_BELOW` it stands above the people, otherwise after them.
    """
    _sections[key] = (order, section)


def register_actions(key: str, actions: Actions, *, order: int) -> None:
    """Put the buttons of `actions(request, household)` under the people, by `order`, then `key`.

    One row for all topics, so that nobody reads through ten boxes to find a button.
    """
    _actions[key] = (order, actions)


def register_page(route: str, name: str, view: View, *, policy: Permission) -> None:
    """Serve `view(model_admin, request, household)` at `<household>/<route>` of the staff site.

    Its address is named `admin:intake_household_<name>` and takes the household's key. The
    household is one the user may read, and the user holds `policy`.
    """
    _pages[name] = _Page(route, name, policy, view)


def shown_sections(request: HttpRequest, household: Household) -> tuple[list[str], list[str]]:
    """The sections that have something to show to this user: the urgent ones, and the others."""
    urgent: list[str] = []
    others: list[str] = []
    for _key, (order, section) in sorted(_sections.items(), key=lambda each: (each[1][0], each[0])):
        if html := section(request, household):
            (urgent if order < URGENT_BELOW else others).append(html)
    return urgent, others


def shown_actions(request: HttpRequest, household: Household) -> list[Action]:
    """The buttons that this user may press on this household, in their order."""
    ordered = sorted(_actions.items(), key=lambda each: (each[1][0], each[0]))
    return [each for _key, (_order, actions) in ordered for each in actions(request, household)]


def page_addresses(model_admin: ModelAdmin[Any]) -> list[URLPattern]:
    """The addresses of all registered pages."""
    return [
        path(
            f"<uuid:pk>/{each.route}",
            model_admin.admin_site.admin_view(_guarded(model_admin, each)),
            name=f"intake_household_{each.name}",
        )
        for each in _pages.values()
    ]


def _guarded(model_admin: ModelAdmin[Any], each: _Page) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest, pk: Any) -> HttpResponse:
        if not can(request.user, each.policy):
            raise PermissionDenied
        household = Household.objects.visible_to(request.user).filter(pk=pk).first()
        if household is None:
            raise Http404
        return each.view(model_admin, request, household)

    return view
