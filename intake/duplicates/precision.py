"""How good what the queue offers is: what share of the decided pairs was the same household."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from common import clock
from intake.choices import PairStatus
from intake.models import DuplicatePair, PairDecision
from intake.querysets_duplicates import waits_q

RECENT = timedelta(days=30)
# Lower bounds of the bands of the score: most pairs are offered near 1.
_BANDS = (0.0, 0.7, 0.9, 0.99)


@dataclass(frozen=True)
class Share:
    """Of the pairs decided, how many were the same; decisions that were taken back count apart."""

    same: int
    decided: int
    undone: int = 0

    @property
    def percent(self) -> int | None:
        """Precision in whole per cent; None while nothing is decided."""
        return round(100 * self.same / self.decided) if self.decided else None


@dataclass(frozen=True)
class Band:
    """Pairs offered with a score from `least` up to the next band, in per cent."""

    least: int
    most: int
    share: Share
    waiting: int


@dataclass(frozen=True)
class QueueFigures:
    """What one officer may know of the queue.

    `recent` is of what was offered in the last 30 days, `ever` since the start; waiting pairs by
    age: younger than a day, than a week, and older.
    """

    recent: Share
    ever: Share
    bands: tuple[Band, ...]
    waiting_day: int
    waiting_week: int
    waiting_older: int

    @property
    def waiting(self) -> int:
        """All that wait for a decision."""
        return self.waiting_day + self.waiting_week + self.waiting_older


def queue_figures(user: Any, now: datetime | None = None) -> QueueFigures:
    """Figures of the pairs that the user may see, in two queries.

    A pair counts by how it is decided now: undone, or opened again, it is not decided. Pairs that
    a merge carried over with their decision were never offered and do not count.
    """
    now = now or clock.now()
    pairs = DuplicatePair.objects.visible_to(user)
    standing = PairDecision.objects.standing().filter(pair=OuterRef("pk"))
    decided = Q(Exists(standing), status__in=[PairStatus.SAME, PairStatus.DIFFERENT])
    same = decided & Q(status=PairStatus.SAME)
    waits = waits_q(now)
    recent = Q(recorded_at__gte=now - RECENT)
    day, week = Q(recorded_at__gt=now - timedelta(1)), Q(recorded_at__gt=now - timedelta(7))
    counted = {
        "ever_same": same,
        "ever": decided,
        "recent_same": recent & same,
        "recent": recent & decided,
        "day": waits & day,
        "week": waits & week & ~day,
        "older": waits & ~week,
    }
    for n in range(len(_BANDS)):
        counted[f"same_{n}"] = same & _band(n)
        counted[f"all_{n}"] = decided & _band(n)
        counted[f"waits_{n}"] = waits & _band(n)
    found = pairs.aggregate(**{name: Count("pk", filter=q) for name, q in counted.items()})
    undone = PairDecision.objects.filter(pair__in=pairs, undone_at__isnull=False).aggregate(
        ever=Count("pk"),
        recent=Count("pk", filter=Q(pair__recorded_at__gte=now - RECENT)),
    )
    return QueueFigures(
        recent=Share(found["recent_same"], found["recent"], undone["recent"]),
        ever=Share(found["ever_same"], found["ever"], undone["ever"]),
        bands=tuple(
            Band(
                round(100 * least),
                round(100 * _end(n)),
                Share(found[f"same_{n}"], found[f"all_{n}"]),
                found[f"waits_{n}"],
            )
            for n, least in reversed(list(enumerate(_BANDS)))
        ),
        waiting_day=found["day"],
        waiting_week=found["week"],
        waiting_older=found["older"],
    )


def _end(band: int) -> float:
    return _BANDS[band + 1] if band + 1 < len(_BANDS) else 1.0


def _band(band: int) -> Q:
    condition = Q(score__gte=_BANDS[band])
    return condition & Q(score__lt=_end(band)) if band + 1 < len(_BANDS) else condition
