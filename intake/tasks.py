"""Background work of intake."""

from __future__ import annotations

from celery import shared_task

from intake.services.drafts import forget_expired


@shared_task
def forget_drafts() -> int:
    """Delete unfinished registrations whose week is over; how many."""
    return forget_expired()
