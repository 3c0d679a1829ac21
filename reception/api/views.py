"""Sites and placements over REST."""

from __future__ import annotations

from typing import Any, TypeVar

from drf_spectacular.utils import (
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policies import Permission
from audit.access import record_access
from audit.idempotency import IdempotentWrites
from common.api.etags import IF_MATCH, check_match, etag_of
from common.api.pagination import ByCode, NewestFirst, OldestChangeFirst
from reception import selectors, services
from reception.api import serializers
from reception.api.announcing import ANNOUNCE_POLICY, AnnounceActions
from reception.api.filters import PlacementFilter, SiteFilter
from reception.api.looking import find_household, find_site
from reception.api.parts import (
    CheckInSerializer,
    PartActions,
    PersonsSerializer,
    SiteHistory,
    find_unit,
    with_unit,
)
from reception.api.scanning import SCAN_POLICY, ScanActions
from reception.api.serializers import REFUSED, checked
from reception.models import Placement, Site

READ, WRITE = Permission.PLACEMENTS_READ, Permission.PLACEMENTS_WRITE
Row = TypeVar("Row", Site, Placement)


class _ChangesViewSet(viewsets.GenericViewSet[Row]):
    """Lists asked with `updated_since` come oldest change first, so that paging misses none."""

    @property
    def paginator(self) -> BasePagination | None:
        """The usual one, unless the request asks for changes."""
        if "updated_since" in self.request.query_params and not hasattr(self, "_paginator"):
            self._paginator = OldestChangeFirst()
        return super().paginator


@extend_schema_view(list=extend_schema(summary="Sites"), retrieve=extend_schema(summary="A site"))
class SiteViewSet(
    SiteHistory,
    IdempotentWrites,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    _ChangesViewSet[Site],
):
    """Safe locations that the reader may know of; a hidden one looks as if it did not exist."""

    policy = {
        "list": Permission.SITES_READ,
        "retrieve": Permission.SITES_READ,
        "partial_update": Permission.SITES_EDIT,
        "occupancy": Permission.SITES_READ,
        **SiteHistory.policy,
    }
    queryset = Site.objects.none()
    serializer_class = serializers.SiteSerializer
    filterset_class = SiteFilter
    pagination_class = ByCode
    lookup_field = "code"
    lookup_value_regex = "[-A-Za-z0-9_]+"
    http_method_names = ["get", "patch", "head", "options"]

    def get_queryset(self) -> Any:
        """Visible sites."""
        return Site.objects.visible_to(self.request.user)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A site, with the ETag that an edit sends back."""
        return _site_response(self.get_object())

    @extend_schema(
        summary="Change a site",
        description="For its manager. The capacity follows from what is stated and measured.",
        parameters=[IF_MATCH],
        request=serializers.SiteEditSerializer,
        responses={200: serializers.SiteSerializer, 409: REFUSED, 412: REFUSED},
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change fields of a site, or nothing."""
        site = self.get_object()
        check_match(request, site)
        exact = request.headers.get("If-Match", "*").strip() != "*"
        form = serializers.SiteEditSerializer(site, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        site = services.edit_site(
            actor=request.user,
            site=site,
            # What is checked above could change before the row is locked.
            unchanged_since=site.updated_at if exact else None,
            **form.validated_data,
        )
        return _site_response(site)

    @extend_schema(summary="Places at a site", responses=serializers.OccupancySerializer)
    @action(detail=True, filterset_class=None)
    def occupancy(self, request: Request, code: str) -> Response:
        """Capacity, blocked, reserved, present and free places now."""
        return Response(
            serializers.OccupancySerializer(selectors.occupancy(self.get_object())).data
        )


def _site_response(site: Site) -> Response:
    return Response(serializers.SiteSerializer(site).data, headers={"ETag": etag_of(site)})


def _step(summary: str, request: Any = serializers.MomentSerializer, **more: Any) -> dict[str, Any]:
    return {
        "summary": summary,
        "request": request,
        "responses": {200: serializers.PlacementSerializer, 409: REFUSED},
        **more,
    }


@extend_schema_view(
    list=extend_schema(summary="Placements"),
    retrieve=extend_schema(summary="A placement", responses=serializers.PlacementDetailSerializer),
)
class PlacementViewSet(
    PartActions,
    IdempotentWrites,
    ScanActions,
    AnnounceActions,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    _ChangesViewSet[Placement],
):
    """Households' places at sites that the reader may know of."""

    policy = {
        "list": READ,
        "retrieve": READ,
        **SCAN_POLICY,
        **ANNOUNCE_POLICY,
        **dict.fromkeys(
            (
                *("create", "check_in", "check_out", "transfer", "absence", "come_back"),
                *("cancel", "confirm", "no_show"),
            ),
            WRITE,
        ),
        **PartActions.policy,
    }
    queryset = Placement.objects.none()
    serializer_class = serializers.PlacementSerializer
    filterset_class = PlacementFilter
    pagination_class = NewestFirst
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def get_queryset(self) -> Any:
        """Placements at visible sites."""
        placements = Placement.objects.visible_to(self.request.user)
        return placements.select_related("household", "site", "previous__site")

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One placement with its note; the reading is recorded."""
        placement = self.get_object()
        record_access(request.user, "read", placement)
        return Response(serializers.PlacementDetailSerializer(placement).data)

    @extend_schema(
        summary="Place a household",
        description="Places for every member, or none. 409 codes: `capacity_exceeded`, "
        "`already_placed`, `household_not_placeable`, `interim_care_required`, "
        "`site_not_receiving`.",
        request=serializers.PlacementCreateSerializer,
        responses={
            201: serializers.PlacementSerializer,
            200: OpenApiResponse(
                serializers.PlacementSerializer, description="Sent again: made before."
            ),
            409: REFUSED,
        },
    )
    def create(self, request: Request) -> Response:
        """Place a household."""
        data = checked(serializers.PlacementCreateSerializer, request)
        site = find_site(request.user, data["site"])
        placement, created = services.place_once(
            actor=request.user,
            household=find_household(request.user, data["household"]),
            site=site,
            persons=data.get("persons"),
            split_reason=data.get("split_reason", ""),
            unit=find_unit(site, data["unit"]) if data.get("unit") else None,
            status=data["status"],
            reserved_until=data.get("reserved_until"),
            placement_id=data.get("id"),
            note=data.get("note", ""),
        )
        return self._answer(placement, created=created)

    @extend_schema(
        **_step(
            "The family has come",
            CheckInSerializer,
            description="All who are expected, or the members named; the others stay expected.",
        )
    )
    @action(detail=True, methods=["post"], url_path="check-in", filterset_class=None)
    def check_in(self, request: Request, pk: str) -> Response:
        """Check a family in."""
        placement = self.get_object()
        data = with_unit(placement.site, checked(CheckInSerializer, request))
        return self._answer(services.check_in(actor=request.user, placement=placement, **data))

    @extend_schema(**_step("The family has left"))
    @action(detail=True, methods=["post"], url_path="check-out", filterset_class=None)
    def check_out(self, request: Request, pk: str) -> Response:
        """Check a family out; its places are free."""
        return self._do(services.check_out, serializers.MomentSerializer)

    @extend_schema(**_step("The family is away", serializers.AbsenceSerializer))
    @action(detail=True, methods=["post"], filterset_class=None)
    def absence(self, request: Request, pk: str) -> Response:
        """Record an absence; the places are kept or given up."""
        return self._do(services.record_absence, serializers.AbsenceSerializer)

    @extend_schema(**_step("The family is back", PersonsSerializer))
    @action(detail=True, methods=["post"], url_path="return", filterset_class=None)
    def come_back(self, request: Request, pk: str) -> Response:
        """Record that a family came back."""
        return self._do(services.record_return, PersonsSerializer)

    @extend_schema(**_step("The places are no longer needed", serializers.NothingSerializer))
    @action(detail=True, methods=["post"], filterset_class=None)
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel a reservation."""
        return self._do(services.cancel_placement)

    @extend_schema(**_step("The family is on its way", serializers.NothingSerializer))
    @action(detail=True, methods=["post"], filterset_class=None)
    def confirm(self, request: Request, pk: str) -> Response:
        """Keep the reserved places without an end."""
        return self._do(services.confirm)

    @extend_schema(**_step("The family did not come", serializers.NothingSerializer))
    @action(detail=True, methods=["post"], url_path="no-show", filterset_class=None)
    def no_show(self, request: Request, pk: str) -> Response:
        """Release places of a family that did not come."""
        return self._do(services.mark_no_show)

    @extend_schema(
        **_step(
            "Move the family to another site",
            serializers.TransferSerializer,
            description="One step: the old places are freed and the new ones taken, or neither. "
            "Answers with the new placement.",
        )
        | {"responses": {201: serializers.PlacementSerializer, 409: REFUSED}}
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def transfer(self, request: Request, pk: str) -> Response:
        """Transfer a household."""
        placement = self.get_object()
        data = checked(serializers.TransferSerializer, request)
        moved = services.transfer_placement(
            actor=request.user,
            placement=placement,
            site=find_site(request.user, data["site"]),
            arrived=data["arrived"],
            reserved_until=data.get("reserved_until"),
            placement_id=data.get("id"),
            note=data.get("note", ""),
        )
        return self._answer(moved, created=True)

    def _do(self, service: Any, form: Any = serializers.NothingSerializer) -> Response:
        placement = self.get_object()
        data = checked(form, self.request)
        return self._answer(service(actor=self.request.user, placement=placement, **data))

    def _answer(self, placement: Placement, *, created: bool = False) -> Response:
        body = serializers.PlacementSerializer(placement).data
        return Response(body, status=201 if created else 200)
