"""What a merge of households does with their placements."""

from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from audit.events import record_event
from common import clock
from common.errors import DomainError
from intake.merging import Merge, register_merge
from intake.merging import Moves as Moves_
from reception.choices import OPEN_STATUSES, RESERVED_STATUSES, PlacementStatus
from reception.errors import refusals_as_errors
from reception.models import Placement
from reception.services.counters import Moves
from reception.services.ending import end_locked
from reception.services.locks import lock_open_placements, lock_placement
from reception.services.stays import reopen_stays


class OnePlaceAfterMerging:
    """The surviving household keeps one place; ended placements stay with the repeat.

    Only the repeat has one: it goes to the survivor, whose people are there, with as many places
    as they are (the hook for changed households adjusts it). Both have one: where the people are
    wins over where they are expected. Between two such places the survivor's stays and the
    repeat's ends, its places are free. The decision holds the locks of both households.
    """

    def merge(self, model: type[models.Model], field: str, merge: Merge) -> Any:
        """End or move the repeat's open placement; what is needed to undo it."""
        placements = lock_open_placements([merge.survivor.pk, merge.repeat.pk])
        ours = [each for each in placements if each.household_id == merge.survivor.pk]
        theirs = [each for each in placements if each.household_id == merge.repeat.pk]
        if not theirs:
            return None
        theirs_stays = not ours or (
            ours[0].status in RESERVED_STATUSES and theirs[0].status not in RESERVED_STATUSES
        )
        done: dict[str, Any] = {}
        if ours:
            done = _ended((ours if theirs_stays else theirs)[0], merge)
        if theirs_stays:
            theirs[0].household = merge.survivor
            theirs[0].save(update_fields=["household"])
            done["moved"] = str(theirs[0].pk)
        return done

    @staticmethod
    def tell(data: Any) -> list[Any]:
        """What becomes of their places, for who decides."""
        if "ended" not in data:
            return [_("Their place goes to the household that stays.")]
        if "moved" in data:
            return [_("They keep the place where they are; the reservation elsewhere ends.")]
        return [
            _(
                "Both have a place: that of the household that stays is kept, the other ends. "
                "Ask both sites first where the people are."
            )
        ]

    def undo(self, model: type[models.Model], field: str, merge: Merge, data: Any) -> None:
        """Give the repeat its place back, where that is still possible.

        It is not where the placement went on since (a transfer, a departure), the reservation
        would have run out, or the places are taken: then the household waits for a place, and
        the event `placement.not_restored` says so.
        """
        if moved := (data or {}).get("moved"):
            Placement.objects.open().filter(pk=moved, household=merge.survivor).update(
                household=merge.repeat, updated_at=clock.now()
            )
        if ended := (data or {}).get("ended"):
            placement = lock_placement(ended)
            try:
                if not self._restore(placement, data):
                    raise _NotRestorable("not_restorable", "")
            except DomainError as error:
                record_event(
                    "placement.not_restored",
                    placement,
                    actor=merge.actor,
                    household=placement.household.reference,
                    site=placement.site.code,
                    reason=error.code,
                )

    def _restore(self, placement: Placement, data: dict[str, Any]) -> bool:
        until = placement.reserved_until
        ended_at = placement.ended_at
        untouched = ended_at == parse_datetime(data["at"])
        in_time = until is None or until > clock.now() or data["status"] not in RESERVED_STATUSES
        held = Placement.objects.filter(
            household_id=placement.household_id, status__in=OPEN_STATUSES
        )
        if ended_at is None or not untouched or not in_time or held.exists():
            return False
        site = placement.site
        with refusals_as_errors(site, needed=placement.places), transaction.atomic():
            moves = Moves().arrives_at(site.pk)
            placement.places = reopen_stays(placement, ended_at, moves)
            placement.status, placement.ended_at = data["status"], None
            placement.save(update_fields=["status", "ended_at", "places"])
            moves.write()
        return True


def _ended(placement: Placement, merge: Merge) -> dict[str, Any]:
    """End a place that the merge leaves over; what is needed to undo it."""
    before, now = placement.status, clock.now()
    waiting = before in RESERVED_STATUSES
    end_locked(
        placement,
        PlacementStatus.CANCELLED if waiting else PlacementStatus.CHECKED_OUT,
        actor=merge.actor,
        occurred_at=now,
        reason="household_merged",
    )
    return {"ended": str(placement.pk), "status": before, "at": now.isoformat()}


class StaysFollow(Moves_):
    """The standing stays of a placement that goes to the survivor are those of the counterparts.

    Placements are handled before stays. Ended stays are the repeat's own history.
    """

    def rows(self, model: type[models.Model], field: str, old: Any, new: Any) -> Any:
        """The standing stay at a place of the counterpart's household, unless there is one."""
        stays: Any = model._default_manager
        if stays.filter(person_id=new, until__isnull=True).exists():
            return stays.none()
        return stays.filter(person_id=old, until__isnull=True, placement__household__members=new)


class _NotRestorable(DomainError):
    """Something happened since; the event tells it."""


def register() -> None:
    """Declare reception's keys to Household and Person."""
    register_merge("reception.Placement", "household", OnePlaceAfterMerging())
    register_merge("reception.Stay", "person", StaysFollow())
