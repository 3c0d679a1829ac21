"""Background work of notifications. The rows decide what is due; tasks only look."""

from typing import Any

from celery import shared_task

from audit.events import sent_to_broker
from notifications import delivery, queue
from notifications.choices import Channel


@shared_task
def deliver_due_notifications() -> int:
    """Send the webhooks that are due: new ones, retries, and what a dead worker left behind."""
    sent = delivery.deliver_due()
    if sent is None:
        # This machine's present run looks once more when it has ended.
        return 0
    _once_more(deliver_due_notifications, Channel.WEBHOOK)
    return sent


@shared_task
def mail_due_notifications() -> int:
    """Send the emails that are due."""
    sent = delivery.mail_due()
    if sent:
        _once_more(mail_due_notifications, Channel.EMAIL)
    return sent


def _once_more(task: Any, channel: str) -> None:
    """What came after the last look, or was too much for one run, waits for no schedule."""
    if queue.due(channel).exists():
        sent_to_broker(task)
