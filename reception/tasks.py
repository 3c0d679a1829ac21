"""Background work of reception. Every task finds its work in the database."""

import uuid

from celery import shared_task

from reception import services


@shared_task
def expire_reservations() -> int:
    """Release reservations and take back overflow whose time is over; how many reservations."""
    released = services.expire_reservations()
    services.end_overflows()
    return released


@shared_task
def work_out_allocation(run_id: str, attempt: str) -> None:
    """Work out an attempt of a proposal; one that is over, or worked out already, is left alone."""
    services.work_out(uuid.UUID(run_id), int(attempt))
