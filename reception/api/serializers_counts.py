"""Head counts as clients see them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from reception.choices import AbsenceReason, HeadCountHow, HeadCountKind, Resolution
from reception.models import HeadCount, HeadCountDifference
from reception.services.resolving import case_of, ways_of
from reception.services.slips_read import shown_text

MOST_LINES = 500


class HeadCountSerializer(serializers.ModelSerializer[HeadCount]):
    """One roll call; the figures (persons) stand once it is closed.

    Then expected_after + unexpected - missing = counted.
    """

    site = serializers.CharField(source="site.code", read_only=True)
    open_differences = serializers.IntegerField(source="n_open", read_only=True)

    class Meta:
        model = HeadCount
        fields: tuple[str, ...] = (
            *("id", "site", "day", "kind", "method", "started_at", "closed_at", "expected"),
            *("expected_after", "counted", "missing", "unexpected", "open_differences"),
            *("recorded_at", "updated_at"),
        )
        read_only_fields = fields


@extend_schema_serializer(
    examples=[OpenApiExample("The daily count", value={"method": "scan"}, request_only=True)]
)
class HeadCountStartSerializer(serializers.Serializer[Any]):
    """Begin a count."""

    id = serializers.UUIDField(
        required=False, help_text="Made by the client; sent again, nothing is made twice."
    )
    kind = serializers.ChoiceField(
        choices=HeadCountKind.choices,
        required=False,
        help_text="The first of a day is the daily one unless said otherwise.",
    )
    method = serializers.ChoiceField(choices=HeadCountHow.choices, default=HeadCountHow.SCAN.value)


class SeenLineSerializer(serializers.Serializer[Any]):
    """One thing that was counted: `text` (a slip or reference), or `unit` with a number."""

    key = serializers.UUIDField(
        required=False, help_text="Of this sending; sent again, nothing changes."
    )
    text = serializers.CharField(
        required=False, max_length=200, help_text="The slip's token or the household's reference."
    )
    unit = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=40,
        help_text="The room's code, empty for everybody else; `seen` says how many are in it.",
    )
    seen = serializers.IntegerField(
        required=False, help_text="Persons seen; without it everybody expected."
    )
    seen_at = serializers.DateTimeField(required=False, help_text="Now by default.")
    how = serializers.ChoiceField(
        choices=HeadCountHow.choices, default=HeadCountHow.REFERENCE.value
    )


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A slip and a room",
            value={
                "lines": [
                    {
                        "key": "0197da3c-1b8e-7c52-9d5b-0f6e6a3c2b11",
                        "text": "PNH-21-000427-K",
                        "seen": 5,
                        "seen_at": "2021-07-07T14:05:00Z",
                    },
                    {"unit": "room-4", "seen": 12},
                ]
            },
            request_only=True,
        )
    ]
)
class SeenLinesSerializer(serializers.Serializer[Any]):
    """What a device counted, also while it was offline. Each line is answered by itself."""

    lines = serializers.ListField(
        child=serializers.DictField(), min_length=1, max_length=MOST_LINES
    )


class LineAnswerSerializer(serializers.Serializer[Any]):
    """What became of a line: counted, repeat, not_expected, or refused with `code` and `detail`.

    `household` is there only where the reader may know it.
    """

    key = serializers.UUIDField(allow_null=True)
    status = serializers.ChoiceField(choices=["counted", "repeat", "not_expected", "refused"])
    code = serializers.CharField(allow_blank=True)
    detail = serializers.CharField(allow_blank=True)
    household = serializers.CharField(allow_null=True)
    unit = serializers.CharField(allow_null=True)
    expected = serializers.IntegerField(allow_null=True)
    seen = serializers.IntegerField(allow_null=True)


class ProgressSerializer(serializers.Serializer[Any]):
    """How far a count is, in persons."""

    expected = serializers.IntegerField()
    counted = serializers.IntegerField()


class LinesAnswerSerializer(serializers.Serializer[Any]):
    """The answers in the order of the lines, and how far the count is."""

    answers = LineAnswerSerializer(many=True)
    progress = ProgressSerializer()


class DifferenceSerializer(serializers.ModelSerializer[HeadCountDifference]):
    """So many persons expected and not seen, or seen and not expected."""

    household = serializers.SerializerMethodField(
        help_text="The reference, where the reader may know it."
    )
    unit = serializers.SerializerMethodField()
    text_read = serializers.SerializerMethodField(
        help_text="What was read where it leads to nobody whom the reader knows."
    )
    ways = serializers.SerializerMethodField(help_text="Resolutions possible for the reader now.")

    class Meta:
        model = HeadCountDifference
        fields = (
            *("id", "kind", "persons", "household", "unit", "text_read", "state"),
            *("resolution", "resolved_at", "ways"),
        )
        read_only_fields = fields

    def _case(self, row: HeadCountDifference) -> Any:
        # Each row is asked several times; its case is worked out once.
        if getattr(row, "_case", None) is None:
            row._case = case_of(self.context["request"].user, row)  # type: ignore[attr-defined]
        return row._case  # type: ignore[attr-defined]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_household(self, row: HeadCountDifference) -> str | None:
        """Its reference."""
        household = self._case(row).household
        return household.reference if household is not None else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_unit(self, row: HeadCountDifference) -> str | None:
        """The room's code."""
        about = row.line or row.tally
        return about.unit.code if about is not None and about.unit is not None else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_text_read(self, row: HeadCountDifference) -> str | None:
        """The text."""
        if row.line is None or self._case(row).household is not None:
            return None
        return shown_text(row.line.text_read) or None

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_ways(self, row: HeadCountDifference) -> list[str]:
        """None once it is resolved."""
        return [] if row.resolution else [str(way) for way in ways_of(self._case(row))]


class HeadCountDetailSerializer(HeadCountSerializer):
    """A count with how far it is and what differs."""

    progress = ProgressSerializer(read_only=True)
    differences = DifferenceSerializer(many=True, read_only=True)

    class Meta(HeadCountSerializer.Meta):
        fields = (*HeadCountSerializer.Meta.fields, "progress", "differences")
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "In hospital", value={"resolution": "absent", "reason": "hospital"}, request_only=True
        )
    ]
)
class ResolveSerializer(serializers.Serializer[Any]):
    """What a difference turned out to be."""

    resolution = serializers.ChoiceField(choices=Resolution.choices)
    reason = serializers.ChoiceField(
        choices=AbsenceReason.choices, required=False, help_text="Of an absence."
    )
    site = serializers.CharField(
        required=False, max_length=40, help_text="Where a missing family went by transfer."
    )
    persons = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=100,
        help_text="The members it is about, where it is a part of the family.",
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)
    occurred_at = serializers.DateTimeField(required=False)
