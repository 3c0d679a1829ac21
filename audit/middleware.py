"""Middleware that tells row history who changes rows."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from audit.context import history_context

WRITES = frozenset(["POST", "PUT", "PATCH", "DELETE"])


class HistoryContextMiddleware:
    """Open a context of history for requests that write; reading ones pass untouched.

    Stands after authentication. API views authenticate later and put the user on the request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in WRITES:
            return self.get_response(request)
        with history_context(f"request {request.method}", lambda: request.user.pk):
            return self.get_response(request)
