"""Blocked places: their entries, their sum, their time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.choices import Role
from audit.models import Event
from common import clock
from common.errors import Conflict, InvalidInput, InvalidState, NotPermitted
from reception.choices import BlockReason, BlockState
from reception.models import Site, SiteBlock, Unit
from reception.services import (
    block_places,
    create_site,
    create_unit,
    edit_site,
    edit_unit,
    end_block,
    keep_blocks_in_time,
)
from reception.services.blocks import blocked_sums
from tests.factories.accounts import make_user
from tests.factories.reception import make_area, make_manager, make_placement, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def site():
    return make_site("HERE", places=10)


@pytest.fixture
def manager(site):
    return make_manager(site)


def now_of(row):
    return type(row).objects.get(pk=row.pk)


def agrees(site):
    total, units = blocked_sums(now_of(site))
    assert now_of(site).blocked == total
    for unit in site.units.all():
        assert unit.blocked == units.get(unit.pk, 0)


def test_blocks_add_up_and_end_one_by_one(site, manager):
    first = block_places(actor=manager, site=site, places=3, reason="repair", text="roof")
    second = block_places(actor=manager, site=site, places=2, reason="no_heating")
    assert (now_of(site).blocked, now_of(site).free) == (5, 5)
    assert now_of(site).blocked_reason == "Being repaired: roof; No heating"
    end_block(actor=manager, block=first)
    assert (now_of(site).blocked, now_of(site).blocked_reason) == (2, "No heating")
    end_block(actor=manager, block=second)
    assert (now_of(site).blocked, now_of(site).blocked_reason) == (0, "")
    agrees(site)
    kinds = [each.kind for each in Event.objects.filter(subject_id=site.pk).order_by("pk")]
    assert kinds[-4:] == ["site.places_blocked"] * 2 + ["site.places_unblocked"] * 2
    with pytest.raises(InvalidState):
        end_block(actor=manager, block=first)
    assert now_of(site).blocked == 0


def test_taken_places_are_never_blocked(site, manager):
    make_placement(site, size=7)
    with pytest.raises(Conflict) as refused:
        block_places(actor=manager, site=site, places=4, reason="repair")
    assert (refused.value.code, refused.value.problems[0].field) == ("places_taken", "places")
    assert not SiteBlock.objects.exists()
    assert now_of(site).blocked == 0
    block_places(actor=manager, site=site, places=3, reason="repair")
    assert now_of(site).free == 0


def test_a_block_of_a_room_counts_at_the_room_and_at_the_site(site, manager):
    room = create_unit(actor=manager, site=site, code="r1", name="Room 1", capacity=4)
    Unit.objects.filter(pk=room.pk).update(taken=3)
    with pytest.raises(Conflict, match="places_taken"):
        block_places(actor=manager, site=site, unit=room, places=2, reason="repair")
    block = block_places(actor=manager, site=site, unit=room, places=1, reason="repair")
    assert (now_of(room).blocked, now_of(site).blocked) == (1, 1)
    agrees(site)
    end_block(actor=manager, block=block)
    assert (now_of(room).blocked, now_of(site).blocked) == (0, 0)
    other = create_unit(
        actor=make_user(Role.ADMINISTRATOR), site=make_site(), code="x", name="X", capacity=4
    )
    with pytest.raises(InvalidInput) as refused:
        block_places(actor=manager, site=site, unit=other, places=1, reason="repair")
    assert refused.value.problems[0].field == "unit"


def test_a_block_waits_for_its_time_and_for_free_places_and_ends_by_itself(site, manager):
    now = clock.now()
    placement = make_placement(site, size=8)
    block = block_places(
        actor=manager,
        site=site,
        places=5,
        reason="cleaning",
        since=now + timedelta(hours=1),
        until=now + timedelta(hours=9),
    )
    assert (block.state, now_of(site).blocked) == (BlockState.PLANNED, 0)
    assert keep_blocks_in_time(now + timedelta(hours=2)) == 0  # eight of ten places are taken
    from reception.services import cancel_placement

    cancel_placement(actor=manager, placement=placement)
    assert keep_blocks_in_time(now + timedelta(minutes=30)) == 0
    assert keep_blocks_in_time(now + timedelta(hours=2)) == 1
    assert (now_of(block).state, now_of(site).blocked) == (BlockState.IN_FORCE, 5)
    assert keep_blocks_in_time(now + timedelta(hours=2)) == 0
    assert keep_blocks_in_time(now + timedelta(hours=9)) == 1
    assert now_of(site).blocked == 0
    assert now_of(block).ended_at == block.until
    agrees(site)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"places": 0}, "places"),
        ({"reason": "nonsense"}, "reason"),
        ({"reason": "other", "text": " "}, ""),
        ({"until": timedelta(hours=-1)}, "until"),
        ({"since": timedelta(hours=2), "until": timedelta(hours=1)}, ""),
    ],
)
def test_a_bad_block_is_refused_by_the_name_of_its_field(site, manager, fields, named):
    given = {
        name: clock.now() + value if isinstance(value, timedelta) else value
        for name, value in fields.items()
    }
    with pytest.raises(InvalidInput) as refused:
        block_places(
            actor=manager, site=site, **{"places": 1, "reason": BlockReason.REPAIR, **given}
        )
    assert named in [problem.field for problem in refused.value.problems]
    assert not SiteBlock.objects.exists()


def test_the_same_block_sent_again_is_one(site, manager):
    made = block_places(actor=manager, site=site, places=2, reason="repair")
    again = block_places(actor=manager, site=site, places=2, reason="repair", block_id=made.pk)
    assert (again.pk, now_of(site).blocked) == (made.pk, 2)
    with pytest.raises(Conflict, match="conflict"):
        block_places(actor=manager, site=site, places=3, reason="repair", block_id=made.pk)


def test_only_the_staff_of_this_site_block_and_end(site, manager, omar, alice):
    block = block_places(actor=manager, site=site, places=2, reason="repair")
    for actor in (omar, alice, make_manager(make_site())):
        with pytest.raises(NotPermitted):
            block_places(actor=actor, site=site, places=1, reason="repair")
        with pytest.raises(NotPermitted):
            end_block(actor=actor, block=block)
    assert now_of(site).blocked == 2


def test_a_bare_number_still_blocks_and_unblocks(site, manager):
    edit_site(actor=manager, site=site, blocked=4, blocked_reason="paint")
    block = SiteBlock.objects.get()
    assert (block.places, block.text, block.stated, block.state) == (4, "paint", True, "in_force")
    edit_site(actor=manager, site=site, blocked=6)
    assert (now_of(site).blocked, now_of(site).blocked_reason) == (6, "paint")
    edit_site(actor=manager, site=site, blocked_reason="windows")
    assert (now_of(site).blocked, now_of(site).blocked_reason) == (6, "windows")
    edit_site(actor=manager, site=site, blocked=0)
    assert (now_of(site).blocked, SiteBlock.objects.in_force().count()) == (0, 0)
    agrees(site)


def test_a_bare_number_leaves_entries_with_their_own_end_alone(site, manager):
    block_places(actor=manager, site=site, places=3, reason="repair", text="roof")
    edit_site(actor=manager, site=site, blocked=5, blocked_reason="paint")
    assert now_of(site).blocked_reason == "Being repaired: roof; paint"
    with pytest.raises(Conflict, match="blocked_by_entries"):
        edit_site(actor=manager, site=site, blocked=2)
    assert now_of(site).blocked == 5
    edit_site(actor=manager, site=site, blocked=3)
    assert (now_of(site).blocked, now_of(site).blocked_reason) == (3, "Being repaired: roof")
    agrees(site)


def test_a_new_site_cannot_block_what_it_does_not_have(manager):
    administrator = make_user(Role.ADMINISTRATOR)
    fields = {"name": "New", "type": "collective_centre", "area": make_area()}
    with pytest.raises(Conflict, match="capacity_below_taken"):
        create_site(actor=administrator, code="NEW", blocked=3, blocked_reason="paint", **fields)
    site = create_site(
        actor=administrator,
        code="NEW",
        operational_capacity=9,
        operational_reason="known",
        blocked=3,
        blocked_reason="paint",
        **fields,
    )
    assert now_of(site).blocked == 3
    agrees(site)


def test_rooms_are_made_and_changed_by_the_staff_of_the_site(site, manager, alice):
    room = create_unit(actor=manager, site=site, code="r-1", name="Room 1", capacity=4)
    assert (room.code, room.section) == ("R-1", "any")
    with pytest.raises(Conflict, match="unit_code_taken"):
        create_unit(actor=manager, site=site, code="R-1", name="Again", capacity=1)
    Unit.objects.filter(pk=room.pk).update(taken=3)
    with pytest.raises(Conflict) as refused:
        edit_unit(actor=manager, unit=room, capacity=2, name="Small room")
    assert (refused.value.code, refused.value.problems[0].field) == ("unit_below_taken", "capacity")
    assert now_of(room).name == "Room 1"
    edit_unit(actor=manager, unit=room, capacity=3, section="women", accessible=True)
    assert (now_of(room).capacity, now_of(room).taken) == (3, 3)
    for change in ({"capacity": -1}, {"section": "everybody"}, {"name": ""}):
        with pytest.raises(InvalidInput) as bad:
            edit_unit(actor=manager, unit=room, **change)
        assert bad.value.problems[0].field in change
    with pytest.raises(NotPermitted):
        create_unit(actor=alice, site=site, code="R-2", name="Room 2", capacity=4)
    with pytest.raises(NotPermitted):
        edit_unit(actor=make_manager(make_site()), unit=room, capacity=9)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"places": 0}, "site_block_holds_places"),
        ({"state": "ended"}, "site_block_ended_has_a_time"),
        ({"text": "", "reason": "other"}, "site_block_other_is_explained"),
        ({"until": "2001-01-01T00:00Z"}, "site_block_ends_after_it_began"),
    ],
)
def test_the_database_refuses_a_bad_block(site, manager, change, constraint):
    block = block_places(actor=manager, site=site, places=2, reason="repair")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        SiteBlock.objects.filter(pk=block.pk).update(**change)


def test_a_site_has_one_stated_number(site, manager):
    edit_site(actor=manager, site=site, blocked=1, blocked_reason="paint")
    block = SiteBlock.objects.get()
    block.pk = None
    with pytest.raises(IntegrityError, match="one_stated_number"), transaction.atomic():
        SiteBlock.objects.create(
            site=Site.objects.get(),
            places=1,
            reason="repair",
            state="in_force",
            stated=True,
            since=clock.now(),
        )
