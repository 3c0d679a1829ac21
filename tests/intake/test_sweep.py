"""Comparing everybody with everybody, each night once."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from common import clock
from intake.duplicates import sweep, weights
from intake.duplicates.sweep import check_everybody
from intake.models import DuplicatePair, DuplicateSweep, MatchWeight
from intake.services import register_household
from tests.factories import intake as make
from tests.intake.test_known import AGAIN, FAMILY, members

pytestmark = pytest.mark.django_db


def at(hour: int, minute: int = 0, day: int = 6) -> Any:
    """A moment of the operation's clock in Dushanbe."""
    return clock.replaying(datetime(2021, 7, day, hour, minute, tzinfo=make.DUSHANBE))


@pytest.fixture
def twice(alice: User) -> None:
    """A family registered twice, and nobody was told."""
    make.make_entry_point()
    for people in (FAMILY, AGAIN):
        register_household(actor=alice, data=make.household_input(members(*people)))
    DuplicatePair.objects.all().delete()


@pytest.mark.parametrize(("hour", "runs"), [(21, 0), (22, 2), (0, 2), (3, 2), (4, 0), (12, 0)])
def test_it_runs_at_night_of_the_operation_only(twice: None, hour: int, runs: int) -> None:
    with at(hour):
        assert check_everybody(seconds=60) == runs
    assert DuplicatePair.objects.count() == (1 if runs else 0)
    assert DuplicateSweep.objects.count() == (1 if runs else 0)


def test_each_night_once_whichever_side_of_midnight(twice: None) -> None:
    with at(23, 50):
        assert check_everybody(seconds=60) == 2
    with at(0, 10, day=7):
        assert check_everybody(seconds=60) == 0
    assert DuplicateSweep.objects.get().night == date(2021, 7, 6)
    with at(23, 50, day=7):
        assert check_everybody(seconds=60) == 2
    assert DuplicateSweep.objects.count() == 2


def test_nobody_set_up_an_operation_yet() -> None:
    with at(23):
        assert check_everybody(seconds=60) == 0


def test_after_a_kill_it_goes_on_where_it_was(
    twice: None, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_CHUNK", 1)
    with at(23):
        assert check_everybody(seconds=0) == 0
        left = sweep._chunk(DuplicateSweep.objects.get().pk)  # and then the worker is killed
        assert (left.done, left.finished_at) == (1, None)
        assert check_everybody(seconds=60) == 1
    assert DuplicateSweep.objects.get().done == 2


def test_a_night_that_was_too_short_is_gone_on_with(
    twice: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_CHUNK", 1)
    with at(3, 59):
        check_everybody(seconds=0)
        first = sweep._chunk(DuplicateSweep.objects.get().pk)
    with at(22, day=6):
        assert check_everybody(seconds=60) == 1, "only who had no turn yet"
    with at(22, day=7):
        assert check_everybody(seconds=60) == 2, "then from the start again"
    assert DuplicateSweep.objects.get(pk=first.pk).finished_at is None


def test_it_offers_what_the_registration_did_not(twice: None) -> None:
    """Weights changed since: what was not alike enough is now, and the other way round."""
    MatchWeight.objects.bulk_create(
        MatchWeight(feature=feature, level=level, m=0.0001, u=0.9, source="for a test")
        for feature, level in (("name", "same"), ("name", "alike"), ("name", "part"))
    )
    weights.forget()
    try:
        with at(23):
            check_everybody(seconds=60)
        assert not DuplicatePair.objects.exists()
    finally:
        MatchWeight.objects.all().delete()
        weights.forget()
    with at(23, day=7):
        check_everybody(seconds=60)
    assert DuplicatePair.objects.count() == 1


def test_two_workers_do_each_household_once(twice: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_CHUNK", 1)
    done = []
    with at(23):
        for _turn in range(4):  # by turns, as they get the lock
            done.append(check_everybody(seconds=0.000001))
            pk = DuplicateSweep.objects.get().pk
            sweep._chunk(pk)
    assert DuplicateSweep.objects.get().done == 2


def test_a_night_has_one_check() -> None:
    now = clock.now()
    DuplicateSweep.objects.create(night=now.date(), started_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        DuplicateSweep.objects.create(night=now.date(), started_at=now + timedelta(hours=1))
