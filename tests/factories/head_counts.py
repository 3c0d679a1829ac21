"""Head counts at sites with families. Invented places and people only."""

from __future__ import annotations

from typing import Any

from intake.references import new_token
from reception import services
from reception.models import HeadCount, Placement, Site, Unit
from tests.factories.reception import make_household_of, make_placement, make_site


def make_present(site: Site, size: int = 3, *, by: Any = None) -> Placement:
    """A family that is there and has a slip that can be scanned."""
    household = make_household_of(size, token=new_token())
    return make_placement(site, household=household, status="checked_in", by=by)


def make_count(by: Any, *sizes: int, site: Site | None = None, **fields: Any) -> HeadCount:
    """A count that has begun at a site with families of these sizes."""
    site = site or make_site(places=100)
    for size in sizes:
        make_present(site, size)
    return services.start_head_count(actor=by, site=site, **fields)


def make_unit(site: Site, code: str = "r4", capacity: int = 20) -> Unit:
    """A room."""
    return Unit.objects.create(site=site, code=code, name=f"Room {code}", capacity=capacity)


def count_of(officer: Any, count: Any, **said: Any) -> Any:
    """Count a household."""
    return services.count_household(actor=officer, count=count, **said)


def close(officer: Any, count: Any) -> Any:
    """Close the count."""
    return services.close_head_count(actor=officer, count=count)
