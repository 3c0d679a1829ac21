"""Rates per client: one agency's loop must not keep a registrar waiting."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView

log = logging.getLogger(__name__)


class PerClientThrottle(BaseThrottle):
    """At most so many requests per client and window, counted in the cache.

    One counter per window instead of DRF's list of time stamps, which grows with the rate.
    When the cache is down nobody is refused: the limit protects comfort, not correctness.
    """

    def __init__(self) -> None:
        from rest_framework.settings import api_settings

        limit, _, period = str(api_settings.DEFAULT_THROTTLE_RATES["client"]).partition("/")
        self.limit = int(limit)
        self.seconds = {"s": 1, "m": 60, "h": 3600}[period[0]]
        self.retry_after: float | None = None

    def _client(self, request: Request) -> str:
        application = getattr(request.auth, "application_id", None)
        if application is not None:
            return f"client-{application}"
        if request.user and request.user.is_authenticated:
            return f"user-{request.user.pk}"
        return f"address-{self.get_ident(request)}"

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count this request; False when the window's allowance is used up."""
        window, elapsed = divmod(time.time(), self.seconds)
        key = f"rate:{self._client(request)}:{int(window)}"
        try:
            used = self._count(key)
        except Exception as error:
            log.warning("rate limit not counted, no cache: %s", type(error).__name__)
            return True
        if used > self.limit:
            self.retry_after = self.seconds - elapsed
            return False
        return True

    def _count(self, key: str) -> int:
        """One more; the window's first request makes the counter."""
        try:
            return int(cache.incr(key))
        except ValueError:
            if cache.add(key, 1, timeout=int(self.seconds) + 1):
                return 1
            return int(cache.incr(key))

    def wait(self) -> float | None:
        """Seconds until the next window."""
        return self.retry_after
