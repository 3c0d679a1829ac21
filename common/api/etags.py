"""ETag and If-Match: an edit of something that changed meanwhile is refused, not lost."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from common.errors import DomainError, Stale
from common.models import BaseModel

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag that was read; 412 when the record changed since.",
)


class PreconditionRequired(DomainError):
    """An edit without If-Match."""

    status = 428


def etag_of(row: BaseModel) -> str:
    """The ETag of a row as it stands."""
    return f'"{row.pk.hex}-{row.updated_at.timestamp():.6f}"'


def check_match(request: Request, row: BaseModel, *, required: bool = False) -> None:
    """Stale when If-Match names another version of the (locked) row.

    With `required`, an edit without If-Match is refused too.
    """
    sent = request.headers.get("If-Match", "").strip()
    if not sent:
        if required:
            raise PreconditionRequired(
                "precondition_required",
                _("Send the ETag that you read as If-Match, so that no change is lost."),
            )
        return
    if sent != "*" and etag_of(row) not in {each.strip() for each in sent.split(",")}:
        raise Stale("stale", _("The record changed since you read it. Read it again."))
