"""What an agency sees follows the family's answer at once, whichever way it reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Agency, User
from aid import services
from aid.models import AidRequest
from audit.events import dispatch
from audit.models import Event, IdempotentReply
from common import clock
from common.encryption import unseal
from intake.models import Consent
from intake.services.consents import withdraw_consent
from notifications.messages import message_for, webhook_body
from notifications.models import Notification
from tests.factories.aid import make_household, make_request
from tests.factories.consents import make_answer

pytestmark = pytest.mark.django_db
URL = "/api/v1/aid-requests/"
SECRETS = ("Gulnora", "+93700000001", "+9370000010")


@pytest.fixture
def family() -> Any:
    """A woman of 34 and two children."""
    return make_household(("F", 34), ("F", 8), ("M", 3))


@pytest.fixture
def at_work(coordinator: User, carol: User, agency: Agency, family: Any) -> AidRequest:
    """A request for the family that the agency accepted."""
    request = make_request(coordinator, agency, beneficiary=family)
    services.accept(actor=carol, request=request)
    return request


def read(api: Any, user: User, request: AidRequest, **headers: Any) -> Any:
    answer = api(user).get(f"{URL}{request.reference}/", headers=headers)
    assert answer.status_code == 200
    return answer


def test_right_after_withdrawal_only_the_case_is_left(
    api: Any, carol: User, dana: User, family: Any, at_work: AidRequest
) -> None:
    consent = make_answer(dana, family, recipient="AKHS")
    before = read(api, carol, at_work)
    assert before.json()["beneficiary"]["contact"]["name"] == "Gulnora Invented 0"
    moment = clock.now()
    withdraw_consent(actor=dana, consent=consent)
    after = read(api, carol, at_work, **{"If-None-Match": before["ETag"]})
    assert set(after.json()["beneficiary"]) == {"kind", "case", "size", "members"}
    assert after["ETag"] != before["ETag"]
    assert not any(secret in after.content.decode() for secret in SECRETS)
    changed = api(carol).get(URL, {"updated_since": moment.isoformat()})
    assert [row["reference"] for row in changed.json()["results"]] == [at_work.reference]


def test_a_stale_edit_after_withdrawal_is_refused(
    api: Any, carol: User, dana: User, family: Any, at_work: AidRequest
) -> None:
    make_answer(dana, family, recipient="AKHS")
    version = read(api, carol, at_work)["ETag"]
    make_answer(dana, family, recipient="AKHS", given=False)
    url = f"{URL}{at_work.reference}/start/"
    assert api(carol).post(url, {}, headers={"If-Match": version}).status_code == 412


def test_an_answer_that_was_kept_for_a_repeat_brings_no_name_back(
    api: Any, coordinator: User, carol: User, dana: User, agency: Agency, family: Any
) -> None:
    """A write sent again with its key is answered as at first, but not with what was withdrawn."""
    consent = make_answer(dana, family, recipient="AKHS")
    request = make_request(coordinator, agency, beneficiary=family)
    url, key = f"{URL}{request.reference}/accept/", {"Idempotency-Key": "k-1"}
    first = api(carol).post(url, {"note": "Tomorrow"}, headers=key)
    assert first.json()["beneficiary"]["contact"]["name"] == "Gulnora Invented 0"
    kept = unseal(IdempotentReply.objects.get().body or b"", context="audit_idempotentreply")
    assert not any(secret in kept.decode() for secret in SECRETS)
    again = api(carol).post(url, {"note": "Tomorrow"}, headers=key)
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    withdraw_consent(actor=dana, consent=consent)
    again = api(carol).post(url, {"note": "Tomorrow"}, headers=key)
    assert again["Idempotency-Replayed"] == "true"
    assert "contact" not in again.json()["beneficiary"]
    assert not any(secret in again.content.decode() for secret in SECRETS)


def test_the_agency_is_told_to_read_again_and_nothing_else(
    carol: User, rival: User, dana: User, family: Any, at_work: AidRequest
) -> None:
    consent = make_answer(dana, family, recipient="AKHS")
    Event.objects.filter(kind="aid_request.reread").delete()
    withdraw_consent(actor=dana, consent=consent, reason="Her cousin works there")
    (event,) = Event.objects.filter(kind="aid_request.reread")
    assert event.agency_code == "AKHS"
    dispatch(event)
    body = webhook_body(event)
    assert set(body["data"]) == {"reference", "level", "status", "url"}
    text = json.dumps(body) + message_for(event).text + str(event.data)
    for secret in (*SECRETS, family.reference, str(family.pk), "cousin", "withdraw", "consent"):
        assert secret not in text
    assert not Notification.objects.filter(subscription__user=rival).exists()


def test_consent_for_one_agency_says_nothing_for_another(
    api: Any,
    coordinator: User,
    carol: User,
    rival: User,
    dana: User,
    wfp: Agency,
    family: Any,
    at_work: AidRequest,
) -> None:
    other = make_request(coordinator, wfp, beneficiary=family)
    services.accept(actor=rival, request=other)
    consent = make_answer(dana, family, recipient="AKHS")
    assert "contact" in read(api, carol, at_work).json()["beneficiary"]
    assert "contact" not in read(api, rival, other).json()["beneficiary"]
    assert {e.agency_code for e in Event.objects.filter(kind="aid_request.reread")} == {"AKHS"}
    make_answer(dana, family)
    assert "contact" in read(api, rival, other).json()["beneficiary"]
    withdraw_consent(actor=dana, consent=consent)
    assert "contact" not in read(api, carol, at_work).json()["beneficiary"]
    assert "contact" in read(api, rival, other).json()["beneficiary"]


def test_a_refusal_for_all_holds_for_each(
    api: Any, carol: User, dana: User, family: Any, at_work: AidRequest
) -> None:
    make_answer(dana, family)
    assert "contact" in read(api, carol, at_work).json()["beneficiary"]
    make_answer(dana, family, given=False)
    assert "contact" not in read(api, carol, at_work).json()["beneficiary"]


def test_the_portal_page_follows_too(
    carol: User, dana: User, family: Any, at_work: AidRequest
) -> None:
    consent = make_answer(dana, family, recipient="AKHS")
    client = Client()
    client.force_login(carol)
    url = reverse("admin:aid_aidrequest_change", args=[at_work.pk])
    assert "Gulnora" in client.get(url).content.decode()
    withdraw_consent(actor=dana, consent=consent)
    page = client.get(url)
    assert not any(secret in page.content.decode() for secret in SECRETS)
    assert "no-store" in page["Cache-Control"]


def test_the_phones_of_a_household_need_its_own_answer(
    api: Any, coordinator: User, carol: User, dana: User, agency: Agency, family: Any
) -> None:
    woman = family.members.earliest("position")
    request = make_request(coordinator, agency, beneficiary=woman)
    services.accept(actor=carol, request=request)
    make_answer(dana, family, given=False)
    make_answer(dana, family, person=woman)
    contact = read(api, carol, request).json()["beneficiary"]["contact"]
    assert contact == {"name": "Gulnora Invented 0", "phones": ["+93700000100"]}
    make_answer(dana, family)
    contact = read(api, carol, request).json()["beneficiary"]["contact"]
    assert contact["phones"] == ["+93700000100", "+93700000001"]


def test_the_focal_points_own_no_holds_in_a_request_for_the_household(
    api: Any, carol: User, dana: User, family: Any, at_work: AidRequest
) -> None:
    make_answer(dana, family)
    make_answer(dana, family, person=family.members.earliest("position"), given=False)
    assert "contact" not in read(api, carol, at_work).json()["beneficiary"]


def test_requests_that_are_over_are_not_touched(
    carol: User, dana: User, family: Any, at_work: AidRequest
) -> None:
    services.fulfil(actor=carol, request=at_work)
    before = AidRequest.objects.get(pk=at_work.pk).updated_at
    make_answer(dana, family, recipient="AKHS")
    assert AidRequest.objects.get(pk=at_work.pk).updated_at == before
    assert Consent.objects.count() == 1
