"""The demonstration is the founding case, to the person."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from rest_framework.test import APIClient

from accounts.models import ApiClient, User
from aid.models import AidRequest
from intake.models import Household
from reception.models import Placement, Site
from reception.selectors import counter_drifts
from reports.models import SituationReport

ROOT = Path(__file__).resolve().parents[2]
TRUTH: dict[str, Any] = json.loads((ROOT / "scenario" / "truth.json").read_text())


@pytest.fixture
def credentials(db: None, tmp_path: Path) -> Path:
    """The demonstration, loaded; where its logins are."""
    path = tmp_path / "demo" / "credentials.json"
    call_command("load_demo", base_url="http://127.0.0.1:8000", credentials=path, verbosity=0)
    return path


def test_the_demonstration_agrees_with_the_truth(
    credentials: Path, api: Callable[[User | None], APIClient]
) -> None:
    content = json.loads(credentials.read_text())
    check_credentials(content, credentials)
    client = api(User.objects.get(username="reporting_officer"))
    check_report(client.get("/api/v1/situation-reports/latest/").json())
    assert list(SituationReport.objects.order_by("number").values_list("status", flat=True)) == [
        "published",
        "published",
        "published",
        "draft",
    ]
    assert Site.objects.count() == 8
    assert not counter_drifts()
    assert Placement.objects.open().exists()
    assert AidRequest.objects.open().exists()
    check_second_run(credentials)


def check_credentials(content: dict[str, Any], path: Path) -> None:
    """Everything that clients rely on, readable by its owner only, working."""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {
        "registrar",
        "placement_officer",
        "site_manager",
        "aid_coordinator",
        "protection_officer",
        "reporting_officer",
        "auditor",
        "administrator",
    } <= set(content["users"])
    assert set(content["clients"]) == {"registrar", "site_manager", "aid_coordinator", "reporting"}
    assert {"UNHCR", "AKHS", "WFP"} <= set(content["agencies"])
    login = content["users"]["registrar"]
    assert User.objects.get(username=login["username"]).check_password(login["password"])
    stored = ApiClient.objects.get(client_id=content["agencies"]["AKHS"]["client_id"])
    assert content["agencies"]["AKHS"]["client_secret"] not in stored.client_secret


def check_report(report: dict[str, Any]) -> None:
    """The figures of the last morning beside scenario/truth.json.

    Children: the truth counts the difference of calendar years, 678; a day's figures count who
    may be under 18 on that day: those with a birthday still to come this year, and those whose
    stated birth leaves it open (tests/intake/test_births.py lists them): 11 more, of whom 7 are
    men and boys who then also count among women, children and elderly.
    """
    key = report["key_figures"]
    assert key["arrivals_total"] == key["present"] == TRUTH["persons"]
    assert key["households"] == TRUTH["households"]
    assert (key["male"], key["female"]) == (TRUTH["male"], TRUTH["female"])
    assert key["aged_60_plus"] == TRUTH["over60"]
    assert key["unaccompanied_children"] == TRUTH["unaccompanied_children"]
    assert key["under_18"] == TRUTH["under18"] + 11
    assert key["women_children_elderly"] == TRUTH["women_children_elderly"] + 7
    by_day = {row["date"]: row["persons"] for row in report["arrivals_by_day"]}
    assert by_day == TRUTH["by_day"]
    by_point = {row["name"]: row["persons"] for row in report["arrivals_by_entry_point"]}
    assert by_point == TRUTH["by_entry_point"]
    assert report["as_of"] == "2021-07-08T06:00:00+05:00"
    assert sum(row["present"] for row in report["sites"]) + key["unplaced"] <= key["present"]


def check_second_run(credentials: Path) -> None:
    """Data and logins are kept; only the address may change."""
    before = json.loads(credentials.read_text())
    households = Household.objects.count()
    call_command("load_demo", base_url="http://127.0.0.1:9000", credentials=credentials)
    after = json.loads(credentials.read_text())
    assert Household.objects.count() == households
    assert after.pop("base_url") == "http://127.0.0.1:9000"
    before.pop("base_url")
    assert after == before
    credentials.unlink()
    with pytest.raises(CommandError, match="demo-reset"):
        call_command("load_demo", base_url="http://x", credentials=credentials)


@pytest.mark.django_db
def test_it_is_not_loaded_into_production(tmp_path: Path) -> None:
    with (
        override_settings(PRODUCTION=True),
        pytest.raises(CommandError, match="production"),
    ):
        call_command("load_demo", base_url="https://x", credentials=tmp_path / "c.json")
