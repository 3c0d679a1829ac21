"""How good what the queue offers is: what share of the decided pairs was the same household."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from common import clock
from intake.choices import PairStatus
from intake.models import DuplicatePair, PairDecision

RECENT = timedelta(days=30)
# Lower bounds of the bands of the score.
_BANDS = (0.0, 0.7, 0.8, 0.9)


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
    """Figures of the pairs that the user may see, in three queries.

    A pair counts by how it is decided now: undone, or opened again, it is not decided. Pairs that
    a merge carried over with their decision were never offered and do not count.
    """
    now = now or clock.now()
    pairs = DuplicatePair.objects.visible_to(user)
    standing = PairDecision.objects.standing().filter(pair=OuterRef("pk"))
    decided = pairs.filter(Exists(standing), status__in=[PairStatus.SAME, PairStatus.DIFFERENT])
    recent = Q(recorded_at__gte=now - RECENT)
    same = Q(status=PairStatus.SAME)
    of_decided = decided.aggregate(
        ever_same=Count("pk", filter=same),
        ever=Count("pk"),
        recent_same=Count("pk", filter=recent & same),
        recent=Count("pk", filter=recent),
        **{f"same_{n}": Count("pk", filter=same & _band(n)) for n in range(len(_BANDS))},
        **{f"all_{n}": Count("pk", filter=_band(n)) for n in range(len(_BANDS))},
    )
    day, week = Q(recorded_at__gt=now - timedelta(1)), Q(recorded_at__gt=now - timedelta(7))
    waiting = pairs.waiting(now).aggregate(
        day=Count("pk", filter=day),
        week=Count("pk", filter=week & ~day),
        older=Count("pk", filter=~week),
        **{f"band_{n}": Count("pk", filter=_band(n)) for n in range(len(_BANDS))},
    )
    undone = PairDecision.objects.filter(pair__in=pairs, undone_at__isnull=False).aggregate(
        ever=Count("pk"),
        recent=Count("pk", filter=Q(pair__recorded_at__gte=now - RECENT)),
    )
    return QueueFigures(
        recent=Share(of_decided["recent_same"], of_decided["recent"], undone["recent"]),
        ever=Share(of_decided["ever_same"], of_decided["ever"], undone["ever"]),
        bands=tuple(
            Band(
                round(100 * least),
                round(100 * _end(n)),
                Share(of_decided[f"same_{n}"], of_decided[f"all_{n}"]),
                waiting[f"band_{n}"],
            )
            for n, least in reversed(list(enumerate(_BANDS)))
        ),
        waiting_day=waiting["day"],
        waiting_week=waiting["week"],
        waiting_older=waiting["older"],
    )


def _end(band: int) -> float:
    return _BANDS[band + 1] if band + 1 < len(_BANDS) else 1.0


def _band(band: int) -> Q:
    condition = Q(score__gte=_BANDS[band])
    return condition & Q(score__lt=_end(band)) if band + 1 < len(_BANDS) else condition
