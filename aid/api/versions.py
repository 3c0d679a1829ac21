"""ETag and If-Match of aid requests."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from aid.models import AidRequest
from common.errors import Stale


def etag_of(row: AidRequest) -> str:
    """The ETag of a request as it stands."""
    return f'"{row.pk.hex}-{row.updated_at.timestamp():.6f}"'


def require_match(request: Request, row: AidRequest) -> None:
    """Stale when If-Match was sent and names another version of the locked `row`."""
    sent = request.headers.get("If-Match", "").strip()
    if not sent or sent == "*":
        return
    if etag_of(row) not in [each.strip() for each in sent.split(",")]:
        raise Stale("stale", _("The request changed since you read it. Read it again."))
