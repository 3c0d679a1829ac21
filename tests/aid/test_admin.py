"""Pages of aid: what coordination and an agency see and do there."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import Agency, User
from aid import services
from aid.models import AgencyService, AidRequest
from intake.models import Consent
from tests.factories.aid import make_household, make_request, make_site

LIST = "/admin/aid/aidrequest/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form(**fields: Any) -> dict[str, Any]:
    given = {
        "id": "0197d2a0-0000-7000-8000-000000000001",
        "sector": "health",
        "agency": "AKHS",
        "level": "urgent",
        "summary": "Diabetes, last dose yesterday",
        "items-TOTAL_FORMS": "4",
        "items-INITIAL_FORMS": "0",
        "items-0-item": "insulin",
        "items-0-quantity": "1",
        "items-0-unit": "kit",
    }
    return {**given, **fields}


def test_coordination_asks_on_one_form(coordinator: User, agency: Agency) -> None:
    household = make_household()
    client = signed_in(coordinator)
    page = client.get(f"{LIST}add/?household={household.reference}")
    assert household.reference in page.content.decode()
    given = form(household=household.reference)
    for _turn in range(2):
        answer = client.post(f"{LIST}add/", given)
        assert answer.status_code == 302, answer.context["form"].errors
    request = AidRequest.objects.get()
    assert request.household == household
    assert str(request.pk) in answer["Location"]


def test_errors_stand_beside_their_fields(coordinator: User, agency: Agency) -> None:
    client = signed_in(coordinator)
    site = make_site()
    for change, field in (
        ({"household": "PNH-26-999999-X"}, "household"),
        ({"site": site.code, "household": "PNH-26-000001-0"}, "household"),
        ({}, "site"),
        ({"site": site.code, "summary": ""}, "summary"),
    ):
        answer = client.post(f"{LIST}add/", form(**change))
        assert answer.status_code == 200
        assert list(answer.context["form"].errors) == [field]
    answer = client.post(f"{LIST}add/", form(site=site.code, **{"items-0-quantity": "0"}))
    assert answer.context["items"].errors[0] == {
        "quantity": ["The quantity must be more than zero."]
    }
    assert not AidRequest.objects.exists()


def test_agencies_of_the_sector_are_suggested(
    coordinator: User, agency: Agency, wfp: Agency
) -> None:
    AgencyService.objects.create(agency=wfp, sector_id="food_security")
    page = signed_in(coordinator).get(f"{LIST}add/?sector=food_security").content.decode()
    assert page.index("Serve this sector") < page.index("WFP – ") < page.index("Other agencies")


def test_an_agency_sees_and_answers_its_own(
    coordinator: User, carol: User, rival: User, agency: Agency
) -> None:
    household = make_household()
    Consent.objects.create(household=household, purpose="assistance", given=True)
    request = make_request(coordinator, agency, beneficiary=household)
    page, client = f"{LIST}{request.pk}/change/", signed_in(carol)
    assert request.reference in client.get(LIST).content.decode()
    shown = client.get(page).content.decode()
    for hidden in (household.reference, "Gulnora", "coordinator", "Cancel the request"):
        assert hidden not in shown
    assert client.post(f"{LIST}{request.pk}/do/accept/", {"note": ""}).status_code == 302
    shown = client.get(page).content.decode()
    assert "Gulnora" in shown
    assert household.reference not in shown
    sent = {"item": "meals", "quantity": "3", "unit": "meal", "persons_reached": "2"}
    client.post(f"{LIST}{request.pk}/do/deliver/", sent)
    assert request.deliveries.get().persons_reached == 2
    assert client.post(f"{LIST}{request.pk}/do/cancel/", {"reason": "x"}).status_code == 403
    other = signed_in(rival)
    assert request.reference not in other.get(LIST).content.decode()
    assert other.get(page).status_code == 302
    assert other.post(f"{LIST}{request.pk}/do/start/").status_code == 404
    assert AidRequest.objects.get().status == "accepted"


def test_overdue_is_said_in_words(coordinator: User, agency: Agency) -> None:
    request = make_request(coordinator, agency)
    AidRequest.objects.filter(pk=request.pk).update(acknowledge_by=request.submitted_at)
    other = make_request(coordinator, agency, sector="wash")
    client = signed_in(coordinator)
    assert "Overdue: Submitted" in client.get(LIST).content.decode()
    late = client.get(f"{LIST}?standing=overdue").content.decode()
    assert request.reference in late
    assert other.reference not in late
    assert "Overdue: Submitted" in client.get(f"{LIST}{request.pk}/change/").content.decode()


def test_passing_on(coordinator: User, carol: User, agency: Agency, wfp: Agency) -> None:
    request = make_request(coordinator, agency)
    services.decline(actor=carol, request=request, reason="No stock")
    client = signed_in(coordinator)
    client.post(f"{LIST}{request.pk}/do/reroute/", {"agency": str(wfp.pk)})
    assert AidRequest.objects.get(agency=wfp).status == "submitted"


def test_an_agency_states_its_services(
    carol: User, coordinator: User, agency: Agency, wfp: Agency
) -> None:
    AgencyService.objects.create(agency=wfp, sector_id="food_security")
    client, url = signed_in(carol), "/admin/aid/agencyservice/"
    sent = {"sector": "health", "capacity_answer": "waitlist", "note": "Two doctors"}
    assert client.post(f"{url}add/", sent).status_code == 302
    line = AgencyService.objects.get(agency=agency)
    changed = client.post(f"{url}{line.pk}/change/", {**sent, "capacity_answer": "no_capacity"})
    assert changed.status_code == 302
    line.refresh_from_db()
    assert line.capacity_answer == "no_capacity"
    foreign = AgencyService.objects.get(agency=wfp)
    assert client.get(f"{url}{foreign.pk}/change/").status_code == 302
    assert signed_in(coordinator).get(url).status_code == 200
    assert signed_in(coordinator).post(f"{url}add/", sent).status_code == 403
    assert client.post(f"{url}{line.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not AgencyService.objects.filter(agency=agency).exists()


def test_outsiders_see_no_pages(omar: User, alice: User, coordinator: User, agency: Agency) -> None:
    request = make_request(coordinator, agency)
    for user in (omar, alice):
        client = signed_in(user)
        for url in (LIST, f"{LIST}add/", f"{LIST}{request.pk}/change/"):
            assert client.get(url).status_code in (302, 403)
