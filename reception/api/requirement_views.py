"""What must hold wherever families are placed, over REST, for staff."""

from __future__ import annotations

from typing import Any, TypeVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policies import Permission, can
from audit.idempotency import IdempotentWrites
from common.api.pagination import NewestFirst
from intake.models import Household
from reception import services
from reception.api import allocation_serializers as shapes
from reception.api.looking import find_household, find_site
from reception.api.serializers import checked
from reception.models import KeepApart, KinGroup, PlacementRequirement

Row = TypeVar("Row", KeepApart, PlacementRequirement, KinGroup)
WRITE, APART = Permission.PLACEMENTS_WRITE, Permission.KEEP_APART


class _Requirements(IdempotentWrites, mixins.ListModelMixin, viewsets.GenericViewSet[Row]):
    """A list that grows and whose rows end; rows are never changed."""

    pagination_class = NewestFirst
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def _known(self) -> Any:
        return Household.objects.visible_to(self.request.user).values_list("pk", flat=True)


@extend_schema_view(list=extend_schema(summary="Families to keep apart"))
class KeepApartViewSet(_Requirements[KeepApart]):
    """Pairs of families that must not be at one site; why, for protection officers only."""

    policy = {"list": (WRITE, APART), "create": APART, "end": APART}
    queryset = KeepApart.objects.none()
    serializer_class = shapes.KeepApartSerializer

    def get_queryset(self) -> Any:
        """Visible pairs that were not ended."""
        rows = KeepApart.objects.visible_to(self.request.user).filter(ended_at__isnull=True)
        return rows.select_related("household", "other")

    def get_serializer_context(self) -> dict[str, Any]:
        """What the reader may know of each pair."""
        pairs = self.get_queryset().values_list("household", "other")
        named = {pk for pair in pairs for pk in pair} if self.request.method == "GET" else set()
        known = set(self._known().filter(pk__in=named)) if named else set()
        return {
            **super().get_serializer_context(),
            "known": known,
            "reasons": can(self.request.user, APART),
        }

    @extend_schema(
        summary="Keep two families apart",
        request=shapes.KeepApartCreateSerializer,
        responses={201: shapes.KeepApartSerializer},
    )
    def create(self, request: Request) -> Response:
        """From now on they are never placed at one site."""
        data = checked(shapes.KeepApartCreateSerializer, request)
        pair = services.keep_apart(
            actor=request.user,
            household=find_household(request.user, data["household"]),
            other=find_household(request.user, data["other"]),
            reason=data["reason"],
            until=data.get("until"),
        )
        return self._answer(pair, status=201)

    @extend_schema(
        summary="They may be together again",
        request=None,
        responses={200: shapes.KeepApartSerializer},
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """End it."""
        return self._answer(services.end_keep_apart(actor=request.user, pair=self.get_object()))

    def _answer(self, pair: KeepApart, *, status: int = 200) -> Response:
        known = {pair.household_id, pair.other_id}
        context = {"known": set(self._known().filter(pk__in=known)), "reasons": True}
        return Response(shapes.KeepApartSerializer(pair, context=context).data, status=status)


@extend_schema_view(list=extend_schema(summary="Requirements for places"))
class RequirementViewSet(_Requirements[PlacementRequirement]):
    """Quarantine, health care near, not at or only at a site."""

    policy = {"list": Permission.PLACEMENTS_READ, "create": WRITE, "end": WRITE}
    queryset = PlacementRequirement.objects.none()
    serializer_class = shapes.RequirementSerializer

    def get_queryset(self) -> Any:
        """Visible ones that were not ended."""
        rows = PlacementRequirement.objects.visible_to(self.request.user)
        return rows.filter(ended_at__isnull=True).select_related("household", "site")

    def get_serializer_context(self) -> dict[str, Any]:
        """Whether the reader may read notes."""
        reasons = can(self.request.user, Permission.NEEDS_TIER_2)
        return {**super().get_serializer_context(), "reasons": reasons}

    @extend_schema(
        summary="Require something of a family's place",
        request=shapes.RequirementCreateSerializer,
        responses={201: shapes.RequirementSerializer},
    )
    def create(self, request: Request) -> Response:
        """From now on it must hold; said again, it replaces what was said before."""
        data = checked(shapes.RequirementCreateSerializer, request)
        site = data.get("site")
        row = services.require_place(
            actor=request.user,
            household=find_household(request.user, data["household"]),
            kind=data["kind"],
            minutes=data.get("minutes"),
            site=find_site(request.user, site) if site else None,
            note=data.get("note", ""),
            until=data.get("until"),
        )
        return Response(self.get_serializer(row).data, status=201)

    @extend_schema(
        summary="It need no longer hold",
        request=None,
        responses={200: shapes.RequirementSerializer},
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """End it."""
        row = services.end_requirement(actor=request.user, requirement=self.get_object())
        return Response(self.get_serializer(row).data)


@extend_schema_view(list=extend_schema(summary="Extended families"))
class KinGroupViewSet(_Requirements[KinGroup]):
    """Households that ask to stay near each other."""

    policy = {"list": Permission.PLACEMENTS_READ, "create": WRITE}
    queryset = KinGroup.objects.none()
    serializer_class = shapes.KinGroupSerializer

    def get_queryset(self) -> Any:
        """Visible ones that stand."""
        return KinGroup.objects.visible_to(self.request.user).standing()

    def get_serializer_context(self) -> dict[str, Any]:
        """The households that the reader may read."""
        return {**super().get_serializer_context(), "households": self._known()}

    @extend_schema(
        summary="Keep households near each other",
        request=shapes.KinGroupCreateSerializer,
        responses={201: shapes.KinGroupSerializer},
    )
    def create(self, request: Request) -> Response:
        """They become one extended family, with those that some of them belong to."""
        data = checked(shapes.KinGroupCreateSerializer, request)
        households = [find_household(request.user, each) for each in data["households"]]
        group = services.join_kin(actor=request.user, households=households)
        return Response(self.get_serializer(group).data, status=201)
