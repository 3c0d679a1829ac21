"""Situation reports over REST: figures, and the same as PDF, workbook or page."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policies import Permission
from common.api.pagination import NewestFirst
from reports.api.serializers import SituationReportEntrySerializer, SituationReportSerializer
from reports.choices import Edition
from reports.documents import Document, document_figures
from reports.downloads import FORMATS, download
from reports.models import SituationReport
from reports.policies import edition_for, find_report

READERS = (Permission.REPORTS_READ, Permission.REPORTS_READ_PUBLIC)
EDITION = OpenApiParameter(
    "edition",
    enum=Edition.values,
    description="Staff get the internal edition unless they ask for the public one.",
)


class SituationReportList(ListAPIView[SituationReport]):
    """The reports the reader may see, newest first."""

    policy = {"get": READERS}
    serializer_class = SituationReportEntrySerializer
    pagination_class = NewestFirst
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        """Visible reports."""
        return SituationReport.objects.visible_to(self.request.user)


class _ReportView(APIView):
    policy = {"get": READERS}

    def document(self, request: Request, key: str) -> Document:
        """The report asked for, in the edition and language of this reader."""
        return Document(
            report=find_report(request.user, key),
            edition=edition_for(request.user, request.query_params.get("edition", "")),
            language=request.query_params.get("language", "") or request.LANGUAGE_CODE,
        )


class SituationReportDetail(_ReportView):
    """The frozen figures of one report, `latest` or by number."""

    @extend_schema(parameters=[EDITION], responses=SituationReportSerializer)
    def get(self, request: Request, key: str) -> Response:
        """The figures."""
        return Response(document_figures(self.document(request, key)))


class SituationReportFile(_ReportView):
    """The same report as a file."""

    @extend_schema(
        parameters=[
            EDITION,
            OpenApiParameter("extension", enum=list(FORMATS), location=OpenApiParameter.PATH),
            OpenApiParameter("language", description="en, fa-af, tg or ru"),
        ],
        responses={
            (200, content_type): OpenApiTypes.BINARY for content_type, _ in FORMATS.values()
        },
    )
    def get(self, request: Request, key: str, extension: str) -> HttpResponse:
        """The file."""
        return download(self.document(request, key), extension)
