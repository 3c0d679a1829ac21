"""What the authority decided: sealed, out of the civilian count, and taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import InvalidInput, InvalidState, NotPermitted
from intake.choices import ExitReason, HouseholdStatus, NeedStatus, ScreeningOutcomeKind
from intake.models import Household, Person, PersonExit, ScreeningOutcome, SpecificNeed
from intake.services import record_exit, reverse_exit, separate_person
from tests.factories.intake import ARRIVED_AT, make_household, member

pytestmark = pytest.mark.django_db
K = ScreeningOutcomeKind


def separate(
    actor: User, person: Person, outcome: str = K.HELD, at: datetime = ARRIVED_AT
) -> ScreeningOutcome:
    """Record a decision of the border service."""
    record: dict[str, Any] = {"authority": "border service"}
    return separate_person(
        actor=actor, person=person, outcome=outcome, occurred_at=at, record=record
    )


def father_of(household: Household) -> Person:
    """The man born 1360."""
    return household.members.get(position=0)


def codes_of(household: Household) -> set[tuple[str, str]]:
    """(need, status) of everyone in the household who is in the count."""
    needs = SpecificNeed.objects.filter(person__household=household, person__left_at=None)
    return set(needs.values_list("type_id", "status"))


def test_one_who_is_held_leaves_the_count_and_the_family_stays(alice: User, dana: User) -> None:
    home = make_household(alice)
    sealed = separate(dana, father_of(home))
    man = father_of(home)
    assert (man.exit_reason, man.left_at) == (ExitReason.SEPARATED, ARRIVED_AT)
    assert not man.is_focal_point
    home.refresh_from_db()
    assert home.status == HouseholdStatus.ACTIVE
    assert home.members.filter(left_at=None).count() == 4
    assert home.members.get(is_focal_point=True).left_at is None
    assert Person.objects.present(clock.now()).filter(household=home).count() == 4
    assert sealed.sealed["outcome"] == "held_separately"


def test_the_decision_stands_readable_nowhere(alice: User, dana: User) -> None:
    home = make_household(alice)
    separate(dana, father_of(home))
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed FROM intake_screeningoutcome")
        (stored,) = cursor.fetchone()
    assert b"held" not in bytes(stored)
    told = str(list(Event.objects.values()))
    for word in ("held", "separated", "border", "screening"):
        assert word not in told


def test_the_mother_who_is_left_is_suggested_as_a_single_parent(alice: User, dana: User) -> None:
    home = make_household(alice)
    assert ("SP-PT", NeedStatus.SUGGESTED) not in codes_of(home)
    separate(dana, father_of(home))
    assert ("SP-PT", NeedStatus.SUGGESTED) in codes_of(home)


def test_children_whose_last_adult_is_held_are_unaccompanied(alice: User, dana: User) -> None:
    home = make_household(
        alice,
        [
            member("Habib", sex="M", birth="1360", relationship="head"),
            member("Sitara", birth="9", relationship="child"),
        ],
    )
    assert codes_of(home) == {("SP-PT", NeedStatus.SUGGESTED)}
    separate(dana, father_of(home))
    assert codes_of(home) == {("SC-UC", NeedStatus.SUGGESTED)}


@pytest.mark.parametrize("birth", ["17", "about 18", ""])
def test_whoever_may_be_a_child_is_never_separated(alice: User, dana: User, birth: str) -> None:
    home = make_household(alice, [member("Habib", sex="M", birth=birth)])
    sealed = separate(dana, father_of(home))
    assert sealed.sealed["outcome"] == K.CHILD
    assert father_of(home).left_at is None
    assert not PersonExit.objects.exists()
    assert ("CR-AF", NeedStatus.PENDING_REVIEW) in codes_of(home)
    assert "CR-AF" not in {need.type_id for need in SpecificNeed.objects.visible_to(alice)}


def test_child_protection_is_recorded_again_without_harm(alice: User, dana: User) -> None:
    home = make_household(alice, [member("Habib", sex="M", birth="15")])
    separate(dana, father_of(home), K.CHILD)
    SpecificNeed.objects.filter(type_id="CR-AF").update(status=NeedStatus.CONFIRMED)
    separate(dana, father_of(home), K.CHILD)
    assert ("CR-AF", NeedStatus.CONFIRMED) in codes_of(home)
    assert ScreeningOutcome.objects.count() == 2


def test_released_as_a_civilian_is_in_the_count_again(alice: User, dana: User) -> None:
    home = make_household(alice, [member("Habib", sex="M", birth="1360")])
    separate(dana, father_of(home))
    home.refresh_from_db()
    assert home.status == HouseholdStatus.CLOSED
    separate(dana, father_of(home), K.RELEASED, clock.now())
    home.refresh_from_db()
    assert home.status == HouseholdStatus.ACTIVE
    assert father_of(home).left_at is None
    assert father_of(home).is_focal_point
    held = PersonExit.objects.get()
    assert held.reversed_at is None
    assert held.returned_at is not None
    assert held.return_recorded_by == dana


def test_a_release_of_one_never_held_changes_nothing_in_the_count(alice: User, dana: User) -> None:
    home = make_household(alice, [member("Habib", sex="M", birth="1360")])
    record_exit(actor=alice, person=father_of(home), reason="deceased", occurred_at=ARRIVED_AT)
    separate(dana, father_of(home), K.RELEASED)
    assert father_of(home).exit_reason == ExitReason.DECEASED


def test_a_registrar_cannot_take_a_separation_back(alice: User, dana: User) -> None:
    home = make_household(alice)
    separate(dana, father_of(home))
    with pytest.raises(InvalidState) as refused:
        reverse_exit(actor=alice, person=father_of(home))
    assert refused.value.code == "not_left"
    assert father_of(home).exit_reason == ExitReason.SEPARATED


def test_separation_is_no_exit_by_hand(alice: User) -> None:
    home = make_household(alice)
    for reason in (ExitReason.SEPARATED, ExitReason.DUPLICATE, "vanished"):
        with pytest.raises(InvalidInput):
            record_exit(actor=alice, person=father_of(home), reason=reason, occurred_at=ARRIVED_AT)
    assert not PersonExit.objects.exists()


def test_who_may_record_a_decision(
    alice: User, bob: User, carol: User, dana: User, omar: User
) -> None:
    home = make_household(alice, entry_point="RUZVAI")
    for actor in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            separate(actor, father_of(home))
    with pytest.raises(NotPermitted):
        separate(alice, father_of(home), K.NO_CONCERN)
    assert not ScreeningOutcome.objects.exists()
    assert not PersonExit.objects.exists()
    separate(alice, father_of(home), K.REFERRED)
    assert not ScreeningOutcome.objects.visible_to(alice).exists()
    assert ScreeningOutcome.objects.visible_to(dana).count() == 1


def test_an_unknown_outcome_or_a_time_to_come_saves_nothing(alice: User, dana: User) -> None:
    home = make_household(alice)
    for outcome, at in (("fighter", ARRIVED_AT), (K.HELD, clock.now() + timedelta(days=1))):
        with pytest.raises(InvalidInput):
            separate(dana, father_of(home), outcome, at)
    assert not ScreeningOutcome.objects.exists()
    assert father_of(home).left_at is None
