"""The next 72 hours: the arithmetic on generated streams, and the estimate from the database."""

from __future__ import annotations

import math
import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import clock
from common.errors import NotPermitted
from intake.models import Person
from reception.boards.forecasting import count_quantiles, predict, stream_of
from reception.boards.projection import projection
from tests.factories.reception import make_household_of, make_manager, make_officer, make_site
from tests.reception.test_boards import take_out_at


def poisson(dice: random.Random, mean: float) -> int:
    limit, count, product = math.exp(-mean), 0, dice.random()
    while product > limit:
        count, product = count + 1, product * dice.random()
    return count


def persons(dice: random.Random, slot: int) -> int:
    return poisson(dice, 9)


def families(dice: random.Random, slot: int) -> int:
    return sum(dice.choice((1, 2, 3, 4, 5, 6, 7, 9)) for _ in range(poisson(dice, 6)))


def by_day(dice: random.Random, slot: int) -> int:
    """Families that hardly come at night."""
    waves = (0.1, 1.2, 1.9, 0.8)[slot % 4]
    return sum(dice.choice((1, 2, 3, 4, 5, 6, 7, 9)) for _ in range(poisson(dice, 6 * waves)))


@pytest.mark.parametrize(
    ("source", "least", "most"), [(persons, 0.78, 0.95), (families, 0.72, 0.9), (by_day, 0.72, 0.9)]
)
def test_the_range_of_80_percent_holds_about_80_percent(source, least, most):
    dice, trials = random.Random(20210704), 200
    held = dict.fromkeys((24, 48, 72), 0)
    for _ in range(trials):
        days = [source(dice, slot) for slot in range(24)]
        stream = stream_of(days[:12])
        for hours in held:
            expected = predict([stream], [], hours)
            held[hours] += expected.low <= sum(days[12 : 12 + hours // 6]) <= expected.high
    for hours, hits in held.items():
        assert least <= hits / trials <= most, (hours, hits / trials)


def test_the_expected_figure_follows_the_hours_of_the_day():
    stream = stream_of([0, 4, 8, 0] * 3)
    assert [stream.expected(hours) for hours in (6, 9, 12, 18, 24, 48)] == [0, 2, 4, 12, 12, 24]
    assert stream.dispersion == 1


def test_who_leaves_makes_fewer_and_the_range_no_narrower():
    coming, leaving = stream_of([5] * 12), stream_of([2] * 12)
    alone, both = predict([coming], [], 24), predict([coming], [leaving], 24)
    assert (alone.expected, both.expected) == (20, 12)
    assert both.high - both.low >= alone.high - alone.low


@settings(max_examples=40, deadline=None)
@given(
    mean=st.floats(0.05, 3000), spread=st.floats(1.0, 40.0), share=st.sampled_from((0.1, 0.5, 0.9))
)
def test_quantiles_lie_where_mean_and_spread_say(mean, spread, share):
    (found,) = count_quantiles(mean, mean * spread, (share,))
    sd = math.sqrt(mean * spread)
    assert 0 <= found <= mean + 4 * sd + 1
    low, high = count_quantiles(mean, mean * spread, (0.1, 0.9))
    assert low <= mean + 1
    assert high + 1 >= low


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=12, max_size=12))
def test_more_hours_never_mean_fewer_people(counts):
    stream = stream_of(counts)
    steps = [predict([stream], [], hours) for hours in (6, 24, 48, 72)]
    assert [each.expected for each in steps] == sorted(each.expected for each in steps)
    assert all(each.low <= each.expected + 1 <= each.high + 2 for each in steps)


def test_slots_must_be_whole_days():
    for wrong in ([], [1, 2, 3]):
        with pytest.raises(ValueError, match="whole days"):
            stream_of(wrong)


# From the database ---------------------------------------------------------------------------
def arrive(hours_ago: float, size: int = 1) -> None:
    household = make_household_of(size)
    Person.objects.filter(household=household).update(
        arrived_at=clock.now() - timedelta(hours=hours_ago)
    )


@pytest.mark.django_db
def test_without_arrivals_there_is_no_estimate(operation):
    now, user = clock.now(), make_officer()
    make_site(places=10)
    assert projection(user, now).reason == "nobody_came"
    arrive(5)
    assert projection(user, clock.now()).reason == "too_early"
    arrive(24 * 9)
    Person.objects.update(arrived_at=clock.now() - timedelta(days=5))
    assert projection(user, clock.now()).reason == "nobody_came"


@pytest.mark.django_db
def test_the_estimate_says_how_many_come_and_when_places_run_out(
    operation, django_assert_max_num_queries
):
    user = make_officer()
    make_site(places=30)
    make_site(places=500, hidden=True)
    make_site(places=500, status="preparing")
    arrive(71.5)
    for hours in range(2, 71, 6):
        arrive(hours, size=2)
    take_out_at(Person.objects.order_by("pk").last(), clock.now() - timedelta(hours=1))
    now = clock.now()
    arrive_first = Person.objects.order_by("arrived_at").first()
    Person.objects.filter(pk=arrive_first.pk).update(
        arrived_at=now - timedelta(hours=72, minutes=1)
    )
    with django_assert_max_num_queries(7):
        found = projection(user, now)
    assert found.available
    assert (found.arrivals, found.births, found.departures) == (24, 0, 1)
    assert (found.free, found.waiting, found.present) == (30, 24, 24)
    day, _two, three = found.horizons
    assert day.more_people.expected == 8
    assert three.more_people.expected == 23
    assert three.people.expected == 24 + 23
    assert day.places_left.expected == 30 - 24 - 8
    assert day.places_left.low < day.places_left.expected < day.places_left.high
    assert 12 <= found.full_in <= 24
    assert found.full_early < found.full_in
    assert found.full_late is None or found.full_late > found.full_in


@pytest.mark.django_db
def test_places_that_have_run_out_run_out_now(operation):
    make_site(places=1)
    for hours in range(1, 80, 6):
        arrive(hours, size=2)
    found = projection(make_officer(), clock.now())
    assert (found.full_in, found.full_early, found.full_late) == (0, 0, 0)


@pytest.mark.django_db
def test_whoever_may_know_of_hidden_sites_counts_their_places(operation, dana):
    make_site(places=7)
    make_site(places=5, hidden=True)
    assert projection(make_officer(), clock.now()).free == 7
    assert projection(dana, clock.now()).free == 12


@pytest.mark.django_db
def test_it_is_for_those_who_see_the_whole_operation(operation, alice, omar):
    for user in (alice, omar, make_manager(make_site())):
        with pytest.raises(NotPermitted):
            projection(user, clock.now())
