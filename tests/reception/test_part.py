"""A family that comes, goes away or stays in parts; rooms; families apart by decision."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from audit.models import Event
from common import clock
from common.errors import CapacityExceeded, Conflict, InvalidInput, InvalidState, NotPermitted
from reception import services
from reception.models import Placement, Site, Stay, Unit
from reception.selectors import counter_drifts, places_drifts, unit_drifts, unplaced_households
from tests.factories.reception import (
    add_member,
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
    make_unit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(operation: Any) -> Any:
    return make_officer()


@pytest.fixture(autouse=True)
def counters_agree(db: None) -> Any:
    yield
    assert (counter_drifts(), unit_drifts(), places_drifts()) == ([], [], [])


def people(placement: Placement) -> list[Any]:
    return list(placement.household.members.order_by("position", "pk").values_list("pk", flat=True))


def states(placement: Placement) -> list[str]:
    rows = Stay.objects.standing().filter(placement=placement)
    return sorted(rows.values_list("state", flat=True))


def test_part_of_a_family_comes_and_the_others_keep_their_places(officer):
    site = make_site(places=10)
    placement = make_placement(site, size=4, by=officer)
    first = people(placement)[:3]
    came = services.check_in(actor=officer, placement=placement, persons=first)
    site.refresh_from_db()
    assert (came.status, came.places, states(came)) == ("checked_in", 4, ["due"] + ["present"] * 3)
    assert (site.reserved, site.present) == (1, 3)
    assert came.reserved_until is not None
    whole = services.check_in(actor=officer, placement=came, persons=people(came)[3:])
    assert (whole.reserved_until, states(whole)) == (None, ["present"] * 4)


def test_who_does_not_come_in_time_loses_the_place_and_may_come_later(officer):
    site = make_site(places=4)
    placement = make_placement(site, size=4, by=officer)
    services.check_in(actor=officer, placement=placement, persons=people(placement)[:3])
    assert services.expire_reservations(clock.now() + timedelta(hours=25)) == 1
    placement.refresh_from_db()
    assert (placement.status, placement.places, placement.reserved_until) == ("checked_in", 3, None)
    assert Event.objects.filter(kind="placement.part_released").count() == 1
    assert [(h.pk, h.size) for h in unplaced_households()] == [(placement.household_id, 1)]
    other = make_placement(site, size=1, by=officer)  # the freed place is usable at once
    with pytest.raises(CapacityExceeded):
        services.check_in(actor=officer, placement=placement, persons=people(placement)[3:])
    services.cancel_placement(actor=officer, placement=other)
    late = services.check_in(actor=officer, placement=placement, persons=people(placement)[3:])
    assert (late.places, states(late)) == (4, ["present"] * 4)


def test_who_stayed_away_is_named_and_others_are_not(officer):
    placement = make_placement(make_site(places=4), size=3, by=officer)
    with pytest.raises(InvalidState):
        services.mark_not_come(actor=officer, placement=placement, persons=people(placement)[2:])
    services.check_in(actor=officer, placement=placement, persons=people(placement)[:2])
    left = services.mark_not_come(actor=officer, placement=placement, persons=people(placement)[2:])
    assert (left.places, states(left)) == (2, ["not_come", "present", "present"])
    with pytest.raises(InvalidInput):
        services.mark_not_come(
            actor=officer, placement=placement, persons=[make_household_of(1).members.get().pk]
        )


def test_a_mother_in_hospital_keeps_or_gives_up_her_place(officer):
    site = make_site(places=3)
    placement = make_placement(site, size=3, status="checked_in", by=officer)
    mother = people(placement)[:1]
    away = services.record_absence(
        actor=officer, placement=placement, reason="hospital", persons=mother
    )
    assert (away.status, away.places) == ("checked_in", 3)
    services.record_return(actor=officer, placement=placement, persons=mother)
    freed = services.record_absence(
        actor=officer, placement=placement, reason="hospital", persons=mother, keep_place=False
    )
    assert (freed.places, states(freed)) == (2, ["away_freed", "present", "present"])
    assert not unplaced_households().exists()
    other = make_placement(site, size=1, status="checked_in", by=officer)
    with pytest.raises(CapacityExceeded):
        services.record_return(actor=officer, placement=placement, persons=mother)
    services.check_out(actor=officer, placement=other)
    assert services.record_return(actor=officer, placement=placement, persons=mother).places == 3


def test_a_family_that_gives_up_all_its_places_still_belongs_here(officer):
    site = make_site(places=2)
    placement = make_placement(site, size=2, status="checked_in", by=officer)
    absent = services.record_absence(
        actor=officer, placement=placement, reason="custody", keep_place=False
    )
    site.refresh_from_db()
    assert (absent.status, absent.places, site.free) == ("absent", 0, 2)
    back = services.record_return(actor=officer, placement=placement)
    assert (back.status, back.places) == ("checked_in", 2)


def test_rooms_are_never_overfull_and_follow_their_people(officer):
    site = make_site(places=10)
    small, large = make_unit(site, capacity=2), make_unit(site, capacity=5)
    placement = make_placement(site, size=3, status="checked_in", by=officer)
    with pytest.raises(CapacityExceeded) as refused:
        services.move_to_unit(actor=officer, placement=placement, unit=small)
    assert (refused.value.code, refused.value.details["free"]) == ("unit_full", 2)
    services.move_to_unit(actor=officer, placement=placement, unit=large)
    services.move_to_unit(
        actor=officer, placement=placement, unit=small, persons=people(placement)[:1]
    )
    taken = dict(Unit.objects.values_list("pk", "taken"))
    assert taken == {small.pk: 1, large.pk: 2}
    services.check_out(actor=officer, placement=placement)
    assert set(Unit.objects.values_list("taken", flat=True)) == {0}


def test_a_room_of_another_site_and_a_section_for_others_are_refused(officer):
    placement = make_placement(make_site(places=10), size=2, status="checked_in", by=officer)
    elsewhere = make_unit(make_site())
    with pytest.raises(InvalidInput):
        services.move_to_unit(actor=officer, placement=placement, unit=elsewhere)
    men = make_unit(placement.site, section="men")
    with pytest.raises(Conflict) as refused:
        services.move_to_unit(actor=officer, placement=placement, unit=men)
    assert refused.value.code == "unit_not_suitable"
    placement.household.members.update(sex="M")
    women = make_unit(placement.site, section="women")
    with pytest.raises(Conflict):
        services.move_to_unit(actor=officer, placement=placement, unit=women)
    services.move_to_unit(actor=officer, placement=placement, unit=men)


def test_a_family_is_placed_apart_only_with_a_reason(officer):
    site, other = make_site(places=10), make_site(places=10)
    home = make_household_of(4, by=officer)
    some = list(home.members.order_by("pk").values_list("pk", flat=True))[:2]
    with pytest.raises(InvalidInput) as refused:
        services.place_household(actor=officer, household=home, site=site, persons=some)
    assert refused.value.problems[0].field == "split_reason"
    services.place_household(
        actor=officer, household=home, site=site, persons=some, split_reason="to hospital"
    )
    with pytest.raises(Conflict):
        services.place_household(actor=officer, household=home, site=other)
    with pytest.raises(Conflict):
        services.place_household(
            actor=officer, household=home, site=other, persons=some, split_reason="again"
        )
    assert [h.size for h in unplaced_households()] == [2]


def test_parts_are_made_and_come_together_again(officer):
    site, other = make_site(places=10), make_site(places=10)
    placement = make_placement(site, size=4, status="checked_in", by=officer)
    going = people(placement)[2:]
    with pytest.raises(InvalidInput):
        services.split_placement(
            actor=officer, placement=placement, persons=going, site=other, reason=" "
        )
    with pytest.raises(InvalidInput):
        services.split_placement(
            actor=officer, placement=placement, persons=people(placement), site=other, reason="x"
        )
    part = services.split_placement(
        actor=officer, placement=placement, persons=going, site=other, reason="care", arrived=True
    )
    placement.refresh_from_db()
    assert (placement.places, part.places, part.part) == (2, 2, 1)
    home = services.reunite_placement(actor=officer, placement=part)
    part.refresh_from_db()
    assert (home.pk, home.places, part.status) == (placement.pk, 4, "checked_out")


def test_neither_part_may_be_children_alone(officer):
    site = make_site(places=10)
    home = make_household_of(3, by=officer, ages=[40, 9, 7])
    placement = services.place_household(
        actor=officer, household=home, site=site, status="checked_in"
    )
    parent, *children = people(placement)
    for going in ([parent], children):
        with pytest.raises(Conflict) as refused:
            services.split_placement(
                actor=officer, placement=placement, persons=going, site=make_site(), reason="x"
            )
        assert refused.value.code == "interim_care_required"


def test_the_manager_of_one_site_sends_nobody_to_another(officer):
    site, other = make_site(), make_site()
    placement = make_placement(site, size=2, status="checked_in", by=officer)
    with pytest.raises(NotPermitted):
        services.split_placement(
            actor=make_manager(site),
            placement=placement,
            persons=people(placement)[:1],
            site=other,
            reason="x",
        )
    assert states(placement) == ["present", "present"]


def test_a_birth_while_the_family_is_away_is_away_with_it(officer):
    placement = make_placement(make_site(), size=2, status="absent", by=officer)
    add_member(placement.household, age=0)
    services.household_changed(placement.household, officer)
    assert states(placement) == ["away"] * 3


# What the database refuses ------------------------------------------------------------------------
def test_the_database_lets_nobody_be_in_two_places(officer):
    placement = make_placement(make_site(), size=1, status="checked_in", by=officer)
    stay = Stay.objects.standing().get()
    with transaction.atomic():
        Stay.objects.create(
            placement=placement, person=stay.person, state="present", since=stay.since
        )
        with (
            pytest.raises(IntegrityError, match="stay_no_person_in_two_places"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        Stay.objects.exclude(pk=stay.pk).delete()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"until": "2020-01-01T00:00Z"}, "stay_ends_after_it_began"),
        ({"state": "not_come", "unit": True}, "stay_in_a_unit_holds_a_place"),
    ],
)
def test_the_database_refuses_a_stay_that_cannot_be(officer, changes, name):
    placement = make_placement(make_site(), size=1, status="checked_in", by=officer)
    if changes.get("unit"):
        changes = {**changes, "unit": make_unit(placement.site)}
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Stay.objects.filter(placement=placement).update(**changes)


def test_the_database_refuses_an_overfull_room_and_a_code_used_twice(officer):
    unit = make_unit(make_site(), capacity=2)
    with pytest.raises(IntegrityError, match="unit_places_within_capacity"), transaction.atomic():
        Unit.objects.filter(pk=unit.pk).update(taken=3)
    with pytest.raises(IntegrityError, match="unit_code_once_per_site"), transaction.atomic():
        make_unit(unit.site, code=unit.code)


def test_the_database_refuses_a_part_without_a_reason_and_places_of_nobody(officer):
    placement = make_placement(make_site(), size=2, status="checked_in", by=officer)
    rows = Placement.objects.filter(pk=placement.pk)
    for changes, name in (
        ({"part": 1}, "placement_split_has_a_reason"),
        ({"places": 0}, "placement_holds_places"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            rows.update(**changes)


def test_a_family_has_one_open_place_and_one_way(officer):
    placement = make_placement(make_site(), size=2, status="checked_in", by=officer)
    same = {
        "household": placement.household,
        "site": make_site(),
        "status": "reserved",
        "places": 2,
        "placed_by": officer,
    }
    with pytest.raises(IntegrityError, match="placement_one_open_per"), transaction.atomic():
        Placement.objects.create(**same)
    Placement.objects.create(**same, transfer_of=placement)
    with pytest.raises(IntegrityError, match="placement_one_transfer"), transaction.atomic():
        Placement.objects.create(**same, transfer_of=placement)
    Placement.objects.filter(transfer_of=placement).delete()


def test_the_command_mends_rooms_and_placements_too(officer):
    from django.core.management import CommandError, call_command

    site = make_site()
    unit = make_unit(site)
    placement = make_placement(site, size=2, status="checked_in", by=officer)
    Unit.objects.filter(pk=unit.pk).update(taken=1)
    Placement.objects.filter(pk=placement.pk).update(places=5)
    Site.objects.filter(pk=site.pk).update(present=3)
    with pytest.raises(CommandError, match="3 counters"):
        call_command("check_counters")
    call_command("check_counters", mend=True)
