"""The border over REST: states, counts, informal crossings, assessments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from accounts.policies import limit_to_token
from audit.models import AccessRecord
from common import clock
from intake.models import BorderAssessment, CrossingCount, EntryPoint, EntryPointStatusChange
from tests.factories import accounts
from tests.factories.border import make_assessment, make_count
from tests.factories.intake import make_entry_point

pytestmark = pytest.mark.django_db
Api = Callable[[User | None], APIClient]
TEM = "/api/v1/entry-points/TEM/"
ASSESSMENTS = "/api/v1/border-assessments/"
VISIT: dict[str, Any] = {
    "entry_point": "TEM",
    "visit_began_at": "2021-07-05T10:00:00+05:00",
    "visit_ended_at": "2021-07-05T12:00:00+05:00",
    "organisations": "UNHCR",
    "findings": {"needs": "Water"},
    "summary": "Eighty people wait.",
    "quotable": True,
}


@pytest.fixture(autouse=True)
def point(operation: Any) -> EntryPoint:
    """The Tem crossing."""
    return make_entry_point("TEM")


def state(**changes: Any) -> dict[str, Any]:
    return {
        "status": "closed",
        "reason": "Shots",
        "occurred_at": clock.now().isoformat(),
        **changes,
    }


def count(**changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "began_at": "2021-07-05T00:00:00+05:00",
        "ended_at": "2021-07-05T06:00:00+05:00",
        "total": 30,
        "numbers": {"female": {"18-59": 9, "0-4": 2}, "unknown": {"unknown": 4}},
        "method": "estimated",
        "note": "In the dark",
        **changes,
    }


def test_a_state_is_told_and_the_list_shows_it(bob: User, api: Api) -> None:
    client = api(bob)
    made = client.post(f"{TEM}status/", state(), format="json")
    assert made.status_code == 201, made.content
    assert client.post(f"{TEM}status/", state(reason=""), format="json").json()["errors"] == [
        {"field": "reason", "code": "required", "detail": "Say why it is restricted or closed."}
    ]
    (row,) = client.get("/api/v1/entry-points/").json()["results"]
    assert (row["status"], row["status_reason"]) == ("closed", "Shots")
    assert row["status_since"] == made.json()["occurred_at"]
    history = client.get(f"{TEM}status/").json()
    assert [each["status"] for each in history] == ["closed", "open"]
    again = client.post(f"{TEM}status/", {**made.json()}, format="json")
    assert again.json() == made.json()


def test_a_count_is_sent_safely_and_corrected(bob: User, api: Api) -> None:
    client = api(bob)
    sent = count()
    made = client.post(f"{TEM}crossing-counts/", sent, format="json")
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["id"], body["total"], body["note"]) == (sent["id"], 30, "In the dark")
    assert body["numbers"]["female"]["18-59"] == 9
    again = client.post(f"{TEM}crossing-counts/", sent, format="json")
    assert (again.status_code, again.json()) == (200, body)
    overlapping = client.post(f"{TEM}crossing-counts/", count(), format="json")
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "counts_overlap")
    right = client.post(
        f"{TEM}crossing-counts/", count(total=31, corrects=sent["id"]), format="json"
    )
    assert right.status_code == 201
    rows = {row["id"]: row for row in client.get(f"{TEM}crossing-counts/").json()}
    assert rows[sent["id"]]["superseded_at"]
    assert rows[right.json()["id"]]["corrects"] == sent["id"]
    other = client.post(
        f"{TEM}crossing-counts/", count(total=31, corrects=str(uuid4())), format="json"
    )
    assert (other.status_code, other.json()["errors"][0]["field"]) == (400, "corrects")


@pytest.mark.parametrize(
    "changes",
    [
        {"total": "many"},
        {"total": 10**20},
        {"numbers": {"female": {"18-59": 31}}},
        {"numbers": {"female": {"18-59": -1}}},
        {"numbers": [1]},
        {"numbers": {"female": 3}},
        {"began_at": "yesterday"},
        {"ended_at": "2021-07-05T00:00:00+05:00"},
        {"method": "x"},
        {"note": "a\x00b"},
        {"id": "7"},
    ],
)
def test_hostile_counts_are_told_the_field_and_keep_nothing(
    bob: User, api: Api, changes: dict[str, Any]
) -> None:
    answer = api(bob).post(f"{TEM}crossing-counts/", count(**changes), format="json")
    assert answer.status_code == 400, answer.content
    fields = {each["field"].split(".")[0] for each in answer.json()["errors"]}
    assert fields <= {*changes, "total"}
    assert not CrossingCount.objects.exists()


def test_an_informal_crossing_from_a_phone(bob: User, api: Api) -> None:
    sent = {"name": "Willow ford", "area": "3590208", "latitude": "36.987651", "longitude": 71.6125}
    made = api(bob).post("/api/v1/entry-points/", sent, format="json")
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["code"], float(body["latitude"]), float(body["longitude"])) == (
        "WILLOW-FORD",
        36.99,
        71.61,
    )
    again = api(bob).post("/api/v1/entry-points/", sent, format="json")
    assert (again.status_code, again.json()["errors"][0]["code"]) == (400, "known")


def test_the_outsider_and_the_agency_neither_see_nor_change(
    alice: User, carol: User, omar: User, api: Api
) -> None:
    make_count(alice)
    make_assessment(alice)
    before = (EntryPointStatusChange.objects.count(), CrossingCount.objects.count())
    for client in (api(carol), api(omar)):
        for path in ("status/", "crossing-counts/", ""):
            assert client.get(f"{TEM}{path}").status_code == 403
        assert client.get(ASSESSMENTS).status_code == 403
        assert client.post(f"{TEM}status/", state(), format="json").status_code == 403
        assert client.post(f"{TEM}crossing-counts/", count(), format="json").status_code == 403
        assert client.post(ASSESSMENTS, VISIT, format="json").status_code == 403
        crossing = {"name": "Ford", "area": "3590208"}
        answer = client.post("/api/v1/entry-points/", crossing, format="json")
        assert answer.status_code == 403
    assert before == (EntryPointStatusChange.objects.count(), CrossingCount.objects.count())
    assert (EntryPoint.objects.count(), BorderAssessment.objects.count()) == (1, 1)


def test_another_entry_point_is_read_and_not_changed(alice: User, bob: User, api: Api) -> None:
    other = make_entry_point("RUZVAI")
    make_count(alice, point=other, note="Who let them through")
    client, path = api(bob), "/api/v1/entry-points/RUZVAI/"
    assert client.post(f"{path}status/", state(), format="json").status_code == 403
    sent = count(began_at="2021-07-04T00:00:00+05:00", ended_at="2021-07-04T01:00:00+05:00")
    assert client.post(f"{path}crossing-counts/", sent, format="json").status_code == 403
    (row,) = client.get(f"{path}crossing-counts/").json()
    assert (row["total"], row["note"]) == (10, "")
    assert client.get("/api/v1/entry-points/NOWHERE/status/").status_code == 404


def test_an_assessment_is_sent_safely_and_its_reading_is_recorded(
    alice: User, dana: User, api: Api
) -> None:
    sent = {**VISIT, "id": str(uuid4())}
    made = api(alice).post(ASSESSMENTS, sent, format="json")
    assert made.status_code == 201, made.content
    assert made.json()["findings"] == {"needs": "Water"}
    again = api(alice).post(ASSESSMENTS, sent, format="json")
    assert (again.status_code, again.json()) == (200, made.json())
    other = api(alice).post(ASSESSMENTS, {**sent, "summary": "Else"}, format="json")
    assert other.status_code == 409
    (row,) = api(dana).get(ASSESSMENTS).json()["results"]
    assert row["findings"] == {"needs": "Water"}
    assert AccessRecord.objects.filter(user=dana, action="list").count() == 1
    (quote,) = api(accounts.make_user("reporting_officer")).get(ASSESSMENTS).json()["results"]
    assert (quote["findings"], quote["summary"]) == (None, "Eighty people wait.")


def test_a_reading_token_reads_only(alice: User) -> None:
    client = APIClient()
    user = User.objects.get(pk=alice.pk)
    limit_to_token(user, "entry-points:read")
    client.force_authenticate(user)
    assert client.get(ASSESSMENTS).status_code == 200
    assert client.get(f"{TEM}crossing-counts/").status_code == 200
    assert client.post(ASSESSMENTS, VISIT, format="json").status_code == 403
    assert client.post(f"{TEM}status/", state(), format="json").status_code == 403
    limit_to_token(user, "entry-points:write")
    assert client.post(ASSESSMENTS, VISIT, format="json").status_code == 201


def test_the_histories_cost_few_statements(
    alice: User, api: Api, django_assert_max_num_queries: Any
) -> None:
    for hour in range(5):
        make_count(alice, hour, hour + 1)
        make_assessment(alice, summary=f"Visit {hour}")
    start = clock.now() - timedelta(hours=9)
    for hour in range(5):
        api(alice).post(
            f"{TEM}status/",
            state(reason=f"Reason {hour}", occurred_at=start.isoformat()),
            format="json",
        )
    client = api(alice)
    for path in (f"{TEM}status/", f"{TEM}crossing-counts/", ASSESSMENTS):
        with django_assert_max_num_queries(7):
            assert client.get(path).status_code == 200
