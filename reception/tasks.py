"""Background work of reception. Every task finds its work in the database."""

from celery import shared_task

from reception import services


@shared_task
def expire_reservations() -> int:
    """Release reservations and take back overflow whose time is over; how many reservations."""
    released = services.expire_reservations()
    services.end_overflows()
    return released


@shared_task
def keep_blocks_in_time() -> int:
    """End blocked places whose time is over, start those whose time has come; how many."""
    return services.keep_blocks_in_time()


@shared_task
def apply_norms() -> int:
    """Reckon capacities by the editions of the norms that count today; how many sites changed."""
    return services.apply_norms()
