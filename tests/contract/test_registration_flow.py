"""A device registers people over real HTTP, knowing the OpenAPI document and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.core.cache import cache
from openapi_schema_validator import OAS31Validator

from accounts import services
from accounts.choices import Role, ScopeKind
from common.api.throttling import PerClientThrottle
from tests.factories import accounts as make
from tests.factories.intake import make_entry_point
from tests.factories.reception import make_site

pytestmark = pytest.mark.django_db(transaction=True)
Connect = Callable[..., "Device"]
SCOPES = (
    "households:read households:write sites:read placements:read placements:write aid-requests:read"
)
HOUSEHOLDS = "/api/v1/households/"
PERSONS = "/api/v1/persons/"
FAMILY: dict[str, Any] = {
    "arrival": {"entry_point": "ISHKOSHIM", "arrived_at": "2021-07-05T04:30:00+05:00"},
    "origin_area": "AF1723",
    "preferred_language": "prs",
    "phones": ["+93700000001"],
    "consents": [{"purpose": "assistance", "recipient": "AKHS", "given": True}],
    "members": [
        {
            "name": "محمد نبی",
            "father_name": "غلام",
            "sex": "M",
            "birth": "1360",
            "relationship": "head",
            "nationality": "AFG",
            "specific_needs": ["SM-CI"],
            "documents": [{"type": "tazkira", "number": "1234-5678-90123"}],
        },
        {"name": "Зарина", "sex": "F", "birth": "about 36", "relationship": "spouse"},
    ],
}


class Device:
    """An HTTP client that holds every answer against the OpenAPI document."""

    def __init__(self, http: httpx.Client, schema: dict[str, Any]) -> None:
        self.http, self.schema = http, schema

    def __call__(self, verb: str, path: str, **kwargs: Any) -> httpx.Response:
        """Send, and check status, media type and body against what is documented."""
        answer = self.http.request(verb, path, **kwargs)
        operation = self._operation(answer.request.url.path, verb.lower())
        if operation is None:
            assert answer.status_code in {401, 403, 404, 405}
            return answer
        assert str(answer.status_code) in operation["responses"], (verb, path, answer.text)
        documented = self._resolve(operation["responses"][str(answer.status_code)])
        media = answer.headers["Content-Type"].partition(";")[0]
        shape = documented["content"][media]["schema"]
        validator = OAS31Validator({**shape, "components": self.schema["components"]})
        problems = [f"{list(e.path)}: {e.message}" for e in validator.iter_errors(answer.json())]
        assert problems == [], (verb, path, problems)
        return answer

    def _resolve(self, found: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in found:
            kind, name = found["$ref"].split("/")[-2:]
            resolved: dict[str, Any] = self.schema["components"][kind][name]
            return resolved
        return found

    def _operation(self, path: str, verb: str) -> dict[str, Any] | None:
        parts = path.strip("/").split("/")
        best: tuple[int, dict[str, Any]] | None = None
        for pattern, operations in self.schema["paths"].items():
            wanted = pattern.strip("/").split("/")
            fits = len(wanted) == len(parts) and all(
                w.startswith("{") or w == p for w, p in zip(wanted, parts, strict=True)
            )
            exact = sum(not w.startswith("{") for w in wanted)
            if fits and verb in operations and (best is None or exact > best[0]):
                best = (exact, operations[verb])
        return best[1] if best else None


@pytest.fixture
def connect(live_server: Any, operation: Any) -> Iterator[Connect]:
    """Make an OAuth2 client and sign in as it; all over HTTP."""
    cache.clear()
    for code in ("ISHKOSHIM", "TEM"):
        make_entry_point(code)
    make.make_agency("AKHS")
    admin = make.make_user(Role.ADMINISTRATOR)
    schema = httpx.get(f"{live_server.url}/api/v1/schema/?format=json").json()
    opened: list[httpx.Client] = []

    def signed_in(
        role: str = Role.REGISTRAR, scopes: str = SCOPES, entry_point: str = ""
    ) -> Device:
        client, secret = services.create_api_client(
            actor=admin,
            name="Device",
            scopes=scopes,
            role=role,
            scope_kind=ScopeKind.ENTRY_POINT if entry_point else ScopeKind.OPERATION,
            scope_code=entry_point,
            agency=None,
        )
        http = httpx.Client(base_url=live_server.url)
        opened.append(http)
        answer = http.post(
            "/oauth/token/",
            data={"grant_type": "client_credentials"},
            auth=(client.client_id, secret),
        )
        assert answer.status_code == 200, answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return Device(http, schema)

    yield signed_in
    for http in opened:
        http.close()


def family(**changes: Any) -> dict[str, Any]:
    """The family of the design, with changes."""
    return {**copy.deepcopy(FAMILY), **changes}


def alone(**changes: Any) -> dict[str, Any]:
    """Somebody without a phone."""
    return family(phones=[], members=[{"name": "Habib", "sex": "M", "birth": "20", **changes}])


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document of a refusal."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["title"]
    assert body["detail"]
    return body


def test_a_family_is_registered_once(connect: Connect) -> None:
    device = connect()
    ids = [str(uuid4()) for _ in range(3)]
    sent = family(id=ids[0])
    for member, pk in zip(sent["members"], ids[1:], strict=True):
        member["id"] = pk
    first = device("POST", HOUSEHOLDS, json=sent)
    assert first.status_code == 201, first.text
    body = first.json()
    assert body["id"] == ids[0]
    assert [each["id"] for each in body["members"]] == ids[1:]
    assert body["members"][0]["birth"] == {
        "earliest": "1981-03-21",
        "latest": "1982-03-20",
        "precision": "year",
        "calendar": "solar_hijri",
        "text": "1360",
    }
    assert body["members"][0]["age_bracket"] == "18-59"
    assert body["possible_duplicates"] == []
    again = device("POST", HOUSEHOLDS, json=sent)
    assert (again.status_code, again.json()) == (200, body)
    refused(device("POST", HOUSEHOLDS, json={**sent, "livestock": "2 goats"}), 409, "conflict")

    repeat = family()
    repeat["members"][0].update(name="Муҳаммаднабӣ", father_name="Ғулом", birth="39")
    (found,) = device("POST", HOUSEHOLDS, json=repeat).json()["possible_duplicates"]
    assert found["household"] == body["reference"]
    assert 0.5 < found["score"] <= 1
    assert all(isinstance(reason, str) and reason for reason in found["reasons"])

    read = device("GET", f"{HOUSEHOLDS}{body['reference']}/")
    assert read.headers["ETag"] == first.headers["ETag"]
    asked: dict[str, list[Any]] = {"possible_duplicates": [], "open_questions": [], "hints": []}
    assert {**read.json(), **asked} == body


def test_every_refusal_is_a_problem_document(connect: Connect) -> None:
    device = connect()
    sent = family()
    sent["members"].append({"name": "X", "sex": "F", "birth": "some spring"})
    errors = refused(device("POST", HOUSEHOLDS, json=sent), 400, "invalid")["errors"]
    assert [each["field"] for each in errors] == ["members.2.birth"]
    assert errors[0]["detail"]
    broken = device("POST", HOUSEHOLDS, content=b"{", headers={"Content-Type": "application/json"})
    refused(broken, 400, "parse_error")
    wrong = device("POST", HOUSEHOLDS, content=b"<x/>", headers={"Content-Type": "text/xml"})
    refused(wrong, 415, "unsupported_media_type")
    refused(device("PUT", HOUSEHOLDS, json=family()), 405, "method_not_allowed")
    refused(device("DELETE", PERSONS), 405, "method_not_allowed")
    refused(device("GET", f"{HOUSEHOLDS}PNH-21-999999-0/"), 404, "not_found")
    refused(device("GET", "/api/v1/no-such-thing/"), 404, "not_found")
    refused(device("GET", HOUSEHOLDS, headers={"Accept": "text/html"}), 406, "not_acceptable")
    readers = connect(scopes="households:read")
    refused(readers("POST", HOUSEHOLDS, json=family()), 403, "permission_denied")
    for token in ("", "Bearer no-such-token"):
        device.http.headers["Authorization"] = token
        answer = device("GET", HOUSEHOLDS)
        body = refused(answer, 401, answer.json()["code"])
        assert body["code"] in {"not_authenticated", "authentication_failed"}
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_who_asks_too_often_waits(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    device, other = connect(), connect()
    original = PerClientThrottle.__init__

    def tight(self: PerClientThrottle) -> None:
        original(self)
        self.limit, self.seconds = 3, 3600

    monkeypatch.setattr(PerClientThrottle, "__init__", tight)
    answers = [device("GET", "/api/v1/entry-points/") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    refused(answers[3], 429, "throttled")
    assert 0 < int(answers[3].headers["Retry-After"]) <= 3601
    assert other("GET", "/api/v1/entry-points/").status_code == 200


def test_pages_and_changes(connect: Connect) -> None:
    device = connect()
    made = [device("POST", HOUSEHOLDS, json=alone(birth=str(20 + n))).json() for n in range(5)]
    references = [each["reference"] for each in made]

    def all_pages(path: str, **params: Any) -> list[dict[str, Any]]:
        page = device("GET", path, params=params).json()
        rows: list[dict[str, Any]] = page["results"]
        assert page["previous"] is None
        while page["next"]:
            page = device("GET", page["next"]).json()
            assert page["previous"]
            rows += page["results"]
        return rows

    listed = all_pages(HOUSEHOLDS, page_size=2)
    assert [each["reference"] for each in listed] == references[::-1]
    assert {each["size"] for each in listed} == {1}
    since = made[-1]["updated_at"]
    added = {"name": "Baby", "sex": "F", "birth": "3 days"}
    device("POST", f"{HOUSEHOLDS}{references[0]}/members/", json=added)
    changed = all_pages(HOUSEHOLDS, page_size=1, updated_since=since)
    assert [each["reference"] for each in changed] == [references[-1], references[0]]
    assert changed[-1]["size"] == 2
    persons = all_pages(PERSONS, page_size=1, updated_since=since)
    assert [each["name"] for each in persons][-1] == "Baby"
    assert len(all_pages(PERSONS, page_size=4)) == 6
    errors = refused(
        device("GET", HOUSEHOLDS, params={"updated_since": "yesterday"}), 400, "invalid"
    )["errors"]
    assert [each["field"] for each in errors] == ["updated_since"]


def test_an_edit_holds_the_version_that_was_read(connect: Connect) -> None:
    device = connect()
    made = device("POST", HOUSEHOLDS, json=family())
    path, tag = f"{HOUSEHOLDS}{made.json()['reference']}/", made.headers["ETag"]
    change = {"declared_size": 5, "phones": ["+992 93 000 00 07"], "notes": "By the river"}
    refused(device("PATCH", path, json=change), 428, "precondition_required")
    done = device("PATCH", path, json=change, headers={"If-Match": tag})
    assert done.status_code == 200
    assert done.headers["ETag"] not in {tag, ""}
    assert done.json()["phones"] == change["phones"]
    refused(device("PATCH", path, json=change, headers={"If-Match": tag}), 412, "stale")
    bad = {"declared_size": 0, "origin_area": "nowhere"}
    errors = refused(
        device("PATCH", path, json=bad, headers={"If-Match": done.headers["ETag"]}), 400, "invalid"
    )["errors"]
    assert {each["field"] for each in errors} == {"declared_size", "origin_area"}
    assert device("GET", path).json()["declared_size"] == 5
    found = device("GET", PERSONS, params={"search": "930000007"}).json()["results"]
    assert [each["name"] for each in found] == ["محمد نبی"], "found by the new number"
    assert device("GET", PERSONS, params={"search": "0700000001"}).json()["results"] == []


def test_people_follow_and_leave_and_free_their_places(connect: Connect) -> None:
    device, officer = connect(), connect(Role.PLACEMENT_OFFICER)
    site = make_site("KHOROG-SCHOOL-3", places=5)
    home = device("POST", HOUSEHOLDS, json=family()).json()
    path = f"{HOUSEHOLDS}{home['reference']}/"
    placed = officer(
        "POST",
        "/api/v1/placements/",
        json={"household": home["reference"], "site": site.code, "status": "checked_in"},
    )
    assert placed.status_code == 201, placed.text

    def present() -> tuple[int, int]:
        told = device("GET", f"/api/v1/sites/{site.code}/occupancy/").json()
        return told["present"], told["free"]

    assert present() == (2, 3)
    baby = {"id": str(uuid4()), "name": "Baby", "sex": "F", "birth": "3 days"}
    assert device("POST", f"{path}members/", json=baby).status_code == 201
    assert present() == (3, 2)
    again = device("POST", f"{path}members/", json=baby)
    assert (again.status_code, again.json()["id"]) == (200, baby["id"])
    refused(device("POST", f"{path}members/", json={**baby, "sex": "M"}), 409, "conflict")
    later = {
        "entry_point": "TEM",
        "arrived_at": "2021-07-06T10:00:00+05:00",
        "members": [{"name": "Uncle", "sex": "M", "birth": "50"}],
    }
    bad = {**later, "members": [*later["members"], {"name": " ", "sex": "F", "birth": "spring"}]}
    errors = refused(device("POST", f"{path}arrivals/", json=bad), 400, "invalid")["errors"]
    assert {each["field"] for each in errors} == {"members.1.name", "members.1.birth"}
    assert present() == (3, 2)
    (uncle,) = device("POST", f"{path}arrivals/", json=later).json()
    crossings = device("GET", f"{path}arrivals/").json()
    assert [each["entry_point"] for each in crossings] == ["ISHKOSHIM", "TEM"]
    assert present() == (4, 1)
    leaving = {
        "person": uncle["id"],
        "reason": "voluntary_return",
        "occurred_at": "2021-07-07T10:00:00+05:00",
        "voluntary": True,
    }
    assert device("POST", f"{path}exits/", json=leaving).status_code == 201
    assert present() == (3, 2)
    refused(device("POST", f"{path}exits/", json=leaving), 409, "already_left")
    for change, field in (
        ({"person": str(uuid4())}, "person"),
        ({"person": baby["id"], "reason": "flew"}, "reason"),
        ({"person": baby["id"], "reason": "separated"}, "reason"),
        ({"person": baby["id"], "occurred_at": "2021-07-01T00:00:00Z"}, "occurred_at"),
    ):
        answer = device("POST", f"{path}exits/", json={**leaving, **change})
        assert [e["field"] for e in refused(answer, 400, "invalid")["errors"]] == [field]
    assert [each["person"] for each in device("GET", f"{path}exits/").json()] == [uncle["id"]]
    assert len(device("GET", f"{path}members/").json()) == 4
    assert present() == (3, 2)


def test_a_batch_after_an_outage_is_sent_twice(connect: Connect) -> None:
    device = connect()
    sent = []
    for number in range(500):
        one = alone(id=str(uuid4()), birth=str(18 + number % 60))
        one["id"] = str(uuid4())
        if number % 10 == 3:
            one["members"].append({"name": "", "sex": "F", "birth": "spring"})
        if number % 50 == 7:
            one.pop("arrival")
        sent.append(one)
    sent[499] = {**sent[0], "livestock": "one goat"}
    first = device("POST", f"{HOUSEHOLDS}batch/", json={"households": sent}, timeout=60)
    results = first.json()["results"]
    assert [each["index"] for each in results] == list(range(500))
    wanted = [400 if n % 10 == 3 or n % 50 == 7 else 201 for n in range(499)] + [409]
    assert [each["status"] for each in results] == wanted
    assert [each["id"] for each in results] == [each["id"] for each in sent]
    fields = {each["field"] for each in results[3]["problem"]["errors"]}
    assert fields == {"members.1.name", "members.1.birth"}
    assert {e["field"] for e in results[7]["problem"]["errors"]} == {"arrival"}
    again = device("POST", f"{HOUSEHOLDS}batch/", json={"households": sent}, timeout=60)
    repeated = again.json()["results"]
    assert [each["status"] for each in repeated] == [200 if s == 201 else s for s in wanted]
    assert [(e["reference"], e["token"]) for e in repeated] == [
        (e["reference"], e["token"]) for e in results
    ]
    page = device("GET", HOUSEHOLDS, params={"page_size": 200}).json()
    count = len(page["results"])
    while page["next"]:
        page = device("GET", page["next"]).json()
        count += len(page["results"])
    assert count == wanted.count(201)
    over = {"households": [alone()] * 501}
    errors = refused(device("POST", f"{HOUSEHOLDS}batch/", json=over), 400, "invalid")["errors"]
    assert [each["field"] for each in errors] == ["households"]


def test_people_are_found_as_they_say_it(connect: Connect) -> None:
    device, officer = connect(), connect(Role.PLACEMENT_OFFICER)
    home = device("POST", HOUSEHOLDS, json=family()).json()
    device("POST", HOUSEHOLDS, json=alone())
    texts = ["Mohammad Nabi", "محمد نبی", "Муҳаммад Набӣ", "0700000001", "1234567890123"]
    for text in [*texts, home["reference"], home["reference"].lower(), home["token"]]:
        found = officer("GET", PERSONS, params={"search": text}).json()["results"]
        assert home["members"][0]["id"] in {each["id"] for each in found}, text
        assert {each["household"] for each in found} == {home["reference"]}, text
    assert officer("GET", PERSONS, params={"search": "Nobody"}).json()["results"] == []
    person = officer("GET", f"{PERSONS}{home['members'][0]['id']}/").json()
    of_home = {"household": home["reference"], "merged_into": None}
    assert {**home["members"][0], **of_home} == person


def test_crossings_are_public_to_staff(connect: Connect) -> None:
    device = connect(entry_point="TEM")
    listed = device("GET", "/api/v1/entry-points/").json()["results"]
    assert [each["code"] for each in listed] == ["ISHKOSHIM", "TEM"]
    assert device("GET", "/api/v1/entry-points/TEM/").json() == listed[1]
    refused(device("GET", "/api/v1/entry-points/NOWHERE/"), 404, "not_found")
    refused(device("POST", "/api/v1/entry-points/", json={}), 403, "permission_denied")
    params = {"updated_since": "2100-01-01T00:00:00Z"}
    assert device("GET", "/api/v1/entry-points/", params=params).json()["results"] == []
    elsewhere = device("POST", HOUSEHOLDS, json=family())
    errors = refused(elsewhere, 400, "invalid")["errors"]
    assert [(e["field"], e["code"]) for e in errors] == [("arrival.entry_point", "not_permitted")]
