"""Shapes of situation reports (design.md: shapes relied upon)."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from intake.choices import EntryPointKind, EntryPointStatus
from reports.choices import Edition, ReportStatus
from reports.models import SituationReport


class Figure(serializers.IntegerField):
    """A count; null where the public edition withholds it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"allow_null": True, "min_value": 0, **kwargs})


class PeriodSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class KeyFiguresSerializer(serializers.Serializer[Any]):
    arrivals_total = Figure()
    arrivals_last_24h = Figure()
    present = Figure()
    households = Figure()
    female = Figure()
    male = Figure()
    under_18 = Figure()
    aged_60_plus = Figure()
    women_children_elderly = Figure()
    unaccompanied_children = Figure()
    unplaced = Figure()
    sites_open = Figure()
    places_free = Figure()
    requests_open = Figure()
    requests_overdue = Figure()


class ArrivalsByDaySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    persons = Figure()
    households = Figure()


class ArrivalsByEntryPointSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    persons = Figure()


class AgeSexSerializer(serializers.Serializer[Any]):
    bracket = serializers.CharField(help_text="0-4, 5-11, 12-17, 18-59, 60+ or unknown")
    female = Figure()
    male = Figure()
    other = Figure()


class SiteFiguresSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    capacity = Figure()
    present = Figure()
    reserved = Figure()
    free = serializers.IntegerField(allow_null=True)


class AidBySectorSerializer(serializers.Serializer[Any]):
    sector = serializers.CharField()
    open = Figure()
    overdue = Figure()
    fulfilled = Figure()
    persons_reached = Figure()


class AidDeliveredSerializer(serializers.Serializer[Any]):
    sector = serializers.CharField()
    item = serializers.CharField()
    quantity = serializers.FloatField()
    unit = serializers.CharField()
    agency = serializers.CharField()
    households_reached = Figure()
    persons_reached = Figure()


class EntryPointStateSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(EntryPointKind.choices)
    status = serializers.ChoiceField(EntryPointStatus.choices)
    reason = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)


class CrossingSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    seen = Figure()
    registered = Figure()
    not_yet_registered = Figure()


class QuotedAssessmentSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Of the entry point, else of the district")
    name = serializers.CharField()
    visited_at = serializers.DateTimeField()
    organisations = serializers.CharField()
    summary = serializers.CharField()


class BorderSerializer(serializers.Serializer[Any]):
    """The border: the public edition leaves out the states of informal crossings."""

    entry_points = EntryPointStateSerializer(many=True)
    crossings = CrossingSerializer(many=True)
    not_yet_registered = Figure()
    assessments = QuotedAssessmentSerializer(many=True)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Key figures of a morning",
            value={
                "number": 4,
                "as_of": "2021-07-08T06:00:00+05:00",
                "period": {
                    "start": "2021-07-07T06:00:00+05:00",
                    "end": "2021-07-08T06:00:00+05:00",
                },
                "key_figures": {"arrivals_total": 1150, "present": 1150, "households": 214},
            },
            response_only=True,
        )
    ]
)
class SituationReportSerializer(serializers.Serializer[Any]):
    """The frozen figures of one cut-off. Withheld cells of the public edition are null."""

    number = serializers.IntegerField()
    revision = serializers.IntegerField()
    status = serializers.ChoiceField(ReportStatus.choices)
    edition = serializers.ChoiceField(Edition.choices)
    as_of = serializers.DateTimeField()
    period = PeriodSerializer()
    highlights = serializers.ListField(child=serializers.CharField())
    notes = serializers.CharField()
    key_figures = KeyFiguresSerializer()
    arrivals_by_day = ArrivalsByDaySerializer(many=True)
    arrivals_by_entry_point = ArrivalsByEntryPointSerializer(many=True)
    age_sex = AgeSexSerializer(many=True)
    sites = SiteFiguresSerializer(many=True)
    aid_by_sector = AidBySectorSerializer(many=True)
    aid_delivered = AidDeliveredSerializer(many=True, required=False)
    flow = serializers.DictField(child=serializers.IntegerField(), required=False)
    data_quality = serializers.DictField(child=serializers.IntegerField(), required=False)
    border = BorderSerializer(required=False)


class SituationReportEntrySerializer(serializers.ModelSerializer[SituationReport]):
    """One line of the list of reports."""

    period = serializers.SerializerMethodField()

    class Meta:
        model = SituationReport
        fields = ["number", "revision", "status", "as_of", "period", "published_at"]

    def get_period(self, report: SituationReport) -> dict[str, Any]:
        """Start and end."""
        return {
            "start": report.period_start.isoformat(),
            "end": report.period_end.isoformat(),
        }
