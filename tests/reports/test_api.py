"""Who reads which edition over REST and in the browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.choices import Role
from accounts.models import Operation, User
from reports import services
from reports.models import SituationReport
from tests.factories import accounts as make
from tests.reports import people

API = Callable[[User | None], APIClient]
MORNING = datetime(2021, 7, 8, 6, 0, tzinfo=ZoneInfo("Asia/Dushanbe"))
LATEST = "/api/v1/situation-reports/latest/"


@pytest.fixture
def officer(operation: Operation) -> User:
    """A reporting officer."""
    return make.make_user(Role.REPORTING_OFFICER, username="officer")


@pytest.fixture
def draft(alice: User) -> SituationReport:
    """A report of one household of three, which is too few to publish by sex."""
    home = people.household(alice, MORNING - timedelta(hours=3))
    for sex in ("F", "F", "M"):
        people.person(home, sex=sex)
    return services.make_report(as_of=MORNING)


def test_staff_read_the_whole_figures_of_the_draft(
    api: API, officer: User, draft: SituationReport
) -> None:
    answer = api(officer).get(LATEST)
    assert answer.status_code == 200
    body = answer.json()
    assert body["edition"] == "internal"
    assert body["key_figures"]["female"] == 2
    assert body["arrivals_by_day"] == [{"date": "2021-07-08", "persons": 3, "households": 1}]


def test_an_agency_reads_nothing_until_it_is_published_and_then_the_public_edition(
    api: API, carol: User, officer: User, draft: SituationReport
) -> None:
    assert api(carol).get(LATEST).status_code == 404
    assert api(carol).get(f"/api/v1/situation-reports/{draft.number}/").status_code == 404
    assert api(carol).get("/api/v1/situation-reports/").json()["results"] == []
    services.publish_report(actor=officer, report=draft)
    body = api(carol).get(f"{LATEST}?edition=internal").json()
    assert body["edition"] == "public"
    assert body["arrivals_by_day"][0]["persons"] is None
    assert "flow" not in body


@pytest.mark.parametrize("path", [LATEST, "/api/v1/situation-reports/"])
def test_outsiders_are_denied(api: API, omar: User, bob: User, draft: object, path: str) -> None:
    assert api(None).get(path).status_code == 401
    assert api(omar).get(path).status_code == 403
    assert api(bob).get(path).status_code == 403


@pytest.mark.parametrize(
    ("extension", "start"), [("pdf", b"%PDF"), ("xlsx", b"PK"), ("json", b"{"), ("html", b"<!")]
)
def test_the_same_report_as_a_file(
    api: API, officer: User, draft: SituationReport, extension: str, start: bytes
) -> None:
    for key in ("latest", draft.number):
        answer = api(officer).get(f"/api/v1/situation-reports/{key}.{extension}")
        assert answer.status_code == 200
        assert answer.content.lstrip().lower().startswith(start.lower())


def test_an_unknown_language_is_not_found(api: API, officer: User, draft: object) -> None:
    answer = api(officer).get("/api/v1/situation-reports/latest.pdf?language=xx")
    assert answer.status_code == 404


def test_the_page_needs_a_sign_in_and_a_role(
    client: Client, officer: User, omar: User, draft: object
) -> None:
    assert client.get("/reports/latest/").status_code == 302
    client.force_login(omar)
    assert client.get("/reports/latest/").status_code == 403
    client.force_login(officer)
    page = client.get("/reports/latest/")
    assert page.status_code == 200
    assert "noindex" in page.content.decode() or page["Cache-Control"] == "no-store"
    dari = client.get("/reports/latest/?language=fa-af").content.decode()
    assert 'dir="rtl"' in dari
