"""What a difference turned out to be: recorded by the same services as the buttons."""

from __future__ import annotations

from uuid import uuid4

import pytest

from audit.models import Event
from common.errors import InvalidInput, InvalidState, NotPermitted
from reception import services
from reception.models import HeadCountDifference, Placement
from tests.factories import intake as registered
from tests.factories.head_counts import close, count_of, make_count, make_present, make_unit
from tests.factories.reception import (
    make_household_of,
    make_manager,
    make_officer,
    make_placement,
    make_site,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def officer():
    return make_officer()


# Resolving ----------------------------------------------------------------------------------
def resolve(actor, difference, resolution, **said):
    return services.resolve_difference(
        actor=actor, difference=difference, resolution=resolution, **said
    )


def missing_family(officer, size=2):
    """A closed count in which one whole family was not seen."""
    count = make_count(officer, size, 3)
    seen = count.lines.exclude(expected=size).get()
    count_of(officer, count, line=seen)
    close(officer, count)
    return count.differences.get()


@pytest.mark.parametrize(
    ("resolution", "said", "status"),
    [
        ("absent", {"reason": "hospital"}, "absent"),
        ("checked_out", {}, "checked_out"),
        ("counted_wrong", {}, "checked_in"),
        ("other", {"note": "at the well"}, "checked_in"),
    ],
)
def test_a_missing_family_is_resolved_through_the_services(resolution, said, status):
    officer = make_officer()
    difference = missing_family(officer)
    manager = make_manager(difference.count.site)
    done = resolve(manager, difference, resolution, **said)
    placement = Placement.objects.get(household=difference.line.household)
    assert (done.state, placement.status) == ("resolved", status)
    assert resolve(manager, difference, resolution, **said).resolved_at == done.resolved_at
    with pytest.raises(InvalidState) as refusal:
        resolve(manager, difference, "did_not_come")
    assert refusal.value.code == "already_resolved"
    event = Event.objects.get(kind="head_count.difference_resolved")
    assert "well" not in str(event.data)


def test_a_family_that_left_without_notice_leaves_the_count_of_the_operation(officer, alice):
    household = registered.make_household(alice)
    placement = make_placement(make_site(), household=household, status="checked_in")
    count = make_count(officer, 1, site=placement.site)
    count_of(officer, count, line=count.lines.get(expected=1))
    close(officer, count)
    manager = make_manager(count.site)
    resolve(manager, count.differences.get(), "left_without_notice")
    placement.refresh_from_db()
    assert placement.status == "checked_out"
    reasons = household.members.values_list("exit_reason", flat=True).distinct()
    assert list(reasons) == ["spontaneous_departure"]


def test_a_missing_family_that_is_at_another_site_moves_there(officer):
    difference, other = missing_family(officer), make_site()
    with pytest.raises(InvalidInput):
        resolve(officer, difference, "transferred")
    resolve(officer, difference, "transferred", site=other)
    assert other.placements.get().status == "checked_in"


def test_who_may_not_record_departures_does_not_by_a_count(officer):
    difference = missing_family(officer)  # a placement officer records no exits
    with pytest.raises(InvalidState) as refusal:
        resolve(officer, difference, "left_without_notice")
    assert refusal.value.code == "cannot_resolve_so"
    assert HeadCountDifference.objects.open().count() == 1


def test_a_refused_recording_resolves_nothing(officer):
    difference = missing_family(officer)
    for resolution, said in (("absent", {"reason": "bored"}), ("other", {}), ("gone", {})):
        with pytest.raises(InvalidInput):
            resolve(officer, difference, resolution, **said)
    assert HeadCountDifference.objects.open().count() == 1
    for actor in (make_manager(make_site()),):
        with pytest.raises(NotPermitted):
            resolve(actor, difference, "counted_wrong")


def unexpected_family(officer, household):
    count = make_count(officer, 1)
    count_of(officer, count, line=count.lines.get())
    count_of(officer, count, text=household.reference)
    close(officer, count)
    return count.differences.get()


def test_an_unexpected_family_gets_its_place(officer):
    newcomer = unexpected_family(officer, make_household_of(3))
    resolve(officer, newcomer, "checked_in")
    assert newcomer.count.site.placements.filter(status="checked_in").count() == 2

    from_other = make_present(make_site(), 2)
    moved = unexpected_family(officer, from_other.household)
    resolve(officer, moved, "transferred")
    from_other.refresh_from_db()
    assert from_other.status == "checked_out"
    assert moved.count.site.placements.filter(household=from_other.household).exists()


@pytest.mark.parametrize("status", ["reserved", "absent"])
def test_a_family_that_is_due_or_away_and_was_seen_is_checked_in(officer, status):
    placement = make_placement(make_site(), status=status)
    count = make_count(officer, 1, site=placement.site)
    count_of(officer, count, line=count.lines.get())
    count_of(officer, count, text=placement.household.reference)
    close(officer, count)
    resolve(officer, count.differences.get(), "checked_in")
    placement.refresh_from_db()
    assert placement.status == "checked_in"


def test_what_was_resolved_by_word_is_not_asked_again(officer):
    difference = missing_family(officer)
    resolve(officer, difference, "counted_wrong")
    services.reopen_head_count(actor=officer, count=difference.count)
    close(officer, difference.count)
    assert not HeadCountDifference.objects.open().exists()


# Parts of a family ----------------------------------------------------------------------------
def test_part_of_a_family_is_missing_and_found(officer):
    count = make_count(officer, 4)
    line = count.lines.get()
    count_of(officer, count, line=line, seen=3)
    close(officer, count)
    difference = count.differences.get()
    persons = list(line.household.members.order_by("position").values_list("pk", flat=True))
    for wrong in (None, persons[:2], [uuid4()]):
        with pytest.raises(InvalidInput) as refusal:
            resolve(officer, difference, "absent", reason="hospital", persons=wrong)
        assert refusal.value.problems[0].field == "persons"
    with pytest.raises(InvalidState):
        resolve(officer, difference, "checked_out")
    resolve(officer, difference, "absent", reason="hospital", persons=persons[3:])

    later = services.start_head_count(actor=officer, site=count.site)
    assert later.expected == 3
    count_of(officer, later, text=line.household.reference, seen=4)
    close(officer, later)
    resolve(officer, later.differences.get(), "checked_in")
    states = line.household.placements.get().stays.standing().values_list("state", flat=True)
    assert set(states) == {"present"}


def test_families_are_expected_in_their_rooms(officer):
    site = make_site(places=50)
    room = make_unit(site)
    first, second = make_present(site, 3), make_present(site, 4)
    services.move_to_unit(actor=officer, placement=first, unit=room)
    count = make_count(officer, site=site)
    assert count.lines.get(placement=first).unit == room
    services.count_unit(actor=officer, count=count, unit=room, seen=2)
    count_of(officer, count, text=second.household.reference)
    close(officer, count)
    difference = count.differences.get()
    assert (difference.tally.unit, difference.kind, difference.persons) == (room, "missing", 1)
