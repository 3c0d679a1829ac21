"""The Washington Group short set: cut-off, age floor, history, suggestions."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.choices import Role
from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import Conflict, InvalidInput, NotPermitted
from intake.choices import Difficulty, NeedClosing, NeedStatus
from intake.models import Person, SpecificNeed, SpecificNeedType, WashingtonGroup
from intake.services.composition import refresh_suggestions
from intake.services.needs import add_need, close_need, confirm_need
from intake.services.washington import record_washington_group
from intake.washington import DOMAINS, SUGGESTS, certainly_too_young, over_cut_off, suggested_codes
from tests.factories.accounts import make_user
from tests.factories.consents import answers, make_washington_group
from tests.factories.intake import make_entry_point, make_household, member

VALUES = st.sampled_from([1, 2, 3, 4, 7, 9])
ANSWERS = st.fixed_dictionaries(dict.fromkeys(DOMAINS, VALUES))


@pytest.fixture
def man(alice: User) -> Person:
    """A man alone."""
    return make_household(alice, [member("Sohrab", sex="M", relationship="head")]).members.earliest(
        "position"
    )


def status_of(person: Person) -> dict[str, str]:
    return dict(SpecificNeed.objects.filter(person=person).values_list("type_id", "status"))


@given(ANSWERS)
def test_the_cut_off_is_one_domain_at_a_lot_or_cannot(given_answers: dict[str, int]) -> None:
    """DISABILITY3; refused and not known are no answer."""
    row = WashingtonGroup(**given_answers)
    reached = [domain for domain in DOMAINS if given_answers[domain] in (3, 4)]
    assert row.has_disability == bool(reached)
    assert list(over_cut_off(given_answers)) == reached
    assert suggested_codes(given_answers) == {SUGGESTS[domain] for domain in reached}


@pytest.mark.django_db
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(ANSWERS, min_size=1, max_size=5))
def test_the_set_is_what_the_property_says(
    rows: list[dict[str, int]], alice: User, man: Person
) -> None:
    WashingtonGroup.objects.all().delete()
    now = clock.now()
    made = [
        WashingtonGroup.objects.create(
            person=man, asked_by=alice, occurred_at=now - timedelta(days=days), **each
        )
        for days, each in enumerate(rows)
    ]
    assert set(WashingtonGroup.objects.with_disability()) == {r for r in made if r.has_disability}
    assert list(WashingtonGroup.objects.latest()) == [made[0]]
    counted = WashingtonGroup.objects.latest().with_disability().exists()
    assert counted == made[0].has_disability


@given(earliest=st.dates(date(2000, 1, 1), date(2021, 7, 1)))
def test_the_floor_is_five_years_for_the_oldest_they_may_be(earliest: date) -> None:
    on = date(2021, 7, 1)
    whole_years = on.year - earliest.year - ((on.month, on.day) < (earliest.month, earliest.day))
    assert certainly_too_young(earliest, on) == (whole_years < 5)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("birth", "taken"),
    [("13 months", False), ("3", False), ("2016", True), ("", True), ("2016-07-05", True)],
)
def test_the_age_floor_gives_the_benefit_of_the_doubt(birth: str, taken: bool, alice: User) -> None:
    person = make_household(
        alice, [member(), member("Malika", birth=birth, relationship="child")]
    ).members.get(position=1)
    asked_on = clock.now().replace(year=2021, month=7, day=6, hour=6)
    if taken:
        assert make_washington_group(alice, person, occurred_at=asked_on)
        return
    with pytest.raises(InvalidInput) as error:
        make_washington_group(alice, person, occurred_at=asked_on)
    (problem,) = error.value.problems
    assert (problem.field, problem.code) == ("person", "too_young")
    assert "Child Functioning Module" in str(problem.detail)
    assert not WashingtonGroup.objects.exists()


@pytest.mark.django_db
def test_answers_suggest_needs_which_follow_what_is_answered_last(alice: User, man: Person) -> None:
    now = clock.now()
    make_washington_group(
        alice, man, seeing=3, self_care=4, walking=2, occurred_at=now - timedelta(days=2)
    )
    assert status_of(man) == {"DS-BD": "suggested", "DS-PM": "suggested"}
    refresh_suggestions(actor=alice, household=man.household)
    assert status_of(man) == {"DS-BD": "suggested", "DS-PM": "suggested"}
    confirm_need(actor=alice, need=SpecificNeed.objects.get(type_id="DS-BD"))
    make_washington_group(alice, man, hearing=4, occurred_at=now - timedelta(days=1))
    assert status_of(man) == {"DS-BD": "confirmed", "DS-DF": "suggested"}
    # An older paper that arrives late changes nothing.
    make_washington_group(alice, man, communicating=4, occurred_at=now - timedelta(days=3))
    assert status_of(man) == {"DS-BD": "confirmed", "DS-DF": "suggested"}
    assert WashingtonGroup.objects.filter(person=man).count() == 3


@pytest.mark.django_db
def test_a_dismissed_suggestion_and_a_severer_need_are_respected(alice: User, man: Person) -> None:
    make_washington_group(alice, man, walking=4)
    close_need(
        actor=alice, need=SpecificNeed.objects.get(type_id="DS-PM"), reason=NeedClosing.NOT_SO
    )
    make_washington_group(alice, man, walking=4)
    assert status_of(man) == {"DS-PM": NeedStatus.CLOSED}
    add_need(actor=alice, person=man, code="DS-MS")
    make_washington_group(alice, man, remembering=4)
    assert "DS-MM" not in status_of(man)


@pytest.mark.django_db
def test_every_suggested_code_is_in_use() -> None:
    used = SpecificNeedType.objects.filter(code__in=SUGGESTS.values(), legacy=False, tier=1)
    assert used.count() == len(set(SUGGESTS.values()))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"seeing": 5}, ["seeing"]),
        ({"seeing": None, "hearing": 0}, ["seeing", "hearing"]),
        ({"walking": "3"}, ["walking"]),
    ],
)
def test_each_question_needs_one_of_the_answers(
    changed: dict[str, Any], fields: list[str], alice: User, man: Person
) -> None:
    with pytest.raises(InvalidInput) as error:
        record_washington_group(actor=alice, person=man, answers={**answers(), **changed})
    assert [problem.field for problem in error.value.problems] == fields
    with pytest.raises(InvalidInput) as error:
        record_washington_group(
            actor=alice,
            person=man,
            answers=answers(),
            respondent="neighbour",
            occurred_at=clock.now() + timedelta(days=1),
        )
    assert {problem.field for problem in error.value.problems} == {"respondent", "occurred_at"}
    assert not WashingtonGroup.objects.exists()


@pytest.mark.django_db
def test_the_same_id_again_is_one_record(alice: User, man: Person) -> None:
    key = uuid.uuid4()
    one, again = (
        record_washington_group(actor=alice, person=man, answers=answers(), id=key)
        for _ in range(2)
    )
    assert one == again
    with pytest.raises(Conflict):
        record_washington_group(actor=alice, person=man, answers=answers(seeing=4), id=key)
    assert WashingtonGroup.objects.count() == 1
    assert status_of(man) == {}


@pytest.mark.django_db
def test_who_asks_and_who_reads(
    alice: User, bob: User, carol: User, omar: User, operation: Any
) -> None:
    make_entry_point("ISHKOSHIM")
    person = make_household(alice, entry_point="ISHKOSHIM").members.earliest("position")
    for outsider in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            make_washington_group(outsider, person)
    make_washington_group(alice, person, seeing=4)
    screening = make_user(Role.SCREENING_OFFICER)
    for user, count in ((alice, 1), (bob, 0), (carol, 0), (omar, 0), (screening, 0)):
        assert WashingtonGroup.objects.visible_to(user).count() == count
    assert Event.objects.filter(kind="household.changed").get().data == {}


@pytest.mark.django_db
def test_the_database_knows_the_answers(alice: User, man: Person) -> None:
    row = make_washington_group(alice, man)
    assert set(Difficulty.values) == {1, 2, 3, 4, 7, 9}
    for domain in DOMAINS:
        with (
            pytest.raises(IntegrityError, match="washington_group_answers_are_known"),
            transaction.atomic(),
        ):
            WashingtonGroup.objects.filter(pk=row.pk).update(**{domain: 5})
