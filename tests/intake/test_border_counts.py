"""People seen crossing: counted once, corrected, and reconciled with who is registered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from audit.models import Event
from common.errors import Conflict, InvalidInput, InvalidState, NotPermitted
from intake.border import Reconciliation, crossings, reconciliation, registered_in
from intake.choices import EntryKind, ExitReason
from intake.models import CrossingCount, Person, PersonExit
from intake.services.counts import correct_crossing_count, withdraw_crossing_count
from tests.factories.border import count_input, hours, make_count
from tests.factories.intake import make_entry_point, make_household, member
from tests.reports import people

pytestmark = pytest.mark.django_db
LATER = hours(48)


def test_a_count_is_recorded_as_far_as_known(bob: User) -> None:
    numbers = {"female": {"0-4": 2, "18-59": 3}, "male": {"unknown": 1}}
    made = make_count(bob, total=12, numbers=numbers, method="estimated", note="In the dark")
    made.refresh_from_db()
    assert (made.total, made.seen("female"), made.seen("male"), made.seen("unknown")) == (
        *(12, 5, 1, 0),
    )
    assert made.table()["female"] == {
        "0-4": 2,
        "5-11": 0,
        "12-17": 0,
        "18-59": 3,
        "60+": 0,
        "unknown": 0,
    }
    event = Event.objects.get(kind="entry_point.people_counted")
    assert (event.subject_reference, event.occurred_at) == ("TEM", hours(6))
    assert event.data == {"total": 12, "corrected": False}
    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM intake_crossingcount")
        assert b"In the dark" not in bytes(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"ended": 0}, ["ended_at"]),
        ({"ended": -1}, ["ended_at"]),
        ({"began": 24 * 365 * 90, "ended": 24 * 365 * 90 + 1}, ["began_at", "ended_at"]),
        ({"total": -1}, ["total"]),
        ({"total": 500_001}, ["total"]),
        ({"method": "guessed"}, ["method"]),
        ({"note": "x" * 1001}, ["note"]),
        ({"total": 2, "numbers": {"female": {"0-4": 2}, "unknown": {"60+": 1}}}, ["total"]),
        ({"numbers": {"female": {"0-4": -1}}}, ["numbers.female.0-4"]),
        ({"numbers": {"women": {"0-4": 1}}}, ["numbers.women.0-4"]),
        ({"numbers": {"male": {"0-5": 1}}}, ["numbers.male.0-5"]),
    ],
)
def test_a_count_that_cannot_be_is_refused(
    bob: User, changes: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_count(bob, **changes)
    assert [problem.field for problem in refused.value.problems] == fields
    assert not CrossingCount.objects.exists()


def test_nobody_is_counted_twice(alice: User) -> None:
    first = make_count(alice, 0, 6)
    for began, ended in ((0, 6), (5, 7), (-1, 1), (2, 3), (-1, 7)):
        with pytest.raises(Conflict) as refused:
            make_count(alice, began, ended)
        assert refused.value.code == "counts_overlap"
        assert refused.value.problems[0].field == "began_at"
    assert list(CrossingCount.objects.all()) == [first]
    make_count(alice, 6, 7)
    make_count(alice, -1, 0)
    make_count(alice, 0, 6, point=make_entry_point("RUZVAI"))


def test_the_database_refuses_what_overlaps_or_adds_up_to_more(alice: User) -> None:
    made = make_count(alice, 0, 6)
    second = make_count(alice, 6, 12)
    whole = [0] * 6
    for name, changes in {
        "crossing_counts_do_not_overlap": {"began_at": hours(5.9)},
        "crossing_count_begins_before_it_ends": {"ended_at": hours(6)},
        "crossing_count_tells_no_more_than_its_total": {"female": [2, 2, 2, 2, 2, 1]},
        "crossing_count_has_every_bracket": {"male": [1]},
        "crossing_count_has_no_negative_number": {"unknown": [-1, 0, 0, 0, 0, 0]},
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            CrossingCount.objects.filter(pk=second.pk).update(**changes)
    assert (made.female, second.female) == (whole, whole)


def test_the_same_count_again_is_the_same_count(alice: User) -> None:
    key = uuid4()
    first = make_count(alice, id=key, note="River low")
    assert make_count(alice, id=key, note="River low").pk == first.pk == key
    for changes in ({"total": 11}, {"note": "Other"}, {"point": make_entry_point("RUZVAI")}):
        with pytest.raises(Conflict) as refused:
            make_count(alice, **{"id": key, "note": "River low", **changes})
        assert refused.value.code == "conflict"
    assert CrossingCount.objects.count() == 1
    assert Event.objects.filter(kind="entry_point.people_counted").count() == 1


def test_a_correction_takes_the_place_and_the_wrong_one_is_kept(alice: User, bob: User) -> None:
    wrong = make_count(bob, 0, 6, 100)
    beside = make_count(alice, 6, 8, 5)
    data = count_input(1, 5, 10, id=uuid4())
    right = correct_crossing_count(actor=bob, count=wrong, data=data)
    assert correct_crossing_count(actor=bob, count=wrong, data=data) == right
    wrong.refresh_from_db()
    assert (wrong.superseded_at is None, wrong.total, right.corrects) == (False, 100, wrong)
    assert set(CrossingCount.objects.standing()) == {right, beside}
    with pytest.raises(InvalidState) as refused:
        correct_crossing_count(actor=bob, count=wrong, data=count_input(0, 6, 7))
    assert refused.value.code == "superseded"
    with pytest.raises(Conflict):
        correct_crossing_count(actor=bob, count=right, data=count_input(1, 7, 10))
    right.refresh_from_db()
    assert right.superseded_at is None
    withdraw_crossing_count(actor=bob, count=right)
    with pytest.raises(InvalidState):
        withdraw_crossing_count(actor=bob, count=right)
    assert list(CrossingCount.objects.standing()) == [beside]
    assert CrossingCount.objects.count() == 3


def test_only_who_works_there_counts(
    alice: User, bob: User, carol: User, dana: User, omar: User
) -> None:
    other = make_entry_point("RUZVAI")
    made = make_count(alice, point=other)
    for actor in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            make_count(actor, 6, 7, point=other)
        with pytest.raises(NotPermitted):
            correct_crossing_count(actor=actor, count=made, data=count_input(total=1))
        with pytest.raises(NotPermitted):
            withdraw_crossing_count(actor=actor, count=made)
    assert CrossingCount.objects.standing().get() == made
    assert made.total == 10
    visible = CrossingCount.objects.visible_to
    assert [visible(user).count() for user in (alice, bob, dana, carol, omar)] == [1, 1, 1, 0, 0]


# Reconciliation ------------------------------------------------------------------------------
def arrive(
    actor: User, hour: float, sexes: str = "F", code: str = "TEM", **fields: Any
) -> list[Person]:
    home = people.household(actor, hours(hour), code)
    return [people.person(home, sex=sex, **fields) for sex in sexes]


def at(as_of: datetime = LATER) -> Reconciliation:
    return reconciliation(as_of)


def test_who_was_seen_and_is_not_registered(alice: User) -> None:
    make_count(alice, 0, 6, 10, numbers={"female": {"18-59": 4}, "male": {"18-59": 3}})
    make_count(alice, 6, 8, 2)
    make_count(alice, 0, 6, 3, point=make_entry_point("RUZVAI"))
    arrive(alice, 0, "FFM")
    arrive(alice, 6, "M")
    arrive(alice, 8, "F")
    arrive(alice, 5.99, "MMMMM", "RUZVAI")
    found = at()
    rows = {row.code: (row.seen, row.registered, row.not_yet_registered) for row in found.crossings}
    assert rows == {"TEM": (12, 4, 8), "RUZVAI": (3, 5, 0)}
    tem = next(row for row in found.crossings if row.code == "TEM")
    assert tem.not_yet_by_sex == {"female": 2, "male": 1, "unknown": 5}
    assert (found.seen, found.registered, found.not_yet_registered) == (15, 9, 8)
    assert found.registered_outside == 1
    counts = CrossingCount.objects.standing()
    assert sorted(registered_in(counts, LATER).values()) == [1, 3, 5]


def test_sexes_that_do_not_agree_are_not_told(alice: User) -> None:
    make_count(alice, total=4, numbers={"female": {"unknown": 4}})
    arrive(alice, 1, "MMM")
    (row,) = crossings(LATER)
    assert row.not_yet_by_sex == {"female": 0, "male": 0, "unknown": 1}


def test_only_counts_that_had_ended_and_civilians_who_crossed(alice: User) -> None:
    make_count(alice, 0, 6, 10)
    make_count(alice, 6, 12, 10)
    taken_aside, twice, later = arrive(alice, 1, "MMM")
    people.leave(taken_aside, ExitReason.SEPARATED, taken_aside.arrived_at, alice)
    people.leave(twice, ExitReason.DUPLICATE, hours(5), alice)
    people.leave(later, ExitReason.SEPARATED, hours(4), alice)
    arrive(alice, 2, "F", entry=EntryKind.TRANSFER)
    arrive(alice, 7, "F")
    assert [(row.seen, row.registered) for row in crossings(hours(6))] == [(10, 1)]
    assert [(row.seen, row.registered) for row in crossings(hours(12))] == [(20, 2)]
    assert crossings(hours(5.9)) == []


def test_who_is_registered_late_makes_the_gap_smaller_and_a_correction_moves_it(
    alice: User,
) -> None:
    count = make_count(alice, 4, 5, 7)
    assert at().not_yet_registered == 7
    make_household(alice)
    assert at().not_yet_registered == 2
    make_household(alice, [member("Gul"), member("Laila", sex="F", birth="9")])
    assert at().not_yet_registered == 0
    correct_crossing_count(actor=alice, count=count, data=count_input(4, 5, 9))
    assert at().not_yet_registered == 2
    withdraw_crossing_count(actor=alice, count=CrossingCount.objects.standing().get())
    assert (at().crossings, at().registered_outside) == ([], 7)


def test_no_count_asks_for_no_person(alice: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        assert crossings(LATER) == []
    for hour in range(6):
        make_count(alice, hour, hour + 1, 3)
    with django_assert_num_queries(3):
        assert len(crossings(LATER)) == 1


PLACES = ("TEM", "RUZVAI")


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    counts=st.lists(
        st.tuples(
            st.sampled_from(PLACES),
            st.integers(0, 11),
            st.lists(st.integers(0, 4), min_size=3, max_size=3),
        ),
        max_size=8,
        unique_by=lambda each: each[:2],
    ),
    arrivals=st.lists(
        st.tuples(
            st.sampled_from(PLACES),
            st.floats(-1, 13, allow_nan=False),
            st.sampled_from(["F", "M", "other", "unknown"]),
            st.sampled_from(["", ExitReason.DEPARTED, ExitReason.DUPLICATE]),
        ),
        max_size=12,
    ),
    cut_off=st.integers(0, 14),
)
def test_nobody_is_lost_or_made_up(alice: User, counts: Any, arrivals: Any, cut_off: int) -> None:
    """Against a count by hand, whatever was counted and whoever came."""
    PersonExit.objects.all().delete()
    Person.objects.all().delete()
    CrossingCount.objects.all().delete()
    for code in PLACES:
        make_entry_point(code)
    for code, hour, (female, male, rest) in counts:
        make_count(
            alice,
            hour,
            hour + 1,
            female + male + rest,
            point=make_entry_point(code),
            numbers={"female": {"unknown": female}, "male": {"60+": male}},
        )
    for code, hour, sex, left in arrivals:
        (someone,) = arrive(alice, hour, [sex], code)  # type: ignore[arg-type]
        if left:
            people.leave(someone, left, hours(20), alice)
    found = reconciliation(hours(cut_off))
    over = [(code, hour, numbers) for code, hour, numbers in counts if hour + 1 <= cut_off]
    there = [
        (code, hour)
        for code, hour, _sex, left in arrivals
        if left != ExitReason.DUPLICATE and hours(hour) <= hours(cut_off)
    ]
    for row in found.crossings:
        mine = [(hour, numbers) for code, hour, numbers in over if code == row.code]
        assert row.seen == sum(sum(numbers) for _hour, numbers in mine)
        assert row.registered == sum(
            1
            for code, when in there
            if code == row.code
            and any(hours(hour) <= hours(when) < hours(hour + 1) for hour, _n in mine)
        )
        assert row.seen == row.matched + row.not_yet_registered
        assert row.registered == row.matched + row.surplus
        assert min(row.not_yet_registered, row.surplus) == 0
        assert sum(row.not_yet_by_sex.values()) == row.not_yet_registered
        assert min(row.not_yet_by_sex.values()) >= 0
    assert {row.code for row in found.crossings} == {code for code, _hour, _numbers in over}
    assert found.registered + found.registered_outside == len(there)
