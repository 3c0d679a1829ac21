"""What a count found: seen against expected, in the light of what happened meanwhile. Pure.

A household of which `before` were expected when the count began and `now` at its end may rightly
be seen with any number between the two: people who came or left during the count are no
difference. What was expected is therefore taken as the number nearest to what was seen between
the two, and always: expected + unexpected - missing = counted.

A room may be counted by number only. The number then stands for everybody in the room: those
scanned there, and the rest, who answer together for the families of the room nobody scanned.
Where families have no room on record, the numbers of all rooms answer together for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from reception.choices import DifferenceKind


@dataclass(frozen=True)
class Row:
    """A household: persons expected when the count began and now, and seen (None: not seen).

    `key` is None for one that came during the count and that nobody scanned.
    """

    key: Hashable | None
    unit: Hashable | None
    before: int
    now: int
    seen: int | None

    @property
    def least(self) -> int:
        """The fewest that may rightly be seen."""
        return min(self.before, self.now)

    @property
    def most(self) -> int:
        """The most that may rightly be seen."""
        return max(self.before, self.now)


@dataclass(frozen=True)
class Number:
    """How many persons were seen in a unit; without a unit: everybody else."""

    key: Hashable
    unit: Hashable | None
    seen: int


@dataclass(frozen=True)
class Finding:
    """So many persons too few or too many, at a row or at a number."""

    kind: str
    persons: int
    row: Hashable | None = None
    number: Hashable | None = None


@dataclass
class Comparison:
    """The sums in persons, and what differs."""

    expected: int = 0
    counted: int = 0
    missing: int = 0
    unexpected: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(
        self,
        seen: int,
        least: int,
        most: int,
        *,
        row: Hashable | None = None,
        number: Hashable | None = None,
    ) -> None:
        """Add one row, or what a number says about those nobody scanned."""
        expected = min(max(seen, least), most)
        self.expected += expected
        self.counted += seen
        if seen < expected:
            self.missing += expected - seen
            self.findings.append(Finding(DifferenceKind.MISSING, expected - seen, row, number))
        elif seen > expected:
            self.unexpected += seen - expected
            self.findings.append(Finding(DifferenceKind.UNEXPECTED, seen - expected, row, number))


def compare(rows: Iterable[Row], numbers: Iterable[Number]) -> Comparison:
    """Compare what was seen with what was expected; see the module for the rules."""
    found = Comparison()
    rows = list(rows)
    rooms = _rooms(rows, list(numbers))
    scanned: dict[Hashable | None, int] = defaultdict(int)
    others: dict[Hashable | None, list[Row]] = defaultdict(list)
    for row in rows:
        room = rooms.get(row.unit)
        if row.seen is not None:
            found.add(row.seen, row.least, row.most, row=row.key)
            scanned[room] += row.seen
        elif room is None:
            found.add(0, row.least, row.most, row=row.key)
        else:
            others[room].append(row)
    for room in dict.fromkeys(rooms.values()):
        # More scanned than the number says: each of them was seen, so the number was too low.
        rest = max(room.seen - scanned[room], 0)
        if not rest:
            # Nobody else was there: the families nobody scanned are missing by their names.
            for row in others[room]:
                found.add(0, row.least, row.most, row=row.key)
            continue
        least = sum(row.least for row in others[room])
        most = sum(row.most for row in others[room])
        found.add(rest, least, most, number=room.key)
    return found


def _rooms(rows: list[Row], numbers: list[Number]) -> dict[Hashable | None, Number]:
    """The number that answers for each unit: its own, or one for all where rooms are not known."""
    rooms = {number.unit: number for number in numbers}
    lost = any(row.unit is None and row.seen is None and row.most for row in rows)
    if not rooms or None in rooms or not lost:
        return rooms
    first = numbers[0]
    together = Number(first.key, None, sum(number.seen for number in numbers))
    return dict.fromkeys([None, *rooms], together)
