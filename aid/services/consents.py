"""What a change of consent does to requests: the agency reads them anew."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from aid.choices import AT_WORK
from aid.models import AidRequest
from aid.services.base import tell
from common import clock
from intake.models import Household


def consent_changed(household: Household, recipient: str, actor: Any) -> None:
    """Mark what agencies work on for the household and its people as changed, and tell them.

    What an agency may see is decided whenever it reads. But a copy that it keeps must not outlive
    the consent: the version (ETag) moves, the request appears in `updated_since`, and a message
    asks the agency to read it again. The message does not say what was answered. `recipient` is
    the agency whose answer changed, or empty for all.
    """
    rows = AidRequest.objects.filter(
        Q(household=household) | Q(person__household=household), status__in=AT_WORK
    )
    if recipient:
        rows = rows.filter(agency__code=recipient)
    locked = list(
        rows.order_by("pk").select_related("agency").select_for_update(of=("self",), no_key=True)
    )
    AidRequest.objects.filter(pk__in=[row.pk for row in locked]).update(updated_at=clock.now())
    for row in locked:
        tell(row, actor=actor, kind="reread")
