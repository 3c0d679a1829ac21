"""Units and blocked places of a site as clients see them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from reception.choices import BlockReason
from reception.models import SiteBlock, Unit
from reception.services.site_units import UNIT_EDITABLE


class UnitSerializer(serializers.ModelSerializer[Unit]):
    """A room or tent with its places."""

    free = serializers.IntegerField(read_only=True, help_text="Places that can be taken now.")

    class Meta:
        model = Unit
        fields = (
            *("id", "code", "name", "kind", "section", "accessible"),
            *("capacity", "blocked", "taken", "free", "recorded_at", "updated_at"),
        )
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A room for women",
            value={
                "code": "ROOM-12",
                "name": "Room 12",
                "kind": "room",
                "section": "women",
                "accessible": True,
                "capacity": 8,
            },
            request_only=True,
        )
    ]
)
class UnitCreateSerializer(serializers.ModelSerializer[Unit]):
    """A new room or tent."""

    id = serializers.UUIDField(required=False, help_text="Made by the client, if it likes.")
    code = serializers.SlugField(max_length=40)

    class Meta:
        model = Unit
        fields = ("id", "code", *UNIT_EDITABLE)
        # Conditions over several fields are judged by the service.
        validators: list[Any] = []


class UnitEditSerializer(serializers.ModelSerializer[Unit]):
    """What a manager changes; every field is optional."""

    class Meta:
        model = Unit
        fields = UNIT_EDITABLE
        extra_kwargs = {name: {"required": False} for name in UNIT_EDITABLE}
        validators: list[Any] = []


class BlockSerializer(serializers.ModelSerializer[SiteBlock]):
    """Blocked places: where, how many, why, until when."""

    unit = serializers.CharField(
        source="unit.code", default=None, read_only=True, allow_null=True, help_text="Its code."
    )

    class Meta:
        model = SiteBlock
        fields = (
            *("id", "unit", "places", "reason", "text", "state", "since", "until", "ended_at"),
            *("recorded_at", "updated_at"),
        )
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two rooms without heating",
            value={
                "unit": "ROOM-12",
                "places": 8,
                "reason": "no_heating",
                "text": "boiler of the north wing",
                "until": "2021-07-09T04:30:00Z",
            },
            request_only=True,
        )
    ]
)
class BlockCreateSerializer(serializers.Serializer[Any]):
    """Places that nobody gets for a while."""

    id = serializers.UUIDField(
        required=False, help_text="Made by the client; sent again, nothing is blocked twice."
    )
    unit = serializers.CharField(
        required=False, max_length=40, help_text="The code of a room or tent of this site."
    )
    places = serializers.IntegerField(min_value=1)
    reason = serializers.ChoiceField(choices=BlockReason.choices)
    text = serializers.CharField(required=False, allow_blank=True, max_length=200)
    since = serializers.DateTimeField(required=False, help_text="Now by default, or later.")
    until = serializers.DateTimeField(required=False, help_text="Open by default.")
