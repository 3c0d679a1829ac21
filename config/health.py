"""What the operator's monitoring asks."""

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils.crypto import constant_time_compare
from django_prometheus.exports import ExportToDjangoView


def alive(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        return False
    return True


def _cache_answers() -> bool:
    try:
        cache.set("ready", 1, timeout=5)
    except Exception:
        return False
    return True


def ready(request: HttpRequest) -> JsonResponse:
    """503 until the database answers. Redis is reported, and not needed to serve."""
    database = _database_answers()
    body = {"database": database, "redis": _cache_answers()}
    return JsonResponse(body, status=200 if database else 503)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics, for whoever holds PANAH_METRICS_TOKEN; closed when none is set."""
    token = settings.METRICS_TOKEN
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not constant_time_compare(sent, token):
        return HttpResponseForbidden("metrics need a token\n", content_type="text/plain")
    response: HttpResponse = ExportToDjangoView(request)
    return response
