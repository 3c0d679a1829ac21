"""The first page: figures a user may see, in a fixed number of queries."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.choices import Role, ScopeKind
from accounts.models import Agency, User
from aid.models import AidRequest, Sector
from common import clock
from intake.models import Area, Arrival, EntryPoint, Household, Person
from reception.models import Placement, Site
from reports.dashboard import dashboard, how_long
from tests.factories import accounts as make


def _family(actor: User, entry: EntryPoint, size: int, hours_ago: float) -> Household:
    moment = clock.now() - timedelta(hours=hours_ago)
    household = Household.objects.create(
        reference=uuid.uuid4().hex[:18], token=uuid.uuid4().hex, registered_by=actor
    )
    arrival = Arrival.objects.create(household=household, entry_point=entry, occurred_at=moment)
    for position in range(size):
        Person.objects.create(
            household=household, arrival=arrival, arrived_at=moment, sex="F", position=position
        )
    return household


@pytest.fixture
def world(dana: User, agency: Agency) -> dict[str, Any]:
    """Two sites, three families of which one waits since 30 hours, two requests, one overdue."""
    area, _ = Area.objects.get_or_create(
        code="TJ0401", defaults={"label": "Ishkoshim", "country_code": "TJK", "level": 2}
    )
    entry = EntryPoint.objects.create(code="TEM", name="Tem", kind="official", area=area)
    here = Site.objects.create(
        code="HERE", name="Here", type="tent_site", status="open", area=area, capacity=10, present=9
    )
    there = Site.objects.create(
        code="THERE", name="There", type="tent_site", status="open", area=area, capacity=20,
        present=2,
    )  # fmt: skip
    for site, size in ((here, 4), (there, 2)):
        family = _family(dana, entry, size, 2)
        Placement.objects.create(
            household=family, site=site, status="checked_in", places=size, placed_by=dana
        )
    _family(dana, entry, 3, 30)
    sector, _ = Sector.objects.get_or_create(code="health", defaults={"label": "Health"})
    now = clock.now()
    for number, hours in ((1, -1), (2, 5)):
        AidRequest.objects.create(
            reference=f"AR-{number}",
            agency=agency,
            sector=sector,
            level="urgent",
            site=here if number == 1 else there,
            submitted_at=now,
            acknowledge_by=now + timedelta(hours=hours),
            act_by=now + timedelta(hours=50),
            requested_by=dana,
        )
    return {"area": area, "entry": entry}


def _figures(user: User) -> dict[str, Any]:
    request = RequestFactory().get("/admin/")
    request.user = User.objects.get(pk=user.pk)
    return {tile.label: tile for tile in dashboard(request, {})["tiles"]}


def test_supervisors_see_the_whole_operation(world: dict[str, Any], dana: User) -> None:
    tiles = _figures(dana)
    assert tiles["People present"].value == 9
    assert tiles["Arrivals in the last 24 hours"].value == 6
    waiting = tiles["Households waiting for a place"]
    assert (waiting.value, waiting.note, waiting.alarming) == (1, "Longest: 30 hours", True)
    assert tiles["Places free"].value == 19
    assert tiles["Sites over 90 % full"].value == 1
    assert tiles["Requests open"].value == 2
    assert tiles["Requests overdue"].value == 1
    assert tiles["Latest situation report"].value == "–"


def test_an_agency_sees_its_requests_only(world: dict[str, Any], carol: User) -> None:
    assert set(_figures(carol)) == {"Requests open", "Requests overdue", "Latest situation report"}
    assert _figures(carol)["Requests open"].value == 2
    other = make.make_agency_user(make.make_agency("WFP"))
    assert _figures(other)["Requests open"].value == 0


def test_a_site_manager_sees_their_site_only(world: dict[str, Any]) -> None:
    manager = make.make_user(Role.SITE_MANAGER, scope=ScopeKind.SITE, code="HERE")
    tiles = _figures(manager)
    assert tiles["Places free"].value == 1
    assert tiles["Requests open"].value == 1
    # That a household waits elsewhere is not theirs to know.
    assert "Households waiting for a place" not in tiles


def test_an_outsider_sees_nothing(world: dict[str, Any], omar: User) -> None:
    assert _figures(omar) == {}


def test_registrations_are_counted_by_hour_of_the_operation(
    world: dict[str, Any], dana: User
) -> None:
    request = RequestFactory().get("/admin/")
    request.user = dana
    context = dashboard(request, {})
    assert context["registered_today"] == 3
    assert context["hours"][-1].share == 100
    assert len(context["hours"]) == context["as_of"].hour + 1


def test_the_page_costs_the_same_however_many_people(world: dict[str, Any], dana: User) -> None:
    client = Client()
    assert client.login(username="dana", password=make.PASSWORD)
    with CaptureQueriesContext(connection) as few:
        assert client.get("/admin/").status_code == 200
    for _ in range(5):
        _family(dana, world["entry"], 3, 1)
    with CaptureQueriesContext(connection) as many:
        page = client.get("/admin/").content.decode()
    assert len(many) == len(few) <= 15
    assert "panah-tile" in page


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (1, "1 minute"),
        (59, "59 minutes"),
        (60, "1 hour"),
        (47 * 60, "47 hours"),
        (49 * 60, "2 days"),
    ],
)
def test_durations_are_said_plainly(minutes: int, said: str) -> None:
    assert how_long(timedelta(minutes=minutes)) == said
