"""The pages on which staff record what happens to a household's people."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import User
from intake.models import Household, HouseholdMove, Person, PersonExit
from tests.factories.accounts import make_user
from tests.factories.intake import ARRIVED_AT, make_entry_point, make_household, member

pytestmark = pytest.mark.django_db
WHEN = f"{ARRIVED_AT + timedelta(hours=5):%Y-%m-%dT%H:%M}"


def url(name: str, home: Household) -> str:
    return reverse(f"admin:intake_household_{name}", args=[home.pk])


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def keys(home: Household, *positions: int) -> list[str]:
    return [str(home.members.get(position=position).pk) for position in positions]


def test_a_family_leaves_and_one_comes_back(alice: User) -> None:
    home = make_household(alice)
    desk = as_(alice)
    page = desk.get(url("leave", home))
    assert "محمد نبی" in page.content.decode()
    left = {
        "persons": keys(home, 0, 2),
        "reason": "voluntary_return",
        "occurred_at": WHEN,
        "destination": "Badakhshan",
    }
    assert desk.post(url("leave", home), left).status_code == 302
    assert PersonExit.objects.filter(voluntary=True, destination="Badakhshan").count() == 2
    back = {"persons": keys(home, 2), "occurred_at": WHEN}
    assert desk.post(url("come_back", home), back).status_code == 302
    assert desk.post(url("take_back", home), {"person": keys(home, 0)[0]}).status_code == 302
    assert Person.objects.in_count().count() == 5
    told = desk.get(url("change", home)).content.decode()
    assert "Came back" in told
    assert "Taken back: Voluntary return, confirmed" in told


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(alice: User) -> None:
    home = make_household(alice)
    wrong = {
        "persons": keys(home, 0),
        "reason": "transferred",
        "occurred_at": "2021-07-01T00:00",
        "destination": "",
    }
    page = as_(alice).post(url("leave", home), wrong)
    assert page.status_code == 422
    assert "Write the operation to which they are transferred." in page.content.decode()
    wrong["destination"] = "Operation North"
    page = as_(alice).post(url("leave", home), wrong)
    text = page.content.decode()
    assert page.status_code == 422
    assert "after what was last recorded" in text
    assert 'value="Operation North"' in text
    assert not PersonExit.objects.exists()


def test_a_child_is_born_to_the_household(alice: User) -> None:
    home = make_household(alice)
    birth = {
        "name": "",
        "sex": "F",
        "occurred_at": WHEN,
        "mother": keys(home, 1)[0],
        "relationship": "child",
    }
    assert as_(alice).post(url("birth", home), birth).status_code == 302
    child = home.members.get(entry="birth")
    assert str(child.mother_id) == birth["mother"]
    assert "Not yet named" in as_(alice).get(url("change", home)).content.decode()


def test_a_household_parts_and_joins_on_the_page(alice: User) -> None:
    home, other = make_household(alice), make_household(alice, [member("Gul")])
    move = {
        "persons": keys(home, 1),
        "to": "",
        "reason": "split",
        "relationship": "unknown",
        "occurred_at": WHEN,
    }
    assert as_(alice).post(url("move", home), move).status_code == 302
    assert Household.objects.count() == 3
    move |= {"persons": keys(home, 2), "to": other.reference.lower(), "reason": "joined"}
    assert as_(alice).post(url("move", home), move).status_code == 302
    assert other.members.count() == 2
    move |= {"persons": keys(home, 3), "to": "PNH-26-999999-9"}
    assert as_(alice).post(url("move", home), move).status_code == 422
    assert HouseholdMove.objects.count() == 2


def test_somebody_followed_and_somebody_was_forgotten(alice: User) -> None:
    home = make_household(alice)
    person = {"name": "Gul", "sex": "F", "birth": "about 60", "relationship": "parent"}
    assert as_(alice).post(url("follow", home), person).status_code == 302
    later = {**person, "name": "Ҳабиб", "entry_point": "TEM"}
    page = as_(alice).post(url("follow", home), later)
    assert page.status_code == 422
    assert "Write when they crossed." in page.content.decode()
    page = as_(alice).post(url("follow", home), {**later, "arrived_at": WHEN, "birth": "soon"})
    assert page.status_code == 422
    assert 'id="id_birth_error"' in page.content.decode()
    assert home.arrivals.count() == 1
    assert as_(alice).post(url("follow", home), {**later, "arrived_at": WHEN}).status_code == 302
    assert (home.arrivals.count(), home.members.count()) == (2, 7)


@pytest.mark.parametrize("name", ["follow", "leave", "birth", "come_back", "move", "take_back"])
def test_others_do_not_get_there(
    alice: User, bob: User, carol: User, omar: User, name: str
) -> None:
    make_entry_point("ISHKOSHIM")
    home = make_household(alice, entry_point="ISHKOSHIM")
    coordinator = make_user(Role.AID_COORDINATOR, username="ada")
    answers: dict[str, Any] = {
        user.username: as_(user).post(url(name, home), {"person": "x"}).status_code
        for user in (bob, carol, omar, coordinator)
    }
    assert answers["bob"] == 404
    assert answers["ada"] == 403
    assert {answers["carol"], answers["omar"]} <= {302, 403}
    assert PersonExit.objects.count() == HouseholdMove.objects.count() == 0
    assert Person.objects.count() == 5
