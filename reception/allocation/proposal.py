"""What an allocation answers: a line for every family, and how good the whole is proven to be."""

from __future__ import annotations

from dataclasses import dataclass

from reception.allocation.facts import Said

NO_PLACE = Said("no_place")


@dataclass(frozen=True)
class Line:
    """Where one family should go and why; `site` is "" when there is no place for it.

    `reason` says what decided. `alternatives` say what another site would have given and which
    limit forbade it. For a family without a place, `missing` says what is missing, the nearest to
    a solution first. `section` and `accessible` name the kind of place at the site.
    """

    family: str
    size: int
    site: str = ""
    section: str = ""
    accessible: bool = False
    reason: Said = NO_PLACE
    alternatives: tuple[Said, ...] = ()
    missing: tuple[Said, ...] = ()


@dataclass(frozen=True)
class Price:
    """What one place of a kind is worth to families that are expected, in points."""

    site: str
    section: str
    accessible: bool
    points: int


@dataclass(frozen=True)
class Proposal:
    """The answer. The lines are in the order of the families asked for.

    `placed` persons of `persons` have a place; no allocation can place more than `placed_bound`.
    `points` are what the aims are worth, `points_bound` no allocation with as many persons placed
    can exceed. Both bounds are proven.
    """

    lines: tuple[Line, ...]
    persons: int
    placed: int
    placed_bound: int
    points: int
    points_bound: int
    prices: tuple[Price, ...] = ()
    # What each aim got and could have got at most: code -> (points, most).
    aims: tuple[tuple[str, int, int], ...] = ()

    @property
    def gap(self) -> float:
        """The share by which the points may fall short of the best possible, 0 when proven best."""
        if self.points_bound <= self.points:
            return 0.0
        return (self.points_bound - self.points) / max(abs(self.points_bound), 1)

    @property
    def optimal(self) -> bool:
        """Whether nothing better exists, in persons and in points."""
        return self.placed == self.placed_bound and self.points >= self.points_bound

    @property
    def assignment(self) -> dict[str, str]:
        """Family -> site, of those who have a place."""
        return {line.family: line.site for line in self.lines if line.site}

    @property
    def kinds(self) -> dict[str, tuple[str, bool]]:
        """Family -> section and step-free, of those who have a place."""
        return {line.family: (line.section, line.accessible) for line in self.lines if line.site}

    @property
    def unplaced(self) -> tuple[Line, ...]:
        """Those without a place."""
        return tuple(line for line in self.lines if not line.site)
