"""The life of a placement: every path of the table, and none beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.models import Event
from common import clock
from common.errors import CapacityExceeded, Conflict, InvalidInput, InvalidState, NotPermitted
from common.ids import new_id
from reception import services
from reception.choices import OPEN_STATUSES, PRESENT_STATUSES, RESERVED_STATUSES, PlacementStatus
from reception.models import TRANSITIONS, Placement, Site
from reception.selectors import counter_drifts
from reception.tasks import expire_reservations
from tests.factories.reception import (
    add_member,
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
    take_out,
)

pytestmark = pytest.mark.django_db
S = PlacementStatus

STEPS = {
    "confirm": (services.confirm, S.CONFIRMED, {}),
    "check_in": (services.check_in, S.CHECKED_IN, {}),
    "record_absence": (services.record_absence, S.ABSENT, {"reason": "hospital"}),
    "record_return": (services.record_return, S.CHECKED_IN, {}),
    "announce_transfer": (services.announce_transfer, S.TRANSFER_PENDING, {}),
    "check_out": (services.check_out, S.CHECKED_OUT, {}),
    "cancel": (services.cancel_placement, S.CANCELLED, {}),
    "no_show": (services.mark_no_show, S.NO_SHOW, {}),
}
# Coming and coming back are told apart by where the placement stands.
COMES_FROM = {"check_in": RESERVED_STATUSES, "record_return": (S.ABSENT, S.TRANSFER_PENDING)}


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def officer():
    return make_officer(username="petra")


def now_of(row):
    return type(row).objects.get(pk=row.pk)


@pytest.mark.parametrize("status", PlacementStatus.values)
@pytest.mark.parametrize("step", STEPS)
def test_only_the_paths_of_the_table_are_open(officer, status, step):
    site = make_site(places=10)
    placement = make_placement(site, status=status)
    service, target, extra = STEPS[step]
    allowed = target in TRANSITIONS[status] and status in COMES_FROM.get(step, (status,))
    before = now_of(site)
    if not allowed:
        with pytest.raises(InvalidState):
            service(actor=officer, placement=placement, **extra)
        assert now_of(placement).status == status
        assert (now_of(site).reserved, now_of(site).present) == (before.reserved, before.present)
        return
    moved = service(actor=officer, placement=placement, **extra)
    assert moved.status == target == now_of(placement).status
    assert now_of(site).reserved == (3 if target in RESERVED_STATUSES else 0)
    assert now_of(site).present == (3 if target in PRESENT_STATUSES else 0)
    assert (now_of(placement).ended_at is None) == (target in OPEN_STATUSES)


def test_every_path_of_the_table_is_taken_by_some_step():
    reached = {
        (status, target)
        for step, (_, target, _) in STEPS.items()
        for status in PlacementStatus.values
        if target in TRANSITIONS[status] and status in COMES_FROM.get(step, (status,))
    }
    table = {(status, to) for status, targets in TRANSITIONS.items() for to in targets}
    by_time = {(S.RESERVED, S.EXPIRED), (S.CONFIRMED, S.EXPIRED)}
    assert table - reached == by_time


def test_a_stale_object_does_not_mislead(officer):
    placement = make_placement(make_site())
    services.cancel_placement(actor=officer, placement=placement)
    assert placement.status == S.RESERVED
    with pytest.raises(InvalidState) as refused:
        services.check_in(actor=officer, placement=placement)
    assert (refused.value.code, refused.value.details) == ("wrong_state", {"state": "cancelled"})


def test_what_happened_earlier_can_be_written_down_later_but_not_before(officer):
    placement = make_placement(make_site())
    earlier = clock.now() - timedelta(hours=2)
    moved = services.check_in(actor=officer, placement=placement, occurred_at=earlier)
    assert moved.checked_in_at == earlier
    event = Event.objects.get(kind="placement.checked_in")
    assert event.occurred_at == earlier < event.recorded_at
    with pytest.raises(InvalidInput) as refused:
        services.check_out(
            actor=officer, placement=placement, occurred_at=clock.now() + timedelta(hours=1)
        )
    assert refused.value.problems[0].field == "occurred_at"


def test_an_absence_needs_a_known_reason_and_keeps_the_places(officer):
    site = make_site(places=3)
    placement = make_placement(site, status="checked_in")
    with pytest.raises(InvalidInput):
        services.record_absence(actor=officer, placement=placement, reason="fishing")
    services.record_absence(actor=officer, placement=placement, reason="hospital")
    assert now_of(site).free == 0
    services.record_return(actor=officer, placement=placement)
    assert now_of(placement).absence_reason == ""


@pytest.mark.parametrize("step", STEPS)
def test_others_change_nothing(alice, omar, carol, step):
    site = make_site()
    status = (
        "checked_in" if step.startswith(("record_abs", "announce", "check_out")) else "reserved"
    )
    status = "absent" if step == "record_return" else status
    placement = make_placement(site, status=status)
    service, _, extra = STEPS[step]
    for actor in (alice, omar, carol, make_manager(make_site())):
        with pytest.raises(NotPermitted):
            service(actor=actor, placement=placement, **extra)
    assert now_of(placement).status == status


# Transfers ------------------------------------------------------------------------------------


def test_a_transfer_moves_the_family_and_keeps_its_history(officer):
    old_site, new_site = make_site(places=5), make_site(places=5)
    old = make_placement(old_site, status="checked_in")
    new = services.transfer_placement(actor=officer, placement=old, site=new_site, arrived=True)
    assert (new.previous, new.status, new.places) == (old, "checked_in", 3)
    assert (now_of(old).status, now_of(old).ended_at is None) == ("checked_out", False)
    assert (now_of(old_site).taken, now_of(new_site).present) == (0, 3)
    event = Event.objects.get(kind="placement.transferred")
    assert (event.data["from_site"], event.data["site"]) == (old_site.code, new_site.code)


def test_a_transfer_reserves_until_the_family_is_there(officer):
    old, new_site = make_placement(make_site(), status="absent"), make_site()
    new = services.transfer_placement(actor=officer, placement=old, site=new_site)
    assert (new.status, now_of(new_site).reserved) == ("reserved", 3)
    assert services.check_in(actor=officer, placement=new).status == "checked_in"


def test_a_reservation_that_moves_is_cancelled_at_the_old_site(officer):
    old = make_placement(make_site())
    services.transfer_placement(actor=officer, placement=old, site=make_site())
    assert now_of(old).status == "cancelled"


@pytest.mark.parametrize("first_is_full", [True, False])
def test_a_transfer_to_a_full_site_leaves_everything_as_it_was(officer, first_is_full):
    # In both orders of the keys: the freeing may be written before or after the taking.
    sites = sorted((make_site(places=3), make_site(places=3)), key=lambda site: site.pk)
    full, old_site = sites if first_is_full else sites[::-1]
    make_placement(full, size=2)
    old = make_placement(old_site, status="checked_in")
    with pytest.raises(CapacityExceeded) as refused:
        services.transfer_placement(actor=officer, placement=old, site=full)
    assert refused.value.details == {"free": 1, "needed": 3}
    assert now_of(old).status == "checked_in"
    assert (now_of(old_site).present, now_of(full).taken) == (3, 2)
    assert Placement.objects.count() == 2


def test_a_transfer_sent_again_makes_nothing(officer):
    old, site, pk = make_placement(make_site(), status="checked_in"), make_site(), new_id()
    for _ in range(2):
        new = services.transfer_placement(actor=officer, placement=old, site=site, placement_id=pk)
    assert (new.pk, now_of(site).taken) == (pk, 3)
    with pytest.raises(Conflict, match="conflict"):
        services.transfer_placement(actor=officer, placement=old, site=make_site(), placement_id=pk)


def test_a_transfer_to_the_same_or_a_closed_site_is_refused(officer):
    site = make_site()
    old = make_placement(site, status="checked_in")
    with pytest.raises(InvalidInput):
        services.transfer_placement(actor=officer, placement=old, site=site)
    with pytest.raises(Conflict, match="site_not_receiving"):
        services.transfer_placement(actor=officer, placement=old, site=make_site(status="closed"))


def test_a_transfer_needs_the_right_at_both_sites():
    mine, other = make_site(), make_site()
    manager = make_manager(mine)
    here, there = make_placement(mine, status="checked_in"), make_placement(other)
    for placement, site in ((here, other), (there, mine)):
        with pytest.raises(NotPermitted):
            services.transfer_placement(actor=manager, placement=placement, site=site)
    assert (now_of(mine).taken, now_of(other).taken) == (3, 3)


# Time -----------------------------------------------------------------------------------------


def test_a_reservation_runs_out_after_its_time_only(officer):
    site = make_site(places=10)
    short = services.place_household(
        actor=officer,
        household=make_household_of(2),
        site=site,
        reserved_until=clock.now() + timedelta(hours=1),
    )
    make_placement(site, size=3)
    confirmed = make_placement(site, size=1, status="confirmed")
    assert services.expire_reservations(clock.now() + timedelta(minutes=59)) == 0
    assert services.expire_reservations(clock.now() + timedelta(minutes=61)) == 1
    assert (now_of(short).status, now_of(site).reserved) == ("expired", 4)
    event = Event.objects.filter(kind="placement.ended").get()
    assert (event.actor, event.data["status"], event.data["places"]) == (None, "expired", 2)
    assert services.expire_reservations(clock.now() + timedelta(days=9)) == 1
    assert now_of(confirmed).status == "confirmed"
    assert counter_drifts() == []


def test_the_task_releases_what_is_due(monkeypatch):
    placement = make_placement(make_site())
    assert expire_reservations() == 0
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert expire_reservations() == 1
    assert now_of(placement).status == "expired"


def test_more_reservations_than_one_batch_run_out(monkeypatch):
    monkeypatch.setattr("reception.services.ending.BATCH", 2)
    first, second = make_site(), make_site()
    for site in (first, second, first, second, first):
        make_placement(site, size=1)
    assert services.expire_reservations(clock.now() + timedelta(days=2)) == 5
    assert (now_of(first).taken, now_of(second).taken) == (0, 0)


def test_a_late_family_is_still_checked_in_while_its_place_is_held(officer, monkeypatch):
    placement = make_placement(make_site())
    later = clock.now() + timedelta(hours=30)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert services.check_in(actor=officer, placement=placement).status == "checked_in"
    assert services.expire_reservations() == 0


# Households that change -----------------------------------------------------------------------


def change(household, actor):
    services.household_changed(household, actor)


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_who_leaves_frees_a_place_and_the_last_one_ends_the_placement(alice, status):
    site = make_site(places=5)
    placement = make_placement(site, status=status, size=2)
    first, last = placement.household.members.all()
    take_out(first, "separated_authority")
    change(placement.household, alice)
    assert (now_of(placement).places, now_of(site).taken) == (1, 1)
    take_out(last)
    change(placement.household, alice)
    ended = now_of(placement)
    assert ended.status == ("cancelled" if status in RESERVED_STATUSES else "checked_out")
    assert now_of(site).taken == 0
    assert Event.objects.filter(kind="placement.ended").count() == 1


def test_a_birth_takes_a_free_place(alice):
    site = make_site(places=5)
    placement = make_placement(site, status="checked_in")
    add_member(placement.household, age=0)
    change(placement.household, alice)
    assert (now_of(placement).places, now_of(site).present, now_of(site).overflow) == (4, 4, 0)


def test_a_birth_at_a_full_site_is_recorded_and_told(alice, officer):
    site = make_site(places=3)
    placement = make_placement(site, status="checked_in")
    add_member(placement.household, age=0)
    change(placement.household, alice)
    full = now_of(site)
    assert (full.present, full.capacity, full.overflow, full.free) == (4, 3, 1, 0)
    assert Event.objects.get(kind="site.over_capacity").data["places"] == 1
    services.check_out(actor=officer, placement=placement)
    assert (now_of(site).overflow, now_of(site).free) == (0, 3)


def test_one_who_joins_a_reserved_family_must_fit(alice):
    site = make_site(places=3)
    placement = make_placement(site)
    add_member(placement.household)
    with pytest.raises(CapacityExceeded) as refused:
        change(placement.household, alice)
    assert refused.value.details["free"] == 0
    assert (now_of(placement).places, now_of(site).reserved) == (3, 3)


def test_a_household_without_a_place_changes_nothing(alice):
    household = make_household_of(2)
    take_out(household.members.first())
    change(household, alice)
    assert not Placement.objects.exists()


def test_the_edited_time_of_a_site_does_not_move_with_its_families(officer):
    site = make_site()
    services.check_in(actor=officer, placement=make_placement(site))
    assert Site.objects.get(pk=site.pk).updated_at == site.updated_at
