"""Head counts over REST: batches of a device that was offline, differences, who sees what."""

from __future__ import annotations

from uuid import uuid4

import pytest

from intake.references import new_token
from reception.models import HeadCount, Placement
from tests.factories.head_counts import make_count, make_present, make_unit
from tests.factories.reception import make_household_of, make_manager, make_officer, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


def at(site, *more):
    return "/".join(["/api/v1/sites", site.code, "head-counts", *map(str, more), ""])


def test_a_whole_count(api):
    site = make_site(places=50)
    families = [make_present(site, size) for size in (2, 3, 4)]
    room = make_unit(site)
    client = api(make_manager(site))
    begun = client.post(at(site), {"id": str(uuid4())}, format="json")
    assert begun.status_code == 201, begun.json()
    pk = begun.json()["id"]
    assert begun.json()["progress"] == {"expected": 9, "counted": 0}
    assert client.post(at(site), {}, format="json").json()["code"] == "count_open"

    batch = {
        "lines": [
            {"key": str(uuid4()), "text": families[0].household.token},
            {"key": str(uuid4()), "text": families[1].household.reference, "seen": 2},
            {"text": "PNH-26-000000"},
            {"seen": "many", "text": "x"},
            {"text": new_token(), "seen": 2},
            {"unit": "nowhere", "seen": 2},
            {"unit": room.code, "seen": 0},
        ]
    }
    answer = client.post(at(site, pk, "lines"), batch, format="json").json()
    assert client.post(at(site, pk, "lines"), {"lines": ["x"]}, format="json").status_code == 400
    told = [(each["status"], each["code"], each["seen"]) for each in answer["answers"]]
    assert told == [
        ("counted", "", 2),
        ("counted", "", 2),
        ("refused", "unreadable", None),
        ("refused", "invalid", None),
        ("not_expected", "", 2),
        ("refused", "does_not_exist", None),
        ("counted", "", 0),
    ]
    assert answer["answers"][0]["household"] == families[0].household.reference
    again = client.post(at(site, pk, "lines"), batch, format="json").json()
    assert again["progress"] == answer["progress"] == {"expected": 9, "counted": 6}
    assert [each["status"] for each in again["answers"]][:2] == ["counted", "counted"]

    closed = client.post(at(site, pk, "close")).json()
    figures = ("expected_after", "counted", "missing", "unexpected", "open_differences")
    assert [closed[name] for name in figures] == [9, 6, 5, 2, 3]
    by_household = {each["household"]: each for each in closed["differences"]}
    assert by_household[None]["text_read"].startswith("…")
    missing = by_household[families[2].household.reference]
    assert "checked_out" in missing["ways"]
    url = at(site, pk, "differences", missing["id"], "resolve")
    done = client.post(url, {"resolution": "checked_out"}, format="json")
    assert (done.status_code, done.json()["state"]) == (200, "resolved")
    assert Placement.objects.get(pk=families[2].pk).status == "checked_out"
    listed = client.get(at(site)).json()["results"]
    assert [(each["id"], each["open_differences"]) for each in listed] == [(pk, 2)]
    assert client.post(at(site, pk, "reopen")).json()["closed_at"] is None


def test_others_count_nothing_and_see_nothing_of_hidden_sites(api, alice, carol, omar):
    hidden = make_site(hidden=True)
    own = make_manager(hidden)
    make_present(hidden, 2, by=own)
    count = make_count(own, site=hidden)
    for user in (alice, carol, omar, make_officer(), make_manager(make_site())):
        client = api(user)
        for answer in (
            client.get(at(hidden)),
            client.get(at(hidden, count.pk)),
            client.post(at(hidden), {}, format="json"),
            client.post(at(hidden, count.pk, "lines"), {"lines": [{}]}, format="json"),
            client.post(at(hidden, count.pk, "close")),
        ):
            assert answer.status_code in (403, 404), answer.json()
    open_site = make_site()
    other = make_count(make_officer(), 1, site=open_site)
    assert api(alice).get(at(open_site, other.pk)).status_code == 200
    assert api(alice).post(at(open_site, other.pk, "close")).status_code == 403
    # The count of one site is not found at another.
    assert api(make_officer()).get(at(make_site(), other.pk)).status_code == 404
    assert HeadCount.objects.open().count() == 2
    assert api(own).get(at(hidden, count.pk)).status_code == 200


def test_a_family_of_elsewhere_is_not_named_to_who_may_not_know_it(api):
    elsewhere = make_household_of(4)
    site = make_site()
    manager, officer = make_manager(site), make_officer()
    count = make_count(officer, 1, site=site)
    sent = {"lines": [{"text": elsewhere.reference, "seen": 4}]}
    answers = []
    for user in (officer, manager):
        told = api(user).post(at(site, count.pk, "lines"), sent, format="json").json()
        answers.append(told["answers"][0]["household"])
    assert answers == [elsewhere.reference, None]
    first = count.lines.get(expected=1).household.reference
    api(officer).post(at(site, count.pk, "lines"), {"lines": [{"text": first}]}, format="json")
    for user, name in ((officer, elsewhere.reference), (manager, None)):
        closed = api(user).post(at(site, count.pk, "close")).json()
        assert {each["household"] for each in closed["differences"]} <= {name, None}
