"""Blocking, unblocking and placing at once: no place is both taken and blocked."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from common import clock
from reception import services
from reception.models import Site, SiteBlock, Unit
from reception.services.blocks import blocked_sums
from tests.concurrency.together import at_once
from tests.factories.accounts import make_operation
from tests.factories.reception import make_household_of, make_manager, make_site

pytestmark = pytest.mark.django_db(transaction=True)


def test_places_are_taken_or_blocked_and_never_both():
    make_operation()
    site = make_site(places=10)
    manager = make_manager(site)
    room = services.create_unit(actor=manager, site=site, code="R", name="Room", capacity=4)
    first = services.block_places(actor=manager, site=site, unit=room, places=2, reason="repair")
    households = [make_household_of(2, by=manager) for _ in range(5)]

    def place(household):
        return lambda: services.place_household(actor=manager, household=household, site=site)

    def block(unit):
        return lambda: services.block_places(
            actor=manager, site=site, unit=unit, places=2, reason="cleaning"
        )

    calls = [place(each) for each in households] + [block(None), block(None), block(room)]
    calls += [lambda: services.end_block(actor=manager, block=first)] * 2
    outcomes = Counter(at_once(*calls))
    assert set(outcomes) <= {"done", "capacity_exceeded", "places_taken", "wrong_state"}
    assert outcomes["wrong_state"] == 1
    now, total = Site.objects.get(pk=site.pk), blocked_sums(site)
    assert (now.blocked, now.taken + now.blocked <= 10) == (total[0], True)
    assert now.taken == 2 * now.placements.count()
    assert Unit.objects.get(pk=room.pk).blocked == total[1].get(room.pk, 0)


def test_two_workers_end_a_block_once():
    make_operation()
    site = make_site(places=10)
    manager = make_manager(site)
    soon = clock.now() + timedelta(hours=1)
    services.block_places(actor=manager, site=site, places=3, reason="repair", until=soon)
    at_once(*[lambda: services.keep_blocks_in_time(soon)] * 3)
    assert Site.objects.get(pk=site.pk).blocked == 0
    assert SiteBlock.objects.get().state == "ended"
