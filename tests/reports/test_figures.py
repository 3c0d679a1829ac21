"""Figures against a count by hand."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from intake.births import age_bracket
from intake.choices import ExitReason, NeedStatus
from intake.models import Person, SpecificNeed
from reports import selectors
from reports.selectors import Moment
from tests.reports import people

ZONE = ZoneInfo("Asia/Dushanbe")
CUT_OFF = datetime(2021, 7, 8, 6, 0, tzinfo=ZONE)
MOMENT = Moment(as_of=CUT_OFF, zone=ZONE)
DAY_BEFORE = CUT_OFF - timedelta(days=1)

days = st.dates(date(1915, 1, 1), date(2021, 7, 4))
births = st.none() | st.tuples(days, st.integers(0, 4000)).map(
    lambda pair: (pair[0], min(pair[0] + timedelta(days=pair[1]), date(2021, 7, 4)))
)


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rows=st.lists(st.tuples(st.sampled_from(["F", "M", "other", "unknown"]), births), max_size=30)
)
def test_ages_in_sql_agree_with_the_rule_in_python(
    alice: User, rows: list[tuple[str, tuple[date, date] | None]]
) -> None:
    Person.objects.all().delete()
    home = people.household(alice, CUT_OFF - timedelta(hours=5))
    for sex, born in rows:
        people.person(home, sex=sex, born=born)
    expected = Counter(
        (
            age_bracket(*(born or (None, None)), MOMENT.day),
            {"F": "female", "M": "male"}.get(sex, "other"),
        )
        for sex, born in rows
    )
    found = Counter(
        {
            (row["bracket"], column): row[column]
            for row in selectors.age_sex(MOMENT)
            for column in ("female", "male", "other")
        }
    )
    assert +found == expected


reasons = st.sampled_from(
    [
        "",
        ExitReason.DEPARTED,
        ExitReason.FORCED_RETURN,
        ExitReason.DECEASED,
        ExitReason.TRANSFERRED,
        ExitReason.SEPARATED,
        ExitReason.DUPLICATE,
        ExitReason.ERROR,
    ]
)


@pytest.mark.django_db
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=st.lists(st.tuples(st.integers(0, 96), reasons, st.integers(0, 72)), max_size=25))
def test_stock_is_the_stock_before_and_the_flows_to_the_person(
    alice: User, rows: list[tuple[int, str, int]]
) -> None:
    """Whatever happened at whatever hour, before or after either cut-off."""
    from intake.models import PersonExit

    PersonExit.objects.all().delete()
    Person.objects.all().delete()
    start = CUT_OFF - timedelta(hours=72)
    for hours, reason, stayed in rows:
        home = people.household(alice, start + timedelta(hours=hours))
        someone = people.person(home)
        if reason:
            people.leave(someone, reason, start + timedelta(hours=hours + stayed), alice)
    flow = selectors.flow(MOMENT, DAY_BEFORE)
    assert flow["stock"] == (
        flow["previous_stock"]
        + flow["arrivals"]
        + flow["births"]
        + flow["transfers_in"]
        + flow["reactivations"]
        - flow["departures"]
        - flow["deaths"]
        - flow["transfers_out"]
        - flow["separated"]
    )
    assert flow["stock"] == Person.objects.present(CUT_OFF).count()


@pytest.mark.django_db
def test_one_referred_on_arrival_is_in_no_figure(alice: User) -> None:
    home = people.household(alice, CUT_OFF - timedelta(hours=5))
    people.person(home)
    soldier = people.person(home, sex="M")
    people.leave(soldier, ExitReason.SEPARATED, soldier.arrived_at, alice)
    figures = selectors.figures(MOMENT, DAY_BEFORE)
    assert figures["key_figures"]["arrivals_total"] == 1
    assert figures["key_figures"]["male"] == 0
    assert figures["flow"]["separated"] == 0


@pytest.mark.django_db
def test_one_separated_later_stays_in_arrivals_and_leaves_by_a_flow(alice: User) -> None:
    home = people.household(alice, CUT_OFF - timedelta(hours=30))
    people.person(home)
    held = people.person(home, sex="M")
    people.leave(held, ExitReason.SEPARATED, CUT_OFF - timedelta(hours=3), alice)
    figures = selectors.figures(MOMENT, DAY_BEFORE)
    assert figures["key_figures"]["arrivals_total"] == 2
    assert figures["key_figures"]["present"] == 1
    assert figures["flow"]["separated"] == 1


@pytest.mark.django_db
def test_days_are_the_operations_days(alice: User) -> None:
    """23:30 in Dushanbe is 18:30 UTC of the same day; 01:00 is the evening before in UTC."""
    people.person(people.household(alice, datetime(2021, 7, 5, 23, 30, tzinfo=ZONE)))
    people.person(people.household(alice, datetime(2021, 7, 6, 1, 0, tzinfo=ZONE)))
    rows = selectors.arrivals_by_day(selectors.arrivals(MOMENT))
    assert [row["date"] for row in rows] == ["2021-07-05", "2021-07-06"]


@pytest.mark.django_db
def test_arrivals_after_the_cut_off_wait_for_the_next_report(alice: User) -> None:
    people.person(people.household(alice, CUT_OFF + timedelta(seconds=1)))
    assert selectors.figures(MOMENT, DAY_BEFORE)["key_figures"]["arrivals_total"] == 0


@pytest.mark.django_db
def test_unaccompanied_children_are_those_staff_recorded(alice: User) -> None:
    home = people.household(alice, CUT_OFF - timedelta(hours=5))
    for status in (NeedStatus.CONFIRMED, NeedStatus.SUGGESTED, NeedStatus.CLOSED):
        child = people.person(home, born=(date(2010, 1, 1), date(2010, 1, 1)))
        SpecificNeed.objects.create(person=child, type_id="SC-UC", status=status, recorded_by=alice)
    assert selectors.unaccompanied_children(MOMENT) == 1


@pytest.mark.django_db
def test_the_figures_take_a_fixed_number_of_statements(
    alice: User, django_assert_num_queries: object
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _ in range(2):
        for hours in (5, 10, 15):
            people.person(people.household(alice, CUT_OFF - timedelta(hours=hours), f"P{hours}"))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            selectors.figures(MOMENT, DAY_BEFORE)
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= 25
