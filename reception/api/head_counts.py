"""Head counts of a site over REST."""

from __future__ import annotations

import uuid
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policies import Permission
from audit.idempotency import IdempotentWrites
from common.api.pagination import NewestFirst
from common.errors import FieldProblem, InvalidInput
from reception import services
from reception.api import serializers_counts as shapes
from reception.api.views import REFUSED, find_site
from reception.head_counts import compared
from reception.models import HeadCount, Site
from reception.querysets import sites_q
from reception.services.seen_lines import Answer, Seen, count_many

READ, WRITE = Permission.PLACEMENTS_READ, Permission.PLACEMENTS_WRITE
STATES = {200: shapes.HeadCountDetailSerializer, 409: REFUSED}


@extend_schema_view(
    list=extend_schema(summary="Head counts of a site"),
    retrieve=extend_schema(
        summary="A head count with its differences", responses=shapes.HeadCountDetailSerializer
    ),
)
class HeadCountViewSet(IdempotentWrites, mixins.ListModelMixin, viewsets.GenericViewSet[HeadCount]):
    """Roll calls of a site that the reader may know of, newest first."""

    policy = {
        "list": READ,
        "retrieve": READ,
        **dict.fromkeys(("create", "lines", "close", "reopen", "resolve"), WRITE),
    }
    queryset = HeadCount.objects.none()
    serializer_class = shapes.HeadCountSerializer
    pagination_class = NewestFirst
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def get_queryset(self) -> Any:
        """Counts of this site, if the reader may know of it."""
        counts = HeadCount.objects.visible_to(self.request.user)
        counts = counts.filter(site__code=self.kwargs.get("site", ""))
        return counts.select_related("site").with_open_differences()

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The counts; 404 for a site that is not there for the reader."""
        self._site()
        return super().list(request, *args, **kwargs)

    @extend_schema(
        summary="Begin a head count",
        description="Who is expected is frozen now. 409 codes: `count_open`, `counted_today`.",
        request=shapes.HeadCountStartSerializer,
        responses={201: shapes.HeadCountDetailSerializer, 409: REFUSED},
    )
    def create(self, request: Request, site: str) -> Response:
        """Begin a count."""
        data = _checked(shapes.HeadCountStartSerializer, request.data)
        count = services.start_head_count(
            actor=request.user,
            site=self._site(),
            kind=data.get("kind", ""),
            method=data["method"],
            count_id=data.get("id"),
        )
        return self._answer(count.pk, status=201)

    def retrieve(self, request: Request, site: str, pk: str) -> Response:
        """One count."""
        return self._answer(self.get_object().pk)

    @extend_schema(
        summary="Send what was counted",
        description="Up to 500 lines; each is answered by itself, also when others are refused.",
        request=shapes.SeenLinesSerializer,
        responses={
            200: OpenApiResponse(
                shapes.LinesAnswerSerializer, description="The answers, in the order sent."
            )
        },
    )
    @action(detail=True, methods=["post"])
    def lines(self, request: Request, site: str, pk: str) -> Response:
        """Count slips, references and rooms."""
        count = self.get_object()
        sent = _checked(shapes.SeenLinesSerializer, request.data)["lines"]
        read: list[Seen | Answer] = [_read(each) for each in sent]
        told = iter(
            count_many(
                actor=request.user,
                count=count,
                lines=[each for each in read if isinstance(each, Seen)],
            )
        )
        answers = [next(told) if isinstance(each, Seen) else each for each in read]
        body = {"answers": [each.as_json() for each in answers], "progress": progress_of(count)}
        return Response(shapes.LinesAnswerSerializer(body).data)

    @extend_schema(
        summary="Close a head count",
        description="Works out the differences. 409 code: `nothing_counted`.",
        request=None,
        responses=STATES,
    )
    @action(detail=True, methods=["post"])
    def close(self, request: Request, site: str, pk: str) -> Response:
        """Close a count."""
        services.close_head_count(actor=request.user, count=(count := self.get_object()))
        return self._answer(count.pk)

    @extend_schema(summary="Open a head count again", request=None, responses=STATES)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, site: str, pk: str) -> Response:
        """Go on with the newest count of the site."""
        services.reopen_head_count(actor=request.user, count=(count := self.get_object()))
        return self._answer(count.pk)

    @extend_schema(
        summary="Resolve a difference",
        description="Records what it was by the same rules as the placement's own steps. 409 "
        "codes: `count_open`, `already_resolved`, `cannot_resolve_so` and those of the steps.",
        request=shapes.ResolveSerializer,
        responses={200: shapes.DifferenceSerializer, 409: REFUSED},
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="differences/(?P<difference>[0-9a-fA-F-]{36})/resolve",
    )
    def resolve(self, request: Request, site: str, pk: str, difference: str) -> Response:
        """Say what a difference was."""
        count = self.get_object()
        row = get_object_or_404(count.differences.select_related("count__site"), pk=difference)
        data = _checked(shapes.ResolveSerializer, request.data)
        if code := data.pop("site", ""):
            data["site"] = find_site(request.user, code)
        done = services.resolve_difference(actor=request.user, difference=row, **data)
        return Response(shapes.DifferenceSerializer(done, context={"request": request}).data)

    def _site(self) -> Site:
        sites = Site.objects.filter(sites_q(self.request.user, READ))
        return get_object_or_404(sites, code=self.kwargs.get("site", ""))

    def _answer(self, pk: uuid.UUID, status: int = 200) -> Response:
        count = self.get_queryset().get(pk=pk)
        rows = count.differences.select_related(
            "line__household", "line__unit", "tally__unit", "count__site"
        )
        count.progress = progress_of(count)
        shown = shapes.HeadCountSerializer(count).data
        differences = shapes.DifferenceSerializer(
            rows.order_by("pk"), many=True, context={"request": self.request}
        )
        body = {**shown, "progress": count.progress, "differences": differences.data}
        return Response(body, status=status)


def progress_of(count: HeadCount) -> dict[str, int]:
    """Persons expected when it began, and counted so far."""
    counted = compared(count).counted if count.is_open else (count.counted or 0)
    return {"expected": count.expected, "counted": counted}


def _read(sent: Any) -> Seen | Answer:
    """A line as it was sent, or its refusal: one bad line keeps no other from being counted."""
    form = shapes.SeenLineSerializer(data=sent)
    if form.is_valid():
        return Seen(**form.validated_data)
    name, texts = next(iter(form.errors.items()))
    detail = str(texts[0])
    problem = FieldProblem(str(name), getattr(texts[0], "code", "invalid"), detail)
    return Answer(Seen(), refusal=InvalidInput("invalid", detail, problems=[problem]))


def _checked(form: Any, data: Any) -> dict[str, Any]:
    serializer = form(data=data)
    serializer.is_valid(raise_exception=True)
    checked: dict[str, Any] = serializer.validated_data
    return checked
