"""Routes of situation reports."""

from django.urls import URLPattern, URLResolver, re_path

from reports.api import views

KEY = r"(?P<key>latest|[0-9]{1,9})"

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(r"^situation-reports/$", views.SituationReportList.as_view(), name="situation-reports"),
    re_path(
        rf"^situation-reports/{KEY}/$",
        views.SituationReportDetail.as_view(),
        name="situation-report",
    ),
    re_path(
        rf"^situation-reports/{KEY}/?\.(?P<extension>pdf|xlsx|html|json)$",
        views.SituationReportFile.as_view(),
        name="situation-report-file",
    ),
]
