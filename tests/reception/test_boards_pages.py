"""The pages of the boards and their REST: what they show, and whom they turn away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.choices import Role
from audit.models import AccessRecord
from common import clock
from intake.models import Person
from reception.models import Placement, Unit
from tests.factories.accounts import make_user
from tests.factories.reception import (
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
)
from tests.reception.test_boards import arrived, need, quiet

pytestmark = pytest.mark.django_db
WAITING = reverse("admin:reception_waiting")
BOARDS = reverse("admin:reception_boards")
NORMS = reverse("admin:reception_norms_board")
NEXT = reverse("admin:reception_projection")
PLAN = reverse("admin:reception_contingency")
API = "/api/v1/"


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def as_user(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def board_of(site):
    return reverse("admin:reception_board", args=[site.code])


def test_the_waiting_page_is_narrowed_by_time_need_and_entry_point(as_user):
    long = arrived(make_household_of(3), 30)
    short = arrived(make_household_of(2), 1, "SHE")
    need(long, "DS-PM")
    client = as_user(make_officer())
    text = client.get(WAITING).content.decode()
    assert long.reference in text
    assert short.reference in text
    assert "step-free" in text
    assert "DS-PM" not in text
    for query, shown in (
        ("band=over_24h", long),
        ("need=step_free", long),
        ("entry_point=SHE", short),
    ):
        rows = client.get(f"{WAITING}?{query}").context["rows"]
        assert [row["household"].reference for row in rows] == [shown.reference]
    assert (
        "No family fits" in client.get(f"{WAITING}?need=step_free&entry_point=SHE").content.decode()
    )
    assert client.get(f"{WAITING}?band=<script>&page=x").context["rows"] == []


def test_the_overview_and_the_board_of_a_site_tell_the_day(as_user):
    site = make_site("BORDER", places=40, type="border_reception")
    due = make_placement(site, size=2)
    long = make_placement(site, size=5, status="checked_in")
    away = make_placement(site, size=1, status="absent")
    Placement.objects.filter(pk=long.pk).update(checked_in_at=clock.now() - timedelta(days=7))
    Placement.objects.filter(pk=due.pk).update(reserved_until=clock.now() - timedelta(minutes=5))
    Unit.objects.create(site=site, code="a", name="Hall of women", section="women", capacity=9)
    manager = make_manager(site)
    text = as_user(manager).get(BOARDS).content.decode()
    assert "2 late" in text
    assert board_of(site) in text
    answer = as_user(manager).get(board_of(site))
    text = answer.content.decode()
    for words in (
        *(due.household.reference, long.household.reference, away.household.reference),
        *("late: its reservation is over", "for 7 days", "Hospital", "Hall of women", "Beds"),
    ):
        assert words in text
    assert 'http-equiv="refresh"' not in text
    again = as_user(manager).get(board_of(site), {"refresh": "1"}).content.decode()
    assert '<meta http-equiv="refresh" content="120">' in again
    assert AccessRecord.objects.filter(user=manager, action="list").count() == 2


def test_a_family_is_checked_in_from_the_board_and_the_board_comes_back(as_user):
    site = make_site()
    due = make_placement(site)
    press = reverse("admin:reception_placement_check_in", args=[due.pk])
    answer = as_user(make_manager(site)).post(press, {"back": "board"})
    assert answer["Location"] == board_of(site)
    assert Placement.objects.get().status == "checked_in"


def test_who_only_reads_a_board_sees_no_button(as_user, alice):
    site = make_site()
    due = make_placement(site)
    text = as_user(alice).get(board_of(site)).content.decode()
    assert due.household.reference in text
    assert reverse("admin:reception_placement_check_in", args=[due.pk]) not in text


def test_the_norms_page_tells_the_light_in_words_and_names_the_source(as_user):
    site = make_site("GYM", places=10)
    make_placement(site, size=4, status="checked_in")
    text = as_user(make_officer()).get(NORMS).content.decode()
    for words in ("Gym", "enough", "one bed a person", "By definition", "Not measured:"):
        assert words in text


def test_the_projection_page_says_estimate_or_why_there_is_none(as_user):
    client = as_user(make_officer())
    make_site(places=5)
    assert "nobody arrived in the last three days" in client.get(NEXT).content.decode()
    for hours in range(1, 80, 6):
        household = make_household_of(1)
        Person.objects.filter(household=household).update(
            arrived_at=clock.now() - timedelta(hours=hours)
        )
    text = client.get(NEXT).content.decode()
    assert "This is an estimate." in text
    assert "In 80 of 100 such cases" in text
    assert "fewer free places than people waiting now" in text


def test_empty_pages_say_so(as_user):
    client = as_user(make_officer())
    assert "There is no site here yet." in client.get(BOARDS).content.decode()
    assert "There is no site here yet." in client.get(NORMS).content.decode()
    assert "Every family has a place." in client.get(WAITING).content.decode()
    assert client.get(PLAN).status_code == 200


def test_hidden_sites_are_on_no_page_of_who_may_not_know_them(as_user, dana):
    safe = make_site("SAFE", hidden=True)
    client = as_user(make_officer())
    for page in (BOARDS, NORMS, PLAN, NEXT):
        assert "Site Safe" not in client.get(page).content.decode()
    assert client.get(board_of(safe)).status_code == 404
    client = as_user(dana)
    assert client.get(board_of(safe)).status_code == 200
    assert "Site Safe" in client.get(BOARDS).content.decode()


def test_the_manager_of_another_site_and_outsiders_are_turned_away(as_user, carol, omar):
    site, other = make_site("HERE"), make_site("THERE")
    assert as_user(make_manager(other)).get(board_of(site)).status_code == 404
    assert "Here" not in as_user(make_manager(other)).get(BOARDS).content.decode()
    assert as_user(make_manager(other)).get(NEXT).status_code == 403
    for user in (carol, omar):
        for page in (BOARDS, board_of(site), NORMS, NEXT, PLAN, WAITING):
            assert as_user(user).get(page).status_code in (302, 403)
    reporter = as_user(make_user(Role.REPORTING_OFFICER))
    assert reporter.get(board_of(site)).status_code == 403
    assert reporter.get(NORMS).status_code == 200


def test_the_first_page_names_how_many_sites_do_not_report(as_user):
    site = make_site()
    client = as_user(make_officer())
    assert "Sites not reporting" not in client.get(reverse("admin:index")).content.decode()
    quiet(site, 50)
    text = client.get(reverse("admin:index")).content.decode()
    assert "Sites not reporting" in text
    assert "Longest: 2 days" in text


# REST ----------------------------------------------------------------------------------------
def test_the_board_of_a_site_over_rest_is_counts_only(api):
    site = make_site("GYM", places=20)
    due = make_placement(site, size=2)
    make_placement(site, size=3, status="checked_in")
    make_placement(site, size=1, status="absent")
    answer = api(make_manager(site)).get(f"{API}sites/GYM/board/")
    found = answer.json()
    assert (found["capacity"], found["free"]) == (20, 14)
    assert (found["due"], found["present"], found["away"], found["late"]) == (2, 3, 1, 0)
    assert found["not_reporting"] is False
    assert {row["bracket"]: row["female"] for row in found["ages"]}["18-59"] == 3
    assert found["norms"][0]["light"] == "green"
    assert due.household.reference not in answer.content.decode()


def test_who_waits_over_rest(api):
    family = arrived(make_household_of(2, ages=[9, 7]), 4)
    user = make_officer()
    found = api(user).get(f"{API}boards/waiting/").json()
    assert (found["people"], found["families_waiting"], found["more"]) == (2, 1, False)
    (row,) = found["families"]
    assert (row["household"], row["needs"]) == (family.reference, ["children_alone"])
    assert (row["band"], row["entry_point"]) == ("2_to_6h", "TEM")
    assert AccessRecord.objects.filter(user=user, action="list", count=1).exists()


def test_the_projection_over_rest(api):
    make_site(places=9)
    found = api(make_officer()).get(f"{API}boards/projection/").json()
    assert (found["available"], found["reason"], found["free"]) == (False, "nobody_came", 9)
    # Whoever reads reports and no sites is told no places.
    assert api(make_user(Role.AUDITOR)).get(f"{API}boards/projection/").json()["free"] is None


def test_rest_turns_away_outsiders_other_managers_and_hides_the_hidden(api, alice, carol, omar):
    make_site("HERE")
    make_site("SAFE", hidden=True)
    other = make_manager(make_site("THERE"))
    for path in ("sites/HERE/board/", "boards/waiting/", "boards/projection/"):
        for user in (omar, carol):
            assert api(user).get(f"{API}{path}").status_code == 403
        assert api().get(f"{API}{path}").status_code == 401
    assert api(other).get(f"{API}sites/HERE/board/").status_code == 404
    assert api(other).get(f"{API}boards/projection/").status_code == 403
    assert api(alice).get(f"{API}boards/waiting/").status_code == 403
    hidden = api(make_officer()).get(f"{API}sites/SAFE/board/")
    unknown = api(make_officer()).get(f"{API}sites/NONE/board/")
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert hidden.json()["detail"] == unknown.json()["detail"]
