"""Many workers and one queue: each message is one worker's."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from notifications import delivery, queue
from notifications.choices import Channel, NotificationStatus
from notifications.models import Notification
from tests.factories import accounts as make
from tests.factories.notifications import make_notification, make_webhook, receiving


def in_threads(work: Any, count: int) -> list[Any]:
    """What `count` threads with connections of their own return."""

    def one(number: int) -> Any:
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


@pytest.mark.django_db(transaction=True)
def test_eight_workers_never_claim_the_same_message() -> None:
    make.make_operation()
    hooks = [make_webhook(make.make_agency(), f"https://{n}.example/") for n in range(3)]
    made = [make_notification(hooks[n % 3]).pk for n in range(90)]

    def work(_: int) -> list[Any]:
        mine: list[Any] = []
        while taken := queue.claim(Channel.WEBHOOK, limit=7, of_one=3):
            mine += [each.pk for each in taken]
        return mine

    taken = Counter(pk for mine in in_threads(work, 8) for pk in mine)
    assert taken == Counter(made)
    assert set(Notification.objects.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_without_the_claim_the_same_message_would_be_sent_by_several() -> None:
    """The race that the claim is for: to look and to write are two steps."""
    make.make_operation()
    hook = make_webhook(make.make_agency(), "https://x.example/")
    for _ in range(20):
        make_notification(hook)

    def work(_: int) -> list[Any]:
        return list(queue.due(Channel.WEBHOOK).values_list("pk", flat=True))

    seen = Counter(pk for mine in in_threads(work, 4) for pk in mine)
    assert max(seen.values()) > 1


@pytest.mark.django_db(transaction=True)
def test_runs_at_the_same_time_on_one_machine_are_one_run() -> None:
    make.make_operation()
    with receiving(seconds=0.02) as receiver:
        hook = make_webhook(make.make_agency(), receiver.url)
        made = [str(make_notification(hook).pk) for _ in range(100)]
        sent = in_threads(lambda _: delivery.deliver_due(), 4)
    assert sorted(receiver.ids) == sorted(made)
    assert sent.count(None) >= 1, "the others left at once"
    assert sum(each or 0 for each in sent) == 100
    assert not Notification.objects.exclude(status=NotificationStatus.SENT).exists()
