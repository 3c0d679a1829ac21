"""Background work of intake."""

from __future__ import annotations

from celery import shared_task

from intake.duplicates.sweep import check_everybody
from intake.services.drafts import forget_expired
from intake.services.rebuilding import count_keys_if_due, rebuild_some
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


@shared_task
def rebuild_keys() -> bool:
    """Go on making search keys anew after an upgrade or a new secret; whether all are done."""
    return rebuild_some(seconds=45).finished_at is not None


@shared_task
def count_common_names() -> bool:
    """Count how common names are when it is time to; whether it was."""
    return count_keys_if_due() is not None


@shared_task
def check_for_duplicates() -> int:
    """At night: go on comparing everybody with everybody; how many households were done."""
    return check_everybody(seconds=240)
