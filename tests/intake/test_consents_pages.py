"""The desk's pages for consent, needs, the six questions and the protection review."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Agency, User
from common import clock
from common.ids import new_id
from intake.choices import NeedStatus
from intake.models import Consent, Household, Person, SpecificNeed, WashingtonGroup
from intake.needs import REVIEW_CODE
from intake.services.needs import add_need, request_review
from tests.factories.accounts import make_user
from tests.factories.consents import answers, make_answer, make_washington_group
from tests.factories.intake import make_entry_point, make_household, member

pytestmark = pytest.mark.django_db
QUEUE = "admin:intake_specificneed_changelist"


@pytest.fixture
def family(alice: User, agency: Agency) -> Household:
    """A woman alone with a child, who speak Dari."""
    return make_household(
        alice,
        [member(relationship="head"), member("Sohrab", sex="M", birth="12", relationship="child")],
        preferred_language="prs",
    )


@pytest.fixture
def mother(family: Household) -> Person:
    """The mother."""
    return family.members.earliest("position")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(name: str, household: Household) -> str:
    return reverse(f"admin:intake_household_{name}", args=[household.pk])


def text(response: Any) -> str:
    return str(response.content.decode())


ANSWER = {
    "purpose": "assistance",
    "recipient": "AKHS",
    "given": "yes",
    "explained_in": "prs",
    "how": "spoken",
    "legal_basis": "consent",
    "person": "",
}


def test_the_text_is_read_in_the_familys_language_and_shown_in_the_staffs(
    alice: User, family: Household
) -> None:
    page = text(
        signed_in(alice).get(url("consents", family), {"purpose": "health", "recipient": "AKHS"})
    )
    assert 'lang="fa-af" dir="rtl"' in page
    assert "Agency AKHS gives medical care" in page
    assert '<option value="prs" selected>' in page


def test_an_answer_is_recorded_and_withdrawn_on_the_page(
    alice: User, family: Household, mother: Person
) -> None:
    client, sent = signed_in(alice), {**ANSWER, "id": str(new_id())}
    for _ in range(2):
        assert client.post(url("consents", family), sent).status_code == 302
    consent = Consent.objects.get()
    assert (consent.explained_in_id, consent.explained_by, consent.explained) == (
        "prs",
        alice,
        "2021-07.1",
    )
    page = text(client.get(url("change", family)))
    assert "Agency AKHS" in page
    assert str(consent.pk) in page
    done = client.post(
        url("consent_withdraw", family), {"consent": consent.pk, "reason": "Her choice"}
    )
    assert done.status_code == 302
    consent.refresh_from_db()
    assert not consent.stands
    assert "Her choice" in text(client.get(url("change", family)))
    own = {**ANSWER, "id": str(new_id()), "given": "no", "person": str(mother.pk)}
    assert client.post(url("consents", family), own).status_code == 302
    assert Consent.objects.standing().get().person == mother


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"given": ""}, "Choose yes or no."),
        ({"recipient": "NOBODY"}, "not one of the available choices"),
        ({"explained_in": ""}, "This field is required"),
        ({"person": "child"}, "a parent or guardian answers"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    change: dict[str, str], says: str, alice: User, family: Household
) -> None:
    if change.get("person"):
        change = {"person": str(family.members.get(position=1).pk)}
    sent = {**ANSWER, "id": str(new_id()), "how": "thumbprint", **change}
    answer = signed_in(alice).post(url("consents", family), sent)
    assert answer.status_code == 422
    page = text(answer)
    assert says in page
    assert '<option value="thumbprint" selected>' in page
    assert not Consent.objects.exists()


def test_needs_are_confirmed_dismissed_and_added(
    alice: User, family: Household, mother: Person
) -> None:
    client, target = signed_in(alice), url("needs", family)
    suggested = SpecificNeed.objects.get(person=mother, type_id="SP-PT")
    client.post(target, {"act": "confirm", "need": suggested.pk})
    suggested.refresh_from_db()
    assert suggested.status == NeedStatus.CONFIRMED
    client.post(target, {"act": "close", "need": suggested.pk, "reason": "no_longer"})
    suggested.refresh_from_db()
    assert suggested.closed_reason == "no_longer"
    client.post(target, {"act": "add", "person": mother.pk, "code": "DS-PM"})
    assert SpecificNeed.objects.get(person=mother, type_id="DS-PM").status == "confirmed"
    answer = client.post(target, {"act": "review", "person": mother.pk, "note": "Afraid"})
    assert answer.status_code == 302
    assert SpecificNeed.objects.get(type_id=REVIEW_CODE).note == "Afraid"
    shown = text(client.get(url("change", family)))
    assert "Afraid" not in shown
    assert "Pending protection review" not in shown


def test_staff_are_offered_and_shown_their_tiers_only(
    alice: User, dana: User, family: Household, mother: Person
) -> None:
    add_need(actor=alice, person=mother, code="SV-VA")
    for user, knows in ((alice, False), (dana, True)):
        page = text(signed_in(user).get(url("change", family)))
        assert ('value="SV-VA"' in page) == knows
        assert ("gender-based violence" in page) == knows
        assert 'value="DS-PM"' in page
    form = text(signed_in(alice).get(reverse("admin:intake_household_add")))
    assert "SV-VA" not in form
    assert "SM-CI" not in form
    assert REVIEW_CODE in form


def test_a_need_of_another_tier_or_household_cannot_be_decided(
    alice: User, family: Household, mother: Person
) -> None:
    client = signed_in(alice)
    hidden = add_need(actor=alice, person=mother, code="SV-VA")
    other = make_household(alice, [member(), member("Malika", birth="3")]).members.first()
    assert other is not None
    foreign = SpecificNeed.objects.get(person=other, type_id="SP-PT")
    for data in (
        {"act": "close", "need": hidden.pk, "reason": "not_so"},
        {"act": "confirm", "need": foreign.pk},
        {"act": "add", "person": other.pk, "code": "DS-PM"},
    ):
        assert client.post(url("needs", family), data).status_code == 403
    assert client.post(url("needs", family), {"act": "erase"}).status_code == 302
    for need in (hidden, foreign):
        before = need.status
        need.refresh_from_db()
        assert need.status == before


def test_the_six_questions(alice: User, family: Household, mother: Person) -> None:
    client, target = signed_in(alice), f"{url('washington_group', family)}?person={mother.pk}"
    page = text(client.get(target))
    assert "because of a HEALTH PROBLEM" in page
    assert page.count("Cannot do at all") == 6
    sent = {**answers(seeing=4), "respondent": "proxy", "id": str(new_id())}
    wrong = client.post(target, {**sent, "hearing": ""})
    assert wrong.status_code == 422
    assert "Choose one of the answers." in text(wrong)
    for _ in range(2):
        assert client.post(target, sent).status_code == 302
    assert WashingtonGroup.objects.get().respondent == "proxy"
    shown = text(client.get(url("change", family)))
    assert "seeing: Cannot do at all" in shown
    assert "Disability: visual impairment including blindness" in shown


def test_a_small_child_is_not_asked(alice: User, agency: Agency) -> None:
    family = make_household(alice, [member(), member("Malika", birth="13 months")])
    baby = family.members.get(position=1)
    born = clock.now().date() - timedelta(days=400)
    Person.objects.filter(pk=baby.pk).update(birth_earliest=born, birth_latest=born)
    target = f"{url('washington_group', family)}?person={baby.pk}"
    assert "Child Functioning Module" in text(signed_in(alice).get(target))
    sent = {**answers(), "respondent": "proxy", "id": str(new_id())}
    assert signed_in(alice).post(target, sent).status_code == 422
    assert not WashingtonGroup.objects.exists()


def test_the_queue_holds_what_waits_and_no_name(
    alice: User, dana: User, family: Household, mother: Person
) -> None:
    review = request_review(actor=alice, person=mother, note="Please talk to her")
    hidden = add_need(actor=alice, person=mother, code="SV-VA")
    client = signed_in(dana)
    page = text(client.get(reverse(QUEUE)))
    assert page.index("Please talk to her") < page.index("Single parent")
    assert "Zarina" not in page
    assert family.reference in page
    client.post(reverse(QUEUE), {"act": "confirm", "need": hidden.pk})
    client.post(reverse(QUEUE), {"act": "confirm", "need": review.pk, "code": "SV-HK"})
    assert SpecificNeed.objects.get(type_id="SV-HK").decided_by == dana
    page = text(client.get(reverse(QUEUE)))
    assert "Please talk to her" not in page
    for need in SpecificNeed.objects.filter(status=NeedStatus.SUGGESTED):
        client.post(reverse(QUEUE), {"act": "close", "need": need.pk, "reason": "not_so"})
    assert "Nothing waits for a decision." in text(client.get(reverse(QUEUE)))
    for wrong in (review.pk, "x", new_id()):
        assert client.post(reverse(QUEUE), {"act": "close", "need": wrong}).status_code == 404


def test_outsiders(
    bob: User, carol: User, omar: User, alice: User, operation: Any, agency: Agency
) -> None:
    make_entry_point("ISHKOSHIM")
    family = make_household(alice, entry_point="ISHKOSHIM")
    person, consent = family.members.earliest("position"), make_answer(alice, family)
    make_washington_group(alice, person)
    desk = make_user(Role.PLACEMENT_OFFICER)
    for user, status in ((bob, 404), (carol, 403), (omar, 302), (desk, 403)):
        client = signed_in(user)
        for name in ("consents", "needs", "washington_group", "consent_withdraw"):
            sent = {"consent": consent.pk, "act": "review", "person": person.pk}
            assert client.post(url(name, family), sent).status_code == status, (user, name)
    for user, status in ((alice, 403), (bob, 403), (carol, 403), (omar, 302), (desk, 403)):
        assert signed_in(user).get(reverse(QUEUE)).status_code == status
    consent.refresh_from_db()
    assert consent.stands
    assert not SpecificNeed.objects.filter(type_id=REVIEW_CODE).exists()
    shown = text(signed_in(desk).get(url("change", family)))
    assert "Ask for consent" not in shown
    assert "Add a need" not in shown


def test_addresses_that_change_take_post_only(alice: User, family: Household) -> None:
    for name in ("needs", "consent_withdraw"):
        assert signed_in(alice).get(url(name, family)).status_code == 405
    assert signed_in(alice).get(url("washington_group", family)).status_code == 404
