"""What every template may show."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from common import clock


def exercise_clock(request: HttpRequest) -> dict[str, Any]:
    """`exercise_now`: the operation's clock when an exercise moved it, else None."""
    return {"exercise_now": clock.now() if settings.CLOCK_SHIFT_DAYS else None}
