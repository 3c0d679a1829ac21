"""Pages of situation reports."""

from django.urls import URLPattern, URLResolver, re_path

from reports import views

app_name = "reports"
KEY = r"(?P<key>latest|[0-9]{1,9})"

urlpatterns: list[URLPattern | URLResolver] = [
    re_path(rf"^{KEY}/$", views.report_file, name="page"),
    re_path(rf"^{KEY}\.(?P<extension>pdf|xlsx|json|html)$", views.report_file, name="file"),
]
