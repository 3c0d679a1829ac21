"""Units and blocked places of a site over REST."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policies import Permission
from audit.idempotency import IdempotentWrites
from common.api.pagination import ByCode, NewestFirst
from common.errors import FieldProblem
from reception import services
from reception.api import serializers_sites as serializers
from reception.api.views import REFUSED, find_site
from reception.errors import NotFound
from reception.models import Site, SiteBlock, Unit

SITE = OpenApiParameter("site_code", str, OpenApiParameter.PATH, description="The site's code.")


class _OfSite(IdempotentWrites, mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Rows of the site in the address; an unknown or hidden site is 404, both alike."""

    def site(self: Any) -> Site:
        """The site, if the reader may know of it."""
        return find_site(self.request.user, self.kwargs["site_code"])


@extend_schema_view(
    list=extend_schema(summary="Rooms and tents of a site", parameters=[SITE]),
    retrieve=extend_schema(summary="A room or tent", parameters=[SITE]),
)
class UnitViewSet(_OfSite, viewsets.GenericViewSet[Unit]):
    """Rooms and tents of a site."""

    policy = {
        "list": Permission.SITES_READ,
        "retrieve": Permission.SITES_READ,
        "create": Permission.SITES_EDIT,
        "partial_update": Permission.SITES_EDIT,
    }
    queryset = Unit.objects.none()
    serializer_class = serializers.UnitSerializer
    pagination_class = ByCode
    lookup_field = "code"
    lookup_value_regex = "[-A-Za-z0-9_]+"
    http_method_names = ["get", "post", "patch", "head", "options"]

    def get_queryset(self) -> Any:
        """Those of the site."""
        return self.site().units.all()

    @extend_schema(
        summary="Add a room or tent",
        parameters=[SITE],
        request=serializers.UnitCreateSerializer,
        responses={201: serializers.UnitSerializer, 409: REFUSED},
    )
    def create(self, request: Request, site_code: str) -> Response:
        """Add a room or tent. 409 codes: `unit_code_taken`."""
        site = self.site()
        form = serializers.UnitCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        unit = services.create_unit(
            actor=request.user, site=site, unit_id=fields.pop("id", None), **fields
        )
        return Response(serializers.UnitSerializer(unit).data, status=201)

    @extend_schema(
        summary="Change a room or tent",
        parameters=[SITE],
        request=serializers.UnitEditSerializer,
        responses={200: serializers.UnitSerializer, 409: REFUSED},
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change fields of a room or tent, or nothing. 409 codes: `unit_below_taken`."""
        unit = self.get_object()
        form = serializers.UnitEditSerializer(unit, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        unit = services.edit_unit(actor=request.user, unit=unit, **form.validated_data)
        return Response(serializers.UnitSerializer(unit).data)


@extend_schema_view(
    list=extend_schema(summary="Blocked places of a site", parameters=[SITE]),
    retrieve=extend_schema(summary="A block", parameters=[SITE]),
)
class BlockViewSet(_OfSite, viewsets.GenericViewSet[SiteBlock]):
    """Blocked places of a site, newest first, also those that have ended."""

    policy = {
        "list": Permission.SITES_READ,
        "retrieve": Permission.SITES_READ,
        "create": Permission.SITES_EDIT,
        "end": Permission.SITES_EDIT,
    }
    queryset = SiteBlock.objects.none()
    serializer_class = serializers.BlockSerializer
    pagination_class = NewestFirst
    lookup_value_regex = "[0-9a-fA-F-]{36}"

    def get_queryset(self) -> Any:
        """Those of the site."""
        return self.site().blocks.select_related("unit", "site")

    @extend_schema(
        summary="Block places",
        parameters=[SITE],
        request=serializers.BlockCreateSerializer,
        responses={201: serializers.BlockSerializer, 409: REFUSED},
    )
    def create(self, request: Request, site_code: str) -> Response:
        """Block places. 409 codes: `places_taken`, `conflict`."""
        site = self.site()
        form = serializers.BlockCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        unit = self._unit(site, fields.pop("unit", ""))
        block = services.block_places(
            actor=request.user, site=site, unit=unit, block_id=fields.pop("id", None), **fields
        )
        return Response(serializers.BlockSerializer(block).data, status=201)

    @extend_schema(
        summary="End a block",
        parameters=[SITE],
        request=None,
        responses={200: serializers.BlockSerializer, 409: REFUSED},
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, **kwargs: Any) -> Response:
        """End a block before its time; its places can be taken at once."""
        block = services.end_block(actor=request.user, block=self.get_object())
        return Response(serializers.BlockSerializer(block).data)

    def _unit(self, site: Site, code: str) -> Unit | None:
        if not code:
            return None
        unit = site.units.filter(code=code.strip().upper()).first()
        if unit is None:
            detail = _("This site has no such room or tent. Take a code from its list.")
            raise NotFound(
                "not_found", detail, problems=[FieldProblem("unit", "does_not_exist", detail)]
            )
        return unit
