"""When a site receives arrivals."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from accounts.models import Operation
from reception.choices import SiteStatus
from reception.models import Site


def receives_at(site: Site, moment: datetime) -> bool:
    """Whether an open site receives arrivals at `moment`, by its hours and closed days.

    Days and hours are those of the operation's time zone. Hours that end after midnight belong
    to the day on which they began, and so does a closed day. A site that does not receive at any
    hour and has no hours receives nobody.
    """
    if site.status != SiteStatus.OPEN or not site.for_refugees:
        return False
    local = moment.astimezone(Operation.current().zone)
    closed = {row.day for row in site.closed_days.all()}
    if site.receives_always:
        return local.date() not in closed
    return any(
        day not in closed and _within(site, day, local) for day in _today_and_yesterday(local)
    )


def _today_and_yesterday(local: datetime) -> tuple[date, date]:
    return local.date(), local.date() - timedelta(days=1)


def _within(site: Site, day: date, local: datetime) -> bool:
    """Whether hours that began on `day` go on at `local`."""
    wall = local.replace(tzinfo=None)
    for row in site.hours.all():
        if row.weekday != day.weekday():
            continue
        begins = datetime.combine(day, row.opens)
        ends = datetime.combine(day, row.closes)
        if ends <= begins:
            ends += timedelta(days=1)
        if begins <= wall < ends:
            return True
    return False
