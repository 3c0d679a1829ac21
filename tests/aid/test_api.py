"""Aid requests over REST: the cast, what an agency sees, versions and shapes."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, User
from aid import services
from aid.models import AidRequest, StatusChange
from audit.models import AccessRecord, Event
from intake.models import Consent
from intake.services.consents import withdraw_consent
from tests.factories.aid import leave, make_household, make_request, make_site

URL = "/api/v1/aid-requests/"
AGENCY_STEPS = {
    "acknowledge": {},
    "accept": {"note": "Tomorrow morning"},
    "decline": {"reason": "No stock"},
    "start": {},
    "hold": {"reason": "The road is closed"},
    "resume": {},
    "fulfil": {},
    "fail": {"reason": "Nobody was there"},
}
OTHER_STEPS = {"cancel": {"reason": "By mistake"}, "reroute": {"agency": "WFP"}}
DELIVERY = {"item": "hot meals", "quantity": 600, "unit": "meal", "persons_reached": 260}


def body(**fields: Any) -> dict[str, Any]:
    return {
        "agency": "AKHS",
        "sector": "health",
        "level": "urgent",
        "items": [{"item": "consultation", "quantity": 1, "unit": "person"}],
        "summary": "Diabetes, last dose yesterday",
        **fields,
    }


def test_ask_for_each_kind_of_beneficiary(api: Any, coordinator: User, agency: Agency) -> None:
    household, site = make_household(), make_site("KHOROG-SCHOOL-3")
    person = household.members.earliest("position")
    client = api(coordinator)
    for beneficiary in (
        {"household": household.reference.lower()},
        {"person": str(person.pk)},
        {"site": site.code},
    ):
        answer = client.post(URL, body(beneficiary=beneficiary))
        assert answer.status_code == 201, answer.json()
        made = answer.json()
        assert made["status"] == "submitted"
        assert made["items"] == [{"item": "consultation", "quantity": 1.0, "unit": "person"}]
        assert {"reference", "acknowledge_by", "act_by"} <= set(made)
        (kind,) = beneficiary
        assert made["beneficiary"]["kind"] == kind
        assert str(made["beneficiary"][kind]).lower() == beneficiary[kind].lower()
        assert client.get(f"{URL}{made['reference']}/").json() == made


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"beneficiary": {}}, "beneficiary"),
        ({"beneficiary": {"site": "S", "household": "H"}}, "beneficiary"),
        ({"beneficiary": {"person": str(uuid.uuid4())}}, "beneficiary"),
        ({"beneficiary": {"household": "PNH-26-000001-0"}}, "beneficiary.household"),
        ({"agency": "NOBODY"}, "agency"),
        ({"sector": "magic"}, "sector"),
        ({"level": "soon"}, "level"),
        ({"items": []}, "items"),
        ({"items": [{"item": "x", "quantity": 0, "unit": "y"}]}, "items.0.quantity"),
        ({"summary": ""}, "summary"),
    ],
)
def test_wrong_input_names_the_field(
    change: dict[str, Any], field: str, api: Any, coordinator: User, agency: Agency
) -> None:
    given = body(**{"beneficiary": {"site": make_site("A").code}, **change})
    answer = api(coordinator).post(URL, given)
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert not AidRequest.objects.exists()


def test_the_same_id_again_is_the_same_request(api: Any, coordinator: User, agency: Agency) -> None:
    given = body(beneficiary={"site": make_site("A").code}, id=str(uuid.uuid4()))
    first, again = (api(coordinator).post(URL, given) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = api(coordinator).post(URL, {**given, "summary": "Other"})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("step", [*AGENCY_STEPS, *OTHER_STEPS, "deliveries"])
def test_another_agency_finds_nothing_and_changes_nothing(
    step: str, api: Any, coordinator: User, rival: User, agency: Agency
) -> None:
    request = make_request(coordinator, agency)
    sent = {**AGENCY_STEPS, **OTHER_STEPS, "deliveries": DELIVERY}[step]
    client = api(rival)
    hidden = client.post(f"{URL}{request.reference}/{step}/", sent)
    absent = client.post(f"{URL}AID-26-999999-X/{step}/", sent)
    assert (hidden.status_code, absent.status_code) == (404, 404)
    assert hidden.content == absent.content
    assert client.get(f"{URL}{request.reference}/").status_code == 404
    assert client.get(f"{URL}{request.reference}/deliveries/").status_code == 404
    assert client.get(URL).json()["results"] == []
    assert AidRequest.objects.get(pk=request.pk).updated_at == request.updated_at
    assert StatusChange.objects.count() == Event.objects.count() == 1


def test_outsiders_are_refused(api: Any, coordinator: User, omar: User, agency: Agency) -> None:
    request = make_request(coordinator, agency)
    for user, status in ((None, 401), (omar, 403)):
        client = api(user)
        assert client.get(URL).status_code == status
        assert client.get(f"{URL}{request.reference}/").status_code == status
        assert client.post(URL, body()).status_code == status
        for step, sent in {**AGENCY_STEPS, **OTHER_STEPS, "deliveries": DELIVERY}.items():
            answer = client.post(f"{URL}{request.reference}/{step}/", sent)
            assert answer.status_code == status
        assert client.get("/api/v1/agencies/me/services/").status_code == status
    assert Event.objects.count() == 1


def test_each_side_has_its_steps(
    api: Any, coordinator: User, carol: User, agency: Agency, wfp: Agency
) -> None:
    request = make_request(coordinator, agency)
    for step, sent in {**AGENCY_STEPS, "deliveries": DELIVERY}.items():
        answer = api(coordinator).post(f"{URL}{request.reference}/{step}/", sent)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), step
    for step, sent in OTHER_STEPS.items():
        assert api(carol).post(f"{URL}{request.reference}/{step}/", sent).status_code == 403
    assert api(carol).post(URL, body()).status_code == 403
    assert StatusChange.objects.count() == 1


def test_if_match(api: Any, coordinator: User, carol: User, agency: Agency) -> None:
    request = make_request(coordinator, agency)
    client, url = api(carol), f"{URL}{request.reference}/"
    tag = client.get(url)["ETag"]
    first = client.post(f"{url}acknowledge/", {}, HTTP_IF_MATCH=tag)
    assert first.status_code == 200
    stale = client.post(f"{url}accept/", {}, HTTP_IF_MATCH=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert AidRequest.objects.get().status == "received"
    assert client.post(f"{url}accept/", {}, HTTP_IF_MATCH=first["ETag"]).status_code == 200


def test_idempotency_key(api: Any, coordinator: User, carol: User, agency: Agency) -> None:
    given = body(beneficiary={"site": make_site("A").code})
    client = api(coordinator)
    first, again = (client.post(URL, given, HTTP_IDEMPOTENCY_KEY="k1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    url = f"{URL}{first.json()['reference']}/"
    api(carol).post(f"{url}accept/", {})
    for _turn in range(2):
        answer = api(carol).post(f"{url}deliveries/", DELIVERY, HTTP_IDEMPOTENCY_KEY="k2")
        assert answer.status_code == 201
    assert AidRequest.objects.get().deliveries.count() == 1


def test_a_step_out_of_turn_says_what_is_possible(
    api: Any, coordinator: User, carol: User, agency: Agency
) -> None:
    request = make_request(coordinator, agency)
    answer = api(carol).post(f"{URL}{request.reference}/start/", {})
    assert answer.status_code == 409
    assert answer.json()["code"] == "invalid_state"
    assert answer.json()["current"] == "submitted"
    assert "accepted" in answer.json()["allowed"]
    missing = api(carol).post(f"{URL}{request.reference}/decline/", {})
    assert [each["field"] for each in missing.json()["errors"]] == ["reason"]


@pytest.fixture
def family() -> Any:
    return make_household(("F", 34), ("F", 8), ("M", 3))


def consent(household: Any, purpose: str, recipient: str = "", given: bool = True) -> None:
    Consent.objects.create(household=household, purpose=purpose, recipient=recipient, given=given)


def seen_by(api: Any, user: User, request: AidRequest) -> dict[str, Any]:
    return api(user).get(f"{URL}{request.reference}/").json()["beneficiary"]


def test_an_agency_sees_a_household_by_case(
    api: Any, coordinator: User, carol: User, agency: Agency, family: Any
) -> None:
    one, two = (make_request(coordinator, agency, beneficiary=family) for _ in range(2))
    shown = seen_by(api, carol, one)
    assert shown == {
        "kind": "household",
        "case": shown["case"],
        "size": 3,
        "members": [
            {"age_bracket": "0-4", "sex": "M", "persons": 1},
            {"age_bracket": "18-59", "sex": "F", "persons": 1},
            {"age_bracket": "5-11", "sex": "F", "persons": 1},
        ],
    }
    assert shown["case"] != seen_by(api, carol, two)["case"]
    text = str(api(carol).get(URL).json())
    for secret in (family.reference, str(family.pk), family.token, "Gulnora", "+93700000001"):
        assert secret not in text


@pytest.mark.parametrize(
    ("answers", "sector", "named"),
    [
        ([], "health", False),
        ([("health", "AKHS", True)], "health", True),
        ([("assistance", "AKHS", True)], "health", True),
        ([("assistance", "", True)], "food_security", True),
        ([("health", "", True)], "food_security", False),
        ([("assistance", "WFP", True)], "health", False),
        ([("assistance", "", True), ("assistance", "AKHS", False)], "food_security", False),
        ([("health", "AKHS", False), ("assistance", "AKHS", True)], "health", False),
        ([("assistance", "AKHS", True)], "protection", False),
        ([("protection", "AKHS", True)], "protection", True),
        ([("registration", "AKHS", True)], "health", False),
    ],
)
def test_names_need_consent_and_acceptance(
    answers: list[tuple[str, str, bool]],
    sector: str,
    named: bool,
    api: Any,
    coordinator: User,
    carol: User,
    agency: Agency,
    family: Any,
) -> None:
    for answer in answers:
        consent(family, *answer)
    person = family.members.earliest("position")
    request = make_request(coordinator, agency, beneficiary=person, sector=sector)
    assert "contact" not in seen_by(api, carol, request)
    services.accept(actor=carol, request=request)
    shown = seen_by(api, carol, request)
    assert (shown["sex"], shown["age_bracket"]) == ("F", "18-59")
    assert ("contact" in shown) == named
    assert AccessRecord.objects.filter(user=carol, subject_id=person.pk).count() == int(named)
    assert "Gulnora" not in str(api(carol).get(URL).json())
    if named:
        assert shown["contact"]["name"] == "Gulnora Invented 0"
        services.fulfil(actor=carol, request=request)
        assert "contact" not in seen_by(api, carol, request)


def test_withdrawn_consent_hides_the_name(
    api: Any, coordinator: User, carol: User, dana: User, agency: Agency, family: Any
) -> None:
    consent(family, "assistance")
    request = make_request(coordinator, agency, beneficiary=family)
    services.accept(actor=carol, request=request)
    assert "contact" in seen_by(api, carol, request)
    withdraw_consent(actor=dana, consent=Consent.objects.get())
    assert "contact" not in seen_by(api, carol, request)


def test_who_was_separated_since_is_not_shown(
    api: Any, coordinator: User, carol: User, agency: Agency, family: Any
) -> None:
    consent(family, "assistance")
    person = family.members.earliest("position")
    plain = make_request(coordinator, agency, beneficiary=person)
    care = make_request(coordinator, agency, beneficiary=person, sector="health", level="life")
    for request in (plain, care):
        services.accept(actor=carol, request=request)
    leave(person)
    shown = seen_by(api, carol, plain)
    assert shown == {"kind": "person", "case": shown["case"], "withheld": True}
    shown = seen_by(api, carol, care)
    assert set(shown) == {"kind", "case", "sex", "age_bracket"}
    whole = make_request(coordinator, agency, beneficiary=family)
    assert seen_by(api, carol, whole)["size"] == 2


def test_a_hidden_site_is_not_named(
    api: Any, coordinator: User, carol: User, dana: User, agency: Agency
) -> None:
    hidden = make_site("SECRET", name="Safe house", hidden=True)
    request = make_request(dana, agency, beneficiary=hidden)
    withheld = {"kind": "site", "site": None, "name": None, "withheld": True}
    assert seen_by(api, carol, request) == withheld
    assert seen_by(api, coordinator, request) == withheld
    assert seen_by(api, dana, request)["site"] == "SECRET"


def test_lists_narrow_and_page_with_few_queries(
    api: Any, coordinator: User, carol: User, agency: Agency
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api(carol).get(URL).status_code == 200
        return len(captured)

    first = make_request(coordinator, agency, beneficiary=make_household())
    few = queries()
    for _ in range(4):
        make_request(coordinator, agency, beneficiary=make_household(), sector="wash")
    assert queries() == few <= 9
    client = api(carol)
    services.accept(actor=carol, request=first)

    def found(**params: Any) -> list[str]:
        return [row["reference"] for row in client.get(URL, params).json()["results"]]

    assert found(status="accepted") == [first.reference]
    assert found(sector="food") == [first.reference]
    assert len(found(status="submitted", level="urgent")) == 4
    assert found(updated_since=AidRequest.objects.get(pk=first.pk).updated_at.isoformat()) == [
        first.reference
    ]
    assert found(overdue="true") == []
    page = client.get(URL, {"page_size": 2}).json()
    assert len(page["results"]) == 2
    assert page["next"]
    assert client.get(URL, {"status": "nonsense"}).status_code == 400


def test_deliveries(api: Any, coordinator: User, carol: User, agency: Agency) -> None:
    request = make_request(coordinator, agency)
    url = f"{URL}{request.reference}/deliveries/"
    assert api(carol).post(url, DELIVERY).status_code == 409
    services.accept(actor=carol, request=request)
    sent = {**DELIVERY, "id": str(uuid.uuid4()), "breakdown": {"F": {"0-4": 31}}}
    first, again = (api(carol).post(url, sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert [row["quantity"] for row in api(coordinator).get(url).json()["results"]] == [600.0]
    wrong = api(carol).post(url, {**DELIVERY, "breakdown": {"F": {"0-4": 900}}})
    assert [each["field"] for each in wrong.json()["errors"]] == ["breakdown"]


def test_an_agency_states_its_services(
    api: Any, coordinator: User, carol: User, rival: User, agency: Agency
) -> None:
    url = "/api/v1/agencies/me/services/"
    sent = {
        "services": [
            {"sector": "health", "capacity": "waitlist", "note": "Two doctors"},
            {"sector": "food"},
        ]
    }
    answer = api(carol).put(url, sent)
    assert answer.status_code == 200, answer.json()
    assert [row["sector"] for row in answer.json()["services"]] == ["food_security", "health"]
    assert api(carol).put(url, sent).json() == answer.json()
    assert Event.objects.filter(kind="agency.services_changed").count() == 1
    assert api(rival).get(url).json() == {"services": []}
    assert api(coordinator).put(url, sent).status_code == 403
    for wrong, field in (
        ({"sector": "magic"}, "services.0.sector"),
        ({"sector": "health", "capacity": "maybe"}, "services.0.capacity"),
        ({"sector": "health", "areas": ["XX"]}, "services.0.areas"),
    ):
        refused = api(carol).put(url, {"services": [wrong]})
        assert [each["field"] for each in refused.json()["errors"]] == [field]
    assert len(api(carol).get(url).json()["services"]) == 2
