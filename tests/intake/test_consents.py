"""Answers about consent: what is kept, who may, what replaces what, what is read out."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Agency, User
from audit.models import Event
from common import clock
from common.errors import Conflict, InvalidInput, InvalidState, NotPermitted
from intake.choices import ConsentPurpose
from intake.consent_texts import CURRENT, VERSIONS, explanation, explanation_in
from intake.consents import answers_of
from intake.inputs import ConsentInput
from intake.models import Consent, Household, Person
from intake.services import register_household, register_many
from intake.services.consents import give_consent, refuse_consent, withdraw_consent
from tests.factories.accounts import make_agency
from tests.factories.consents import make_answer
from tests.factories.intake import household_input, make_entry_point, make_household

pytestmark = pytest.mark.django_db
YES = ConsentInput(purpose="assistance", given=True)


@pytest.fixture
def family(alice: User, agency: Agency) -> Household:
    """A family of five that came through TEM."""
    return make_household(alice)


def allowed(household: Household, person: Person | None = None, agency: str = "AKHS") -> bool:
    found = answers_of(household.pk, person.pk if person else None, (agency,))
    return found.for_person(("assistance",), agency)


def fields_of(error: pytest.ExceptionInfo[InvalidInput]) -> list[str]:
    return [problem.field for problem in error.value.problems]


def test_an_answer_keeps_what_was_explained_in_which_language_by_whom(
    alice: User, family: Household
) -> None:
    asked_at = clock.now() - timedelta(hours=3)
    made = make_answer(
        alice,
        family,
        recipient="AKHS",
        explained=CURRENT,
        explained_in="prs",
        how="thumbprint",
        occurred_at=asked_at,
    )
    made.refresh_from_db()
    assert (made.explained, made.explained_in_id, made.explained_by) == (CURRENT, "prs", alice)
    assert (made.how, made.legal_basis, made.given) == ("thumbprint", "consent", True)
    assert made.occurred_at == asked_at < made.recorded_at
    event = Event.objects.filter(kind="consent.given").get()
    assert (event.subject_id, event.data) == (family.pk, {"recipient": "AKHS"})


def test_registration_takes_the_same_fields(alice: User, agency: Agency) -> None:
    make_entry_point()
    asked = ConsentInput(
        purpose="health",
        recipient="AKHS",
        given=False,
        explained=CURRENT,
        explained_in="tgk",
        how="spoken",
        legal_basis="vital_interest",
    )
    made = register_household(actor=alice, data=household_input(consents=[asked])).household
    (row,) = made.consents.all()
    assert (row.explained, row.explained_in_id, row.explained_by) == (CURRENT, "tgk", alice)
    assert (row.how, row.legal_basis, row.given, row.recipient) == (
        "spoken",
        "vital_interest",
        False,
        "AKHS",
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"recipient": "NOBODY"}, "recipient"),
        ({"recipient": "akhs"}, "recipient"),
        ({"purpose": "marketing"}, "purpose"),
        ({"legal_basis": "because"}, "legal_basis"),
        ({"how": "shouted"}, "how"),
        ({"explained": "1999-01.1"}, "explained"),
        ({"explained_in": "tlh"}, "explained_in"),
        ({"occurred_at": clock.now() + timedelta(days=2)}, "occurred_at"),
    ],
)
def test_wrong_input_names_the_field_and_nothing_is_kept(
    wrong: dict[str, Any], field: str, alice: User, family: Household
) -> None:
    sent = {"purpose": "assistance", "given": True, **wrong}
    with pytest.raises(InvalidInput) as error:
        give_consent(actor=alice, household=family, data=ConsentInput(**sent))
    assert fields_of(error) == [field]
    with pytest.raises(InvalidInput) as error:
        register_household(actor=alice, data=household_input(consents=[YES, ConsentInput(**sent)]))
    assert f"consents.1.{field}" in fields_of(error)
    assert not Consent.objects.exists()


def test_recipients_cost_one_query_for_a_batch(alice: User, agency: Agency) -> None:
    make_entry_point()
    for code in ("WFP", "UNHCR"):
        make_agency(code)
    sent = [
        household_input(
            id=uuid.uuid4(),
            consents=[ConsentInput(purpose="health", recipient=code, given=True)],
        )
        for code in ("AKHS", "WFP", "UNHCR", "AKHS")
    ]
    with CaptureQueriesContext(
        connection,
    ) as captured:
        register_many(actor=alice, data=sent)
    asked = [query for query in captured if '"accounts_agency"' in query["sql"]]
    assert len(asked) == 1
    assert Consent.objects.count() == 4


def test_a_new_answer_replaces_the_old_one_which_stays(alice: User, family: Household) -> None:
    old = make_answer(alice, family)
    new = make_answer(alice, family, given=False)
    old.refresh_from_db()
    assert (old.replaced_by, old.withdrawn_at) == (new, new.occurred_at)
    assert not old.stands
    assert new.stands
    assert list(family.consents.standing()) == [new]
    assert not allowed(family)


def test_withdrawn_is_no_even_if_all_agencies_were_allowed(alice: User, family: Household) -> None:
    make_answer(alice, family)
    to_one = make_answer(alice, family, recipient="AKHS")
    withdraw_consent(actor=alice, consent=to_one, reason="Has changed her mind")
    assert not allowed(family)
    assert allowed(family, agency="WFP")
    to_one.refresh_from_db()
    assert (to_one.withdrawn_by, to_one.withdrawn_reason) == (alice, "Has changed her mind")
    again = withdraw_consent(actor=alice, consent=to_one)
    assert again.withdrawn_reason == "Has changed her mind"
    assert Event.objects.filter(kind="consent.withdrawn").count() == 1
    assert "mind" not in str(list(Event.objects.values_list("data", flat=True)))
    make_answer(alice, family, recipient="AKHS")
    assert allowed(family)


def test_the_reason_is_sealed(alice: User, family: Household) -> None:
    consent = make_answer(alice, family)
    withdraw_consent(actor=alice, consent=consent, reason="Her brother Karim was told")
    with connection.cursor() as cursor:
        cursor.execute("SELECT withdrawn_reason FROM intake_consent")
        assert b"Karim" not in bytes(cursor.fetchone()[0])


def test_what_cannot_be_withdrawn(alice: User, family: Household) -> None:
    no = make_answer(alice, family, given=False)
    with pytest.raises(InvalidState, match="refused"):
        withdraw_consent(actor=alice, consent=no)
    yes = make_answer(alice, family)
    with pytest.raises(InvalidState, match="replaced"):
        withdraw_consent(actor=alice, consent=no)
    with pytest.raises(InvalidInput) as error:
        withdraw_consent(
            actor=alice, consent=yes, occurred_at=yes.occurred_at - timedelta(minutes=1)
        )
    assert fields_of(error) == ["occurred_at"]
    with pytest.raises(InvalidInput) as error:
        withdraw_consent(actor=alice, consent=yes, reason="x" * 1001)
    assert fields_of(error) == ["reason"]
    assert allowed(family)


def test_who_may(
    alice: User, bob: User, carol: User, dana: User, omar: User, agency: Agency
) -> None:
    make_entry_point("ISHKOSHIM")
    elsewhere = make_household(alice, entry_point="ISHKOSHIM")
    given_there = make_answer(dana, elsewhere)
    for outsider in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            give_consent(actor=outsider, household=elsewhere, data=YES)
        with pytest.raises(NotPermitted):
            refuse_consent(actor=outsider, household=elsewhere, data=YES)
        with pytest.raises(NotPermitted):
            withdraw_consent(actor=outsider, consent=given_there)
    assert allowed(elsewhere)
    assert Consent.objects.count() == 1


def test_the_same_id_again_is_one_answer(alice: User, family: Household) -> None:
    key = uuid.uuid4()
    one, again = (give_consent(actor=alice, household=family, data=YES, id=key) for _ in range(2))
    assert one == again
    with pytest.raises(Conflict):
        refuse_consent(actor=alice, household=family, data=YES, id=key)
    assert Consent.objects.count() == 1


def test_an_answer_that_arrives_late_changes_nothing(alice: User, family: Household) -> None:
    """A device was offline: what it brings happened before what is known."""
    now = clock.now()
    no = make_answer(alice, family, given=False, occurred_at=now - timedelta(hours=1))
    late = make_answer(alice, family, occurred_at=now - timedelta(hours=2))
    assert (late.withdrawn_at, late.replaced_by) == (no.occurred_at, no)
    assert not allowed(family)
    yes = make_answer(alice, family, recipient="AKHS", occurred_at=now - timedelta(hours=3))
    withdraw_consent(actor=alice, consent=yes, occurred_at=now - timedelta(hours=1))
    late = make_answer(alice, family, recipient="AKHS", occurred_at=now - timedelta(hours=2))
    assert not late.stands
    assert not allowed(family)


def test_a_person_answers_for_themself(alice: User, family: Household) -> None:
    woman = family.members.get(relationship="spouse")
    man = family.members.get(relationship="head")
    make_answer(alice, family)
    make_answer(alice, family, given=False, person=woman)
    assert allowed(family)
    assert allowed(family, man)
    assert not allowed(family, woman)
    make_answer(alice, family, given=False)
    make_answer(alice, family, person=woman)
    assert not allowed(family, man)
    assert allowed(family, woman)


def test_another_legal_basis_overrules_no_refusal(alice: User, family: Household) -> None:
    urgent = {"purpose": "health", "recipient": "AKHS", "legal_basis": "vital_interest"}
    unasked = make_answer(alice, family, **urgent)
    assert unasked.stands
    withdraw_consent(actor=alice, consent=unasked)
    with pytest.raises(InvalidState, match="refused"):
        make_answer(alice, family, **urgent)
    make_answer(alice, family, purpose="health", recipient="AKHS", given=False)
    with pytest.raises(InvalidState, match="refused"):
        make_answer(alice, family, **urgent)
    make_answer(alice, family, purpose="health", recipient="AKHS")
    assert make_answer(alice, family, **urgent).stands


def test_for_a_child_a_guardian_answers(alice: User, family: Household) -> None:
    child = family.members.filter(relationship="child").earliest("position")
    with pytest.raises(InvalidInput) as error:
        make_answer(alice, family, person=child, how="spoken")
    assert fields_of(error) == ["how"]
    assert make_answer(alice, family, person=child, how="guardian").stands
    stranger = make_household(alice).members.earliest("position")
    with pytest.raises(InvalidInput) as error:
        make_answer(alice, family, person=stranger)
    assert fields_of(error) == ["person"]


def test_the_database_keeps_one_standing_answer(alice: User, family: Household) -> None:
    person = family.members.earliest("position")
    for fields in ({}, {"person": person}):
        Consent.objects.create(household=family, purpose="health", given=True, **fields)
        with pytest.raises(IntegrityError, match="consent_once_per"), transaction.atomic():
            Consent.objects.create(household=family, purpose="health", given=False, **fields)
    row = Consent.objects.first()
    assert row is not None
    for wrong, name in (
        ({"replaced_by": row}, "consent_replaced_stands_no_longer"),
        (
            {"withdrawn_at": row.occurred_at - timedelta(days=1)},
            "consent_withdrawn_after_it_was_given",
        ),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Consent.objects.filter(pk=row.pk).update(**wrong)


def test_every_purpose_has_a_text_for_one_agency_and_for_all() -> None:
    for version in VERSIONS:
        for purpose in ConsentPurpose.values:
            named = " ".join(explanation(purpose, "Aga Khan Health Services", version))
            for_all = " ".join(explanation(purpose, version=version))
            assert "Aga Khan Health Services" in named
            assert "%(" not in named + for_all
            for text in (named, for_all):
                assert "change your mind at any time" in text
                assert "Nobody loses" in text
    assert explanation_in("kir", "health") == []
    assert explanation_in("eng", "health") == explanation("health")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["give", "refuse", "withdraw"]),
        st.sampled_from(["", "AKHS"]),
        st.booleans(),
    ),
    max_size=8,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_what_an_agency_sees_is_the_standing_answer(
    steps: list[tuple[str, str, bool]], alice: User, family: Household
) -> None:
    """At any time at most one answer stands, and an agency sees what that answer says."""
    Consent.objects.all().delete()
    woman = family.members.get(relationship="spouse")
    said: dict[tuple[bool, str], bool] = {}
    for step, recipient, alone in steps:
        person = woman if alone else None
        if step == "withdraw":
            standing = Consent.objects.standing().filter(
                household=family, person=person, recipient=recipient, given=True
            )
            for row in standing:
                withdraw_consent(actor=alice, consent=row)
                said[alone, recipient] = False
        else:
            make_answer(alice, family, given=step == "give", recipient=recipient, person=person)
            said[alone, recipient] = step == "give"
        for is_own in (True, False):
            for code in ("", "AKHS"):
                rows = Consent.objects.standing().filter(person__isnull=not is_own, recipient=code)
                assert rows.count() <= 1
        own = [said[key] for key in ((True, "AKHS"), (True, "")) if key in said]
        all_of_them = [said[key] for key in ((False, "AKHS"), (False, "")) if key in said]
        assert allowed(family, woman) == [*own, *all_of_them, False][0]
        assert allowed(family) == [*all_of_them, False][0]
    assert Consent.objects.count() == sum(step != "withdraw" for step, _, _ in steps)
