"""Every error of the API as a problem document (RFC 9457), in one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response

from common.errors import Conflict, DomainError, FieldProblem, constraint_name, refusal_of

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: gettext_lazy("The request cannot be accepted"),
    401: gettext_lazy("Sign in first"),
    403: gettext_lazy("Not permitted"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("Method not allowed"),
    406: gettext_lazy("Not acceptable"),
    409: gettext_lazy("Conflict with the present state"),
    412: gettext_lazy("Changed in the meantime"),
    415: gettext_lazy("Unsupported media type"),
    422: gettext_lazy("The request cannot be accepted"),
    428: gettext_lazy("A condition is missing"),
    429: gettext_lazy("Too many requests"),
    500: gettext_lazy("Something went wrong"),
}


def problem(
    *,
    status: int,
    code: str,
    detail: str = "",
    errors: list[FieldProblem] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """The body: type, title, status, code, detail and the fields at fault."""
    return {
        "type": f"urn:panah:problem:{code}",
        "title": str(TITLES.get(status, TITLES[400])),
        "status": status,
        "code": code,
        "detail": detail,
        "errors": [
            {"field": e.field, "code": e.code, "detail": str(e.detail)} for e in errors or []
        ],
        **more,
    }


def _flatten(detail: Any, path: str = "") -> Iterator[FieldProblem]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else str(key)
            yield from _flatten(value, ".".join(filter(None, (path, name))))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            if isinstance(value, dict | list):
                yield from _flatten(value, f"{path}.{index}" if path else str(index))
            else:
                yield _field_problem(path, value)
    else:
        yield _field_problem(path, detail)


def _field_problem(path: str, value: Any) -> FieldProblem:
    code = getattr(value, "code", "invalid")
    if code == "invalid_choice":
        # The framework's sentence repeats what was typed, and that may be a name.
        detail = _("This value is not known: choose one from the list.")
        return FieldProblem(path, code, detail)
    return FieldProblem(path, code, str(value))


def field_problems(detail: Any) -> list[FieldProblem]:
    """The problems of a serializer's errors, each with its path such as `members.2.birth`."""
    return list(_flatten(detail))


def domain_problem(error: DomainError) -> dict[str, Any]:
    """The problem document of a domain error."""
    return problem(
        status=error.status,
        code=error.code,
        detail=str(error.message),
        errors=list(error.problems),
        **error.details,
    )


def _from_framework(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return problem(
            status=400,
            code="invalid",
            detail=_("Correct the fields named in errors and send it again."),
            errors=field_problems(error.detail),
        )
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else "invalid"
    return problem(status=error.status_code, code=code, detail=str(error.detail))


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: None (a 500) only for what nobody expected."""
    headers: dict[str, str] = {}
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, ValidationError):
        error = exceptions.ValidationError(detail=error.messages)
    elif isinstance(error, IntegrityError) and (constraint_name(error) or "").endswith("_pkey"):
        # Clients make ids: somebody else used this one for another record at the same moment.
        error = Conflict("conflict", _("This id is used already."))
    elif isinstance(error, DatabaseError):
        error = refusal_of(error) or error
    if isinstance(error, DomainError):
        body = domain_problem(error)
    elif isinstance(error, exceptions.APIException):
        body = _from_framework(error)
        if (challenge := getattr(error, "auth_header", None)) is not None:
            headers["WWW-Authenticate"] = challenge
        if (wait := getattr(error, "wait", None)) is not None:
            headers["Retry-After"] = str(int(wait) + 1)
    else:
        return None
    # Imported late: DRF's views import this module while they load.
    from rest_framework.views import set_rollback

    set_rollback()
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


_PROGRAMS = "/api/"


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404 for an address that no route takes: a problem document for programs, else a page."""
    if not request.path.startswith(_PROGRAMS):
        return defaults.page_not_found(request, exception)
    missing = exceptions.NotFound()
    return JsonResponse(_from_framework(missing), status=404, content_type=CONTENT_TYPE)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """500: what nobody expected, told without details."""
    if not request.path.startswith(_PROGRAMS):
        return defaults.server_error(request)
    body = problem(
        status=500,
        code="error",
        detail=_("Nothing was saved. Send it again; tell the operator when it fails again."),
    )
    return JsonResponse(body, status=500, content_type=CONTENT_TYPE)
