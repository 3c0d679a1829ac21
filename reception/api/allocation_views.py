"""Proposals over REST: ask, read, change a line, ask again, confirm, withdraw."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policies import Permission
from audit.access import record_access
from audit.idempotency import IdempotentWrites
from common.api.etags import IF_MATCH, check_match, etag_of
from common.api.pagination import NewestFirst
from common.errors import FieldProblem
from intake.models import EntryPoint, Household
from reception import services
from reception.api import allocation_serializers as shapes
from reception.api.looking import find_household, find_site
from reception.api.serializers import REFUSED, checked
from reception.choices import AllocationStatus
from reception.errors import NotFound
from reception.models import AllocationLine, AllocationRun
from reception.proposal_view import Reader, line_view, view_of
from reception.services.allocating import Asked

WRITE = Permission.PLACEMENTS_WRITE


@extend_schema_view(list=extend_schema(summary="Proposals"))
class AllocationViewSet(
    IdempotentWrites,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    viewsets.GenericViewSet[AllocationRun],
):
    """Proposals: which family could have which place, and why."""

    policy = dict.fromkeys(
        ("list", "retrieve", "create", "line", "ask_again", "confirm", "withdraw"), WRITE
    )
    queryset = AllocationRun.objects.none()
    serializer_class = shapes.AllocationSummarySerializer
    pagination_class = NewestFirst
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def get_queryset(self) -> Any:
        """Visible proposals."""
        return AllocationRun.objects.visible_to(self.request.user).select_related("entry_point")

    @extend_schema(summary="A proposal with its lines", responses=shapes.AllocationSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The whole proposal, as far as the reader may see it; the reading is recorded."""
        return self._answer(self.get_object())

    @extend_schema(
        summary="Ask for a proposal",
        description="Worked out at once for up to 300 families (201); for more a worker does it "
        "(202): read it until `status` is `proposed` or `failed`. No place is taken yet.",
        request=shapes.AllocationAskSerializer,
        responses={201: shapes.AllocationSerializer, 202: shapes.AllocationSerializer},
    )
    def create(self, request: Request) -> Response:
        """Ask."""
        data = checked(shapes.AllocationAskSerializer, request)
        point = data.get("entry_point")
        asked = Asked(
            scope=data["scope"],
            entry_point=_find_entry_point(request.user, point) if point else None,
            arrived_from=data.get("arrived_from"),
            arrived_until=data.get("arrived_until"),
            households=_find_households(request.user, data.get("households", [])),
        )
        run = services.ask_allocation(actor=request.user, asked=asked, run_id=data.get("id"))
        return self._answer(run, status=202 if run.status == AllocationStatus.ASKED else 201)

    @extend_schema(
        summary="Change or keep a family's site",
        description="409 with the code of the rule that forbids the site, or `too_few_places`.",
        parameters=[
            IF_MATCH,
            OpenApiParameter("household", str, OpenApiParameter.PATH, description="Reference."),
        ],
        request=shapes.LineEditSerializer,
        responses={200: shapes.AllocationLineSerializer, 409: REFUSED, 412: REFUSED},
    )
    @action(detail=True, methods=["patch"], url_path="lines/(?P<household>[^/]+)")
    def line(self, request: Request, pk: str, household: str) -> Response:
        """Another site, none, or keep the present one."""
        data = checked(shapes.LineEditSerializer, request)
        line = _find_line(request.user, self.get_object(), household)
        check_match(request, line)
        exact = request.headers.get("If-Match", "*").strip() not in ("", "*")
        since = line.updated_at if exact else None
        if "site" in data:
            site = find_site(request.user, data["site"]) if data["site"] else None
            line = services.change_line(
                actor=request.user, line=line, site=site, unchanged_since=since
            )
            since = None
        if "locked" in data:
            line = services.lock_line(
                actor=request.user, line=line, locked=data["locked"], unchanged_since=since
            )
        view = line_view(line, Reader.of(request.user))
        body = shapes.AllocationLineSerializer(view).data
        return Response(body, headers={"ETag": etag_of(line)})

    @extend_schema(
        summary="Work the proposal out anew",
        description="Sites that were changed or locked stay.",
        request=None,
        responses={
            200: shapes.AllocationSerializer,
            202: shapes.AllocationSerializer,
            409: REFUSED,
        },
    )
    @action(detail=True, methods=["post"], url_path="ask-again")
    def ask_again(self, request: Request, pk: str) -> Response:
        """Ask again."""
        run = services.ask_again(actor=request.user, run=self.get_object())
        return self._answer(run, status=202 if run.status == AllocationStatus.ASKED else 200)

    @extend_schema(
        summary="Confirm a proposal",
        description="All lines become placements, or none: 409 `allocation_refused` names each "
        "line that no longer holds in `errors` (`lines.<reference>`). With `only_possible` the "
        "others are confirmed. Sent again, nothing is placed twice.",
        request=shapes.ConfirmAllocationSerializer,
        responses={
            200: shapes.ConfirmationSerializer,
            409: OpenApiResponse(
                REFUSED.response, description="Nothing was confirmed.", examples=[]
            ),
        },
    )
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """Confirm."""
        data = checked(shapes.ConfirmAllocationSerializer, request)
        run = self.get_object()
        done = services.confirm_allocation(
            actor=request.user,
            run=run,
            lines=_line_ids(request.user, run, data.get("households")),
            only_possible=data["only_possible"],
            status=data["status"],
            reserved_until=data.get("reserved_until"),
        )
        return Response(shapes.ConfirmationSerializer(done).data)

    @extend_schema(
        summary="Withdraw a proposal",
        request=None,
        responses={200: shapes.AllocationSummarySerializer, 409: REFUSED},
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Nobody will confirm it."""
        run = services.withdraw_allocation(actor=request.user, run=self.get_object())
        return Response(shapes.AllocationSummarySerializer(run).data)

    def _answer(self, run: AllocationRun, *, status: int = 200) -> Response:
        view = view_of(run, self.request.user)
        record_access(self.request.user, "read", run, count=len(view.lines))
        body = shapes.AllocationSerializer(run, context={"view": view}).data
        return Response(body, status=status)


def _find_entry_point(user: Any, code: str) -> EntryPoint:
    found = EntryPoint.objects.visible_to(user).filter(code=code).first()
    if found is None:
        detail = _("There is no such entry point. Take a code from the list of entry points.")
        raise NotFound(
            "not_found", detail, problems=[FieldProblem("entry_point", "does_not_exist", detail)]
        )
    return found


def _find_households(user: Any, references: list[str]) -> list[Household]:
    """The households of the references; few are looked up with care for repeats, in order."""
    return [find_household(user, each) for each in dict.fromkeys(references)]


def _find_line(user: Any, run: AllocationRun, reference: str) -> AllocationLine:
    household = find_household(user, reference)
    lines = AllocationLine.objects.visible_to(user).select_related(
        "household", "site", "proposed_site", "run"
    )
    line = lines.filter(run=run, household=household).first()
    if line is None:
        raise NotFound("not_found", _("This family is not in the proposal."))
    return line


def _line_ids(
    user: Any, run: AllocationRun, references: list[str] | None
) -> list[uuid.UUID] | None:
    if references is None:
        return None
    lines = AllocationLine.objects.visible_to(user).filter(
        run=run, household__reference__in=references
    )
    found = dict(lines.values_list("household__reference", "pk"))
    for index, each in enumerate(references):
        if each not in found:
            detail = _("This family is not in the proposal.")
            raise NotFound(
                "not_found",
                detail,
                problems=[FieldProblem(f"households.{index}", "does_not_exist", detail)],
            )
    return list(found.values())
