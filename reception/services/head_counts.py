"""Counting the people of a site: begin, count, close. A count changes nothing but itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Operation
from audit.events import record_event
from common import clock
from common.errors import (
    Conflict,
    FieldProblem,
    InvalidInput,
    InvalidState,
    constraints_as_errors,
)
from intake.services.checking import CLOCK_TOLERANCE
from reception.choices import DifferenceState, HeadCountHow, HeadCountKind
from reception.head_counts import compared, expected_at
from reception.models import (
    HeadCount,
    HeadCountDifference,
    HeadCountLine,
    HeadCountTally,
    Site,
    Unit,
)
from reception.services import rules
from reception.services.locks import lock_head_count, lock_site
from reception.services.slips_read import Read, anybody, read_slip

# The most persons that one line or one room can say.
MOST_SEEN = 1000
# A device that was offline may have begun before the count was opened here.
EARLIEST_BEFORE_START = timedelta(hours=12)

COUNTED, REPEAT, NOT_EXPECTED = "counted", "repeat", "not_expected"


@dataclass(frozen=True)
class Counted:
    """What became of one scan: counted, repeat (nothing new), or not_expected (and noted)."""

    status: str
    line: HeadCountLine | None = None
    tally: HeadCountTally | None = None


# Begin and end -------------------------------------------------------------------------------
def start_head_count(
    *,
    actor: Any,
    site: Site,
    kind: str = "",
    method: str = HeadCountHow.SCAN,
    count_id: uuid.UUID | None = None,
) -> HeadCount:
    """Begin a roll call; who is expected is frozen now.

    Without a `kind` the first of the day is the daily one, others are extra. A `count_id` that was
    sent before gives the same count. Raises Conflict `count_open`, `counted_today`, `conflict`,
    InvalidInput, NotPermitted.
    """
    rules.require_write(actor, site)
    _check_choice("kind", kind, [*HeadCountKind.values, ""])
    _check_choice("method", method, HeadCountHow.values)
    with constraints_as_errors(_refusals()), transaction.atomic():
        site = lock_site(site.pk)
        if made := HeadCount.objects.filter(pk=count_id).first() if count_id else None:
            return _same(made, site)
        expected = expected_at(site)
        day = clock.today(Operation.current().zone)
        daily = HeadCount.objects.filter(site=site, day=day, kind=HeadCountKind.DAILY)
        count = HeadCount(
            site=site,
            day=day,
            kind=kind or (HeadCountKind.EXTRA if daily.exists() else HeadCountKind.DAILY),
            method=method,
            started_by=actor,
            started_at=clock.now(),
            expected=sum(each.persons for each in expected.values()),
        )
        if count_id is not None:
            count.id = count_id
        count.save(force_insert=True)
        HeadCountLine.objects.bulk_create(
            HeadCountLine(
                count=count,
                household_id=each.household_id,
                placement_id=each.placement_id,
                unit_id=each.unit_id,
                expected=each.persons,
            )
            for each in expected.values()
        )
        _tell("head_count.started", count, actor, expected=count.expected)
    return count


def _same(made: HeadCount, site: Site) -> HeadCount:
    if made.site_id != site.pk:
        raise Conflict("conflict", _("Another count has this id. Send a new id with a new count."))
    return made


def _refusals() -> dict[str, Any]:
    return {
        "head_count_one_open_per_site": Conflict(
            "count_open", _("A count of this site is going on. Join it, or close it first.")
        ),
        "head_count_one_daily_per_day": Conflict(
            "counted_today",
            _("This site has its daily count of today. Open that one again, or make an extra one."),
        ),
    }


@transaction.atomic
def close_head_count(*, actor: Any, count: HeadCount) -> HeadCount:
    """End a count: work out what differs from what was expected and what happened meanwhile.

    Pressed twice, nothing more happens. Raises InvalidState `nothing_counted`, NotPermitted.
    """
    count = _locked(actor, count)
    if not count.is_open:
        return count
    if count.expected and not _touched(count):
        raise InvalidState(
            "nothing_counted",
            _("Nobody has been counted yet. Count first, or throw this count away."),
        )
    now = expected_at(count.site)
    _name_newcomers(count, now)
    found = compared(count, now)
    _write_differences(count, found.findings)
    count.closed_at, count.closed_by = clock.now(), actor
    count.expected_after, count.counted = found.expected, found.counted
    count.missing, count.unexpected = found.missing, found.unexpected
    count.save()
    figures = {
        name: getattr(count, name)
        for name in ("expected", "expected_after", "counted", "missing", "unexpected")
    }
    _tell("head_count.closed", count, actor, differences=len(found.findings), **figures)
    return count


def _name_newcomers(count: HeadCount, now: Any) -> None:
    """Slips that meant nobody when they were read may belong to people who have a place by now."""
    known = set(count.lines.values_list("household_id", flat=True))
    for line in count.lines.filter(household__isnull=True):
        household = anybody(line.text_read)
        if household is not None and household.pk in now and household.pk not in known:
            known.add(household.pk)
            line.household, line.placement_id = household, now[household.pk].placement_id
            line.save(update_fields=["household", "placement"])


def _write_differences(count: HeadCount, findings: list[Any]) -> None:
    """One open difference for each finding, unless the very same was resolved before."""
    resolved = {
        (each.line_id, each.tally_id, each.kind, each.persons)
        for each in count.differences.filter(state=DifferenceState.RESOLVED)
    }
    count.differences.open().delete()
    HeadCountDifference.objects.bulk_create(
        HeadCountDifference(
            count=count,
            line_id=each.row,
            tally_id=each.number,
            kind=each.kind,
            persons=each.persons,
        )
        for each in findings
        if (each.row, each.number, each.kind, each.persons) not in resolved
    )


def reopen_head_count(*, actor: Any, count: HeadCount) -> HeadCount:
    """Go on with a count that was closed too early. What was resolved stays resolved.

    Only the newest count of its site. Raises InvalidState `not_the_newest`, Conflict `count_open`.
    """
    with constraints_as_errors(_refusals()), transaction.atomic():
        count = _locked(actor, count)
        if count.is_open:
            return count
        later = HeadCount.objects.filter(site=count.site, started_at__gt=count.started_at)
        if later.exists():
            raise InvalidState(
                "not_the_newest", _("This site has been counted again since. Use the newer count.")
            )
        count.closed_at = count.closed_by = None
        count.expected_after = count.counted = count.missing = count.unexpected = None
        count.save()
        count.differences.open().delete()
        _tell("head_count.reopened", count, actor)
    return count


@transaction.atomic
def drop_head_count(*, actor: Any, count: HeadCount) -> None:
    """Throw away a count in which nobody was counted. Raises InvalidState `counting_began`."""
    count = _locked(actor, count)
    if not count.is_open or _touched(count):
        raise InvalidState(
            "counting_began", _("People have been counted in it already. Close it instead.")
        )
    _tell("head_count.dropped", count, actor)
    count.delete()


def _touched(count: HeadCount) -> bool:
    return count.lines.seen_ones().exists() or count.tallies.exists()


# Count ---------------------------------------------------------------------------------------
@transaction.atomic
def count_household(
    *,
    actor: Any,
    count: HeadCount,
    text: str = "",
    line: HeadCountLine | None = None,
    seen: int | None = None,
    seen_at: datetime | None = None,
    how: str = HeadCountHow.REFERENCE,
    key: uuid.UUID | None = None,
) -> Counted:
    """Count a household, by what its slip says (`text`: token or reference) or by its line.

    Without `seen` everybody expected was seen. Counted again it stays one household: without a
    number nothing changes, with a number the one seen last (`seen_at`) stands. The same `key`
    sent again changes nothing. A slip that is not expected here is noted as well. Raises
    InvalidInput (`text`, `seen`, `seen_at`; `slip_revoked`), InvalidState `count_closed`.
    """
    moment = _checked(count, seen, seen_at)
    _check_choice("how", how, HeadCountHow.values)
    count = _locked_open(actor, count)
    if line is None:
        line = _line_of(count, read_slip(actor, count, text))
    else:
        line = count.lines.get(pk=line.pk)
    fresh = line.seen is None
    outcome = COUNTED if line.expected else NOT_EXPECTED
    if key is not None and line.sent_key == key:
        return Counted(outcome, line)
    if not fresh and (seen is None or seen == line.seen or _older(moment, line.seen_at)):
        return Counted(REPEAT, line)
    line.seen = _all_of(line) if seen is None else seen
    line.seen_at, line.seen_by, line.how, line.sent_key = moment, actor, how, key
    line.save()
    return Counted(outcome, line)


def _older(moment: datetime, than: datetime | None) -> bool:
    return than is not None and moment < than


def _all_of(line: HeadCountLine) -> int:
    """Everybody: those expected, or the members of a household that is known; else one person."""
    if line.expected or line.household is None:
        return line.expected or 1
    return line.household.members.in_count().count() or 1


def _line_of(count: HeadCount, read: Read) -> HeadCountLine:
    """The line of what was read; a new unsaved one where nobody expected it."""
    unknown = count.lines.filter(household__isnull=True, text_read=read.text).first()
    if read.household is None:
        return unknown or HeadCountLine(count=count, text_read=read.text)
    line = count.lines.filter(household=read.household).first()
    if line is not None:
        return line
    if unknown is not None:
        unknown.household = read.household
        unknown.save(update_fields=["household"])
        return unknown
    return HeadCountLine(count=count, text_read=read.text, household=read.household)


@transaction.atomic
def count_unit(
    *,
    actor: Any,
    count: HeadCount,
    unit: Unit | None,
    seen: int,
    seen_at: datetime | None = None,
    key: uuid.UUID | None = None,
) -> Counted:
    """Say how many people are in a unit, by number only; without a unit: everybody else.

    The number seen last stands. Raises as `count_household` does, and InvalidInput `unit`.
    """
    moment = _checked(count, seen, seen_at)
    count = _locked_open(actor, count)
    if unit is not None and unit.site_id != count.site_id:
        raise _invalid("unit", "does_not_exist", _("This site has no such room."))
    tally = count.tallies.filter(unit=unit).first()
    if tally is not None:
        if key is not None and tally.sent_key == key:
            return Counted(COUNTED, tally=tally)
        if tally.seen == seen or _older(moment, tally.seen_at):
            return Counted(REPEAT, tally=tally)
    tally = tally or HeadCountTally(count=count, unit=unit)
    tally.seen, tally.seen_at, tally.seen_by, tally.sent_key = seen, moment, actor, key
    tally.save()
    return Counted(COUNTED, tally=tally)


# Checks --------------------------------------------------------------------------------------
def _locked(actor: Any, count: HeadCount) -> HeadCount:
    rules.require_write(actor, count.site)
    return lock_head_count(count.pk)


def _locked_open(actor: Any, count: HeadCount) -> HeadCount:
    count = _locked(actor, count)
    if not count.is_open:
        raise InvalidState(
            "count_closed", _("This count is closed. Open it again, or begin another one.")
        )
    return count


def _checked(count: HeadCount, seen: int | None, seen_at: datetime | None) -> datetime:
    """The moment at which people were seen, once number and moment are plausible."""
    if seen is not None and not 0 <= seen <= MOST_SEEN:
        detail = _("Write a number from 0 to %(most)d.") % {"most": MOST_SEEN}
        raise _invalid("seen", "out_of_range", detail)
    now = clock.now()
    if seen_at is None:
        return now
    moment = clock.on_operation_clock(seen_at)
    if moment > now:
        # Clocks of phones are a little off.
        return now if moment <= now + CLOCK_TOLERANCE else rules.check_moment("seen_at", moment)
    if moment < count.started_at - EARLIEST_BEFORE_START:
        raise _invalid(
            "seen_at", "too_early", _("This was long before the count began: check date and time.")
        )
    return moment


def _check_choice(name: str, value: str, choices: list[str]) -> None:
    if value not in choices:
        raise _invalid(name, "invalid_choice", _("This value is not known: choose one of a list."))


def _invalid(name: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput("invalid", detail, problems=[FieldProblem(name, code, detail)])


def _tell(kind: str, count: HeadCount, actor: Any, **data: Any) -> None:
    """The event of a count: figures only."""
    record_event(
        kind, count, actor=actor, site=count.site.code, day=f"{count.day:%Y-%m-%d}", **data
    )
