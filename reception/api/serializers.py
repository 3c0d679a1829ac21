"""Sites and placements as clients see them. Input is checked for shape; services hold the rules."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request

from reception.choices import MAY_BEGIN_AS, AbsenceReason, PlacementStatus
from reception.models import Placement, Site, Stay
from reception.services.sites import EDITABLE

REFUSED = OpenApiResponse(
    description="A problem document: nothing was changed.",
    response={"type": "object", "properties": {"code": {"type": "string"}}},
    examples=[
        OpenApiExample(
            "Too few places",
            value={
                "type": "urn:panah:problem:capacity_exceeded",
                "title": "Conflict with the present state",
                "status": 409,
                "code": "capacity_exceeded",
                "detail": "School 3 has 2 free places, 7 are needed.",
                "errors": [],
                "free": 2,
                "needed": 7,
            },
        )
    ],
)


class SiteSerializer(serializers.ModelSerializer[Site]):
    """A safe location with its places (one place, one person)."""

    free = serializers.IntegerField(read_only=True, help_text="Places that can be taken now.")
    area = serializers.CharField(source="area_id", read_only=True, help_text="P-code.")

    class Meta:
        model = Site
        fields = (
            *("code", "name", "names", "type", "status", "area", "address"),
            *("latitude", "longitude", "receives_always", "norm_phase"),
            *("operational_capacity", "operational_reason"),
            *("blocked", "blocked_reason", "hidden", "accessible", "women_only_section"),
            *("interim_care", "cold_rated", "health_minutes", "border_km"),
            *("capacity", "overflow", "reserved", "present", "free"),
            *("recorded_at", "updated_at"),
        )
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Fewer places",
            value={"operational_capacity": 80, "operational_reason": "one hall is being heated"},
            request_only=True,
        )
    ]
)
class SiteEditSerializer(serializers.ModelSerializer[Site]):
    """What a manager changes; every field is optional."""

    class Meta:
        model = Site
        fields = EDITABLE
        extra_kwargs = {name: {"required": False} for name in EDITABLE}
        # Conditions over several fields are judged by the service, on the locked row.
        validators: list[Any] = []


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A school",
            value={
                "code": "KHOROG-SCHOOL-3",
                "as_of": "2021-07-05T06:00:00Z",
                "capacity": 120,
                "blocked": 0,
                "reserved": 14,
                "present": 96,
                "free": 10,
            },
        )
    ]
)
class OccupancySerializer(serializers.Serializer[Any]):
    """Places now; capacity includes granted overflow, so that the figures add up."""

    code = serializers.CharField()
    as_of = serializers.DateTimeField()
    capacity = serializers.IntegerField()
    blocked = serializers.IntegerField()
    reserved = serializers.IntegerField()
    present = serializers.IntegerField()
    free = serializers.IntegerField()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Reserved for a day",
            value={
                "id": "0197da3c-1b8e-7c52-9d5b-0f6e6a3c2b11",
                "household": "PNH-21-000427-K",
                "site": "KHOROG-SCHOOL-3",
                "status": "reserved",
                "places": 7,
                "reserved_until": "2021-07-06T04:30:00Z",
                "checked_in_at": None,
                "ended_at": None,
                "absence_reason": "",
                "previous": None,
                "part": 0,
                "recorded_at": "2021-07-05T04:30:00Z",
                "updated_at": "2021-07-05T04:30:00Z",
            },
            response_only=True,
        )
    ]
)
class PlacementSerializer(serializers.ModelSerializer[Placement]):
    """A household's place at a site. Without the note, which may be personal."""

    household = serializers.CharField(source="household.reference", read_only=True)
    site = serializers.CharField(source="site.code", read_only=True)
    previous = serializers.SerializerMethodField()

    absence_reason = serializers.ChoiceField(
        choices=AbsenceReason.choices, allow_blank=True, read_only=True
    )

    def get_previous(self, placement: Placement) -> uuid.UUID | None:
        """The placement before this one; not where that site is hidden from most."""
        previous = placement.previous
        return None if previous is None or previous.site.hidden else previous.pk

    class Meta:
        model = Placement
        fields: tuple[str, ...] = (
            *("id", "household", "site", "status", "places", "reserved_until"),
            *("checked_in_at", "ended_at", "absence_reason", "previous", "part"),
            *("recorded_at", "updated_at"),
        )
        read_only_fields = fields


class MemberStaySerializer(serializers.ModelSerializer[Stay]):
    """Where one member is."""

    person = serializers.UUIDField(source="person_id", read_only=True)
    unit = serializers.CharField(source="unit.code", default=None, read_only=True, allow_null=True)

    class Meta:
        model = Stay
        fields = ("person", "state", "since", "unit", "absence_reason")
        read_only_fields = fields


class PlacementDetailSerializer(PlacementSerializer):
    """One placement with its note, why it is apart, and where each member is."""

    note = serializers.CharField(read_only=True)
    split_reason = serializers.CharField(read_only=True)
    members = MemberStaySerializer(many=True, read_only=True, source="standing_stays")

    class Meta(PlacementSerializer.Meta):
        fields = (*PlacementSerializer.Meta.fields, "note", "split_reason", "members")
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Reserve",
            value={
                "id": "0197da3c-1b8e-7c52-9d5b-0f6e6a3c2b11",
                "household": "PNH-21-000427-K",
                "site": "KHOROG-SCHOOL-3",
                "status": "reserved",
            },
            request_only=True,
        )
    ]
)
class PlacementCreateSerializer(serializers.Serializer[Any]):
    """Ask for places for a whole household."""

    id = serializers.UUIDField(
        required=False, help_text="Made by the client; sent again, nothing is made twice."
    )
    household = serializers.CharField(max_length=40, help_text="The household's reference.")
    site = serializers.CharField(max_length=40, help_text="The site's code.")
    status = serializers.ChoiceField(
        choices=MAY_BEGIN_AS,
        default=PlacementStatus.RESERVED.value,
    )
    persons = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        help_text="Only these members; unless they are the whole family, with a `split_reason`.",
    )
    split_reason = serializers.CharField(required=False, max_length=200)
    unit = serializers.SlugField(required=False, help_text="Code of a room or tent of the site.")
    reserved_until = serializers.DateTimeField(
        required=False, help_text="When the reservation ends; 24 hours from now by default."
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    override_reason = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="Why a rule that a 409 named `overridable` does not hold here.",
    )


class TransferSerializer(serializers.Serializer[Any]):
    """Where the household goes."""

    id = serializers.UUIDField(required=False, help_text="Of the new placement.")
    site = serializers.CharField(max_length=40, help_text="The code of the other site.")
    arrived = serializers.BooleanField(
        default=False, help_text="True: the family is there already. False: places are reserved."
    )
    reserved_until = serializers.DateTimeField(required=False)
    note = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    override_reason = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=500,
        help_text="Why a rule that a 409 named `overridable` does not hold here.",
    )


class MomentSerializer(serializers.Serializer[Any]):
    """When it happened; now by default."""

    occurred_at = serializers.DateTimeField(required=False)


class AbsenceSerializer(MomentSerializer):
    """Why the family, or members of it, are away."""

    reason = serializers.ChoiceField(choices=AbsenceReason.choices)
    persons = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        help_text="Ids of members; the whole family without them.",
    )
    keep_place = serializers.BooleanField(
        default=True, help_text="False: the places are free for others meanwhile."
    )


class NothingSerializer(serializers.Serializer[Any]):
    """An empty body."""


def checked(form: Any, request: Request) -> dict[str, Any]:
    """The request's body in the shape of `form`, or a problem document."""
    serializer = form(data=request.data)
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data
