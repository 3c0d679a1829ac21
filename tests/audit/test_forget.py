"""First answers kept for Idempotency-Key are forgotten after a day."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from audit.models import IdempotentReply
from audit.tasks import forget_replies
from common import clock


@pytest.mark.django_db
def test_answers_are_kept_for_a_day(alice: User) -> None:
    for key, hours in (("old", 25), ("new", 23)):
        at = clock.now() - timedelta(hours=hours)
        IdempotentReply.objects.create(user=alice, key=key, fingerprint=b"x", recorded_at=at)
    assert forget_replies() == 1
    assert IdempotentReply.objects.get().key == "new"
