"""Stock equals flows at any past instant, whatever happened to people and in whatever order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from common.errors import DomainError
from intake import services
from intake.choices import NEVER_COUNTED, EntryKind, ExitReason, MoveReason
from intake.duplicates import decide_pair, undo_decision
from intake.inputs import MemberInput
from intake.models import DuplicatePair, Household, Person
from reports.selectors import Moment, arrivals, figures, flow, households_of
from tests.factories.intake import ARRIVED_AT, DUSHANBE, household_input, make_entry_point, member

pytestmark = pytest.mark.django_db

HOURS = 12
hours = st.integers(0, HOURS)
DECISIONS = ["referred_to_authority", "released_civilian"]
BY_HAND = sorted(set(ExitReason.values) - {ExitReason.SEPARATED, ExitReason.DUPLICATE})


def at(hour: int) -> datetime:
    return ARRIVED_AT + timedelta(hours=hour)


@dataclass
class Life:
    """What should be true of one person: when they were in the count, and where."""

    entry: str
    came: datetime
    absences: list[list[Any]] = field(default_factory=list)  # [left, came back or None, reason]
    homes: list[tuple[datetime, Any]] = field(default_factory=list)

    @property
    def counted(self) -> bool:
        if not self.absences or self.absences[-1][1] is not None:
            return True
        left, _back, reason = self.absences[-1]
        on_arrival = reason == ExitReason.SEPARATED and left <= self.came
        return reason not in NEVER_COUNTED and not on_arrival

    def present(self, moment: datetime) -> bool:
        away = any(
            left <= moment and (back is None or moment < back) for left, back, _r in self.absences
        )
        return self.counted and self.came <= moment and not away

    def home(self, moment: datetime) -> Any:
        return [home for since, home in self.homes if since <= moment][-1]


class Desk(RuleBasedStateMachine):
    """People come, are born, leave, come back, are held, released, moved, found twice."""

    alice: User
    dana: User

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.lives: dict[Any, Life] = {}
        self.merged: list[DuplicatePair] = []

    def teardown(self) -> None:
        try:
            self.check()
        finally:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    # What the registrar, the protection officer and the site's staff do --------------------------

    @initialize(size=st.integers(1, 4))
    def first_family(self, size: int) -> None:
        self.register(0, size, "")

    @rule(hour=hours, size=st.integers(1, 4), sender=st.sampled_from(["", "Operation South"]))
    def register(self, hour: int, size: int, sender: str) -> None:
        made = services.register_household(
            actor=self.alice,
            data=household_input(
                [member(f"Gul {n}", birth="30") for n in range(size)],
                arrived_at=at(hour),
                transferred_from=sender,
            ),
        )
        entry = EntryKind.TRANSFER if sender else EntryKind.ARRIVAL
        for person in made.members:
            self.lives[person.pk] = Life(entry, at(hour), homes=[(at(hour), made.household.pk)])

    @rule(data=st.data(), hour=hours)
    def birth(self, data: st.DataObject, hour: int) -> None:
        home = self.some_household(data)
        try:
            child = services.record_birth(
                actor=self.alice,
                household=home,
                data=MemberInput(name="", sex="F"),
                occurred_at=at(hour),
            )
        except DomainError:
            return
        self.lives[child.pk] = Life(EntryKind.BIRTH, at(hour), homes=[(at(hour), home.pk)])

    @rule(data=st.data(), hour=hours, reason=st.sampled_from(BY_HAND))
    def leave(self, data: st.DataObject, hour: int, reason: str) -> None:
        person = self.someone(data)
        try:
            services.record_exit(
                actor=self.alice,
                person=person,
                reason=reason,
                occurred_at=at(hour),
                destination="Operation North" if reason == ExitReason.TRANSFERRED else "",
            )
        except DomainError:
            return
        self.lives[person.pk].absences.append([at(hour), None, reason])

    @rule(data=st.data(), hour=hours)
    def come_back(self, data: st.DataObject, hour: int) -> None:
        person = self.someone(data)
        try:
            services.record_return(actor=self.alice, person=person, occurred_at=at(hour))
        except DomainError:
            return
        self.lives[person.pk].absences[-1][1] = at(hour)

    @rule(data=st.data())
    def take_back(self, data: st.DataObject) -> None:
        person = self.someone(data)
        try:
            services.reverse_exit(actor=self.alice, person=person)
        except DomainError:
            return
        self.lives[person.pk].absences.pop()

    @rule(
        data=st.data(),
        hour=hours,
        outcome=st.sampled_from(["referred_to_authority", "released_civilian"]),
    )
    def screening(self, data: st.DataObject, hour: int, outcome: str) -> None:
        person = self.someone(data)
        before = person.left_at
        try:
            services.separate_person(
                actor=self.dana, person=person, outcome=outcome, occurred_at=at(hour), record={}
            )
        except DomainError:
            return
        person.refresh_from_db()
        if before is None and person.left_at is not None:
            self.lives[person.pk].absences.append([at(hour), None, ExitReason.SEPARATED])
        elif before is not None and person.left_at is None:
            self.lives[person.pk].absences[-1][1] = at(hour)

    @rule(data=st.data(), hour=hours)
    def part(self, data: st.DataObject, hour: int) -> None:
        home = self.some_household(data)
        people = list(home.members.in_count().order_by("position"))[:2]
        try:
            made = services.split_household(
                actor=self.dana, household=home, persons=people, occurred_at=at(hour)
            )
        except DomainError:
            return
        for person in people:
            self.lives[person.pk].homes.append((at(hour), made.pk))

    @precondition(lambda self: len(self.households()) > 1)
    @rule(data=st.data(), hour=hours, everybody=st.booleans())
    def join(self, data: st.DataObject, hour: int, everybody: bool) -> None:
        one = self.some_household(data)
        other = self.some_household(data)
        people = list(one.members.in_count().order_by("position"))[: None if everybody else 1]
        try:
            services.move_people(
                actor=self.dana,
                persons=people,
                household=other,
                occurred_at=at(hour),
                reason=MoveReason.REUNIFICATION,
            )
        except DomainError:
            return
        for person in people:
            self.lives[person.pk].homes.append((at(hour), other.pk))

    # What is compared --------------------------------------------------------------------------

    def households(self) -> list[Household]:
        return list(Household.objects.order_by("reference"))

    # Chosen by their place in the story: keys differ from run to run.
    def some_household(self, data: st.DataObject) -> Household:
        return self.households()[data.draw(st.integers(0, 9)) % len(self.households())]

    def someone(self, data: st.DataObject) -> Person:
        known = list(self.lives)
        return Person.objects.get(pk=known[data.draw(st.integers(0, 19)) % len(known)])

    def check(self) -> None:
        zone = DUSHANBE
        earlier = at(-1)
        assert Person.objects.present(earlier).count() == 0
        for hour in range(-1, HOURS + 1):
            moment = Moment(as_of=at(hour), zone=zone)
            inside = [life for life in self.lives.values() if life.present(moment.as_of)]
            assert Person.objects.present(moment.as_of).count() == len(inside)
            assert households_of(moment) == len({life.home(moment.as_of) for life in inside})
            balance = flow(moment, earlier)
            self.check_balance(balance, moment.as_of, earlier)
            if hour % 3 == 0:
                earlier = moment.as_of

    def check_balance(self, balance: dict[str, int], until: datetime, since: datetime) -> None:
        ins = ("arrivals", "births", "transfers_in", "reactivations")
        outs = ("departures", "deaths", "transfers_out", "separated")
        assert balance["stock"] == balance["previous_stock"] + sum(
            balance[name] for name in ins
        ) - sum(balance[name] for name in outs)
        came = Counter(
            life.entry
            for life in self.lives.values()
            if life.counted and since < life.came <= until
        )
        assert [balance[name] for name in ins[:3]] == [
            came[EntryKind.ARRIVAL],
            came[EntryKind.BIRTH],
            came[EntryKind.TRANSFER],
        ]


def run(machine: type[Desk], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_stock_equals_flows_at_any_past_instant(alice: User, dana: User) -> None:
    make_entry_point()
    run(type("DeskOfTheDay", (Desk,), {"alice": alice, "dana": dana}), examples=12, steps=12)


def test_births_and_transfers_are_no_arrivals_at_the_border(alice: User) -> None:
    make_entry_point()
    home = services.register_household(actor=alice, data=household_input()).household
    services.register_household(
        actor=alice,
        data=household_input([member()], transferred_from="Operation South"),
    )
    services.record_birth(
        actor=alice, household=home, data=MemberInput(name="", sex="F"), occurred_at=at(2)
    )
    moment = Moment(as_of=at(3), zone=DUSHANBE)
    found = figures(moment, at(-1))
    assert found["key_figures"]["arrivals_total"] == 5
    assert sum(row["persons"] for row in arrivals(moment)) == 5
    assert found["key_figures"]["present"] == 7
    assert (found["flow"]["births"], found["flow"]["transfers_in"]) == (1, 1)


def test_one_found_twice_leaves_every_past_instant(alice: User, dana: User) -> None:
    make_entry_point()
    first = services.register_household(actor=alice, data=household_input()).household
    second = services.register_household(
        actor=alice, data=household_input(arrived_at=at(1))
    ).household
    gone = second.members.order_by("position").last()
    services.record_exit(
        actor=alice, person=gone, reason="spontaneous_departure", occurred_at=at(2)
    )
    services.record_return(actor=alice, person=gone, occurred_at=at(4))
    low, high = sorted((first, second), key=lambda each: each.pk)
    pair = DuplicatePair.objects.create(first=low, second=high, score=1)
    decide_pair(actor=dana, pair=pair, same=True)
    moment = Moment(as_of=at(5), zone=DUSHANBE)
    balance = flow(moment, at(-1))
    assert (balance["stock"], balance["arrivals"]) == (5, 5)
    assert balance["departures"] == balance["reactivations"] == 0
    undo_decision(actor=dana, pair=pair)
    balance = flow(moment, at(-1))
    assert (balance["stock"], balance["arrivals"]) == (10, 10)
    assert balance["departures"] == balance["reactivations"] == 1
