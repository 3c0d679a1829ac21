"""Language and time zone of the pages that people read."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import Operation


class UserLanguageMiddleware:
    """Speak the user's own language when the browser holds no choice of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES
        if user.is_authenticated and user.language and not chosen:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
        return self.get_response(request)


class OperationZoneMiddleware:
    """Show and read times in the operation's zone on pages; programs speak UTC."""

    PROGRAMS = ("/api/", "/oauth/", "/static/", "/healthz", "/readyz", "/metrics")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(self.PROGRAMS):
            return self.get_response(request)
        operation = Operation.objects.order_by("recorded_at").first()
        with timezone.override(operation.zone if operation else None):
            return self.get_response(request)
