"""An agency over real HTTP: its own credentials, the whole flow, nothing of other agencies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from accounts import services
from accounts.choices import Role, ScopeKind
from accounts.models import Agency
from common import codelists
from intake.models import Consent
from tests.factories import accounts as make
from tests.factories.aid import make_household, make_site

pytestmark = pytest.mark.django_db(transaction=True)
Connect = Callable[..., httpx.Client]


@pytest.fixture
def connect(live_server: Any, operation: Any) -> Any:
    """Make an OAuth2 client and sign in as it; all over HTTP."""
    # Tests with real commits empty every table, also the code lists.
    for codelist in codelists.registered():
        codelists.load(codelist)
    opened: list[httpx.Client] = []
    admin = make.make_user(Role.ADMINISTRATOR)

    def signed_in(role: str, scopes: str, agency: Agency | None = None) -> httpx.Client:
        client, secret = services.create_api_client(
            actor=admin,
            name="Contract",
            scopes=scopes,
            role=role,
            scope_kind=ScopeKind.AGENCY if agency else ScopeKind.OPERATION,
            scope_code=agency.code if agency else "",
            agency=agency,
        )
        http = httpx.Client(base_url=live_server.url)
        opened.append(http)
        answer = http.post(
            "/oauth/token/",
            data={"grant_type": "client_credentials", "scope": scopes},
            auth=(client.client_id, secret),
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["token_type"] == "Bearer"
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return http

    yield signed_in
    for http in opened:
        http.close()


def test_the_whole_flow(connect: Connect) -> None:
    akhs, wfp = make.make_agency("AKHS"), make.make_agency("WFP")
    both = "aid-requests:read aid-requests:write"
    staff = connect(Role.AID_COORDINATOR, f"households:read sites:read {both}")
    agency, rival = (connect(Role.AGENCY_STAFF, both, each) for each in (akhs, wfp))
    site = make_site("KHOROG-SCHOOL-3")
    patient = make_household(("F", 71)).members.get()
    Consent.objects.create(
        household=patient.household, purpose="assistance", recipient="AKHS", given=True
    )

    food = staff.post(
        "/api/v1/aid-requests/",
        json={
            "beneficiary": {"site": site.code},
            "agency": "WFP",
            "sector": "food_security",
            "level": "emergency",
            "items": [{"item": "hot meals", "quantity": 600, "unit": "meal"}],
            "summary": "No kitchen works yet",
        },
    )
    assert food.status_code == 201, food.text
    doctor = staff.post(
        "/api/v1/aid-requests/",
        json={
            "beneficiary": {"person": str(patient.pk)},
            "agency": "AKHS",
            "sector": "health",
            "level": "urgent",
            "items": [{"item": "consultation", "quantity": 1, "unit": "person"}],
            "summary": "Chest pain since the morning",
        },
    )
    assert doctor.status_code == 201, doctor.text
    reference = doctor.json()["reference"]
    url = f"/api/v1/aid-requests/{reference}/"

    listed = agency.get("/api/v1/aid-requests/").json()["results"]
    assert [row["reference"] for row in listed] == [reference]
    assert agency.get(f"/api/v1/aid-requests/{food.json()['reference']}/").status_code == 404
    hidden, absent = rival.get(url), rival.get("/api/v1/aid-requests/AID-26-999999-X/")
    assert (hidden.status_code, hidden.content) == (404, absent.content)

    seen = agency.get(url)
    assert set(seen.json()["beneficiary"]) == {"kind", "case", "sex", "age_bracket"}
    step = agency.post(f"{url}acknowledge/", json={}, headers={"If-Match": seen.headers["ETag"]})
    assert (step.status_code, step.json()["status"]) == (200, "received")
    step = agency.post(f"{url}accept/", json={"note": "Today at four"})
    assert step.json()["status"] == "accepted"
    assert step.json()["beneficiary"]["contact"]["name"].startswith("Gulnora")
    assert rival.post(f"{url}start/", json={}).status_code == 404
    assert agency.post(f"{url}start/", json={}).json()["status"] == "in_progress"
    delivery = agency.post(
        f"{url}deliveries/",
        json={"item": "consultation", "quantity": 1, "unit": "person", "persons_reached": 1},
    )
    assert delivery.status_code == 201, delivery.text
    assert agency.post(f"{url}fulfil/", json={}).json()["status"] == "fulfilled"
    assert agency.post(f"{url}start/", json={}).status_code == 409
    assert staff.get(url).json()["status"] == "fulfilled"
    assert len(staff.get(f"{url}deliveries/").json()["results"]) == 1


def test_the_schema_is_complete(live_server: Any) -> None:
    schema = httpx.get(f"{live_server.url}/api/v1/schema/?format=json").json()
    paths = schema["paths"]
    answers = ["acknowledge", "accept", "decline", "start", "hold", "resume", "fulfil", "fail"]
    steps = [*answers, "cancel", "reroute"]
    for step in steps:
        assert f"/api/v1/aid-requests/{{reference}}/{step}/" in paths
    assert set(paths["/api/v1/aid-requests/{reference}/deliveries/"]) == {"get", "post"}
    assert set(paths["/api/v1/agencies/me/services/"]) == {"get", "put"}
