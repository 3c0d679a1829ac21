"""Background work of intake."""

from celery import shared_task


@shared_task
def search_for_relatives() -> int:
    """Compare who registered lately with tracing requests; how many got a candidate.

    Idempotent, and without arguments: each request knows up to when it was compared.
    """
    from intake.services.tracing import search_new_registrations

    return search_new_registrations()
