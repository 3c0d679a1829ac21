"""The boards over REST: a site in counts, who waits, the next 72 hours."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.errors import FieldProblem
from intake.models import Household
from reception.api import boards_serializers as shapes
from reception.boards.norms import site_norms
from reception.boards.projection import projection
from reception.boards.sites import SiteBoard, site_board
from reception.boards.waiting import waiting_board
from reception.errors import NotFound
from reception.models import Site
from reception.querysets import sites_q

MOST_FAMILIES = 500
FRESH = {"Cache-Control": "no-store"}


class SiteBoardView(APIView):
    """A site in counts."""

    policy = {"get": Permission.PLACEMENTS_READ}

    @extend_schema(
        operation_id="sites_board",
        summary="The board of a site, in counts of people",
        responses=shapes.SiteBoardSerializer,
        examples=[
            OpenApiExample(
                "A school",
                value={
                    "code": "KHOROG-SCHOOL-3",
                    "as_of": "2021-07-06T09:00:00Z",
                    "capacity": 120,
                    "blocked": 0,
                    "free": 9,
                    "due": 14,
                    "late": 5,
                    "present": 93,
                    "away": 4,
                    "transfer_pending": 0,
                    "overstaying": 0,
                    "last_sign_at": "2021-07-06T08:41:00Z",
                    "not_reporting": False,
                    "ages": [{"bracket": "0-4", "female": 8, "male": 7, "other": 0}],
                    "units": [],
                    "norms": [
                        {
                            "kind": "latrines",
                            "quantity": "4.00",
                            "measured_on": "2021-07-03",
                            "minimum": "one latrine for 50 persons",
                            "minimum_source": "UNHCR WASH indicators, March 2018",
                            "minimum_persons": 200,
                            "target": "one latrine for 20 persons",
                            "target_source": "UNHCR WASH indicators, March 2018",
                            "target_persons": 80,
                            "light": "amber",
                        }
                    ],
                    "unmeasured": ["taps"],
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, code: str) -> Response:
        """Counts only: no family is named."""
        readable = Site.objects.filter(sites_q(request.user, Permission.PLACEMENTS_READ))
        site = readable.filter(code=code).first()
        if site is None:
            detail = _("There is no such site. Take a code from the list of sites.")
            problem = FieldProblem("site", "does_not_exist", detail)
            raise NotFound("not_found", detail, problems=[problem])
        board = site_board(site, clock.now())
        return Response(shapes.SiteBoardSerializer(_counts(board)).data, headers=FRESH)


def _counts(board: SiteBoard) -> dict[str, Any]:
    norms, site = site_norms(board.site), board.site
    return {
        "code": site.code,
        "as_of": board.as_of,
        "capacity": site.capacity + site.overflow,
        "blocked": site.blocked,
        "free": site.free,
        "due": sum(family.people for family in board.due),
        "late": sum(family.people for family in board.due if family.due == "late"),
        "present": board.present,
        "away": board.away,
        "transfer_pending": sum(family.people for family in board.moving),
        "overstaying": sum(family.people for family in board.overstaying),
        "last_sign_at": board.last_sign,
        "not_reporting": board.silent,
        "ages": board.ages,
        "units": board.units,
        "norms": norms.lines,
        "unmeasured": norms.unmeasured,
    }


class WaitingView(APIView):
    """Who waits for a place."""

    policy = {"get": Permission.PLACEMENTS_WRITE}

    @extend_schema(
        operation_id="boards_waiting",
        summary="Families waiting for a place, by time and need",
        responses=shapes.WaitingSerializer,
        examples=[
            OpenApiExample(
                "One family",
                value={
                    "as_of": "2021-07-06T09:00:00Z",
                    "people": 6,
                    "families_waiting": 1,
                    "bands": [{"code": "6_to_24h", "families": 1, "people": 6}],
                    "needs": [{"code": "step_free", "families": 1, "people": 6}],
                    "entry_points": [{"code": "TEM", "families": 1, "people": 6}],
                    "families": [
                        {
                            "household": "TST-21-000123-4",
                            "arrived_at": "2021-07-05T23:10:00Z",
                            "band": "6_to_24h",
                            "people": 6,
                            "needs": ["step_free"],
                            "entry_point": "TEM",
                            "standing": "",
                        }
                    ],
                    "more": False,
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Of the families that you may see. The reading is recorded."""
        board = waiting_board(request.user, clock.now())
        shown = board.families[:MOST_FAMILIES]
        record_access(request.user, "list", Household, count=len(shown))
        body = {
            "as_of": board.as_of,
            "people": board.people,
            "families_waiting": len(board.families),
            "bands": board.bands,
            "needs": board.needs,
            "entry_points": board.entry_points,
            "families": shown,
            "more": len(shown) < len(board.families),
        }
        return Response(shapes.WaitingSerializer(body).data, headers=FRESH)


class ProjectionView(APIView):
    """The next 72 hours."""

    policy = {"get": Permission.REPORTS_READ}

    @extend_schema(
        operation_id="boards_projection",
        summary="An estimate of the next 72 hours",
        description="From the arrivals, births and departures of the last three days. "
        "For those who read reports for the whole operation; others get 403.",
        responses=shapes.ProjectionSerializer,
        examples=[
            OpenApiExample(
                "An estimate",
                value={
                    "as_of": "2021-07-06T09:00:00Z",
                    "available": True,
                    "reason": "",
                    "days": 2,
                    "arrivals": 640,
                    "births": 1,
                    "departures": 12,
                    "present": 655,
                    "waiting": 40,
                    "free": 300,
                    "horizons": [
                        {
                            "hours": 24,
                            "more_people": {"expected": 315, "low": 190, "high": 452},
                            "people": {"expected": 970, "low": 845, "high": 1107},
                            "places_left": {"expected": -55, "low": -192, "high": 70},
                        }
                    ],
                    "full_in": 20,
                    "full_early": 14,
                    "full_late": 33,
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """Estimates, labelled as such; without data it says why there are none."""
        found = projection(request.user, clock.now())
        return Response(shapes.ProjectionSerializer(found).data, headers=FRESH)
