"""A family that was registered twice: its answers, needs and Washington Group follow it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Agency, User
from common import clock
from intake.choices import NeedClosing
from intake.consents import answers_of
from intake.duplicates import decide_pair, undo_decision
from intake.models import Consent, DuplicatePair, Household, SpecificNeed, WashingtonGroup
from intake.services.consents import withdraw_consent
from intake.services.needs import close_need
from tests.factories.consents import make_answer, make_washington_group
from tests.factories.intake import ARRIVED_AT, make_household, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def twice(alice: User, agency: Agency) -> tuple[Household, Household]:
    """The same couple, registered again the next day."""
    couple = [
        member(
            "Amir Khan",
            father_name="Ghulam Sakhi",
            sex="M",
            birth="1979-03-22",
            relationship="head",
        ),
        member("Rawshanak Amiri", birth="1983-07-15", relationship="spouse"),
    ]
    first = make_household(alice, couple)
    again = make_household(alice, couple, arrived_at=ARRIVED_AT + timedelta(days=1))
    DuplicatePair.objects.create(first=first, second=again, score=0.98)
    return first, again


def merge(dana: User) -> DuplicatePair:
    pair = DuplicatePair.objects.get()
    decide_pair(actor=dana, pair=pair, same=True)
    return pair


def allowed(household: Household) -> bool:
    return answers_of(household.pk, None, ("AKHS",)).for_household(("assistance",), "AKHS")


ANSWER = {"yes": True, "no": False}


@pytest.mark.parametrize(
    ("first", "second", "after"),
    [
        ("", "yes", True),
        ("yes", "", True),
        ("", "no", False),
        ("yes", "yes", True),
        ("yes", "no", False),
        ("no", "yes", False),
        ("yes", "withdrawn", False),
        ("withdrawn", "yes", False),
        ("no", "no", False),
    ],
)
def test_a_no_that_was_said_either_time_is_kept(
    first: str, second: str, after: bool, dana: User, twice: Any
) -> None:
    for household, said in zip(twice, (first, second), strict=True):
        if said:
            row = make_answer(dana, household, recipient="AKHS", given=ANSWER.get(said, True))
            if said == "withdrawn":
                withdraw_consent(actor=dana, consent=row)
    before = [(row.pk, row.stands) for row in Consent.objects.order_by("id")]
    pair = merge(dana)
    assert allowed(twice[0]) == after
    assert Consent.objects.of(twice[0]).count() == len(before)
    undo_decision(actor=dana, pair=pair)
    assert [(row.pk, row.stands) for row in Consent.objects.order_by("id")] == before
    for household, said in zip(twice, (first, second), strict=True):
        assert allowed(household) == (said == "yes")


def test_what_was_withdrawn_since_the_merge_stays_withdrawn(dana: User, twice: Any) -> None:
    make_answer(dana, twice[0], recipient="AKHS")
    make_answer(dana, twice[1], recipient="AKHS", given=False)
    pair = merge(dana)
    again = make_answer(dana, twice[0], recipient="AKHS")
    withdraw_consent(actor=dana, consent=again)
    undo_decision(actor=dana, pair=pair)
    assert not allowed(twice[0])


def test_a_persons_own_answer_follows_the_person(dana: User, twice: Any) -> None:
    woman, same_woman = (each.members.get(relationship="spouse") for each in twice)
    make_answer(dana, twice[1], given=False, person=same_woman)
    make_answer(dana, twice[0], recipient="AKHS")
    pair = merge(dana)
    found = answers_of(twice[0].pk, woman.pk, ("AKHS",))
    assert not found.for_person(("assistance",), "AKHS")
    (own,) = Consent.objects.of(twice[0]).filter(person__isnull=False)
    assert own.person == woman
    undo_decision(actor=dana, pair=pair)
    own.refresh_from_db()
    assert own.person == same_woman


def test_washington_group_answers_and_dismissals_follow(
    alice: User, dana: User, twice: Any
) -> None:
    man, same_man = (each.members.get(relationship="head") for each in twice)
    now = clock.now()
    make_washington_group(alice, man, walking=4, occurred_at=now - timedelta(hours=2))
    close_need(actor=alice, need=SpecificNeed.objects.get(person=man), reason=NeedClosing.NOT_SO)
    make_washington_group(alice, same_man, walking=3, occurred_at=now - timedelta(hours=1))
    pair = merge(dana)
    assert WashingtonGroup.objects.filter(person=man).count() == 2
    assert WashingtonGroup.objects.filter(person=man).latest().get().walking == 3
    # Dismissed once, it is not suggested again by the merge.
    assert not SpecificNeed.objects.open().filter(person=man).exists()
    undo_decision(actor=dana, pair=pair)
    assert WashingtonGroup.objects.filter(person=same_man).count() == 1
