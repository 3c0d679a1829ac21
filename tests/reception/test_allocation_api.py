"""Proposals and requirements over REST: shapes, codes, and who is turned away."""

from __future__ import annotations

from typing import Any

import pytest

from reception import services
from reception.models import AllocationRun, KeepApart, Placement, PlacementPolicy
from reception.services import proposing
from tests.factories.allocations import first_fit, line_of
from tests.factories.reception import make_household_of, make_officer, make_placement, make_site

pytestmark = pytest.mark.django_db
RUNS, APART = "/api/v1/allocations/", "/api/v1/keep-apart/"
REQUIRED, KIN = "/api/v1/placement-requirements/", "/api/v1/kin-groups/"


@pytest.fixture(autouse=True)
def _known_answer(operation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "_solve", first_fit)


@pytest.fixture
def officer(operation: Any) -> Any:
    return make_officer(username="petra")


def test_ask_read_change_and_confirm(api: Any, officer: Any) -> None:
    make_site("A", places=5), make_site("B", places=9)
    one, other = make_household_of(3), make_household_of(2)
    client = api(officer)
    answer = client.post(RUNS, {"scope": "waiting"}, format="json")
    assert answer.status_code == 201, answer.json()
    made = answer.json()
    assert made["counts"]["families_with_site"] == 2
    assert [(each["code"], each["free"], each["free_after"]) for each in made["sites"]] == [
        ("A", 5, 0)
    ]
    line = next(each for each in made["lines"] if each["household"] == one.reference)
    assert (line["site"], line["places"], line["state"]) == ("A", 3, "proposed")
    assert line["why"]
    assert line["reasons"][0]["code"]
    path = f"{RUNS}{made['id']}/"
    changed = client.patch(
        f"{path}lines/{one.reference}/",
        {"site": "B", "locked": True},
        format="json",
        headers={"If-Match": line["etag"]},
    )
    assert changed.status_code == 200, changed.json()
    assert (changed.json()["site"], changed.json()["state"]) == ("B", "changed")
    stale = client.patch(
        f"{path}lines/{one.reference}/",
        {"site": "A"},
        format="json",
        headers={"If-Match": line["etag"]},
    )
    assert stale.status_code == 412
    again = client.post(f"{path}ask-again/")
    assert again.status_code == 200
    assert client.get(path).json()["lines"][0]["locked"] in (True, False)
    done = client.post(
        f"{path}confirm/", {}, format="json", headers={"Idempotency-Key": "confirm-1"}
    )
    assert done.status_code == 200, done.json()
    assert {each["site"] for each in done.json()["confirmed"]} == {"A", "B"}
    repeated = client.post(
        f"{path}confirm/", {}, format="json", headers={"Idempotency-Key": "confirm-1"}
    )
    assert repeated.json() == done.json()
    assert client.post(f"{path}confirm/", {}, format="json").json()["status"] == "confirmed"
    assert Placement.objects.count() == 2
    assert client.get(RUNS).json()["results"][0]["status"] == "confirmed"
    assert line_of(AllocationRun.objects.get(), other).placement is not None


def test_confirming_what_no_longer_holds_names_each_family(api: Any, officer: Any) -> None:
    make_site("A")
    one, other = make_household_of(3), make_household_of(2)
    client = api(officer)
    made = client.post(RUNS, {"scope": "waiting"}, format="json").json()
    make_placement(make_site("B"), household=one, by=officer)
    path = f"{RUNS}{made['id']}/confirm/"
    answer = client.post(path, {}, format="json")
    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "allocation_refused"
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [
        (f"lines.{one.reference}", "already_placed")
    ]
    assert Placement.objects.count() == 1
    answer = client.post(path, {"only_possible": True}, format="json").json()
    assert [each["household"] for each in answer["confirmed"]] == [other.reference]
    assert [each["code"] for each in answer["refused"]] == ["already_placed"]


def test_some_lines_are_confirmed_by_their_references(api: Any, officer: Any) -> None:
    make_site("A")
    one, other = make_household_of(3), make_household_of(2)
    client = api(officer)
    made = client.post(RUNS, {"scope": "waiting"}, format="json").json()
    path = f"{RUNS}{made['id']}/confirm/"
    answer = client.post(path, {"households": [one.reference]}, format="json").json()
    assert answer["status"] == "partly_confirmed"
    assert not Placement.objects.filter(household=other).exists()
    wrong = client.post(path, {"households": ["TST-21-999999-X"]}, format="json")
    assert wrong.status_code == 404


def test_bad_input_names_the_field(api: Any, officer: Any) -> None:
    make_site("A")
    make_household_of(1)
    client = api(officer)
    for body, field in (
        ({"scope": "luck"}, "scope"),
        ({"scope": "arrivals"}, "entry_point"),
        ({"scope": "arrivals", "entry_point": "NOWHERE"}, "entry_point"),
        ({"scope": "chosen"}, "households"),
        ({"scope": "waiting", "arrived_from": "soon"}, "arrived_from"),
    ):
        answer = client.post(RUNS, body, format="json")
        assert answer.status_code in (400, 404), body
        assert field in {each["field"] for each in answer.json()["errors"]}, answer.json()


def test_outsiders_and_other_roles_are_turned_away(
    api: Any, officer: Any, alice: Any, carol: Any, omar: Any
) -> None:
    make_site("A")
    household = make_household_of(2)
    made = api(officer).post(RUNS, {"scope": "waiting"}, format="json").json()
    for user in (alice, carol, omar, None):
        client = api(user)
        for answer in (
            client.get(RUNS),
            client.get(f"{RUNS}{made['id']}/"),
            client.post(RUNS, {"scope": "waiting"}, format="json"),
            client.post(f"{RUNS}{made['id']}/confirm/", {}, format="json"),
            client.patch(f"{RUNS}{made['id']}/lines/{household.reference}/", {}, format="json"),
            client.post(APART, {}, format="json"),
            client.post(REQUIRED, {}, format="json"),
        ):
            assert answer.status_code in (401, 403), answer.content
    assert not Placement.objects.exists()


def test_what_is_at_a_hidden_site_is_not_there_for_others(
    api: Any, officer: Any, dana: Any
) -> None:
    hidden = make_site("SECRET", hidden=True)
    make_site("A")
    one, other = make_household_of(3), make_household_of(2)
    made = api(dana).post(RUNS, {"scope": "waiting"}, format="json").json()
    path = f"{RUNS}{made['id']}/"
    moved = api(dana).patch(f"{path}lines/{one.reference}/", {"site": hidden.code}, format="json")
    assert moved.status_code == 200, moved.json()
    seen = api(officer).get(path)
    assert "SECRET" not in seen.content.decode()
    assert [each["household"] for each in seen.json()["lines"]] == [other.reference]
    assert seen.json()["counts"]["families"] == 1
    assert (
        api(officer)
        .patch(f"{path}lines/{one.reference}/", {"site": "A"}, format="json")
        .status_code
        == 404
    )
    assert (
        api(officer)
        .patch(f"{path}lines/{other.reference}/", {"site": "SECRET"}, format="json")
        .status_code
        == 404
    )


def test_the_reason_of_a_pair_is_for_protection_officers(api: Any, officer: Any, dana: Any) -> None:
    one, other = make_household_of(1), make_household_of(1)
    body = {"household": one.reference, "other": other.reference, "reason": "a threat"}
    assert api(officer).post(APART, body, format="json").status_code == 403
    made = api(dana).post(APART, body, format="json")
    assert made.status_code == 201, made.json()
    assert made.json()["reason"] == "a threat"
    seen = api(officer).get(APART).json()["results"][0]
    assert seen["reason"] is None
    assert {seen["household"], seen["other"]} == {one.reference, other.reference}
    assert api(officer).post(f"{APART}{made.json()['id']}/end/").status_code == 403
    assert api(dana).post(f"{APART}{made.json()['id']}/end/").status_code == 200
    assert not KeepApart.objects.in_force().exists()


def test_requirements_and_kin_over_rest(api: Any, officer: Any, dana: Any) -> None:
    one, other = make_household_of(1), make_household_of(1)
    client = api(officer)
    body = {"household": one.reference, "kind": "medical", "minutes": 20, "note": "dialysis"}
    made = client.post(REQUIRED, body, format="json")
    assert made.status_code == 201, made.json()
    assert made.json()["note"] is None
    assert api(dana).get(REQUIRED).json()["results"][0]["note"] == "dialysis"
    wrong = client.post(REQUIRED, {"household": one.reference, "kind": "medical"}, format="json")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "minutes")
    assert client.post(f"{REQUIRED}{made.json()['id']}/end/").json()["ended_at"]
    kin = client.post(KIN, {"households": [one.reference, other.reference]}, format="json")
    assert kin.status_code == 201
    assert set(client.get(KIN).json()["results"][0]["households"]) == {
        one.reference, other.reference,
    }  # fmt: skip


def test_a_reason_overrides_the_border_rule_over_rest(api: Any, officer: Any) -> None:
    site, household = make_site("NEAR", border_km=2), make_household_of(1)
    PlacementPolicy.objects.create(decided_by=officer)
    body = {"household": household.reference, "site": site.code}
    answer = api(officer).post("/api/v1/placements/", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "near_border")
    assert answer.json()["overridable"] is True
    body["override_reason"] = "the road is closed"
    assert api(officer).post("/api/v1/placements/", body, format="json").status_code == 201


def test_reading_takes_a_fixed_number_of_queries(
    api: Any, officer: Any, django_assert_max_num_queries: Any
) -> None:
    make_site("A", places=90)
    for _ in range(8):
        make_household_of(1)
    run = services.ask_allocation(actor=officer, asked=proposing.Asked())
    with django_assert_max_num_queries(9):
        api(officer).get(f"{RUNS}{run.pk}/")
