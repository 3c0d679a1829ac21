"""Background work of notifications. The rows decide what is due; tasks only look."""

from celery import shared_task

from notifications import delivery


@shared_task
def deliver_notification(notification_id: str) -> bool:
    """Send one notification if it is due and nobody else has it."""
    return delivery.deliver(notification_id)


@shared_task
def deliver_due_notifications(limit: int = 200) -> int:
    """Send what is due: retries, and what a lost task left behind; how many were sent."""
    return sum(delivery.deliver(pk) for pk in delivery.due_ids(limit))
