"""Groups and corrections over REST, as a device at a crossing uses them."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from audit.models import AccessRecord
from common import clock
from intake.models import Household, IdentityVersion, Person
from tests.factories import groups
from tests.factories import intake as make

API = Callable[[User | None], APIClient]
HOUSEHOLDS = "/api/v1/households/"
GROUP: dict[str, Any] = {
    "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "phones": ["+93700000002"],
    "level": "group",
    "declared_size": 4,
    "members": [{"name": "Зарина", "sex": "F", "birth": "34", "relationship": "head"}],
    "group": {
        "counts": [
            {"sex": "F", "bracket": "0-4", "persons": 2},
            {"sex": "M", "bracket": "60+", "persons": 1},
        ]
    },
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def crossings(db: None) -> None:
    """Two crossings."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


def group(**changes: Any) -> dict[str, Any]:
    """The group with changes."""
    return {**copy.deepcopy(GROUP), **changes}


def at(home: Household, person: Person | str) -> str:
    """The address of a member."""
    return f"{HOUSEHOLDS}{home.reference}/members/{getattr(person, 'pk', person)}/"


def test_a_group_is_answered_with_an_id_for_everybody(api: API, alice: User) -> None:
    with clock.replaying(make.ARRIVED_AT + timedelta(hours=1)):
        answer = api(alice).post(HOUSEHOLDS, group(id=str(uuid4())))
    assert answer.status_code == 201
    body = answer.json()
    assert (body["level"], len({each["id"] for each in body["members"]})) == ("group", 4)
    assert [each["pre_registered"] for each in body["members"]] == [False, True, True, True]
    assert [each["name"] for each in body["members"]] == ["Зарина", "", "", ""]
    assert Counter((each["sex"], each["age_bracket"]) for each in body["members"][1:]) == {
        ("F", "0-4"): 2,
        ("M", "60+"): 1,
    }
    assert {each["birth"]["precision"] for each in body["members"][1:]} == {"age_bracket"}


def test_sent_again_it_is_the_same_and_other_counts_are_a_conflict(api: API, alice: User) -> None:
    sent = group(id=str(uuid4()))
    first, again = (api(alice).post(HOUSEHOLDS, sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = {**sent, "declared_size": 3, "group": {"counts": sent["group"]["counts"][:1]}}
    assert api(alice).post(HOUSEHOLDS, other).status_code == 409
    assert Person.objects.count() == 4


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"declared_size": 5}, "declared_size"),
        ({"group": {"counts": [{"sex": "F", "bracket": "0-4", "persons": -1}]}},
         "group.counts.0.persons"),
        ({"group": {"counts": [{"sex": "F", "bracket": "0-4", "persons": 10**12}]}},
         "group.counts.0.persons"),
        ({"group": {"counts": [{"sex": "F", "bracket": "0-4", "persons": "two"}]}},
         "group.counts.0.persons"),
        ({"group": {"counts": [{"sex": "F", "bracket": "0–4", "persons": 1}]}},
         "group.counts.0.bracket"),
        ({"group": {"counts": [{"sex": "F"}]}}, "group.counts.0.bracket"),
        ({"group": {"counts": "two"}}, "group.counts"),
        ({"group": {"counts": [{"sex": "F", "bracket": "0-4", "persons": 60}]},
          "declared_size": None}, "group.counts"),
        ({"group": "many"}, "group"),
        ({"level": "individual"}, "group.counts"),
        ({"level": "crowd"}, "level"),
        ({"members": [{"name": "", "sex": "F"}]}, "members.0.name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_kept(
    api: API, alice: User, change: dict[str, Any], field: str
) -> None:
    answer = api(alice).post(HOUSEHOLDS, group(**change))
    assert answer.status_code == 400
    fields = {each["field"] for each in answer.json()["errors"]}
    assert any(each == field or each.startswith(f"{field}.") for each in fields), fields
    assert not Household.objects.exists()


def test_a_batch_takes_groups_beside_households(api: API, alice: User) -> None:
    sent = [group(id=str(uuid4())), group(declared_size=9), group(id=str(uuid4()))]
    for expected in ([201, 400, 201], [200, 400, 200]):
        answer = api(alice).post(f"{HOUSEHOLDS}batch/", {"households": sent})
        assert [each["status"] for each in answer.json()["results"]] == expected
    assert Person.objects.count() == 8


def test_a_list_tells_which_groups_are_to_complete(api: API, alice: User) -> None:
    home = groups.make_group(alice)
    make.make_household(alice)
    found = api(alice).get(HOUSEHOLDS, {"level": "group"}).json()["results"]
    assert [each["reference"] for each in found] == [home.reference]


# Completing and correcting -----------------------------------------------------------------
def test_a_person_is_read_and_completed_with_the_households_etag(api: API, alice: User) -> None:
    home = groups.make_group(alice)
    person = home.members.filter(pre_registered=True).order_by("position")[0]
    read = api(alice).get(at(home, person))
    assert (read.status_code, read.json()["name"]) == (200, "")
    answer = api(alice).patch(
        at(home, person),
        {"name": "Gul", "father_name": "Zia", "birth": "2019-05-01", "nationality": "AFG",
         "documents": [{"type": "tazkira", "number": "77"}], "specific_needs": ["PG-HR"]},
        headers={"If-Match": read.headers["ETag"]},
    )  # fmt: skip
    assert answer.status_code == 200
    body = answer.json()
    assert (body["name"], body["pre_registered"], body["father_name"]) == ("Gul", False, "Zia")
    assert body["documents"] == [{"type": "tazkira", "number": "77"}]
    assert body["birth"]["text"] == "2019-05-01"
    # The household reads the same, under the ETag that was answered.
    household = api(alice).get(f"{HOUSEHOLDS}{home.reference}/")
    assert household.headers["ETag"] == answer.headers["ETag"]
    assert "Gul" in [each["name"] for each in household.json()["members"]]


def test_an_edit_needs_the_etag_and_the_present_one(api: API, alice: User) -> None:
    home = make.make_household(alice)
    person = home.members.get(position=1)
    client = api(alice)
    assert client.patch(at(home, person), {"name": "Gul"}).status_code == 428
    etag = client.get(at(home, person)).headers["ETag"]
    for status in (200, 412):
        answer = client.patch(at(home, person), {"notes": "x"}, headers={"If-Match": etag})
        assert answer.status_code == status
    assert answer.json()["code"] == "stale"
    assert IdentityVersion.objects.count() == 1


def test_problems_name_the_field_of_the_member(api: API, alice: User) -> None:
    home = make.make_household(alice)
    person = home.members.get(position=1)
    answer = api(alice).patch(
        at(home, person),
        {"birth": "spring", "nationality": "ATL", "documents": [{"type": "?", "number": " 1"}]},
        headers={"If-Match": "*"},
    )
    assert answer.status_code == 400
    fields = {each["field"] for each in answer.json()["errors"]}
    assert fields == {"birth", "nationality", "documents.0.type"}
    assert "spring" not in answer.content.decode()


def test_others_find_nobody_and_change_nothing(
    api: API, alice: User, bob: User, carol: User, dana: User, omar: User
) -> None:
    home = make.make_household(alice, [make.member()], entry_point="RUZVAI")
    person = home.members.get()
    for user, read, write in (
        (None, 401, 401),
        (omar, 403, 403),
        (carol, 403, 403),
        (bob, 404, 404),
    ):
        client = api(user)
        assert client.get(at(home, person)).status_code == read
        answer = client.patch(at(home, person), {"name": "Gul"}, headers={"If-Match": "*"})
        assert answer.status_code == write
    assert person.identity.open().name == "Zarina"


def test_strangers_and_nonsense_are_not_found(api: API, alice: User) -> None:
    home, other = make.make_household(alice), groups.make_group(alice)
    for person in (other.members.get(position=0), str(uuid4()), "-" * 36, "0" * 35 + "g"):
        for answer in (
            api(alice).get(at(home, person)),
            api(alice).patch(at(home, person), {"name": "x"}, headers={"If-Match": "*"}),
        ):
            assert answer.status_code == 404


def test_that_a_person_was_read_is_recorded(api: API, alice: User) -> None:
    home = make.make_household(alice)
    person = home.members.get(position=0)
    api(alice).get(at(home, person))
    assert AccessRecord.objects.filter(subject_id=person.pk, action="read").count() == 1
