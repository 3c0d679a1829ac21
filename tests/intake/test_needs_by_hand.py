"""Needs said, confirmed, dismissed and reviewed by people; nobody reads above their tier."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from audit.models import Event
from common.codelists import read_rows
from common.errors import InvalidInput, InvalidState, NotPermitted
from intake.choices import NeedClosing, NeedStatus
from intake.models import Household, Person, SpecificNeed, SpecificNeedType
from intake.needs import REVIEW_CODE
from intake.services import record_exit, register_household
from intake.services.composition import refresh_suggestions
from intake.services.needs import add_need, close_need, confirm_need, request_review
from tests.architecture.checkers import ROOT
from tests.factories.intake import (
    ARRIVED_AT,
    household_input,
    make_entry_point,
    make_household,
    member,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def mother(alice: User) -> Person:
    """A woman alone with a child: SP-PT (tier 1) and WR-HR (tier 2) are suggested."""
    family = make_household(
        alice,
        [member(relationship="head"), member("Sohrab", sex="M", birth="12", relationship="child")],
    )
    return family.members.earliest("position")


def need_of(person: Person, code: str) -> SpecificNeed:
    return SpecificNeed.objects.get(person=person, type_id=code)


def readable(user: User) -> set[str]:
    return set(SpecificNeed.objects.visible_to(user).values_list("type_id", flat=True))


def test_the_whole_list_is_there_with_its_tiers() -> None:
    rows = read_rows(ROOT / "intake" / "codelists" / "specific_needs.csv")
    listed = {row["code"]: int(row["tier"]) for row in rows}
    assert dict(SpecificNeedType.objects.values_list("code", "tier")) == listed
    ours = {code for code in listed if code.startswith("PR-")}
    assert ours == {REVIEW_CODE}
    assert len(listed) - len(ours) == 113
    third = {code for code, tier in listed.items() if tier == 3}
    assert {"CR-AF", "LP-AF", "WR-WF", "LP-ST", "LP-IH", "SM-MI", "SM-AD"} <= third
    assert {code for code in listed if code.startswith(("SV", "TR"))} <= third


def test_a_registrar_confirms_what_is_suggested(alice: User, mother: Person) -> None:
    need = confirm_need(actor=alice, need=need_of(mother, "SP-PT"))
    assert (need.status, need.decided_by) == (NeedStatus.CONFIRMED, alice)
    assert need.decided_at is not None
    at = confirm_need(actor=alice, need=need).decided_at
    assert at == need.decided_at
    event = Event.objects.filter(kind="household.changed").get()
    assert event.data == {}


def test_a_dismissed_suggestion_does_not_come_back(alice: User, mother: Person) -> None:
    close_need(actor=alice, need=need_of(mother, "SP-PT"), reason=NeedClosing.NOT_SO)
    refresh_suggestions(actor=alice, household=mother.household)
    (need,) = SpecificNeed.objects.filter(person=mother, type_id="SP-PT")
    assert (need.status, need.closed_reason) == (NeedStatus.CLOSED, "not_so")
    again = add_need(actor=alice, person=mother, code="SP-PT")
    assert again.status == NeedStatus.CONFIRMED
    assert again.pk != need.pk


@pytest.mark.parametrize("code", ["SV-VA", "SM-CI", "TR-PI", REVIEW_CODE])
def test_a_code_above_the_tier_is_kept_for_review_and_not_readable(
    code: str, alice: User, dana: User, mother: Person
) -> None:
    need = add_need(actor=alice, person=mother, code=code)
    assert need.status == NeedStatus.PENDING_REVIEW
    assert code not in readable(alice)
    assert code in readable(dana)
    for act in (confirm_need, close_need):
        more: dict[str, Any] = {"reason": "not_so"} if act is close_need else {}
        with pytest.raises(NotPermitted):
            act(actor=alice, need=need, **more)
    assert need_of(mother, code).status == NeedStatus.PENDING_REVIEW


def test_adding_it_again_tells_nothing_about_what_was_decided(
    alice: User, dana: User, mother: Person
) -> None:
    need = add_need(actor=alice, person=mother, code="SV-VA")
    confirm_need(actor=dana, need=need)
    add_need(actor=alice, person=mother, code="SV-VA")
    assert need_of(mother, "SV-VA").status == NeedStatus.CONFIRMED


def test_anybody_who_edits_asks_for_a_review_with_a_sealed_note(
    alice: User, dana: User, mother: Person
) -> None:
    need = request_review(actor=alice, person=mother, note="Wants to talk to a woman alone")
    assert (need.type_id, need.status) == (REVIEW_CODE, NeedStatus.PENDING_REVIEW)
    request_review(actor=alice, person=mother, note="Cries when her husband is named")
    request_review(actor=alice, person=mother, note="Wants to talk to a woman alone")
    assert need_of(mother, REVIEW_CODE).note.splitlines() == [
        "Wants to talk to a woman alone",
        "Cries when her husband is named",
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM intake_specificneed WHERE type_id = 'PR-RV'")
        assert b"woman" not in bytes(cursor.fetchone()[0])
    assert "woman" not in str(list(Event.objects.values_list("data", flat=True)))


def test_an_officer_ends_a_review_with_a_code_or_without(
    alice: User, dana: User, mother: Person
) -> None:
    review = request_review(actor=alice, person=mother)
    with pytest.raises(InvalidInput) as error:
        confirm_need(actor=dana, need=review)
    assert [problem.field for problem in error.value.problems] == ["code"]
    found = confirm_need(actor=dana, need=review, code="sv-va ")
    assert (found.type_id, found.status, found.decided_by) == ("SV-VA", "confirmed", dana)
    review.refresh_from_db()
    assert (review.status, review.closed_reason) == ("closed", NeedClosing.REVIEWED)
    with pytest.raises(InvalidState):
        confirm_need(actor=dana, need=review)
    second = request_review(actor=alice, person=mother)
    assert second.pk != review.pk
    close_need(actor=dana, need=second, reason=NeedClosing.REVIEWED)
    assert readable(alice) == {"SP-PT"}


@pytest.mark.parametrize(
    ("code", "problem"), [("XX-99", "unknown_code"), ("SC-UM", "legacy_code"), ("", "unknown_code")]
)
def test_unknown_and_old_codes_are_refused(
    code: str, problem: str, alice: User, mother: Person
) -> None:
    with pytest.raises(InvalidInput) as error:
        add_need(actor=alice, person=mother, code=code)
    assert [(each.field, each.code) for each in error.value.problems] == [("code", problem)]


def test_who_may(bob: User, carol: User, omar: User, alice: User, dana: User) -> None:
    make_entry_point("ISHKOSHIM")
    person = make_household(alice, entry_point="ISHKOSHIM").members.earliest("position")
    need = add_need(actor=dana, person=person, code="DS-PM")
    for outsider in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            add_need(actor=outsider, person=person, code="DS-BD")
        with pytest.raises(NotPermitted):
            request_review(actor=outsider, person=person)
        with pytest.raises(NotPermitted):
            confirm_need(actor=outsider, need=need)
        with pytest.raises(NotPermitted):
            close_need(actor=outsider, need=need, reason=NeedClosing.MET)
    assert SpecificNeed.objects.filter(person=person).count() == 1


def test_nothing_is_added_to_somebody_who_left(alice: User, mother: Person) -> None:
    record_exit(actor=alice, person=mother, reason="spontaneous_departure", occurred_at=ARRIVED_AT)
    with pytest.raises(InvalidState):
        add_need(actor=alice, person=mother, code="DS-PM")


def test_a_reason_that_is_not_known_and_a_long_note(alice: User, mother: Person) -> None:
    with pytest.raises(InvalidInput):
        close_need(actor=alice, need=need_of(mother, "SP-PT"), reason="whatever")
    with pytest.raises(InvalidInput) as error:
        request_review(actor=alice, person=mother, note="x" * 2001)
    assert [problem.field for problem in error.value.problems] == ["note"]
    assert need_of(mother, "SP-PT").status == NeedStatus.SUGGESTED


def test_the_database_keeps_reasons_and_decisions_whole(dana: User, mother: Person) -> None:
    row = SpecificNeed.objects.filter(person=mother, type_id="SP-PT")
    for wrong, name in (
        ({"closed_reason": "met"}, "specific_need_reason_only_when_closed"),
        ({"decided_by": dana}, "specific_need_decision_has_author_and_time"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            row.update(**wrong)


def test_a_review_that_is_typed_at_registration_waits_even_for_an_officer(alice: User) -> None:
    """Over REST and in spreadsheets the code stands among the others."""
    make_entry_point()
    sent = household_input([member(specific_needs=[REVIEW_CODE, "SV-VA", "DS-PM"])])
    household: Household = register_household(actor=alice, data=sent).household
    found = dict(
        SpecificNeed.objects.filter(person__household=household).values_list("type_id", "status")
    )
    assert found["SV-VA"] == found[REVIEW_CODE] == NeedStatus.PENDING_REVIEW
    assert found["DS-PM"] == NeedStatus.CONFIRMED
