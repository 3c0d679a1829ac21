"""Many households of a device that was offline, and what is looked for afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.models import Event
from common.errors import DomainError
from intake.duplicates.finding import find_duplicates, look_later
from intake.inputs import HouseholdInput
from intake.services.rebuilding import count_keys_if_due
from intake.services.registration import register_many
from intake.services.rows import Registration


@transaction.atomic
def register_batch(
    *, actor: Any, data: Sequence[HouseholdInput]
) -> list[Registration | DomainError]:
    """Register many households; the search for duplicates follows in a worker.

    The device waits for its answer only. The event that starts the search is written with the
    households, so that it happens also when the broker is away now.
    """
    results = register_many(actor=actor, data=data)
    new = [r.household.pk for r in results if isinstance(r, Registration) and r.created]
    if new:
        look_later(new, actor)
    return results


def look_for_duplicates(event: Event) -> None:
    """The consumer of the event: offer pairs of the new households to the queue."""
    count_keys_if_due()
    find_duplicates(UUID(pk) for pk in event.data["households"])
