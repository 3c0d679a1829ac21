"""The sealed record by hand, its review, and words that are moved into it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection

from accounts.choices import Role
from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import InvalidInput, InvalidState, NotPermitted
from intake.choices import ExitReason, NeedStatus, ScreeningOutcomeKind
from intake.duplicates import decide_pair
from intake.models import (
    DuplicatePair,
    Household,
    IdentityVersion,
    Person,
    PersonExit,
    ScreeningOutcome,
    SpecificNeed,
)
from intake.names import sealed_hint
from intake.services.hints import hinted_notes, hints_of, move_note
from intake.services.screening import EFFECTS, record_outcome, review_record, sealed_remark
from tests.factories import accounts as make
from tests.factories.family import first
from tests.factories.intake import ARRIVED_AT, household_input, make_household, member

pytestmark = pytest.mark.django_db
K = ScreeningOutcomeKind


def record(actor: User, person: Person, outcome: str = K.HELD, **fields: Any) -> ScreeningOutcome:
    """What a paper of the border service says."""
    return record_outcome(
        **{
            "actor": actor,
            "person": person,
            "outcome": outcome,
            "occurred_at": clock.now(),
            "authority": "Border service",
            "authority_reference": "BS 14/21",
            **fields,
        }
    )


def man(alice: User, **fields: Any) -> Person:
    """An invented adult, alone."""
    return first(make_household(alice, [member("Habib", **{"sex": "M", "birth": "1360"} | fields)]))


def test_a_record_keeps_number_authority_and_review(alice: User, dana: User) -> None:
    day = clock.now().date() + timedelta(days=14)
    made = record(dana, man(alice), review_on=day, remarks="taken over at 05:00")
    assert made.review_on == day
    made.refresh_from_db()
    assert made.sealed["authority_reference"] == "BS 14/21"
    assert (made.sealed["authority"], made.sealed["outcome"]) == ("Border service", K.HELD)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(r)::text FROM intake_screeningoutcome r")
        (stored,) = cursor.fetchone()
    for word in ("held", "Border", "14/21", "taken"):
        assert word not in stored
        assert word not in str(list(Event.objects.values("kind", "data")))


def test_every_record_has_a_day_of_review_so_that_it_tells_nothing(alice: User, dana: User) -> None:
    person = man(alice)
    kinds = [record(dana, person, each) for each in (K.NO_CONCERN, K.HELD, K.RETURNED)]
    assert len({each.review_on for each in kinds}) == 1


def test_wrong_input_is_named_all_at_once_and_saves_nothing(alice: User, dana: User) -> None:
    today = clock.now().date()
    person = man(alice)
    for review_on in (today - timedelta(days=2), today + timedelta(days=400)):
        with pytest.raises(InvalidInput) as refused:
            record(
                dana,
                person,
                authority=" ",
                authority_reference="9" * 201,
                review_on=review_on,
                remarks="r" * 4001,
                occurred_at=clock.now() + timedelta(hours=3),
            )
        assert {each.field for each in refused.value.problems} == {
            "authority",
            "authority_reference",
            "review_on",
            "remarks",
            "occurred_at",
        }
    with pytest.raises(InvalidInput):
        record(dana, person, "fighter")
    assert not ScreeningOutcome.objects.exists()
    assert first(person.household).left_at is None


def test_each_outcome_has_an_effect() -> None:
    assert set(EFFECTS) == set(K.values)


@pytest.mark.parametrize(
    "outcome", [K.NO_CONCERN, K.RETURNED, K.ONWARD, K.RENUNCIATION, K.RENOUNCED]
)
def test_outcomes_without_an_effect_on_the_count(alice: User, dana: User, outcome: str) -> None:
    person = man(alice)
    record(dana, person, outcome)
    assert first(person.household).left_at is None
    record(dana, person, K.HELD)
    record(dana, person, outcome)
    assert first(person.household).exit_reason == ExitReason.SEPARATED
    assert PersonExit.objects.count() == 1


def test_referred_first_and_held_later_leaves_the_count_once(alice: User, dana: User) -> None:
    person = man(alice)
    record(alice, person, K.REFERRED)
    record(dana, person, K.HELD)
    assert PersonExit.objects.count() == 1
    assert ScreeningOutcome.objects.count() == 2


@pytest.mark.parametrize("birth", ["17", "about 18", ""])
@pytest.mark.parametrize("outcome", [K.REFERRED, K.HELD, K.RENUNCIATION, K.RENOUNCED])
def test_a_possible_minor_always_goes_to_child_protection(
    alice: User, dana: User, birth: str, outcome: str
) -> None:
    person = man(alice, birth=birth)
    made = record(dana, person, outcome, occurred_at=ARRIVED_AT)
    assert made.sealed["outcome"] == K.CHILD
    assert first(person.household).left_at is None
    need = SpecificNeed.objects.get(person=person, type="CR-AF")
    assert need.status == NeedStatus.PENDING_REVIEW


def test_a_child_who_was_held_as_an_adult_comes_back(alice: User, dana: User) -> None:
    person = man(alice)
    record(dana, person, K.HELD)
    record(dana, person, K.CHILD)
    back = first(person.household)
    assert back.left_at is None
    assert SpecificNeed.objects.filter(person=back, type="CR-AF").exists()


def test_a_registrar_records_a_referral_and_reads_nothing(
    alice: User, bob: User, carol: User, omar: User
) -> None:
    person = man(alice)
    for outcome in set(K.values) - {K.REFERRED, K.HELD}:
        with pytest.raises(NotPermitted):
            record(alice, person, outcome)
    for actor in (carol, omar):
        with pytest.raises(NotPermitted):
            record(actor, person)
    elsewhere = first(make_household(alice, [member("Habib", birth="1360")], entry_point="RUZVAI"))
    with pytest.raises(NotPermitted):
        record(bob, elsewhere, K.REFERRED)
    assert not ScreeningOutcome.objects.exists()
    record(alice, person, K.REFERRED)
    for actor in (alice, bob, carol, omar):
        assert not ScreeningOutcome.objects.visible_to(actor).exists()


def test_reviews_are_due_until_made_or_overtaken(alice: User, dana: User) -> None:
    person = man(alice)
    made = record(dana, person)
    today = clock.now().date()
    due = ScreeningOutcome.objects.due
    assert not due(today).exists()
    day = made.review_on
    assert due(day).get() == made
    later = review_record(actor=dana, record=made, next_on=day + timedelta(days=7))
    assert not due(day).exists()
    assert due(later.review_on).get() == made
    review_record(actor=dana, record=made)
    assert not due(date.max).exists()
    one = record(dana, person)
    two = record(dana, person, K.RELEASED)
    assert list(due(date.max)) == [two]
    with pytest.raises(InvalidInput):
        review_record(actor=dana, record=one, next_on=today - timedelta(days=1))
    with pytest.raises(NotPermitted):
        review_record(actor=alice, record=one)
    with pytest.raises(IntegrityError, match="screening_review_was_made_by_somebody"):
        ScreeningOutcome.objects.filter(pk=one.pk).update(reviewed_at=clock.now())


def test_a_screening_officer_reads_and_records(alice: User, operation: Any) -> None:
    officer = make.make_user(Role.SCREENING_OFFICER, username="farid")
    made = record(officer, man(alice))
    assert ScreeningOutcome.objects.visible_to(officer).get() == made


# Words that may endanger somebody ------------------------------------------------------------
def test_the_hint_names_fields_and_no_words() -> None:
    data = household_input(
        [member(notes="speaks Wakhi"), member(notes="came with a rifle")], notes="в форме"
    )
    assert hints_of(data) == [
        {"field": "notes", "code": "move_to_sealed_record"},
        {"field": "members.1.notes", "code": "move_to_sealed_record"},
    ]


def test_a_note_is_moved_out_of_the_identity_and_read_by_its_role_only(
    alice: User, dana: User
) -> None:
    home = make_household(alice, [member("Habib", sex="M", birth="1360", notes="кам аскар буд")])
    (note,) = hinted_notes(home)
    assert (note.person, note.text) == (first(home), "кам аскар буд")
    made = move_note(actor=alice, household=home, person=note.person)
    assert first(home).identity.open().notes == ""
    assert first(home).identity.open().name == "Habib"
    assert made.sealed == {"remarks": "кам аскар буд", "source": "desk", "to_review": True}
    assert ScreeningOutcome.objects.visible_to(dana).due(made.review_on).get() == made
    assert not ScreeningOutcome.objects.visible_to(alice).exists()
    assert first(home).left_at is None
    assert not hinted_notes(home)
    with pytest.raises(InvalidState):
        move_note(actor=alice, household=home, person=note.person)
    assert ScreeningOutcome.objects.count() == 1


def test_earlier_versions_of_a_person_lose_the_note_too(alice: User) -> None:
    home = make_household(alice, [member("Habib", sex="M", birth="1360", notes="had a rifle")])
    version = IdentityVersion(person=first(home), replaced_by=alice)
    version.seal({"identity": vars(first(home).identity.open()), "person": {}})
    version.save()
    made = move_note(actor=alice, household=home, person=first(home))
    version.refresh_from_db()
    assert version.open()["identity"]["notes"] == ""
    assert version.open()["identity"]["name"] == "Habib"
    assert made.sealed["remarks"] == "had a rifle"


def test_the_household_s_note_goes_to_the_record_of_its_focal_point(alice: User) -> None:
    home = make_household(alice, notes="two brothers have guns", phones=["+93700000001"])
    made = move_note(actor=alice, household=home)
    assert made.person == home.members.get(is_focal_point=True)
    home.refresh_from_db()
    assert home.contact == {"phones": ["+93700000001"], "notes": ""}


def test_who_may_move_words(alice: User, bob: User, carol: User, omar: User) -> None:
    home = make_household(alice, entry_point="RUZVAI", notes="has guns")
    for actor in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            move_note(actor=actor, household=home)
        with pytest.raises(NotPermitted):
            sealed_remark(actor=actor, person=first(home), text="has guns")
    stranger = first(make_household(alice))
    with pytest.raises(InvalidInput):
        move_note(actor=alice, household=home, person=stranger)
    assert Household.objects.get(pk=home.pk).contact["notes"] == "has guns"
    assert not ScreeningOutcome.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "he was an officer of the national army",
        "a captain with his men",
        "حاجی قوماندان است",
        "قبلاً در اردو بود",
        "ټوپک يې درلود",
        "افسر بود",
        "дар артиш буд",
        "собиқ афсар",
        "капитан, служил в армии",
        "бывший военный, с автоматом",
    ],
)
def test_the_hint_knows_ranks_and_service(text: str) -> None:
    assert sealed_hint(text)


@pytest.mark.parametrize(
    "text",
    [
        "treated in the military hospital",
        "sent to the army hospital in Kabul",
        "the registration officer asked twice",
        "the protection officer knows her",
        "در شفاخانه نظامی تداوی شد",
        "در شفاخانه اردو عملیات شده",
        "лежал в военном госпитале",
        "дар беморхонаи ҳарбӣ буд",
        "needs a school uniform",
        "speaks Wakhi and Dari",
        "военное время, дом разрушен",
        "солдатский мост",
    ],
)
def test_the_hint_is_no_false_alarm(text: str) -> None:
    assert not sealed_hint(text)


def test_a_civilian_comes_back_also_when_the_household_was_a_repeat(
    alice: User, dana: User
) -> None:
    home = make_household(alice, phones=["+93700000001"])
    again = make_household(
        alice, phones=["+93700000001"], arrived_at=ARRIVED_AT + timedelta(days=1)
    )
    taken = again.members.get(position=0)
    when = ARRIVED_AT + timedelta(days=2)
    record_outcome(actor=dana, person=taken, outcome=K.HELD, occurred_at=when, authority="border")
    one, two = sorted((home.pk, again.pk))
    pair = DuplicatePair.objects.create(first_id=one, second_id=two, score=1)
    decide_pair(actor=dana, pair=pair, same=True)
    record_outcome(
        actor=dana,
        person=taken,
        outcome=K.RELEASED,
        occurred_at=when + timedelta(days=1),
        authority="border",
    )
    taken.refresh_from_db()
    assert (taken.left_at, taken.exit_reason) == (None, "")
    assert taken.household_id == home.pk
