"""Group pre-registration: people are counted first and named later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from accounts.models import Operation, User
from common.errors import Conflict, DomainError, InvalidInput, NotPermitted
from intake.births import BRACKETS, Birth, age_bracket, birth_of_bracket, is_child, parse_birth
from intake.births.values import in_both_calendars
from intake.choices import BirthPrecision, ExitReason, RegistrationLevel, Sex
from intake.duplicates import candidates_for, decide_pair, find_duplicates, undo_decision
from intake.inputs import GroupCount, MemberInput
from intake.models import DuplicatePair, Household, IdentityIndex, Person
from intake.searching import find_households
from intake.services import add_member, record_exit, register_household, register_many
from intake.services.batches import register_batch
from intake.services.members import edit_member
from reports.selectors import Moment, age_sex
from tests.factories import groups
from tests.factories import intake as make

API = Callable[[User | None], APIClient]
HOUSEHOLDS = "/api/v1/households/"
DATABASE = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
NAMED_BRACKETS = [each for each in BRACKETS if each != "unknown"]


# Brackets ----------------------------------------------------------------------------------
@given(
    bracket=st.sampled_from(NAMED_BRACKETS),
    day=st.dates(min_value=date(1990, 1, 1), max_value=date(2120, 12, 31)),
)
def test_a_bracket_is_itself_on_the_day_it_was_said(bracket: str, day: date) -> None:
    birth = birth_of_bracket(bracket, day)
    assert birth is not None
    assert birth.earliest <= birth.latest <= day
    assert age_bracket(birth.earliest, birth.latest, day) == bracket
    assert is_child(birth.earliest, birth.latest, day) == (bracket in ("0-4", "5-11", "12-17"))
    least, greatest = birth.age_range(day)
    assert age_bracket(birth.earliest, birth.earliest, day) == bracket
    assert age_bracket(birth.latest, birth.latest, day) == bracket
    assert (least, greatest) == {
        "0-4": (0, 4),
        "5-11": (5, 11),
        "12-17": (12, 17),
        "18-59": (18, 59),
        "60+": (60, 109),
    }[bracket]


@given(day=st.dates(min_value=date(1990, 1, 1), max_value=date(2120, 12, 31)))
def test_the_brackets_of_a_day_follow_each_other_without_a_gap(day: date) -> None:
    births = [birth_of_bracket(bracket, day) for bracket in NAMED_BRACKETS]
    for younger, older in pairwise(births):
        assert younger is not None
        assert older is not None
        assert older.latest + timedelta(days=1) == younger.earliest


@given(
    day=st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31)),
    later=st.integers(0, 5 * 365),
)
def test_who_was_counted_as_12_to_17_stays_a_child_while_they_may_be_one(
    day: date, later: int
) -> None:
    birth = birth_of_bracket("12-17", day)
    assert birth is not None
    on = day + timedelta(days=later)
    assert is_child(birth.earliest, birth.latest, on)
    assert age_bracket(birth.earliest, birth.latest, on) == "12-17"


def test_an_unknown_bracket_is_no_birth_and_another_word_is_none() -> None:
    assert birth_of_bracket("unknown", date(2021, 7, 5)) is None
    with pytest.raises(ValueError, match="no such bracket"):
        birth_of_bracket("0-5", date(2021, 7, 5))


def test_a_bracket_is_shown_in_years() -> None:
    birth = birth_of_bracket("18-59", date(2021, 7, 5))
    assert isinstance(birth, Birth)
    assert in_both_calendars(birth) == ("1961 – 2003", "1340 – 1382")


# Registering -------------------------------------------------------------------------------
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def crossings(db: None) -> None:
    """Two crossings."""
    make.make_entry_point("TEM")
    make.make_entry_point("RUZVAI")


def problems(error: DomainError) -> dict[str, str]:
    """Codes by field."""
    return {each.field: each.code for each in error.problems}


def figures(operation: Operation, at: datetime) -> dict[tuple[str, str], int]:
    """People present by bracket and column, without the empty cells."""
    return {
        (row["bracket"], column): row[column]
        for row in age_sex(Moment(at, operation.zone))
        for column in ("female", "male", "other")
        if row[column]
    }


def test_everybody_counted_is_a_person_and_only_the_focal_point_has_a_name(alice: User) -> None:
    home = groups.make_group(alice, declared_size=6)
    persons = list(home.members.order_by("position").select_related("identity"))
    assert (home.level, len(persons)) == (RegistrationLevel.GROUP, 6)
    focal, others = persons[0], persons[1:]
    assert (focal.is_focal_point, focal.pre_registered) == (True, False)
    assert focal.identity.open().name == "Зарина"
    assert all(each.pre_registered and not each.is_focal_point for each in others)
    assert {each.identity.open().name for each in others} == {""}
    assert {each.birth_precision for each in others} == {BirthPrecision.BRACKET}
    assert {each.arrived_at for each in persons} == {make.ARRIVED_AT}


def test_one_alone_who_has_a_name_is_no_group(alice: User) -> None:
    home = groups.make_group(alice, ("F", "0-4", 0))
    assert (home.level, home.members.count()) == (RegistrationLevel.INDIVIDUAL, 1)


COLUMN = {"F": "female", "M": "male", "other": "other", "unknown": "other"}
cells = st.dictionaries(
    st.tuples(st.sampled_from(Sex.values), st.sampled_from(BRACKETS)),
    st.integers(0, 4),
    max_size=8,
)


@DATABASE
@given(counted=cells, birth=st.sampled_from(["1360", "about 40", "17", "3 months", "70"]))
def test_the_sum_of_the_counts_and_the_focal_point_is_present(
    alice: User, operation: Operation, counted: dict[tuple[str, str], int], birth: str
) -> None:
    Person.objects.all().delete()
    rows = [(sex, bracket, n) for (sex, bracket), n in counted.items()]
    focal = MemberInput(name="Zarina", sex="F", birth=birth)
    groups.make_group(alice, *(rows or [("F", "0-4", 0)]), members=[focal], declared_size=None)
    expected: Counter[tuple[str, str]] = Counter()
    for sex, bracket, n in rows:
        if n:
            expected[bracket, COLUMN[sex]] += n
    day = make.ARRIVED_AT.date()
    said = parse_birth(birth, said_on=day)
    expected[age_bracket(said.earliest, said.latest, day), "female"] += 1
    assert figures(operation, make.ARRIVED_AT) == expected


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"declared_size": 7}, "declared_size", "does_not_add_up"),
        ({"counts": groups.counts(("X", "0-4", 1))}, "group.counts.0.sex", "unknown_code"),
        ({"counts": groups.counts(("F", "0-5", 1))}, "group.counts.0.bracket", "unknown_code"),
        ({"counts": groups.counts(("F", "0-4", -1))}, "group.counts.0.persons", "out_of_range"),
        ({"counts": groups.counts(("F", "0-4", 10**9))}, "group.counts", "too_many"),
        ({"counts": groups.counts(("F", "0-4", 60))}, "group.counts", "too_many"),
        (
            {"counts": groups.counts(("F", "0-4", 1), ("F", "0-4", 1))},
            "group.counts.1.bracket",
            "duplicate",
        ),
        ({"members": []}, "members", "required"),
        ({"members": [make.member(" — ")]}, "members.0.name", "required"),
        ({"members": [make.member(bracket="0-4")]}, "members.0.bracket", "conflict"),
        ({"members": [make.member(birth="", bracket="x")]}, "members.0.bracket", "unknown_code"),
        ({"level": "individual"}, "group.counts", "not_at_this_level"),
        ({"level": "individual", "counts": (), "members": [
            make.member(birth="", bracket="0-4")]}, "members.0.bracket", "not_at_this_level"),
        ({"level": "individual", "counts": (), "members": [make.member("")]},
         "members.0.name", "required"),
    ],
)  # fmt: skip
def test_what_is_refused(alice: User, change: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        register_household(actor=alice, data=groups.group_input(**change))
    assert problems(refused.value)[field] == code
    assert not Household.objects.exists()


def test_a_problem_with_the_counts_hides_no_other(alice: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        register_household(
            actor=alice,
            data=groups.group_input(("F", "x", 1), entry_point="BRIDGE-9", declared_size=500),
        )
    assert set(problems(refused.value)) == {
        "group.counts.0.bracket",
        "arrival.entry_point",
        "declared_size",
    }


def test_a_declared_size_that_adds_up_is_kept_and_one_that_was_not_said_is_not_made_up(
    alice: User,
) -> None:
    assert groups.make_group(alice, declared_size=6).declared_size == 6
    assert groups.make_group(alice, declared_size=None).declared_size is None


def test_the_same_group_sent_again_is_one_and_other_counts_are_a_conflict(alice: User) -> None:
    data = groups.group_input(id=uuid4())
    first = register_household(actor=alice, data=data)
    again = register_household(actor=alice, data=data)
    assert (first.created, again.created) == (True, False)
    assert [p.pk for p in first.members] == [p.pk for p in again.members]
    other = groups.group_input(("F", "0-4", 5), id=data.id)
    with pytest.raises(Conflict):
        register_household(actor=alice, data=other)
    assert Person.objects.count() == 6


def test_a_group_twice_in_one_batch_is_one(alice: User) -> None:
    data = groups.group_input(id=uuid4())
    first, second = register_many(actor=alice, data=[data, data])
    assert not isinstance(first, DomainError)
    assert not isinstance(second, DomainError)
    assert (first.created, second.created) == (True, False)
    assert Person.objects.count() == 6


def test_a_device_may_give_each_counted_person_an_id(alice: User) -> None:
    ids = [uuid4() for _ in range(3)]
    members = [
        MemberInput(id=ids[0], **groups.FOCAL),
        *(MemberInput(id=pk, name="", sex="F", bracket="0-4") for pk in ids[1:]),
    ]
    home = groups.make_group(alice, members=members, counts=())
    assert home.level == RegistrationLevel.GROUP
    assert set(home.members.values_list("pk", flat=True)) == set(ids)


def test_the_one_with_a_name_is_the_focal_point_whoever_is_older(alice: User) -> None:
    members = [
        MemberInput(name="", sex="M", bracket="60+", relationship="head"),
        MemberInput(name="Sohrab", sex="M", birth="13"),
    ]
    home = groups.make_group(alice, members=members, counts=())
    focal = home.members.get(is_focal_point=True)
    assert focal.identity.open().name == "Sohrab"


def test_only_registrars_of_the_entry_point(bob: User, carol: User, dana: User, omar: User) -> None:
    for user in (carol, dana, omar):
        with pytest.raises(NotPermitted):
            groups.make_group(user)
    with pytest.raises(InvalidInput):
        groups.make_group(bob, entry_point="RUZVAI")
    assert not Household.objects.exists()
    assert groups.make_group(bob).members.count() == 6


# The household's level ---------------------------------------------------------------------
def test_another_named_person_leaves_the_others_to_complete(alice: User) -> None:
    home = groups.make_group(alice)
    add_member(actor=alice, household=home, data=make.member("Gulnora"))
    home.refresh_from_db()
    assert (home.level, home.members.count()) == (RegistrationLevel.GROUP, 7)


def test_a_person_is_not_added_without_a_name(alice: User) -> None:
    home = groups.make_group(alice)
    with pytest.raises(InvalidInput) as refused:
        add_member(
            actor=alice,
            household=home,
            data=MemberInput(name="", sex="F", bracket="0-4"),
        )
    assert set(problems(refused.value)) == {"name", "bracket"}


def test_when_the_last_without_a_name_was_not_here_the_rest_is_registered(alice: User) -> None:
    home = groups.make_group(alice, ("M", "0-4", 1))
    left = home.members.get(pre_registered=True)
    record_exit(actor=alice, person=left, reason="registered_in_error", occurred_at=now())
    home.refresh_from_db()
    assert home.level == RegistrationLevel.INDIVIDUAL
    assert left.exits.get().reason == ExitReason.ERROR


def now() -> datetime:
    """The present."""
    return datetime.now(UTC) - timedelta(seconds=1)


def test_when_the_focal_point_leaves_the_exit_is_recorded_all_the_same(alice: User) -> None:
    home = groups.make_group(alice)
    add_member(actor=alice, household=home, data=make.member("Gulnora", birth="2015"))
    focal = home.members.get(is_focal_point=True)
    record_exit(actor=alice, person=focal, reason="spontaneous_departure", occurred_at=now())
    assert home.members.get(is_focal_point=True).identity.open().name == "Gulnora"


# Lists, search and repeats -----------------------------------------------------------------
def test_who_has_no_name_has_no_keys_and_is_found_by_none(alice: User) -> None:
    home = groups.make_group(alice)
    others = home.members.filter(pre_registered=True)
    for row in IdentityIndex.objects.filter(person__in=others):
        assert row.words == row.blocks == []
    everyone = Household.objects.all()
    assert list(find_households(everyone, "Zarina", user=alice)) == [home]
    assert list(find_households(everyone, "+93 700 000 005", user=alice)) == [home]
    for nothing in ("", " ", "—", "0", "Not yet named"):
        assert not find_households(everyone, nothing, user=alice).exists()


def test_two_groups_are_no_repeats_because_nobody_has_a_name(alice: User) -> None:
    groups.make_group(alice, phones=[])
    other = MemberInput(name="Gulnora", sex="F", birth="35")
    home = groups.make_group(alice, members=[other], phones=[])
    assert candidates_for(home, user=alice) == []
    assert find_duplicates(Household.objects.values_list("pk", flat=True)) == []


def test_a_lent_phone_alone_makes_no_repeat_of_two_groups(alice: User) -> None:
    groups.make_group(alice)
    home = groups.make_group(alice, members=[MemberInput(name="Gulnora", sex="F", birth="35")])
    assert candidates_for(home, user=alice) == []


def test_the_focal_points_name_and_phone_count(alice: User) -> None:
    first = groups.make_group(alice)
    same = MemberInput(name="Zarina", sex="F", birth="1366")
    second = groups.make_group(alice, ("F", "0-4", 5), members=[same])
    (found,) = candidates_for(second, user=alice)
    assert found.household == first
    (pair,) = find_duplicates([second.pk])
    assert len(pair.matches) == 1


def test_a_group_found_again_as_individuals_is_counted_once(alice: User, dana: User) -> None:
    first = groups.make_group(alice, ("F", "0-4", 2), ("M", "5-11", 1))
    home = make.make_household(
        alice,
        [
            make.member("Zarina", birth="34"),
            make.member("Gul", birth="2"),
            make.member("Malika", birth="4"),
            make.member("Sohrab", sex="M", birth="8"),
            make.member("Habib", sex="M", birth="36"),
        ],
        phones=["+93700000005"],
    )
    find_duplicates([home.pk])
    pair = DuplicatePair.objects.get()
    decide_pair(actor=dana, pair=pair, same=True)
    # Four were counted; the fifth, whom nobody counted, joins them. The names are taken over.
    assert Person.objects.in_count().count() == 5
    found = {each.identity.open().name for each in first.members.in_count()}
    assert found == {"Зарина", "Gul", "Malika", "Sohrab", "Habib"}
    first.refresh_from_db()
    assert first.level == RegistrationLevel.INDIVIDUAL
    undo_decision(actor=dana, pair=pair)
    first.refresh_from_db()
    assert first.level == RegistrationLevel.GROUP
    found = {each.identity.open().name for each in first.members.in_count()}
    assert found == {"Зарина", ""}
    assert first.members.in_count().count() == 4
    assert home.members.in_count().count() == 5


def test_a_name_corrected_after_a_merge_stays_when_it_is_undone(alice: User, dana: User) -> None:
    first = groups.make_group(alice, ("M", "5-11", 1))
    home = make.make_household(
        alice,
        [make.member("Zarina", birth="34"), make.member("Sohrab", sex="M", birth="8")],
        phones=["+93700000005"],
    )
    find_duplicates([home.pk])
    pair = DuplicatePair.objects.get()
    decide_pair(actor=dana, pair=pair, same=True)
    boy = first.members.get(position=1)
    edit_member(actor=alice, person=boy, changes={"name": "Suhrob"})
    undo_decision(actor=dana, pair=pair)
    assert Person.objects.get(pk=boy.pk).identity.open().name == "Suhrob"


def test_people_without_a_name_who_join_by_a_merge_keep_it_to_complete(
    alice: User, dana: User
) -> None:
    home = make.make_household(alice, [make.member("Zarina", birth="34")], phones=["+93700000005"])
    later = groups.make_group(alice, ("M", "5-11", 1), arrived_at=make.ARRIVED_AT + timedelta(1))
    find_duplicates([later.pk])
    pair = DuplicatePair.objects.get()
    decide_pair(actor=dana, pair=pair, same=True)
    home.refresh_from_db()
    assert (home.level, home.members.in_count().count()) == (RegistrationLevel.GROUP, 2)
    undo_decision(actor=dana, pair=pair)
    home.refresh_from_db()
    assert (home.level, home.members.in_count().count()) == (RegistrationLevel.INDIVIDUAL, 1)


def test_groups_come_in_a_batch_too(alice: User) -> None:
    results = register_batch(
        actor=alice,
        data=[groups.group_input(id=uuid4()), groups.group_input(declared_size=3)],
    )
    assert isinstance(results[1], InvalidInput)
    assert Person.objects.count() == 6


def test_a_count_is_a_frozen_value() -> None:
    with pytest.raises(AttributeError):
        GroupCount(sex="F", bracket="0-4", persons=1).persons = 2  # type: ignore[misc]
