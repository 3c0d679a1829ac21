"""Background work of intake."""

from __future__ import annotations

from celery import shared_task

from intake.services.drafts import forget_expired
from intake.services.tracing import search_new_registrations


@shared_task
def forget_drafts() -> int:
    """Delete unfinished registrations whose week is over; how many."""
    return forget_expired()


@shared_task
def search_for_relatives() -> int:
    """Compare who registered lately with tracing requests; how many got a candidate.

    Idempotent, and without arguments: each request knows up to when it was compared.
    """
    return search_new_registrations()
