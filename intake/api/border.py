"""The border over REST: states of entry points, people seen crossing, assessments."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.policies import Permission
from audit.access import record_access
from audit.idempotency import IdempotentWrites
from common.api.pagination import NewestFirst
from common.errors import FieldProblem
from intake.api.serializers import Choice, EntryPointSerializer, Shape
from intake.births.brackets import BRACKETS
from intake.choices import CountMethod, EntryPointStatus, Finding
from intake.models import BorderAssessment, CrossingCount, EntryPoint, EntryPointStatusChange
from intake.querysets_border import reports_at
from intake.services.assessments import AssessmentInput, record_border_assessment
from intake.services.checking import invalid
from intake.services.counts import CountInput, correct_crossing_count, record_crossing_count
from intake.services.entry_points import add_informal_crossing, change_entry_point_status

P = Permission
REPORTERS = (P.ENTRY_POINTS_REPORT, P.ENTRY_POINTS_EDIT)
# A crossing changes some times a day: the history told at once covers weeks.
ROWS = 200
BORDER_POLICY = {
    "create": REPORTERS,
    "states": P.ENTRY_POINTS_READ,
    "change_state": REPORTERS,
    "counts": P.ENTRY_POINTS_READ,
    "add_count": REPORTERS,
}


def _text(length: int) -> serializers.CharField:
    return serializers.CharField(max_length=length, required=False, allow_blank=True, default="")


class InformalCrossingSerializer(Shape):
    """A place where people cross; coordinates are rounded to two decimals."""

    name = serializers.CharField(max_length=120)
    area = serializers.CharField(max_length=40, help_text="Code of the nearest district")
    opposite_area = _text(40)
    latitude = serializers.DecimalField(
        max_digits=12, decimal_places=9, required=False, allow_null=True, default=None
    )
    longitude = serializers.DecimalField(
        max_digits=12, decimal_places=9, required=False, allow_null=True, default=None
    )
    code = _text(40)


class StatusChangeInputSerializer(Shape):
    """A state and from when on; the reason is needed unless it is open."""

    id = serializers.UUIDField(required=False)
    status = Choice(EntryPointStatus.choices)
    reason = _text(400)
    occurred_at = serializers.DateTimeField()


class StatusChangeSerializer(serializers.ModelSerializer[EntryPointStatusChange]):
    """A state of an entry point, dated twice."""

    status = serializers.ChoiceField(EntryPointStatus.choices)

    class Meta:
        model = EntryPointStatusChange
        fields = ["id", "status", "reason", "occurred_at", "recorded_at"]


class BracketNumbersSerializer(Shape):
    """How many of each age, as far as known."""

    def get_fields(self) -> dict[str, Any]:
        """A number for each bracket."""
        return {
            name: serializers.IntegerField(required=False, min_value=0, max_value=500_000)
            for name in BRACKETS
        }


class SexNumbersSerializer(Shape):
    """How many of each sex and age, as far as known; together no more than the total."""

    female = BracketNumbersSerializer(required=False)
    male = BracketNumbersSerializer(required=False)
    unknown = BracketNumbersSerializer(required=False)


class CountInputSerializer(Shape):
    """People seen from `began_at` until before `ended_at`. `corrects`: the id it replaces."""

    id = serializers.UUIDField(required=False)
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    total = serializers.IntegerField()
    numbers = SexNumbersSerializer(required=False)
    method = Choice(CountMethod.choices, required=False, default=CountMethod.COUNTED)
    note = _text(1000)
    corrects = serializers.UUIDField(required=False, allow_null=True, default=None)


class CrossingCountSerializer(serializers.ModelSerializer[CrossingCount]):
    """A count. `note` is empty for who does not report at this entry point."""

    numbers = serializers.SerializerMethodField()
    method = serializers.ChoiceField(CountMethod.choices)
    note = serializers.SerializerMethodField()

    class Meta:
        model = CrossingCount
        fields = [
            "id",
            "began_at",
            "ended_at",
            "total",
            "numbers",
            "method",
            "note",
            "corrects",
            "superseded_at",
            "recorded_at",
        ]

    @extend_schema_field(SexNumbersSerializer)
    def get_numbers(self, count: CrossingCount) -> dict[str, dict[str, int]]:
        """By sex and bracket."""
        return count.table()

    def get_note(self, count: CrossingCount) -> str:
        """The note, opened for those who work there."""
        return str(count.note) if self.context.get("notes") else ""


class FindingsSerializer(Shape):
    """What was found, by heading."""

    def get_fields(self) -> dict[str, Any]:
        """Text for each heading."""
        return {name: _text(4000) for name in Finding.values}


class AssessmentInputSerializer(Shape):
    """A visit to an entry point or a district."""

    id = serializers.UUIDField(required=False)
    entry_point = _text(40)
    area = _text(40)
    visit_began_at = serializers.DateTimeField()
    visit_ended_at = serializers.DateTimeField()
    organisations = serializers.CharField(max_length=200, help_text="No names of persons")
    findings = FindingsSerializer(required=False)
    summary = serializers.CharField(max_length=600, help_text="No names; reports may quote it")
    quotable = serializers.BooleanField(required=False, default=False)


class BorderAssessmentSerializer(serializers.ModelSerializer[BorderAssessment]):
    """A visit; `findings` is null for who may read its summary only."""

    entry_point = serializers.SlugRelatedField[EntryPoint](slug_field="code", read_only=True)
    findings = serializers.SerializerMethodField()

    class Meta:
        model = BorderAssessment
        fields = [
            "id",
            "entry_point",
            "area",
            "visit_began_at",
            "visit_ended_at",
            "organisations",
            "findings",
            "summary",
            "quotable",
            "recorded_at",
        ]

    @extend_schema_field(FindingsSerializer(allow_null=True))
    def get_findings(self, row: BorderAssessment) -> dict[str, str] | None:
        """Opened for those who may read them."""
        return dict(row.findings) if row.pk in self.context["open"] else None


class EntryPointActions:
    """What happens at an entry point: part of the viewset of entry points."""

    @extend_schema(
        summary="Add an informal crossing",
        request=InformalCrossingSerializer,
        responses={201: EntryPointSerializer},
    )
    def create(self, request: Request) -> Response:
        """Official ones are set up by the administrator."""
        typed = InformalCrossingSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        made = add_informal_crossing(actor=request.user, **typed.validated_data)
        return Response(EntryPointSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(summary="States of an entry point", responses=StatusChangeSerializer(many=True))
    @action(
        detail=True,
        methods=["get"],
        url_path="status",
        pagination_class=None,
        filter_backends=[],
    )
    def states(self, request: Request, code: str) -> Response:
        """The latest first, at most 200."""
        point: EntryPoint = self.get_object()  # type: ignore[attr-defined]
        rows = point.status_changes.visible_to(request.user).latest_first()[:ROWS]
        return Response(StatusChangeSerializer(rows, many=True).data)

    @extend_schema(
        summary="Say how an entry point stands",
        request=StatusChangeInputSerializer,
        responses={201: StatusChangeSerializer},
    )
    @states.mapping.post
    def change_state(self, request: Request, code: str) -> Response:
        """An older state that is told late joins the history and leaves the present alone."""
        point: EntryPoint = self.get_object()  # type: ignore[attr-defined]
        typed = StatusChangeInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        made = change_entry_point_status(
            actor=request.user, entry_point=point, **typed.validated_data
        )
        return Response(StatusChangeSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="People seen crossing at an entry point",
        responses=CrossingCountSerializer(many=True),
    )
    @action(
        detail=True,
        methods=["get"],
        url_path="crossing-counts",
        pagination_class=None,
        filter_backends=[],
    )
    def counts(self, request: Request, code: str) -> Response:
        """The latest first, at most 200; corrected ones have `superseded_at`."""
        point: EntryPoint = self.get_object()  # type: ignore[attr-defined]
        rows = point.counts.visible_to(request.user).order_by("-began_at", "-recorded_at")[:ROWS]
        context = {"notes": reports_at(request.user, point.code)}
        return Response(CrossingCountSerializer(rows, many=True, context=context).data)

    @extend_schema(
        summary="Record people seen crossing",
        request=CountInputSerializer,
        responses={201: CrossingCountSerializer, 200: CrossingCountSerializer},
    )
    @counts.mapping.post
    def add_count(self, request: Request, code: str) -> Response:
        """201 when it was made, 200 for the same id and content again; 409 when times overlap."""
        point: EntryPoint = self.get_object()  # type: ignore[attr-defined]
        typed = CountInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        values = dict(typed.validated_data)
        corrects = values.pop("corrects")
        data = CountInput(**values)
        known = data.id is not None and CrossingCount.objects.filter(pk=data.id).exists()
        if corrects is None:
            made = record_crossing_count(actor=request.user, entry_point=point, data=data)
        else:
            wrong = point.counts.visible_to(request.user).filter(pk=corrects).first()
            if wrong is None:
                problem = FieldProblem("corrects", "unknown", _("There is no such count here."))
                raise invalid([problem])
            made = correct_crossing_count(actor=request.user, count=wrong, data=data)
        return Response(
            CrossingCountSerializer(made, context={"notes": True}).data,
            status=status.HTTP_200_OK if known else status.HTTP_201_CREATED,
        )


class BorderAssessmentViewSet(IdempotentWrites, ListModelMixin, GenericViewSet[BorderAssessment]):
    """Visits to the border and what they found."""

    queryset = BorderAssessment.objects.none()
    serializer_class = BorderAssessmentSerializer
    pagination_class = NewestFirst
    filter_backends: list[Any] = []
    policy = {"list": (P.BORDER_READ, P.REPORTS_PUBLISH), "create": P.BORDER_ASSESS}

    def get_queryset(self) -> QuerySet[BorderAssessment]:
        """Visible assessments."""
        rows = BorderAssessment.objects.visible_to(self.request.user)
        return rows.select_related("entry_point")

    def _shapes(self, rows: list[BorderAssessment]) -> Any:
        """With the findings that this user may read; the caller records the access."""
        opened = BorderAssessment.objects.with_findings_for(self.request.user)
        keys = opened.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True)
        context = {"open": set(keys)}
        return BorderAssessmentSerializer(rows, many=True, context=context).data

    @extend_schema(summary="List border assessments")
    def list(self, request: Request) -> Response:
        """Newest first; the access is recorded."""
        page = self.paginate_queryset(self.get_queryset()) or []
        record_access(request.user, "list", BorderAssessment, count=len(page))
        return self.get_paginated_response(self._shapes(page))

    @extend_schema(
        summary="Record a border assessment",
        request=AssessmentInputSerializer,
        responses={201: BorderAssessmentSerializer, 200: BorderAssessmentSerializer},
    )
    def create(self, request: Request) -> Response:
        """201 when it was made, 200 for the same id and content again."""
        typed = AssessmentInputSerializer(data=request.data)
        typed.is_valid(raise_exception=True)
        data = AssessmentInput(**typed.validated_data)
        known = data.id is not None and BorderAssessment.objects.filter(pk=data.id).exists()
        made = record_border_assessment(actor=request.user, data=data)
        record_access(request.user, "read", made)
        return Response(
            self._shapes([made])[0],
            status=status.HTTP_200_OK if known else status.HTTP_201_CREATED,
        )
