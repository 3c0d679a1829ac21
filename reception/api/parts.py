"""Parts of a family, rooms, and who was where, over REST."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.policies import Permission
from audit.access import record_access
from common import clock
from common.errors import FieldProblem, InvalidInput, NotPermitted
from reception import services
from reception.api.looking import find_site
from reception.api.serializers import (
    REFUSED,
    MomentSerializer,
    PlacementDetailSerializer,
    PlacementSerializer,
    checked,
)
from reception.choices import StayState
from reception.history import people_at, times_over, whereabouts
from reception.models import Site, Unit
from reception.policies import may_at

PERSONS_HELP = "Ids of members; everybody it concerns without them."


class PersonsSerializer(MomentSerializer):
    """Members by id."""

    persons = serializers.ListField(
        child=serializers.UUIDField(), required=False, help_text=PERSONS_HELP
    )


class CheckInSerializer(PersonsSerializer):
    """Who came, and to which room or tent."""

    unit = serializers.SlugField(required=False, help_text="Code of a unit of the site.")


class NamedSerializer(serializers.Serializer[Any]):
    """Members who have to be named."""

    persons = serializers.ListField(child=serializers.UUIDField(), help_text="Ids of members.")


class SplitSerializer(NamedSerializer):
    """A decision that a family is apart."""

    site = serializers.CharField(max_length=40, help_text="The code of the other site.")
    reason = serializers.CharField(max_length=200, help_text="Why the family is apart.")
    arrived = serializers.BooleanField(default=False)
    reserved_until = serializers.DateTimeField(required=False)


class ReuniteSerializer(serializers.Serializer[Any]):
    """Whether the part is back with the others already."""

    arrived = serializers.BooleanField(default=True)


class UnitChoiceSerializer(serializers.Serializer[Any]):
    """A room or tent of the site, or none."""

    unit = serializers.SlugField(allow_null=True, help_text="Code of a unit; null: in none.")
    persons = serializers.ListField(
        child=serializers.UUIDField(), required=False, help_text=PERSONS_HELP
    )


class StaySerializer(serializers.Serializer[Any]):
    """One person in one state at a place."""

    person = serializers.UUIDField(source="person_id")
    household = serializers.CharField(source="placement.household.reference")
    site = serializers.CharField(source="placement.site.code")
    placement = serializers.UUIDField(source="placement_id")
    unit = serializers.CharField(source="unit.code", default=None, allow_null=True)
    state = serializers.ChoiceField(choices=StayState.choices)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True)


class OverSerializer(serializers.Serializer[Any]):
    """A time in which a site held more than its capacity."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True, help_text="null: still so.")
    most = serializers.IntegerField(help_text="Persons with places, at most.")
    above = serializers.IntegerField(help_text="How many of them above the capacity, at most.")
    granted = serializers.BooleanField(help_text="Whether granted overflow covered it throughout.")


def _step(summary: str, request: Any) -> dict[str, Any]:
    answers = {200: PlacementSerializer, 409: REFUSED}
    return {"summary": summary, "request": request, "responses": answers}


class PartActions:
    """For PlacementViewSet: what happens to members of a family, not to all of it."""

    policy = dict.fromkeys(
        ("not_come", "split", "reunite", "unit"), Permission.PLACEMENTS_WRITE
    ) | {"whereabouts": Permission.PLACEMENTS_READ}

    @extend_schema(
        summary="Members and where they are",
        responses=StaySerializer(many=True),
        description="Every state of every member of this placement's household through time, the "
        "newest first, at the sites that the reader may know of.",
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def whereabouts(self: Any, request: Request, pk: str) -> Response:
        """Who of the family was where."""
        placement = self.get_object()
        record_access(request.user, "read", placement)
        persons = placement.household.members.values_list("pk", flat=True)
        known = Site.objects.visible_to(request.user)
        rows = whereabouts(persons).filter(placement__site__in=known)
        rows = rows.select_related("placement__site", "placement__household", "unit")
        return Response(StaySerializer(rows, many=True).data)

    @extend_schema(**_step("Members did not come with the others", NamedSerializer))
    @action(detail=True, methods=["post"], url_path="not-come", filterset_class=None)
    def not_come(self: Any, request: Request, pk: str) -> Response:
        """Free the places of who stayed away."""
        return self._do(services.mark_not_come, NamedSerializer)  # type: ignore[no-any-return]

    @extend_schema(
        summary="Place members apart, by decision",
        request=SplitSerializer,
        responses={201: PlacementSerializer, 409: REFUSED},
    )
    @action(detail=True, methods=["post"], filterset_class=None)
    def split(self: Any, request: Request, pk: str) -> Response:
        """Give some members places at another site."""
        placement = self.get_object()
        data = checked(SplitSerializer, request)
        made = services.split_placement(
            actor=request.user,
            placement=placement,
            site=find_site(request.user, data.pop("site")),
            **data,
        )
        return self._answer(made, created=True)  # type: ignore[no-any-return]

    @extend_schema(**_step("Bring a part back to the family", ReuniteSerializer))
    @action(detail=True, methods=["post"], filterset_class=None)
    def reunite(self: Any, request: Request, pk: str) -> Response:
        """One place again."""
        return self._do(services.reunite_placement, ReuniteSerializer)  # type: ignore[no-any-return]

    @extend_schema(**_step("Give a room or tent", UnitChoiceSerializer))
    @action(detail=True, methods=["post"], filterset_class=None)
    def unit(self: Any, request: Request, pk: str) -> Response:
        """Move the family, or members of it, to a unit of its site."""
        placement = self.get_object()
        data = checked(UnitChoiceSerializer, request)
        unit = find_unit(placement.site, data["unit"]) if data["unit"] else None
        moved = services.move_to_unit(
            actor=request.user, placement=placement, unit=unit, persons=data.get("persons")
        )
        return self._answer(moved)  # type: ignore[no-any-return]


AT = OpenApiParameter("at", str, description="A moment (ISO 8601); now without it.", required=False)


class SiteHistory:
    """For SiteViewSet: who was here, and when it was over."""

    policy = {"people": Permission.PLACEMENTS_READ, "over": Permission.SITES_READ}

    @extend_schema(
        summary="Who was here at a moment",
        parameters=[AT],
        responses=StaySerializer(many=True),
    )
    @action(detail=True, filterset_class=None, pagination_class=None)
    def people(self: Any, request: Request, code: str) -> Response:
        """Persons with a place here, by id, as it was then."""
        site = self.get_object()
        if not may_at(request.user, Permission.PLACEMENTS_READ, site):
            raise NotPermitted("not_permitted", _("You may not do this at this site."))
        moment = read_moment(request.query_params.get("at", ""))
        record_access(request.user, "list", site)
        rows = people_at(site, moment).select_related(
            "placement__household", "placement__site", "unit"
        )
        return Response(StaySerializer(rows, many=True).data)

    @extend_schema(summary="When this site was over", responses=OverSerializer(many=True))
    @action(detail=True, filterset_class=None, pagination_class=None)
    def over(self: Any, request: Request, code: str) -> Response:
        """Each time in which more people had places than the capacity allows."""
        return Response(OverSerializer(times_over(self.get_object()), many=True).data)


def read_moment(text: str) -> Any:
    """A moment as sent, now for nothing; InvalidInput otherwise."""
    if not text:
        return clock.now()
    try:
        moment = serializers.DateTimeField().to_internal_value(text)
    except serializers.ValidationError as error:
        detail = _("Give a date and time like 2021-07-05T18:00:00+05:00.")
        raise InvalidInput(
            "invalid", detail, problems=[FieldProblem("at", "invalid", detail)]
        ) from error
    return moment


def find_unit(site: Site, code: str) -> Unit:
    """A unit of the site by its code; InvalidInput when there is none."""
    unit = Unit.objects.filter(site=site, code=code).first()
    if unit is None:
        detail = _("There is no such room or tent at this site.")
        raise InvalidInput(
            "invalid", detail, problems=[FieldProblem("unit", "does_not_exist", detail)]
        )
    return unit


def with_unit(site: Site, data: dict[str, Any]) -> dict[str, Any]:
    """The input of a check-in with the unit that its code names."""
    if code := data.pop("unit", ""):
        return {**data, "unit": find_unit(site, code)}
    return data


__all__ = [
    "CheckInSerializer",
    "PartActions",
    "PersonsSerializer",
    "PlacementDetailSerializer",
    "SiteHistory",
    "with_unit",
]
