"""Sites, households to place and placements in every state. Invented places only."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

from accounts.choices import Role, ScopeKind
from accounts.models import User
from common import clock
from intake.choices import BirthPrecision, Relationship, Sex
from intake.models import Area, Household, Person
from intake.references import format_reference
from reception.choices import PlacementStatus, ResourceKind, SiteStatus, SiteType
from reception.models import Placement, Site, SiteResource, Unit
from reception.services import place_household
from reception.services.sites import recalculate_capacity
from tests.factories.accounts import make_user

_serial = itertools.count(1)


def make_area(code: str = "TJ0201") -> Area:
    """A district."""
    area, _ = Area.objects.get_or_create(
        code=code, defaults={"label": "Invented district", "country_code": "TJK", "level": 2}
    )
    return area


def make_site(code: str = "", *, places: int | None = 50, **fields: Any) -> Site:
    """An open site that can take `places` by its beds; with None nothing is measured."""
    code = code or f"SITE-{next(_serial)}"
    site = Site.objects.create(
        **{
            "code": code,
            "name": f"Site {code.title()}",
            "type": SiteType.COLLECTIVE,
            "status": SiteStatus.OPEN,
            "area": make_area(),
            **fields,
        }
    )
    if places is not None:
        make_resource(site, ResourceKind.BEDS, places)
        recalculate_capacity(site=site)
    return Site.objects.get(pk=site.pk)


def make_resource(site: Site, kind: str, quantity: Any) -> SiteResource:
    """A measured resource; the capacity is not worked out anew."""
    return SiteResource.objects.create(
        site=site, kind=kind, quantity=quantity, measured_on=date(2021, 7, 4)
    )


def make_unit(site: Site, *, capacity: int = 4, **fields: Any) -> Unit:
    """A room of a site."""
    code = fields.pop("code", f"ROOM-{next(_serial)}")
    return Unit.objects.create(site=site, code=code, name=code, capacity=capacity, **fields)


def make_household_of(
    size: int, *, by: User | None = None, ages: list[int] | None = None, **fields: Any
) -> Household:
    """A registered household: adults, or members of the given ages."""
    serial = next(_serial)
    household = Household.objects.create(
        **{
            "reference": format_reference("TST", 2021, serial),
            "token": f"TOKEN{serial}",
            "registered_by": by or make_user(Role.REGISTRAR),
            **fields,
        }
    )
    for position in range(size):
        add_member(household, age=ages[position] if ages else 30, position=position)
    return household


def add_member(household: Household, *, age: int = 30, position: int = 99) -> Person:
    """One more member in the count."""
    now = clock.now()
    born = now.date() - timedelta(days=round(age * 365.25 + 30))
    return Person.objects.create(
        household=household,
        arrived_at=now - timedelta(hours=5),
        position=position,
        relationship=Relationship.HEAD if position == 0 else Relationship.CHILD,
        is_focal_point=position == 0,
        sex=Sex.FEMALE,
        birth_earliest=born,
        birth_latest=born,
        birth_precision=BirthPrecision.DAY,
    )


def take_out(person: Person, reason: str = "deceased") -> None:
    """Take a person out of the count, as intake's services do to the row."""
    Person.objects.filter(pk=person.pk).update(left_at=clock.now(), exit_reason=reason)


def make_officer(**fields: Any) -> User:
    """A placement officer of the whole operation."""
    return make_user(Role.PLACEMENT_OFFICER, **fields)


def make_manager(site: Site, **fields: Any) -> User:
    """A manager of one site."""
    return make_user(Role.SITE_MANAGER, scope=ScopeKind.SITE, code=site.code, **fields)


def make_placement(
    site: Site,
    *,
    status: str = PlacementStatus.RESERVED,
    size: int = 3,
    by: User | None = None,
    household: Household | None = None,
) -> Placement:
    """A placement in any state, brought there by the services."""
    from reception import services

    actor = by or make_officer()
    begins = PlacementStatus.CHECKED_IN if status in _FROM_PRESENT else PlacementStatus.RESERVED
    placement = place_household(
        actor=actor, household=household or make_household_of(size), site=site, status=begins
    )
    steps: dict[str, Any] = {
        PlacementStatus.CONFIRMED: services.confirm,
        PlacementStatus.ABSENT: lambda **kw: services.record_absence(reason="hospital", **kw),
        PlacementStatus.TRANSFER_PENDING: services.announce_transfer,
        PlacementStatus.CHECKED_OUT: services.check_out,
        PlacementStatus.NO_SHOW: services.mark_no_show,
        PlacementStatus.CANCELLED: services.cancel_placement,
    }
    if status in steps:
        moved: Placement = steps[status](actor=actor, placement=placement)
        return moved
    if status == PlacementStatus.EXPIRED:
        assert services.expire_reservations(clock.now() + timedelta(days=2)) == 1
        return Placement.objects.get(pk=placement.pk)
    return placement


_FROM_PRESENT = {
    PlacementStatus.CHECKED_IN,
    PlacementStatus.ABSENT,
    PlacementStatus.TRANSFER_PENDING,
    PlacementStatus.CHECKED_OUT,
}
