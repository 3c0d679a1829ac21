"""Transports and check-in by slip over REST: shapes, codes, and who is turned away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common import clock
from common.ids import new_id
from reception.models import Placement, Transport
from reception.services import transporting
from reception.services.transporting import Wanted
from tests.factories.intake import make_entry_point, make_household
from tests.factories.reception import make_manager, make_officer, make_placement, make_site
from tests.factories.transports import families_at, listed, make_transport

pytestmark = pytest.mark.django_db
TRANSPORTS = "/api/v1/transports/"
CHECK_IN = "/api/v1/placements/check-in/"
STEPS = ["families", "remove", "load", "board", "get-off", "depart", "arrive", "missing", "cancel"]


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def officer():
    return make_officer(username="petra")


@pytest.fixture
def here():
    return make_site("HERE", places=20)


@pytest.fixture
def there():
    return make_site("THERE", places=20)


def body(**more):
    return {
        "from_site": "HERE",
        "to_site": "THERE",
        "planned_departure": (clock.now() + timedelta(hours=3)).isoformat(),
        "vehicle": "bus",
        "seats": 12,
        **more,
    }


def test_a_transport_from_the_plan_to_the_arrival(api, officer, here, there):
    client, pk = api(officer), str(new_id())
    first, second = families_at(here, 3, 2)
    made = client.post(TRANSPORTS, body(id=pk), format="json")
    assert made.status_code == 201, made.json()
    assert client.post(TRANSPORTS, body(id=pk), format="json").status_code == 200
    base = f"{TRANSPORTS}{pk}/"
    names = [first.household.reference, second.household.reference]
    sent = {"families": [{"household": name, "escort": True} for name in names]}
    on_list = client.post(f"{base}families/", sent, format="json").json()
    assert (on_list["seats_left"], len(on_list["lines"])) == (7, 2)
    assert client.post(f"{base}load/", {}).json()["status"] == "loading"
    part = client.post(f"{base}board/", {"household": names[0], "persons": 2}, format="json")
    assert (part.status_code, part.json()["code"]) == (409, "family_incomplete")
    client.post(f"{base}board/", {"household": names[0], "persons": 3}, format="json")
    client.post(f"{base}board/", {"household": names[1]}, format="json")
    client.post(f"{base}get-off/", {"household": names[1]}, format="json")
    behind = [{"household": names[1], "reason": "ill"}]
    left = client.post(f"{base}depart/", {"stayed_behind": behind}, format="json").json()
    assert (left["status"], left["departed_at"] is None) == ("departed", False)
    assert [line["stayed_behind"] for line in left["lines"]] == ["", "ill"]
    came = client.post(f"{base}arrive/", {"household": names[0]}, format="json")
    assert (came.status_code, came.json()["status"]) == (200, "arrived")
    assert came.json()["lines"][0]["state"] == "arrived"
    again = client.post(f"{base}arrive/", {"all": True}, format="json")
    assert again.status_code == 200
    there.refresh_from_db()
    assert (there.present, there.reserved) == (3, 0)


def test_one_key_makes_one_step(api, officer, here, there):
    (family,) = families_at(here, 2)
    transport = make_transport(here, there, by=officer)
    sent = {"families": [{"household": family.household.reference}]}
    for replayed in (False, True):
        answer = api(officer).post(
            f"{TRANSPORTS}{transport.pk}/families/",
            sent,
            format="json",
            headers={"Idempotency-Key": "once"},
        )
        assert answer.headers.get("Idempotency-Replayed") == ("true" if replayed else None)
    assert transport.lines.count() == 1


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"seats": 0}, 400, "seats"),
        ({"to_site": "NOWHERE"}, 404, "site"),
        ({"to_site": "HERE"}, 400, "to_site"),
        ({"from_site": None}, 400, "from_site"),
        ({"from_entry_point": "NOWHERE"}, 404, "from_entry_point"),
        ({"from_entry_point": "TEM"}, 400, "from_site"),
        ({"vehicle": "boat"}, 400, "vehicle"),
        ({"id": "seven"}, 400, "id"),
    ],
)
def test_bad_input_names_its_field(api, officer, here, there, change, status, field):
    make_entry_point("TEM")
    answer = api(officer).post(TRANSPORTS, body(**change), format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)
    assert not Transport.objects.exists()


def test_too_few_seats_are_a_409(api, officer, here, there):
    transport = make_transport(here, there, by=officer, seats=2)
    (family,) = families_at(here, 3)
    sent = {"families": [{"household": family.household.reference}]}
    answer = api(officer).post(f"{TRANSPORTS}{transport.pk}/families/", sent, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "seats_exceeded")
    assert answer.json()["seats"] == 2


def test_a_missing_family_is_written_down(api, officer, here, there):
    transport = make_transport(here, there, by=officer)
    (line,) = listed(transport, families_at(here, 2))
    client, base = api(officer), f"{TRANSPORTS}{transport.pk}/"
    name = {"household": line.target.household.reference}
    client.post(f"{base}board/", name, format="json")
    client.post(f"{base}depart/", {}, format="json")
    sent = name | {"reason": "hospital", "keep_place": True}
    answer = client.post(f"{base}missing/", sent, format="json")
    assert answer.json()["lines"][0]["missing_reason"] == "hospital"
    assert Placement.objects.get(pk=line.target_id).status == "confirmed"


@pytest.mark.parametrize("step", STEPS)
def test_who_may_not_place_changes_nothing(api, alice, bob, carol, omar, here, there, step):
    transport = make_transport(here, there)
    address = f"{TRANSPORTS}{transport.pk}/{step}/"
    for user in (alice, bob, carol, omar):
        assert api(user).post(address, {}, format="json").status_code == 403
    assert api().post(address, {}, format="json").status_code == 401
    stranger = api(make_manager(make_site()))
    assert stranger.post(address, {}, format="json").status_code == 404
    assert Transport.objects.get().status == "planned"


def test_lists_show_what_one_may_know(api, alice, carol, omar, dana, officer, here):
    secret = make_site("SECRET-7", hidden=True)
    transport = make_transport(here, secret, by=dana)
    (family,) = families_at(here, 2)
    wanted = [Wanted(family.household, family)]
    transporting.add_families(actor=dana, transport=transport, families=wanted)
    for user, code in ((dana, "SECRET-7"), (make_manager(here), None), (alice, None)):
        client = api(user)
        assert [row["to_site"] for row in client.get(TRANSPORTS).json()["results"]] == [code]
        one = client.get(f"{TRANSPORTS}{transport.pk}/").json()
        assert (one["to_site"], one["lines"][0]["target"] is None) == (code, code is None)
        found = client.get("/api/v1/placements/").json()["results"]
        assert (len(found) == 2) == (user == dana)
    for user in (carol, omar):
        assert api(user).get(TRANSPORTS).status_code == 403
    assert api(make_manager(make_site())).get(TRANSPORTS).json()["results"] == []


# Check-in by slip ----------------------------------------------------------------------------
def test_a_slip_checks_a_family_in_and_again_changes_nothing(api, alice, here):
    household = make_household(alice)
    make_placement(here, household=household)
    client = api(make_manager(here))
    for _n in range(2):
        answer = client.post(CHECK_IN, {"token": household.token, "site": "HERE"}, format="json")
        assert (answer.status_code, answer.json()["status"]) == (200, "checked_in")


def test_only_some_came(api, officer, alice, here):
    household = make_household(alice)
    make_placement(here, household=household)
    person = str(household.members.order_by("position").first().pk)
    sent = {"token": household.token, "site": "HERE", "persons": [person]}
    assert api(officer).post(CHECK_IN, sent, format="json").status_code == 200
    here.refresh_from_db()
    assert here.present == 1


def test_a_slip_that_is_not_due_says_what_it_is(api, officer, alice, here, there):
    household = make_household(alice)
    client = api(officer)
    sent = {"token": household.token, "site": "HERE"}
    nowhere = client.post(CHECK_IN, sent, format="json")
    assert (nowhere.status_code, nowhere.json()["verdict"]) == (409, "no_place")
    make_placement(there, household=household)
    elsewhere = client.post(CHECK_IN, sent, format="json")
    assert (elsewhere.json()["code"], elsewhere.json()["verdict"]) == ("not_due_here", "elsewhere")
    wrong = client.post(CHECK_IN, {"token": "nonsense", "site": "HERE"}, format="json")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "token")
    unseen = api(make_manager(here)).post(CHECK_IN, sent, format="json")
    assert unseen.status_code == 404
    assert api(alice).post(CHECK_IN, sent, format="json").status_code == 403
