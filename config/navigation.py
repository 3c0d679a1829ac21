"""The sidebar: pages in the order of a family's journey, each for those who may open it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission
from common.admin import Policy, holds

P = Permission


@dataclass(frozen=True)
class Item:
    """One line of the sidebar: shown to holders of `policy` when its page exists."""

    title: Promise | str
    icon: str
    page: str
    policy: Policy
    arguments: tuple[str, ...] = ()
    query: str = ""

    def address(self) -> str | None:
        """The page's address, or None where no such page is installed."""
        try:
            return reverse(self.page, args=self.arguments) + self.query
        except NoReverseMatch:
            return None


def _list(model: str) -> str:
    return f"admin:{model}_changelist"


JOURNEY: list[tuple[Promise | str, list[Item]]] = [
    (
        _("Arrivals"),
        [
            Item(_("Known already?"), "search", "admin:intake_search", P.HOUSEHOLDS_READ),
            Item(
                _("Register a household"),
                "person_add",
                "admin:intake_household_add",
                P.HOUSEHOLDS_REGISTER,
            ),
            Item(
                _("Pre-register a group"),
                "group_add",
                "admin:intake_household_add_group",
                P.HOUSEHOLDS_REGISTER,
            ),
            Item(_("Scan a slip"), "qr_code_scanner", "admin:intake_scan", P.HOUSEHOLDS_READ),
            Item(_("Households"), "family_restroom", _list("intake_household"), P.HOUSEHOLDS_READ),
            Item(_("Persons"), "person_search", _list("intake_person"), P.HOUSEHOLDS_READ),
            Item(
                _("Slips printed ahead"),
                "qr_code",
                _list("intake_tokensheet"),
                P.HOUSEHOLDS_REGISTER,
            ),
            Item(_("Imports"), "upload_file", _list("intake_importbatch"), P.HOUSEHOLDS_IMPORT),
            Item(
                _("Possible duplicates"),
                "content_copy",
                _list("intake_duplicatepair"),
                P.DUPLICATES_DECIDE,
            ),
            Item(
                _("Families to ask"),
                "record_voice_over",
                _list("intake_fieldquestion"),
                P.HOUSEHOLDS_EVENTS,
            ),
            Item(
                _("Open questions"),
                "contact_support",
                _list("intake_openquestion"),
                P.HOUSEHOLDS_EDIT,
            ),
            Item(_("Entry points"), "signpost", _list("intake_entrypoint"), P.ENTRY_POINTS_READ),
            Item(
                _("Seen and not yet registered"),
                "groups",
                "admin:intake_not_yet_registered",
                P.ENTRY_POINTS_READ,
            ),
            Item(
                _("Border assessments"),
                "travel_explore",
                _list("intake_borderassessment"),
                (P.BORDER_READ, P.REPORTS_PUBLISH),
            ),
        ],
    ),
    (
        _("Safe locations"),
        [
            Item(_("Sites"), "night_shelter", _list("reception_site"), P.SITES_READ),
            Item(_("Map"), "map", "admin:reception_map", P.SITES_READ),
            Item(_("Placements"), "bed", _list("reception_placement"), P.PLACEMENTS_READ),
            Item(_("Head counts"), "checklist", _list("reception_headcount"), P.PLACEMENTS_READ),
            Item(
                _("Waiting for a place"),
                "hourglass_top",
                "admin:reception_waiting",
                P.PLACEMENTS_WRITE,
            ),
            Item(_("Check in"), "login", "admin:reception_check_in_choose", P.PLACEMENTS_WRITE),
            Item(
                _("Transports"),
                "directions_bus",
                _list("reception_transport"),
                P.PLACEMENTS_READ,
            ),
        ],
    ),
    (
        _("Aid"),
        [
            Item(_("Requests"), "volunteer_activism", _list("aid_aidrequest"), P.AID_READ),
            Item(_("New request"), "add_circle", "admin:aid_aidrequest_add", P.AID_REQUEST),
            Item(
                _("Services of agencies"),
                "handshake",
                _list("aid_agencyservice"),
                (P.AGENCIES_READ, P.SERVICES_EDIT),
            ),
        ],
    ),
    (
        _("Reports"),
        [
            Item(
                _("Latest situation report"),
                "monitoring",
                "reports:page",
                (P.REPORTS_READ, P.REPORTS_READ_PUBLIC),
                ("latest",),
            ),
            Item(
                _("All reports"),
                "library_books",
                _list("reports_situationreport"),
                (P.REPORTS_READ, P.REPORTS_READ_PUBLIC),
            ),
            Item(_("Recipients"), "mail", _list("reports_reportrecipient"), P.REPORTS_PUBLISH),
        ],
    ),
    (
        _("Protection"),
        [
            Item(_("Tracing requests"), "diversity_1", _list("intake_tracingrequest"), P.TRACING),
            Item(
                _("Protection review"), "fact_check", _list("intake_specificneed"), P.NEEDS_TIER_2
            ),
            Item(_("Screening records"), "lock", _list("intake_screeningoutcome"), P.SCREENING),
        ],
    ),
    (
        _("Administration"),
        [
            Item(_("Users"), "group", _list("accounts_user"), P.ACCOUNTS_MANAGE),
            Item(_("Agencies"), "corporate_fare", _list("accounts_agency"), P.AGENCIES_READ),
            Item(_("API clients"), "key", _list("accounts_apiclient"), P.ACCOUNTS_MANAGE),
            Item(
                _("My notifications"),
                "notifications",
                _list("notifications_ownmessage"),
                P.NOTIFICATIONS_READ,
            ),
            Item(
                _("Who is told"),
                "contact_mail",
                _list("notifications_subscription"),
                (P.ACCOUNTS_MANAGE, P.WEBHOOKS),
            ),
            Item(
                _("Messages sent"),
                "outgoing_mail",
                _list("notifications_notification"),
                (P.ACCOUNTS_MANAGE, P.WEBHOOKS),
            ),
            Item(_("Events"), "history", _list("audit_event"), P.AUDIT_READ),
            Item(
                _("History of a record"),
                "manage_history",
                "admin:audit_history_find",
                P.AUDIT_READ,
            ),
            Item(_("Access records"), "visibility", _list("audit_accessrecord"), P.AUDIT_READ),
            Item(
                _("Search keys and weights"),
                "key_vertical",
                _list("intake_keyrebuild"),
                P.CODELISTS_MANAGE,
            ),
        ],
    ),
    (
        _("Code lists"),
        [
            Item(_("Areas"), "map", _list("intake_area"), P.CODELISTS_MANAGE),
            Item(_("Countries"), "flag", _list("intake_country"), P.CODELISTS_MANAGE),
            Item(_("Languages"), "translate", _list("intake_language"), P.CODELISTS_MANAGE),
            Item(_("Document types"), "badge", _list("intake_documenttype"), P.CODELISTS_MANAGE),
            Item(
                _("Specific need codes"),
                "accessibility_new",
                _list("intake_specificneedtype"),
                P.CODELISTS_MANAGE,
            ),
            Item(_("Sectors"), "category", _list("aid_sector"), P.CODELISTS_MANAGE),
            Item(_("Norms"), "straighten", _list("reception_norm"), P.CODELISTS_MANAGE),
        ],
    ),
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar of this user: only what they may open and what exists."""
    groups: list[dict[str, Any]] = [
        {
            "items": [{"title": _("Overview"), "icon": "home", "link": reverse("admin:index")}],
        }
    ]
    for title, items in JOURNEY:
        shown = [
            {"title": item.title, "icon": item.icon, "link": address}
            for item in items
            if holds(request.user, item.policy) and (address := item.address())
        ]
        if shown:
            groups.append({"title": title, "items": _one_active(request, shown)})
    return groups


def _one_active(request: HttpRequest, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mark the line whose address fits the page best, not every one that is its beginning."""
    fitting = [item for item in items if request.path.startswith(item["link"].split("?")[0])]
    best = max(fitting, key=lambda item: len(item["link"]), default=None)
    return [{**item, "active": (lambda _request, on=item is best: on)} for item in items]
