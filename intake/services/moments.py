"""When something happened, as it was told by people and devices."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from common import clock
from common.errors import FieldProblem

# A device whose clock runs a little ahead does not speak of the future.
TOLERANCE = timedelta(minutes=10)


def same_moment(kept: datetime, told: datetime | None) -> bool:
    """Whether what is told again may be the moment that was kept: then a fast clock was corrected.

    True when nobody says a moment.
    """
    return told is None or abs(kept - clock.on_operation_clock(told)) <= TOLERANCE


def happened_at(moment: datetime | None, field: str, problems: list[FieldProblem]) -> datetime:
    """When it happened, on the operation's clock and never after now; now when nobody said.

    A moment that really lies in the future is a problem of `field`.
    """
    now = clock.now()
    if moment is None:
        return now
    told = clock.on_operation_clock(moment)
    if told > now + TOLERANCE:
        detail = _("This lies in the future: check date and time.")
        problems.append(FieldProblem(field, "future", detail))
    return min(told, now)
