"""The pages of a placement's members and of a site's history."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AccessRecord
from common import clock
from reception import services
from reception.models import Placement, Stay
from tests.factories.reception import (
    add_member,
    make_manager,
    make_officer,
    make_placement,
    make_site,
    make_unit,
)

pytestmark = pytest.mark.django_db


def signed_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(placement: Placement) -> str:
    return reverse("admin:reception_placement_people", args=[placement.pk])


def members(placement: Placement) -> list[str]:
    rows = placement.household.members.order_by("position", "pk")
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


@pytest.fixture
def officer(operation: Any) -> Any:
    return make_officer()


def states(placement: Placement) -> list[str]:
    return sorted(
        Stay.objects.standing().filter(placement=placement).values_list("state", flat=True)
    )


def test_a_manager_records_what_happens_to_members(officer):
    placement = make_placement(make_site(), size=3, by=officer)
    room = make_unit(placement.site)
    client, ids = signed_in(make_manager(placement.site)), members(placement)
    steps = [
        ({"step": "came", "persons": ids[:2], "unit": room.pk}, ["due", "present", "present"]),
        ({"step": "stayed_away", "persons": ids[2:]}, ["not_come", "present", "present"]),
        (
            {"step": "away", "persons": ids[:1], "reason": "hospital", "free_place": "on"},
            ["away_freed", "not_come", "present"],
        ),
        ({"step": "back", "persons": ids[:1]}, ["not_come", "present", "present"]),
        ({"step": "room", "persons": ids[:1], "unit": room.pk}, ["not_come", "present", "present"]),
    ]
    for data, after in steps:
        assert client.post(page_of(placement), data).status_code == 302, data
        assert states(placement) == after
    room.refresh_from_db()
    assert room.taken == 2
    before = AccessRecord.objects.count()
    client.get(page_of(placement))
    assert AccessRecord.objects.count() == before + 1


def test_nothing_ticked_or_no_reason_is_said_and_nothing_changes(officer):
    placement = make_placement(make_site(), size=2, status="checked_in", by=officer)
    other, client = make_site(), signed_in(officer)
    nobody = client.post(page_of(placement), {"step": "away", "reason": "school"})
    assert (nobody.status_code, b"Tick the members" in nobody.content) == (422, True)
    ids = members(placement)
    for data in (
        {"step": "apart", "persons": ids[:1], "site": other.code},
        {"step": "apart", "persons": ids[:1], "split_reason": "care"},
        {"step": "away", "persons": ids[:1], "reason": "holiday"},
        {"step": "nonsense", "persons": ids[:1]},
        {"step": "room", "persons": ["nobody"]},
    ):
        answer = client.post(page_of(placement), data)
        assert answer.status_code == 422, data
        assert f'value="{ids[0]}" checked' in answer.content.decode() or "nobody" in str(data)
    assert states(placement) == ["present", "present"]


def test_a_part_goes_and_comes_back(officer):
    placement = make_placement(make_site(), size=3, status="checked_in", by=officer)
    other, client = make_site(), signed_in(officer)
    data = {
        "step": "apart",
        "persons": members(placement)[:1],
        "site": other.code,
        "split_reason": "care",
        "arrived": "on",
    }
    assert client.post(page_of(placement), data).status_code == 302
    part = Placement.objects.open().get(site=other)
    assert client.post(page_of(part), {"step": "together"}).status_code == 302
    assert states(placement) == ["present"] * 3


def test_others_see_no_members(officer, omar, carol):
    placement = make_placement(make_site(), size=2, by=officer)
    for outsider in (omar, carol, make_manager(make_site())):
        assert signed_in(outsider).get(page_of(placement)).status_code in (302, 403, 404)


def test_the_history_of_a_site_is_shown_to_who_may_know(officer, alice, omar):
    site = make_site(places=2)
    placement = make_placement(site, size=2, status="checked_in", by=officer)
    add_member(placement.household, age=0)
    services.household_changed(placement.household, officer)
    then = clock.now()
    services.check_out(actor=officer, placement=placement)
    url = reverse("admin:reception_site_past", args=[site.pk])
    local = then.astimezone(ZoneInfo("Asia/Dushanbe"))
    page = signed_in(officer).get(url, {"at": f"{local:%Y-%m-%d %H:%M:%S}"})
    assert page.status_code == 200
    text = page.content.decode()
    assert "1 above the capacity" in text
    hidden = make_site(hidden=True)
    gone = reverse("admin:reception_site_past", args=[hidden.pk])
    assert signed_in(officer).get(gone).status_code == 404
    assert signed_in(omar).get(url).status_code in (302, 403, 404)
