"""Consents, needs and Washington Group answers over REST."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from accounts.models import Agency, User
from audit.models import AccessRecord
from intake.choices import NeedStatus
from intake.models import Consent, Household, SpecificNeed, WashingtonGroup
from intake.needs import REVIEW_CODE
from tests.factories.consents import answers, make_answer
from tests.factories.intake import make_entry_point, make_household

pytestmark = pytest.mark.django_db
YES = {
    "purpose": "assistance",
    "recipient": "AKHS",
    "given": True,
    "explained": "2021-07.1",
    "explained_in": "prs",
    "how": "spoken",
}


@pytest.fixture
def family(alice: User, agency: Agency) -> Household:
    """A family of five."""
    return make_household(alice)


def consents_of(household: Household) -> str:
    return f"/api/v1/households/{household.reference}/consents/"


def test_give_read_and_withdraw(api: Any, alice: User, family: Household) -> None:
    client, url = api(alice), consents_of(family)
    made = client.post(url, YES)
    assert made.status_code == 201, made.json()
    body = made.json()
    assert {key: body[key] for key in YES} == YES
    assert (body["explained_by"], body["legal_basis"], body["person"]) == ("alice", "consent", None)
    assert client.get(url).json() == [body]
    shown = client.get(f"/api/v1/households/{family.reference}/")
    assert shown.json()["consents"] == [
        {"purpose": "assistance", "recipient": "AKHS", "given": True}
    ]
    done = client.post(f"{url}{body['id']}/withdraw/", {"reason": "Her choice"})
    assert done.status_code == 200
    assert done.json()["withdrawn_at"]
    assert "Her choice" not in str(done.json())
    after = client.get(f"/api/v1/households/{family.reference}/")
    assert after.json()["consents"] == []
    assert after["ETag"] != shown["ETag"]
    assert client.post(f"{url}{body['id']}/withdraw/", {}).json() == done.json()


def test_the_same_id_and_the_same_key_are_one_answer(
    api: Any, alice: User, family: Household
) -> None:
    client, sent = api(alice), {**YES, "id": str(uuid.uuid4())}
    first, again = (client.post(consents_of(family), sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = client.post(consents_of(family), {**sent, "given": False})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")
    key = {"Idempotency-Key": "c-1"}
    one, two = (client.post(consents_of(family), YES, headers=key) for _ in range(2))
    assert one.json() == two.json()
    assert Consent.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recipient": "NOBODY"}, "recipient"),
        ({"purpose": "x"}, "purpose"),
        ({"how": "x"}, "how"),
        ({"explained": "x"}, "explained"),
        ({"explained_in": "x"}, "explained_in"),
        ({"legal_basis": "x"}, "legal_basis"),
        ({"person": str(uuid.uuid4())}, "person"),
        ({"person": "x"}, "person"),
        ({"given": "perhaps"}, "given"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"recipient": "x" * 21}, "recipient"),
    ],
)
def test_wrong_input_names_the_field(
    change: dict[str, Any], field: str, api: Any, alice: User, family: Household
) -> None:
    answer = api(alice).post(consents_of(family), {**YES, **change})
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert not Consent.objects.exists()


def test_registration_names_the_recipient_it_does_not_know(
    api: Any, alice: User, agency: Agency
) -> None:
    make_entry_point()
    sent = {
        "arrival": {"entry_point": "TEM", "arrived_at": "2021-07-05T04:30:00+05:00"},
        "consents": [YES, {"purpose": "health", "recipient": "WFP", "given": True}],
        "members": [{"name": "Zarina", "sex": "F"}],
    }
    refused = api(alice).post("/api/v1/households/", sent)
    assert [each["field"] for each in refused.json()["errors"]] == ["consents.1.recipient"]
    assert not Household.objects.exists()
    sent["consents"] = [YES]
    made = api(alice).post("/api/v1/households/", sent)
    assert made.status_code == 201, made.json()
    assert made.json()["consents"] == [
        {"purpose": "assistance", "recipient": "AKHS", "given": True}
    ]
    assert Consent.objects.get().explained_in_id == "prs"


def test_outsiders_and_readers(
    api: Any, alice: User, bob: User, carol: User, omar: User, agency: Agency
) -> None:
    make_entry_point("ISHKOSHIM")
    family = make_household(alice, entry_point="ISHKOSHIM")
    consent, person = make_answer(alice, family), family.members.earliest("position")
    one = f"{consents_of(family)}{consent.pk}/withdraw/"
    needs, wg = (f"/api/v1/persons/{person.pk}/{n}/" for n in ("needs", "washington-group"))
    for user, status in ((bob, 404), (carol, 403), (omar, 403), (None, 401)):
        client = api(user)
        for url, body in (
            (consents_of(family), YES),
            (one, {}),
            (needs, {"code": "DS-PM"}),
            (wg, answers()),
        ):
            assert client.post(url, body).status_code == status, url
            if url != one:
                assert client.get(url).status_code == status, url
    consent.refresh_from_db()
    assert consent.stands
    assert not SpecificNeed.objects.filter(status="confirmed").exists()
    assert not WashingtonGroup.objects.exists()


def test_another_households_consent_cannot_be_withdrawn_here(
    api: Any, alice: User, family: Household
) -> None:
    other = make_answer(alice, make_household(alice))
    for wrong in (other.pk, uuid.uuid4(), "-" * 36):
        answer = api(alice).post(f"{consents_of(family)}{wrong}/withdraw/", {})
        assert answer.status_code == 404
    other.refresh_from_db()
    assert other.stands


def test_a_need_above_the_tier_is_taken_and_not_told(
    api: Any, alice: User, dana: User, family: Household
) -> None:
    person = family.members.get(relationship="spouse")
    url = f"/api/v1/persons/{person.pk}/needs/"
    answer = api(alice).post(url, {"code": "SV-VA", "note": "Said by her sister"})
    assert (answer.status_code, answer.json()) == (201, [])
    answer = api(alice).post(url, {"note": "Please talk to her alone"})
    assert (answer.status_code, answer.json()) == (201, [])
    answer = api(alice).post(url, {"code": "DS-PM"})
    assert [(each["code"], each["status"]) for each in answer.json()] == [("DS-PM", "confirmed")]
    seen = {each["code"]: each["status"] for each in api(dana).get(url).json()}
    waiting = NeedStatus.PENDING_REVIEW
    assert seen == {"SV-VA": waiting, REVIEW_CODE: waiting, "DS-PM": "confirmed"}
    assert api(alice).post(url, {"code": "NO-NO"}).json()["errors"][0]["field"] == "code"
    assert "sister" not in str(api(dana).get(f"/api/v1/persons/{person.pk}/").json())


def test_washington_group(api: Any, alice: User, family: Household) -> None:
    person = family.members.get(relationship="head")
    client, url = api(alice), f"/api/v1/persons/{person.pk}/washington-group/"
    sent = {**answers(seeing=3), "respondent": "proxy", "id": str(uuid.uuid4())}
    first, again = (client.post(url, sent) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200), first.json()
    assert first.json() == again.json()
    assert first.json()["has_disability"] is True
    assert client.get(url).json() == [first.json()]
    assert AccessRecord.objects.filter(user=alice, subject_id=person.pk).exists()
    wrong = client.post(url, {**sent, "seeing": 5, "hearing": ""})
    assert sorted(each["field"] for each in wrong.json()["errors"]) == ["hearing", "seeing"]
    missing = client.post(url, {"seeing": 1})
    assert len(missing.json()["errors"]) == 5
    baby = family.members.order_by("birth_earliest").last()
    assert baby is not None
    young = client.post(
        f"/api/v1/persons/{baby.pk}/washington-group/",
        {**answers(), "occurred_at": "2021-07-06T10:00:00+05:00"},
    )
    assert [each["code"] for each in young.json()["errors"]] == ["too_young"]
    assert client.post("/api/v1/persons/nonsense/washington-group/", sent).status_code == 404
    assert WashingtonGroup.objects.count() == 1
