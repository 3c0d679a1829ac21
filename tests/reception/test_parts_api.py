"""Parts of a family, rooms and history over REST."""

from __future__ import annotations

from typing import Any

import pytest

from common import clock
from reception import services
from reception.models import Placement, Stay
from tests.factories.reception import (
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
    make_unit,
)

pytestmark = pytest.mark.django_db
URL = "/api/v1/placements/"


@pytest.fixture
def officer(operation: Any) -> Any:
    return make_officer()


def members(placement: Placement) -> list[str]:
    rows = placement.household.members.order_by("position", "pk")
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def test_part_of_a_family_is_checked_in_to_a_room(api, officer):
    placement = make_placement(make_site(), size=3, by=officer)
    room = make_unit(placement.site)
    client, ids = api(officer), members(placement)
    answer = client.post(
        f"{URL}{placement.pk}/check-in/", {"persons": ids[:2], "unit": room.code}, format="json"
    )
    assert (answer.status_code, answer.json()["places"]) == (200, 3)
    shown = client.get(f"{URL}{placement.pk}/").json()["members"]
    assert [(m["person"], m["state"], m["unit"]) for m in shown] == [
        (ids[0], "present", room.code),
        (ids[1], "present", room.code),
        (ids[2], "due", None),
    ]
    late = client.post(f"{URL}{placement.pk}/not-come/", {"persons": ids[2:]}, format="json")
    assert late.json()["places"] == 2
    away = client.post(
        f"{URL}{placement.pk}/absence/",
        {"reason": "hospital", "persons": ids[:1], "keep_place": False},
        format="json",
    )
    assert (away.json()["places"], away.json()["status"]) == (1, "checked_in")
    back = client.post(f"{URL}{placement.pk}/return/", {"persons": ids[:1]}, format="json")
    assert back.json()["places"] == 2
    moved = client.post(f"{URL}{placement.pk}/unit/", {"unit": None}, format="json")
    assert moved.status_code == 200
    assert not Stay.objects.holding().filter(unit__isnull=False).exists()


def test_a_family_is_split_and_brought_together(api, officer):
    placement = make_placement(make_site(), size=3, status="checked_in", by=officer)
    other, client, ids = make_site(), api(officer), members(placement)
    without = client.post(
        f"{URL}{placement.pk}/split/", {"persons": ids[:1], "site": other.code}, format="json"
    )
    assert (without.status_code, without.json()["errors"][0]["field"]) == (400, "reason")
    made = client.post(
        f"{URL}{placement.pk}/split/",
        {"persons": ids[:1], "site": other.code, "reason": "care", "arrived": True},
        format="json",
    )
    assert made.status_code == 201
    assert made.json()["part"] == 1
    assert "split_reason" not in made.json()  # why is told to who reads the placement itself
    assert client.get(f"{URL}{made.json()['id']}/").json()["split_reason"] == "care"
    home = client.post(f"{URL}{made.json()['id']}/reunite/", {}, format="json")
    assert (home.json()["id"], home.json()["places"]) == (str(placement.pk), 3)


def test_a_family_is_placed_apart_only_with_a_reason(api, officer):
    household, site = make_household_of(3, by=officer), make_site()
    body = {
        "household": household.reference,
        "site": site.code,
        "persons": [str(household.members.order_by("pk").first().pk)],
    }
    refused = api(officer).post(URL, body, format="json")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "split_reason")
    assert not Placement.objects.exists()
    made = api(officer).post(URL, {**body, "split_reason": "care"}, format="json")
    assert (made.status_code, made.json()["places"]) == (201, 1)


def test_strangers_and_rooms_elsewhere_are_refused(api, officer):
    placement = make_placement(make_site(), size=2, by=officer)
    stranger = make_household_of(1).members.get()
    for body, field in (
        ({"persons": [str(stranger.pk)]}, "persons"),
        ({"persons": []}, "persons"),
        ({"unit": make_unit(make_site()).code}, "unit"),
    ):
        answer = api(officer).post(f"{URL}{placement.pk}/check-in/", body, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert Placement.objects.get(pk=placement.pk).status == "reserved"


def test_who_was_here_is_told_to_who_may_know(api, officer, omar, carol):
    site = make_site()
    placement = make_placement(site, size=2, status="checked_in", by=officer)
    after = clock.now().isoformat()
    services.check_out(actor=officer, placement=placement)
    url = f"/api/v1/sites/{site.code}/people/"
    assert api(officer).get(url).json() == []
    then = api(officer).get(url, {"at": after}).json()
    assert [row["state"] for row in then] == ["present", "present"]
    assert "name" not in then[0]
    assert api(officer).get(url, {"at": "yesterday"}).json()["errors"][0]["field"] == "at"
    assert api(make_manager(make_site())).get(url).status_code == 404
    for outsider in (omar, carol):
        assert api(outsider).get(url).status_code == 403
    assert api(officer).get(f"/api/v1/sites/{site.code}/over/").json() == []


def test_a_hidden_site_is_no_part_of_what_others_are_told(api, officer, dana):
    hidden = make_site(hidden=True)
    placement = make_placement(hidden, size=1, status="checked_in", by=dana)
    services.transfer_placement(actor=dana, placement=placement, site=make_site(), arrived=True)
    now = Placement.objects.open().get()
    url = f"{URL}{now.pk}/whereabouts/"
    assert [row["site"] for row in api(officer).get(url).json()] == [now.site.code]
    assert len(api(dana).get(url).json()) == 2
    for part in ("people", "over"):
        assert api(officer).get(f"/api/v1/sites/{hidden.code}/{part}/").status_code == 404
