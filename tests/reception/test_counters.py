"""Whatever is done in whatever order, the counters are the sums of the placements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.choices import Role
from common import clock
from common.errors import DomainError
from reception import services
from reception.choices import OPEN_STATUSES
from reception.models import TRANSITIONS, Placement, Site, Stay
from reception.selectors import counter_drifts, places_drifts, unit_drifts
from tests.factories.accounts import make_user
from tests.factories.reception import (
    add_member,
    make_household_of,
    make_officer,
    make_site,
    make_unit,
    take_out,
)

HOUSEHOLDS, SITES = 4, 3
which = st.integers(0, 50)


class Reception(RuleBasedStateMachine):
    """Random work at three small sites by people who try everything."""

    def __init__(self) -> None:
        super().__init__()
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.officer = make_officer()
        self.administrator = make_user(Role.ADMINISTRATOR)
        self.sites = [make_site(places=places) for places in (4, 6, 9)]
        self.households = [make_household_of(n + 1, by=self.officer) for n in range(HOUSEHOLDS)]
        self.units = [
            make_unit(self.sites[0], capacity=2),
            make_unit(self.sites[2], capacity=3),
            make_unit(self.sites[2], capacity=9, section="women"),
        ]
        self.seen: dict[Any, str] = {}
        self.now = clock.now()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)

    def attempt(self, service: Any, **arguments: Any) -> None:
        """Do it, or be refused: both are fine; the invariants must hold afterwards."""
        arguments.setdefault("actor", self.officer)
        self.refusal_of(lambda: service(**arguments), allowed=(400, 409))

    def refusal_of(self, work: Callable[[], Any], allowed: tuple[int, ...]) -> str:
        """The code of the refusal, empty when it was done; other refusals fail the test."""
        self.now += timedelta(seconds=1)
        try:
            with clock.replaying(self.now):
                work()
        except DomainError as refusal:
            if refusal.status not in allowed:
                raise
            return refusal.code
        return ""

    def placement(self, index: int) -> Placement | None:
        """Any placement there ever was, open or not."""
        made = list(Placement.objects.order_by("pk"))
        return made[index % len(made)] if made else None

    @rule(household=which, site=which, status=st.sampled_from(["reserved", "checked_in"]))
    def place(self, household: int, site: int, status: str) -> None:
        self.attempt(
            services.place_household,
            household=self.households[household % HOUSEHOLDS],
            site=self.sites[site % SITES],
            status=status,
        )

    @rule(
        index=which,
        step=st.sampled_from(
            [
                services.confirm,
                services.check_in,
                services.record_return,
                services.announce_transfer,
                services.check_out,
                services.cancel_placement,
                services.mark_no_show,
            ]
        ),
    )
    def step(self, index: int, step: Any) -> None:
        if placement := self.placement(index):
            self.attempt(step, placement=placement)

    @rule(index=which)
    def absence(self, index: int) -> None:
        if placement := self.placement(index):
            self.attempt(services.record_absence, placement=placement, reason="school")

    def some_of(self, placement: Placement, which_people: int) -> list[Any]:
        """A choice of the family's members, often of those who belong to the placement."""
        people = list(placement.household.members.order_by("pk").values_list("pk", flat=True))
        return [pk for n, pk in enumerate(people) if which_people >> n & 1] or people[:1]

    @rule(
        index=which,
        people=which,
        step=st.sampled_from(
            [
                services.check_in,
                services.mark_not_come,
                services.record_return,
                partial(services.record_absence, reason="hospital"),
                partial(services.record_absence, reason="custody", keep_place=False),
            ]
        ),
    )
    def part_of_it(self, index: int, people: int, step: Any) -> None:
        if placement := self.placement(index):
            self.attempt(step, placement=placement, persons=self.some_of(placement, people))

    @rule(index=which, people=which, site=which, arrived=st.booleans())
    def apart(self, index: int, people: int, site: int, arrived: bool) -> None:
        if placement := self.placement(index):
            self.attempt(
                services.split_placement,
                placement=placement,
                persons=self.some_of(placement, people),
                site=self.sites[site % SITES],
                reason="exercise",
                arrived=arrived,
            )

    @rule(index=which, arrived=st.booleans())
    def together_again(self, index: int, arrived: bool) -> None:
        if placement := self.placement(index):
            self.attempt(services.reunite_placement, placement=placement, arrived=arrived)

    @rule(index=which, unit=which, people=which)
    def to_unit(self, index: int, unit: int, people: int) -> None:
        if placement := self.placement(index):
            units = [*self.units, None]
            self.attempt(
                services.move_to_unit,
                placement=placement,
                unit=units[unit % len(units)],
                persons=self.some_of(placement, people) if people % 2 else None,
            )

    @rule(index=which, site=which, arrived=st.booleans())
    def transfer(self, index: int, site: int, arrived: bool) -> None:
        if placement := self.placement(index):
            self.attempt(
                services.transfer_placement,
                placement=placement,
                site=self.sites[site % SITES],
                arrived=arrived,
            )

    @rule(hours=st.sampled_from([1, 30]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        with clock.replaying(self.now):
            services.expire_reservations()

    @rule(household=which, joins=st.booleans())
    def family_changes(self, household: int, joins: bool) -> None:
        family = self.households[household % HOUSEHOLDS]

        def change() -> None:
            with transaction.atomic():
                if joins:
                    add_member(family, age=0)
                elif person := family.members.in_count().order_by("pk").last():
                    take_out(person)
                services.household_changed(family, self.officer)

        refused = self.refusal_of(change, allowed=(409,))
        assert refused in ({"", "capacity_exceeded"} if joins else {""})

    @rule(site=which, stated=st.none() | st.integers(0, 9))
    def state_capacity(self, site: int, stated: int | None) -> None:
        self.attempt(
            services.edit_site,
            actor=self.administrator,
            site=self.sites[site % SITES],
            operational_capacity=stated,
        )

    @rule(site=which, places=st.integers(0, 4))
    def overflow(self, site: int, places: int) -> None:
        self.attempt(
            services.grant_overflow,
            actor=self.administrator,
            site=self.sites[site % SITES],
            places=places,
            reason="exercise",
        )

    @invariant()
    def counters_are_the_sums(self) -> None:
        assert (counter_drifts(), unit_drifts(), places_drifts()) == ([], [], [])
        assert all(site.free >= 0 for site in Site.objects.all())
        with connection.cursor() as cursor:  # judge now what would be judged at the commit
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

    @invariant()
    def nobody_is_in_two_places_or_forgotten(self) -> None:
        for family in self.households:
            held = list(family.placements.filter(status__in=OPEN_STATUSES))
            assert all(each.split_reason for each in held if each.part)
            belonging = Counter(
                Stay.objects.standing()
                .filter(placement__household=family)
                .values_list("person_id", flat=True)
            )
            counted = set(family.members.in_count().values_list("pk", flat=True))
            assert set(belonging) <= counted
            assert not belonging or max(belonging.values()) == 1
            if held and not any(each.part for each in family.placements.all()):
                assert set(belonging) == counted

    @invariant()
    def statuses_follow_the_table(self) -> None:
        for placement in Placement.objects.all():
            before = self.seen.get(placement.pk, placement.status)
            # Being resized can make absent of a family: whoever was present has left it.
            assert placement.status in {before, "absent", *TRANSITIONS[before]}
            self.seen[placement.pk] = placement.status


@pytest.mark.django_db
def test_counters_equal_the_rows_after_any_work(operation):
    run_state_machine_as_test(
        Reception,
        settings=settings(
            max_examples=10,
            stateful_step_count=25,
            deadline=None,
            # To make a failing example smaller would take longer than a test may.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
