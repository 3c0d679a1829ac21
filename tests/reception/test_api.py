"""Sites and placements over REST: shapes, codes, and who is turned away."""

from __future__ import annotations

import pytest

from accounts.choices import Role, ScopeKind
from audit.models import AccessRecord
from common.ids import new_id
from intake.models import Household
from reception.models import Placement, Site
from reception.services import transfer_placement
from tests.factories.accounts import make_user
from tests.factories.reception import (
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
)

pytestmark = pytest.mark.django_db
SITES, PLACEMENTS = "/api/v1/sites/", "/api/v1/placements/"


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def officer():
    return make_officer(username="petra")


@pytest.fixture
def site():
    return make_site("KHOROG-SCHOOL-3", places=10)


def body(household, site, **more):
    return {"household": household.reference, "site": site.code, **more}


def test_a_client_places_a_household(api, officer, site):
    household, pk = make_household_of(4), str(new_id())
    answer = api(officer).post(PLACEMENTS, body(household, site, id=pk, status="reserved"))
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert made["id"] == pk
    assert (made["household"], made["site"]) == (household.reference, "KHOROG-SCHOOL-3")
    assert (made["status"], made["places"]) == ("reserved", 4)
    again = api(officer).post(PLACEMENTS, body(household, site, id=pk, status="reserved"))
    assert (again.status_code, again.json()) == (200, made)
    occupancy = api(officer).get(f"{SITES}{site.code}/occupancy/").json()
    assert set(occupancy) == {
        *("code", "as_of", "capacity", "blocked", "reserved", "present", "free")
    }
    assert (occupancy["capacity"], occupancy["reserved"], occupancy["free"]) == (10, 4, 6)


def test_a_full_site_is_a_409_with_the_free_places(api, officer, site):
    make_placement(site, size=8)
    answer = api(officer).post(PLACEMENTS, body(make_household_of(3), site))
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert (answer.json()["code"], answer.json()["free"]) == ("capacity_exceeded", 2)
    assert Placement.objects.count() == 1


def test_the_other_refusals_have_their_codes(api, officer, site):
    placed = make_placement(site, size=1).household
    closed = make_household_of(1)
    Household.objects.filter(pk=closed.pk).update(status="closed")
    for household, code in ((placed, "already_placed"), (closed, "household_not_placeable")):
        answer = api(officer).post(PLACEMENTS, body(household, site))
        assert (answer.status_code, answer.json()["code"]) == (409, code)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"household": "PNH"}, 400, "household"),
        ({"household": "TST-21-999999-5"}, 400, "household"),
        ({"site": "NOWHERE"}, 404, "site"),
        ({"status": "absent"}, 400, "status"),
        ({"reserved_until": "2001-01-01T00:00:00Z"}, 400, "reserved_until"),
        ({"id": "seven"}, 400, "id"),
    ],
)
def test_bad_input_names_its_field(api, officer, site, change, status, field):
    answer = api(officer).post(PLACEMENTS, {**body(make_household_of(1), site), **change})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)
    assert not Placement.objects.exists()


def test_the_reference_of_a_repeat_places_the_household_it_was_merged_into(api, officer, site):
    kept, repeat = make_household_of(2), make_household_of(1)
    Household.objects.filter(pk=repeat.pk).update(status="closed", merged_into=kept)
    answer = api(officer).post(PLACEMENTS, body(repeat, site))
    assert answer.json()["household"] == kept.reference


def test_the_life_of_a_placement_over_rest(api, officer, site):
    client, other = api(officer), make_site("PORSHINEV-GYM")
    pk = client.post(PLACEMENTS, body(make_household_of(2), site)).json()["id"]
    steps = [
        ("check-in", {}, "checked_in"),
        ("absence", {"reason": "hospital"}, "absent"),
        ("return", {}, "checked_in"),
    ]
    for step, sent, status in steps:
        answer = client.post(f"{PLACEMENTS}{pk}/{step}/", sent)
        assert (answer.status_code, answer.json()["status"]) == (200, status)
    moved = client.post(f"{PLACEMENTS}{pk}/transfer/", {"site": other.code, "arrived": True})
    assert (moved.status_code, moved.json()["previous"]) == (201, pk)
    left = client.post(f"{PLACEMENTS}{moved.json()['id']}/check-out/", {})
    assert left.json()["status"] == "checked_out"
    again = client.post(f"{PLACEMENTS}{moved.json()['id']}/check-out/", {})
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")


def test_a_reservation_is_cancelled_over_rest(api, officer, site):
    placement = make_placement(site)
    answer = api(officer).post(f"{PLACEMENTS}{placement.pk}/cancel/", {})
    assert answer.json()["status"] == "cancelled"


STEPS = ["check-in", "check-out", "transfer", "absence", "return", "cancel", "confirm", "no-show"]
SENT = {"reason": "hospital", "site": "KHOROG-SCHOOL-3"}


@pytest.mark.parametrize("step", STEPS)
def test_who_may_not_place_changes_nothing(api, alice, bob, carol, omar, site, step):
    placement = make_placement(site)
    for user in (alice, bob, carol, omar):
        answer = api(user).post(f"{PLACEMENTS}{placement.pk}/{step}/", SENT)
        assert answer.status_code == 403
    assert api().post(f"{PLACEMENTS}{placement.pk}/{step}/", SENT).status_code == 401
    assert Placement.objects.get().status == "reserved"


@pytest.mark.parametrize("step", STEPS)
def test_a_manager_of_another_site_finds_nothing(api, site, step):
    placement = make_placement(site)
    stranger = make_manager(make_site())
    answer = api(stranger).post(f"{PLACEMENTS}{placement.pk}/{step}/", SENT)
    assert answer.status_code == 404
    assert Placement.objects.get().status == "reserved"


@pytest.mark.parametrize("step", STEPS)
def test_a_manager_who_also_reads_everywhere_is_refused_elsewhere(api, site, step):
    placement = make_placement(site)
    manager = make_manager(make_site("SITE-A"))
    from accounts.models import RoleAssignment

    RoleAssignment.objects.create(
        user=manager, role=Role.REGISTRAR, scope_kind=ScopeKind.OPERATION, scope_code=""
    )
    sent = {**SENT, "site": "SITE-A"}
    answer = api(manager).post(f"{PLACEMENTS}{placement.pk}/{step}/", sent)
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert Placement.objects.get().status == "reserved"


def test_who_may_not_place_creates_nothing(api, alice, bob, carol, omar, site):
    household = make_household_of(1)
    for user in (alice, bob, carol, omar):
        assert api(user).post(PLACEMENTS, body(household, site)).status_code == 403
    assert not Placement.objects.exists()


def test_lists_show_what_the_reader_may_see(api, officer, alice, carol, omar):
    here, there, safe = make_site("HERE"), make_site("THERE"), make_site("SAFE", hidden=True)
    manager = make_manager(here)
    for place in (here, there):
        make_placement(place)
    protection = make_user(Role.PROTECTION_OFFICER)
    make_placement(safe, by=protection)
    for user, sites, placements in (
        (officer, ["HERE", "THERE"], 2),
        (alice, ["HERE", "THERE"], 2),
        (manager, ["HERE"], 1),
        (protection, ["HERE", "SAFE", "THERE"], 3),
    ):
        listed = api(user).get(SITES).json()["results"]
        assert [each["code"] for each in listed] == sites
        assert len(api(user).get(PLACEMENTS).json()["results"]) == placements
    for user in (carol, omar):
        assert api(user).get(SITES).status_code == 403
        assert api(user).get(PLACEMENTS).status_code == 403


def test_a_hidden_site_and_no_site_look_the_same(api, officer):
    safe, household = make_site("SAFE", hidden=True), make_household_of(1)
    client = api(officer)
    for path in ("{}/", "{}/occupancy/"):
        hidden, absent = (client.get(SITES + path.format(code)) for code in ("SAFE", "NONE"))
        assert hidden.status_code == absent.status_code == 404
        assert hidden.json() == absent.json()
    hidden = client.post(PLACEMENTS, body(household, safe))
    absent = client.post(PLACEMENTS, {"household": household.reference, "site": "NONE"})
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json() == absent.json()
    placement = make_placement(safe, by=make_user(Role.PROTECTION_OFFICER))
    for pk in (placement.pk, new_id()):
        assert client.get(f"{PLACEMENTS}{pk}/").status_code == 404


def test_site_staff_see_the_households_that_have_a_place_there(api):
    here, there = make_site(), make_site()
    manager, officer = make_manager(here), make_officer()
    placement = make_placement(here, status="checked_in")
    make_placement(there)
    make_household_of(1)
    assert list(Household.objects.visible_to(manager)) == [placement.household]
    transfer_placement(actor=officer, placement=placement, site=there)
    assert not Household.objects.visible_to(manager).exists()


def test_a_manager_edits_the_own_site(api, site):
    client = api(make_manager(site))
    read = client.get(f"{SITES}{site.code}/")
    change = {"operational_capacity": 6, "operational_reason": "one room is wet"}
    answer = client.patch(f"{SITES}{site.code}/", change, headers={"If-Match": read["ETag"]})
    assert (answer.status_code, answer.json()["capacity"]) == (200, 6)
    assert answer["ETag"] != read["ETag"]
    stale = client.patch(
        f"{SITES}{site.code}/", {"name": "Other"}, headers={"If-Match": read["ETag"]}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert Site.objects.get(pk=site.pk).name == site.name


def test_an_edit_below_what_is_taken_is_refused(api, site):
    make_placement(site, size=7)
    answer = api(make_manager(site)).patch(f"{SITES}{site.code}/", {"operational_capacity": 6})
    assert (answer.status_code, answer.json()["code"]) == (409, "capacity_below_taken")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"blocked": -1}, "blocked"),
        ({"type": "castle"}, "type"),
        ({"area": "XX"}, "area"),
        ({"latitude": 1234}, "latitude"),
    ],
)
def test_a_bad_edit_names_its_field(api, site, change, field):
    answer = api(make_manager(site)).patch(f"{SITES}{site.code}/", change)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_counters_and_codes_cannot_be_edited(api, site):
    answer = api(make_manager(site)).patch(
        f"{SITES}{site.code}/", {"capacity": 999, "reserved": 5, "overflow": 9, "code": "NEW"}
    )
    assert answer.status_code == 200
    now = Site.objects.get(pk=site.pk)
    assert (now.capacity, now.reserved, now.overflow, now.code) == (10, 0, 0, site.code)


def test_others_edit_nothing(api, alice, carol, omar, officer, site):
    for user in (alice, carol, omar, officer):
        assert api(user).patch(f"{SITES}{site.code}/", {"name": "X"}).status_code == 403
    stranger = make_manager(make_site())
    assert api(stranger).patch(f"{SITES}{site.code}/", {"name": "X"}).status_code == 404
    assert Site.objects.get(pk=site.pk).name == site.name


def test_placements_are_filtered(api, officer, site):
    ended = make_placement(site, status="cancelled", size=1)
    held = make_placement(make_site("OTHER"), size=1)
    client = api(officer)
    for query, found in (
        ({"site": "OTHER"}, [held]),
        ({"open": "false"}, [ended]),
        ({"status": "reserved"}, [held]),
        ({"household": ended.household.reference}, [ended]),
        ({"updated_since": held.updated_at.isoformat()}, [held]),
    ):
        rows = client.get(PLACEMENTS, query).json()["results"]
        assert [row["id"] for row in rows] == [str(each.pk) for each in found], query


def test_changes_come_oldest_first(api, officer, site):
    first, second = make_placement(site, size=1), make_placement(site, size=1)
    since = first.recorded_at.isoformat()
    first.save()
    rows = api(officer).get(PLACEMENTS, {"updated_since": since}).json()["results"]
    assert [row["id"] for row in rows] == [str(second.pk), str(first.pk)]


def test_the_note_is_shown_on_one_placement_and_the_reading_recorded(api, officer, site):
    client = api(officer)
    sent = body(make_household_of(1), site, note="asks for the ground floor")
    pk = client.post(PLACEMENTS, sent).json()["id"]
    assert "note" not in client.get(PLACEMENTS).json()["results"][0]
    assert not AccessRecord.objects.exists()
    assert client.get(f"{PLACEMENTS}{pk}/").json()["note"] == "asks for the ground floor"
    record = AccessRecord.objects.get()
    assert (record.user, record.action, str(record.subject_id)) == (officer, "read", pk)


def test_lists_take_a_fixed_number_of_queries(api, officer, django_assert_max_num_queries):
    sites = [make_site() for _ in range(4)]
    for place in sites:
        make_placement(place, size=1)
    client = api(officer)
    for path in (SITES, PLACEMENTS):
        with django_assert_max_num_queries(3):
            client.get(path)
