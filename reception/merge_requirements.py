"""What a merge of households does with what is required for their places, and with proposals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from common import clock
from intake.merging import STAYS, Merge, Moves, register_merge
from reception.models import KeepApart, KinGroupMember, PlacementRequirement


class PairsFollow:
    """What kept the repeat apart from others keeps the survivor apart from them.

    Where the survivor is kept apart from the same family, the longer time holds. Between the two
    that are merged it ends: they are one family. Done with the field `household`, for both.
    """

    def merge(self, model: type[models.Model], field: str, merge: Merge) -> Any:
        """Move, lengthen or end the pairs; what is needed to undo it."""
        if field != "household":
            return None
        done: dict[str, Any] = {"moved": [], "ended": [], "until": {}}
        standing = KeepApart.objects.filter(ended_at__isnull=True).order_by("pk")
        for pair in standing.of(merge.repeat.pk):
            stranger = _partner(pair, merge.repeat.pk)
            same = standing.filter(_pair(merge.survivor.pk, stranger)).first()
            if stranger == merge.survivor.pk:
                pair.ended_at, pair.ended_by = clock.now(), merge.actor
                pair.save(update_fields=["ended_at", "ended_by"])
                done["ended"].append(str(pair.pk))
            elif same is None:
                _point(pair, merge.survivor.pk, stranger)
                done["moved"].append(str(pair.pk))
            elif _later(pair.until, same.until) != same.until:
                done["until"][str(same.pk)] = _text(same.until)
                same.until = pair.until
                same.save(update_fields=["until"])
        return done if any(done.values()) else None

    @staticmethod
    def tell(data: Any) -> list[Any]:
        """That the two were to be apart, for who decides."""
        if not data.get("ended"):
            return []
        return [
            _("These two were to be kept apart from each other. Ask a protection officer first.")
        ]

    def undo(self, model: type[models.Model], field: str, merge: Merge, data: Any) -> None:
        """Put the pairs back as they were."""
        for pk in (data or {}).get("moved", []):
            pair = KeepApart.objects.filter(pk=pk).of(merge.survivor.pk).first()
            if pair is not None:
                _point(pair, merge.repeat.pk, _partner(pair, merge.survivor.pk))
        for pk in (data or {}).get("ended", []):
            KeepApart.objects.filter(pk=pk).update(
                ended_at=None, ended_by=None, updated_at=clock.now()
            )
        for pk, until in (data or {}).get("until", {}).items():
            KeepApart.objects.filter(pk=pk).update(until=_moment(until), updated_at=clock.now())


class RequirementsFollow(Moves):
    """What is required for the repeat's place is required for the survivor's.

    Where both require the same, the stricter holds: the longer time, the shorter way to care.
    """

    def merge(self, model: type[models.Model], field: str, merge: Merge) -> Any:
        """Move the rows, and make those that stand twice the stricter of both."""
        stricter = {}
        for theirs in self._standing(merge.repeat.pk):
            ours = (
                self._standing(merge.survivor.pk)
                .filter(kind=theirs.kind, site=theirs.site_id)
                .first()
            )
            if ours is not None:
                stricter[str(ours.pk)] = [_text(ours.until), ours.minutes]
                ours.until = _later(ours.until, theirs.until)
                if theirs.minutes is not None:
                    ours.minutes = min(theirs.minutes, ours.minutes or theirs.minutes)
                ours.save(update_fields=["until", "minutes"])
        moved = super().merge(model, field, merge)
        return {"moved": moved, "stricter": stricter} if moved or stricter else None

    @staticmethod
    def _standing(household: Any) -> Any:
        return PlacementRequirement.objects.filter(household=household, ended_at__isnull=True)

    def rows(self, model: type[models.Model], field: str, old: Any, new: Any) -> Any:
        """Standing ones of which the survivor has none alike."""
        alike = self._standing(new).filter(
            Q(site=models.OuterRef("site")) | Q(site=None, kind=models.OuterRef("kind")),
            kind=models.OuterRef("kind"),
        )
        return self._standing(old).filter(~models.Exists(alike))

    def undo(self, model: type[models.Model], field: str, merge: Merge, data: Any) -> None:
        """Put them back as they were."""
        super().undo(model, field, merge, (data or {}).get("moved"))
        for pk, (until, minutes) in (data or {}).get("stricter", {}).items():
            PlacementRequirement.objects.filter(pk=pk).update(
                until=_moment(until), minutes=minutes, updated_at=clock.now()
            )


class KinFollows(Moves):
    """The survivor takes the repeat's place in its extended family, if it has none of its own."""

    def rows(self, model: type[models.Model], field: str, old: Any, new: Any) -> Any:
        """The repeat's membership, unless the survivor has one."""
        standing = KinGroupMember.objects.filter(ended_at__isnull=True)
        if standing.filter(household=new).exists():
            return standing.none()
        return standing.filter(household=old)


def _partner(pair: KeepApart, household: Any) -> Any:
    return pair.other_id if pair.household_id == household else pair.household_id


def _pair(one: Any, other: Any) -> Q:
    first, second = sorted([one, other])
    return Q(household=first, other=second)


def _point(pair: KeepApart, one: Any, other: Any) -> None:
    pair.household_id, pair.other_id = sorted([one, other])
    pair.save(update_fields=["household", "other"])


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later end; none is the latest."""
    return None if one is None or other is None else max(one, other)


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _moment(text: str) -> datetime | None:
    return parse_datetime(text) if text else None


def register() -> None:
    """Declare the keys. Lines of a proposal stay: confirming refuses a household that is closed."""
    register_merge("reception.KeepApart", "household", PairsFollow())
    register_merge("reception.KeepApart", "other", STAYS)
    register_merge("reception.PlacementRequirement", "household", RequirementsFollow())
    register_merge("reception.KinGroupMember", "household", KinFollows())
    register_merge("reception.AllocationLine", "household", STAYS)
