"""What must hold wherever a family is placed: by hand, on a move, in a proposal, after a merge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from common import clock
from common.errors import Conflict, InvalidInput, NotPermitted
from intake.merging import Merge
from intake.models import FamilyLink
from reception import services
from reception.gathering import gather
from reception.merge_requirements import KinFollows, PairsFollow, RequirementsFollow
from reception.models import (
    KeepApart,
    KinGroup,
    KinGroupMember,
    Placement,
    PlacementPolicy,
    PlacementRequirement,
    Site,
    Unit,
)
from tests.factories.reception import (
    make_household_of,
    make_officer,
    make_placement,
    make_site,
    take_out,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation: Any) -> Any:
    return operation


@pytest.fixture
def officer() -> Any:
    return make_officer()


def refused(actor: Any, household: Any, site: Site, **more: Any) -> str:
    with pytest.raises(Conflict) as error:
        services.place_household(actor=actor, household=household, site=site, **more)
    return error.value.code


def test_families_kept_apart_are_not_placed_at_one_site(officer: Any, dana: Any) -> None:
    site, other_site = make_site(), make_site()
    one, other = make_household_of(2), make_household_of(2)
    services.keep_apart(actor=dana, household=other, other=one, reason="they said so")
    services.place_household(actor=officer, household=one, site=site)
    assert refused(officer, other, site) == "keep_apart"
    # A placement officer may not override what a protection officer decided.
    assert refused(officer, other, site, override_reason="no other place") == "keep_apart"
    placement = services.place_household(actor=officer, household=other, site=other_site)
    with pytest.raises(Conflict):
        services.transfer_placement(actor=officer, placement=placement, site=site)
    moved = services.transfer_placement(
        actor=dana, placement=placement, site=site, override_reason="they agreed, in two houses"
    )
    assert moved.note == "they agreed, in two houses"
    event = Event.objects.get(kind="placement.rule_overridden")
    assert event.data["rules"] == ["keep_apart"]
    assert "agreed" not in str(event.data)


def test_an_ended_or_expired_pair_holds_no_longer(officer: Any, dana: Any) -> None:
    site = make_site()
    one, other, third = (make_household_of(1) for _ in range(3))
    until = clock.now() + timedelta(hours=1)
    pair = services.keep_apart(actor=dana, household=one, other=other, reason="x", until=until)
    again = services.keep_apart(actor=dana, household=other, other=one, reason="y")
    assert again == pair
    KeepApart.objects.update(since=clock.now() - timedelta(days=1))
    KeepApart.objects.update(until=clock.now())
    ended = services.keep_apart(actor=dana, household=one, other=third, reason="x")
    services.end_keep_apart(actor=dana, pair=ended)
    for household in (one, other, third):
        services.place_household(actor=officer, household=household, site=site)
    with pytest.raises(InvalidInput):
        services.keep_apart(actor=dana, household=one, other=one, reason="x")


def test_only_protection_officers_keep_apart_and_read_why(officer: Any, dana: Any) -> None:
    one, other = make_household_of(1), make_household_of(1)
    with pytest.raises(NotPermitted):
        services.keep_apart(actor=officer, household=one, other=other, reason="x")
    pair = services.keep_apart(actor=dana, household=one, other=other, reason="why")
    with pytest.raises(NotPermitted):
        services.end_keep_apart(actor=officer, pair=pair)


def test_quarantine_medical_and_site_rules_hold_by_hand(officer: Any) -> None:
    plain, near = make_site("PLAIN"), make_site("NEAR", health_minutes=10)
    closed = make_site("Q", type="quarantine")
    household, ill, tied = (make_household_of(1) for _ in range(3))
    require = services.require_place
    require(actor=officer, household=household, kind="quarantine")
    assert refused(officer, household, plain) == "quarantine_required"
    services.place_household(actor=officer, household=household, site=closed)
    require(actor=officer, household=ill, kind="medical", minutes=15)
    assert refused(officer, ill, plain) == "care_distance_unknown"
    assert refused(officer, ill, closed) == "quarantine_only"
    services.place_household(actor=officer, household=ill, site=near)
    require(actor=officer, household=tied, kind="only_at", site=near)
    assert refused(officer, tied, plain) == "excluded_by_decision"
    row = require(actor=officer, household=tied, kind="not_at", site=plain)
    services.end_requirement(actor=officer, requirement=row)
    services.place_household(actor=officer, household=tied, site=near)


def test_a_section_for_quarantine_is_enough(officer: Any) -> None:
    site = make_site()
    Unit.objects.create(site=site, code="q", name="Q", section="quarantine", capacity=4)
    household = make_household_of(1)
    services.require_place(actor=officer, household=household, kind="quarantine")
    services.place_household(actor=officer, household=household, site=site)


def test_what_is_required_has_a_shape(officer: Any) -> None:
    household, site = make_household_of(1), make_site()
    require = services.require_place
    for fields in (
        {"kind": "medical"},
        {"kind": "medical", "minutes": 0},
        {"kind": "quarantine", "minutes": 5},
        {"kind": "not_at"},
        {"kind": "quarantine", "site": site},
        {"kind": "luck"},
    ):
        with pytest.raises(InvalidInput):
            require(actor=officer, household=household, **fields)
    require(actor=officer, household=household, kind="medical", minutes=30)
    require(actor=officer, household=household, kind="medical", minutes=20)
    standing = PlacementRequirement.objects.in_force()
    assert [row.minutes for row in standing] == [20]
    for fields in (
        {"kind": "medical"},
        {"kind": "not_at"},
        {"kind": "medical", "minutes": 5, "ended_at": None},
        {"kind": "quarantine", "ended_at": clock.now()},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            PlacementRequirement.objects.create(household=household, recorded_by=officer, **fields)


def test_near_the_border_longer_stays_need_a_reason_or_a_decision(officer: Any, dana: Any) -> None:
    site = make_site("NEAR", border_km=3)
    free, one, other = make_household_of(1), make_household_of(1), make_household_of(1)
    services.place_household(actor=officer, household=free, site=site)  # nothing is decided yet
    PlacementPolicy.objects.create(decided_by=dana)
    assert refused(officer, one, site) == "near_border"
    services.place_household(
        actor=officer, household=one, site=site, override_reason="the road is closed"
    )
    policy = PlacementPolicy.objects.create(decision="Commission, 4 July", decided_by=dana)
    policy.sites.add(site)
    services.place_household(actor=officer, household=other, site=site)


def test_a_pair_has_an_order_and_stands_once(dana: Any) -> None:
    one, other = sorted((make_household_of(1), make_household_of(1)), key=lambda each: each.pk)
    make = KeepApart.objects.create
    make(household=one, other=other, reason="x", recorded_by=dana)
    for pair in ((one, other), (other, one), (one, one)):
        with pytest.raises(IntegrityError), transaction.atomic():
            make(household=pair[0], other=pair[1], reason="x", recorded_by=dana)


# Facts --------------------------------------------------------------------------------------
def test_relatives_count_only_where_the_link_is_not_sealed(officer: Any, alice: Any) -> None:
    site = make_site()
    one, other, hidden = (make_household_of(2) for _ in range(3))
    make_placement(site, household=other, by=officer)
    make_placement(site, household=hidden, by=officer)
    for relative, sealed in ((other, False), (hidden, True)):
        FamilyLink.objects.create(
            person=one.members.first(),
            relative=relative.members.first(),
            kind="sibling",
            strength="stated",
            said_by="person",
            sealed=sealed,
            recorded_by=alice,
        )
    facts = gather([one], [site])
    assert facts.families[0].kin
    assert facts.sites[0].kin == {facts.families[0].kin: 2}
    for person in other.members.all():
        take_out(person)
    assert gather([one], [site]).families[0].kin == ""


def test_families_that_ask_to_stay_near_are_one_kin(officer: Any) -> None:
    households = [make_household_of(1) for _ in range(4)]
    services.join_kin(actor=officer, households=households[:2])
    services.join_kin(actor=officer, households=households[2:])
    services.join_kin(actor=officer, households=households[1:3])
    facts = gather(households, [])
    assert len({family.kin for family in facts.families}) == 1
    assert KinGroup.objects.standing().count() == 1
    services.leave_kin(actor=officer, household=households[0])
    assert [family.kin == "" for family in gather(households, []).families].count(True) == 1
    with pytest.raises(InvalidInput):
        services.join_kin(actor=officer, households=households[:1] * 2)
    with pytest.raises(IntegrityError), transaction.atomic():
        KinGroupMember.objects.create(group=KinGroup.objects.first(), household=households[1])


def test_needs_become_what_a_place_must_offer(officer: Any, alice: Any) -> None:
    household = make_household_of(4, ages=[70, 30, 17, 5])
    elder, woman, *_children = household.members.order_by("position")
    elder.needs.create(type_id="DS-PM", status="confirmed", recorded_by=alice)
    woman.needs.create(type_id="SV-VO", status="confirmed", recorded_by=alice)
    family = gather([household], []).families[0]
    assert (family.size, family.children, family.older) == (4, 2, 1)
    assert (family.accessible, family.near_services) == (1, 1)
    assert (family.women_only, family.men_only, family.children_alone) == (True, False, False)
    assert "SV" not in str(family)


# Merges -------------------------------------------------------------------------------------
def test_a_merge_keeps_the_survivor_apart_and_can_be_undone(officer: Any, dana: Any) -> None:
    survivor, repeat, third, fourth = (make_household_of(1) for _ in range(4))
    apart = services.keep_apart
    apart(actor=dana, household=repeat, other=third, reason="a")
    apart(actor=dana, household=repeat, other=survivor, reason="b")
    apart(
        actor=dana,
        household=survivor,
        other=fourth,
        reason="c",
        until=clock.now() + timedelta(days=1),
    )
    apart(actor=dana, household=repeat, other=fourth, reason="d")
    before = list(
        KeepApart.objects.order_by("pk").values("household", "other", "until", "ended_at")
    )
    merge = Merge(survivor, repeat, {}, dana)
    done = PairsFollow().merge(KeepApart, "household", merge)
    held = KeepApart.objects.in_force().of(survivor)
    assert {each.pk for each in (third, fourth)} == {
        pair.other_id if pair.household_id == survivor.pk else pair.household_id for pair in held
    }
    assert all(pair.until is None for pair in held)
    assert PairsFollow.tell(done)
    PairsFollow().undo(KeepApart, "household", merge, done)
    assert before == list(
        KeepApart.objects.order_by("pk").values("household", "other", "until", "ended_at")
    )


def test_a_merge_keeps_the_stricter_requirement(officer: Any, dana: Any) -> None:
    survivor, repeat = make_household_of(1), make_household_of(1)
    require = services.require_place
    require(actor=officer, household=survivor, kind="medical", minutes=30)
    require(actor=officer, household=repeat, kind="medical", minutes=10)
    require(actor=officer, household=repeat, kind="quarantine")
    group = services.join_kin(actor=officer, households=[repeat, make_household_of(1)])
    merge = Merge(survivor, repeat, {}, dana)
    done = RequirementsFollow().merge(PlacementRequirement, "household", merge)
    kin = KinFollows().merge(KinGroupMember, "household", merge)
    held = PlacementRequirement.objects.in_force().filter(household=survivor)
    assert {row.kind: row.minutes for row in held} == {"medical": 10, "quarantine": None}
    assert group.members.filter(household=survivor).exists()
    RequirementsFollow().undo(PlacementRequirement, "household", merge, done)
    KinFollows().undo(KinGroupMember, "household", merge, kin)
    assert [row.minutes for row in held.all()] == [30]
    assert PlacementRequirement.objects.in_force().filter(household=repeat).count() == 2
    assert group.members.filter(household=repeat).exists()


def test_a_household_without_rules_is_placed_as_before(officer: Any) -> None:
    placement = make_placement(make_site(), by=officer)
    assert Placement.objects.get().pk == placement.pk
