"""Comparing everybody with everybody, once a night."""

from __future__ import annotations

import time
from datetime import date, timedelta

from django.db import transaction

from accounts.models import Operation
from common import clock
from intake.duplicates.finding import find_duplicates
from intake.models import DuplicateSweep, Household

# The hours of a night, on the operation's clock: nobody waits for the database then.
_BEGINS, _ENDS = 22, 4
_CHUNK = 100


def check_everybody(*, seconds: float) -> int:
    """Go on with the night's check for about so many seconds; how many households were done.

    What a registration found at once is found again, and more: names were corrected since, common
    names were counted anew, and a household is compared with those that came later. By day, and
    when the night's check is done, nothing. A kill loses a chunk at most.
    """
    night = _night()
    if night is None:
        return 0
    sweep = _of_night(night)
    until = time.monotonic() + seconds
    done = 0
    while sweep.finished_at is None and time.monotonic() < until:
        before = sweep.done
        sweep = _chunk(sweep.pk)
        done += sweep.done - before
    return done


def _of_night(night: date) -> DuplicateSweep:
    """The check of this night. Where the last night was too short it goes on from there, so that
    in an operation of any size everybody has a turn."""
    last = DuplicateSweep.objects.filter(night__lt=night).order_by("-night").first()
    sweep, _made = DuplicateSweep.objects.get_or_create(
        night=night,
        defaults={
            "started_at": clock.now(),
            "cursor": last.cursor if last is not None and last.finished_at is None else None,
        },
    )
    return sweep


def _night() -> date | None:
    operation = Operation.objects.first()
    if operation is None:
        return None
    local = clock.now().astimezone(operation.zone)
    if _ENDS <= local.hour < _BEGINS:
        return None
    return (local - timedelta(hours=12)).date()


@transaction.atomic
def _chunk(pk: int) -> DuplicateSweep:
    sweep = DuplicateSweep.objects.select_for_update().get(pk=pk)
    if sweep.finished_at is not None:
        return sweep
    households = Household.objects.filter(merged_into__isnull=True).order_by("pk")
    if sweep.cursor is not None:
        households = households.filter(pk__gt=sweep.cursor)
    ids = list(households.values_list("pk", flat=True)[:_CHUNK])
    if ids:
        find_duplicates(ids)
        sweep.cursor = ids[-1]
        sweep.done += len(ids)
    else:
        sweep.finished_at = clock.now()
    sweep.save()
    return sweep
