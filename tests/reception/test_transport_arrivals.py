"""Families that come by a transport, that do not come, and that come another way."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.models import Event
from common import clock
from common.errors import (
    CapacityExceeded,
    Conflict,
    InvalidInput,
    InvalidState,
    NotPermitted,
)
from intake.duplicates.decisions import decide_pair
from intake.models import DuplicatePair
from reception import services
from reception.models import Placement, Site, Transport
from reception.selectors import counter_drifts
from reception.services import transporting, travelling
from reception.services.transporting import Wanted
from tests.factories.intake import make_household
from tests.factories.reception import (
    add_member,
    make_manager,
    make_officer,
    make_placement,
    make_site,
    take_out,
)
from tests.factories.transports import families_at, listed, make_transport, now_of, on_the_road

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    yield operation
    assert counter_drifts() == []


@pytest.fixture
def officer():
    return make_officer(username="petra")


# Coming --------------------------------------------------------------------------------------
def test_family_by_family_is_checked_in(officer, here, there):
    transport = make_transport(here, there, by=officer)
    first, second = on_the_road(transport, families_at(here, 3, 2))
    assert (now_of(here).present, now_of(there).reserved) == (0, 5)
    for _n in range(2):
        travelling.arrive_family(actor=officer, transport=transport, line=first)
    assert now_of(first.target).status == "checked_in"
    assert (now_of(there).present, now_of(there).reserved) == (3, 2)
    assert list(Transport.objects.with_somebody_missing()) == [transport]
    assert travelling.arrive_all(actor=officer, transport=transport) == [second]
    assert travelling.arrive_all(actor=officer, transport=transport) == []
    assert (now_of(there).present, now_of(there).reserved) == (5, 0)
    assert not Transport.objects.with_somebody_missing().exists()


def test_a_part_of_a_family_comes_and_the_rest_stays_expected(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (line,) = on_the_road(transport, families_at(here, 3))
    some = [person.pk for person in line.target.household.members.all()[:2]]
    travelling.arrive_family(actor=officer, transport=transport, line=line, persons=some)
    assert (now_of(line).state, now_of(line).arrived_persons) == ("arrived", 2)
    assert (now_of(there).present, now_of(there).reserved) == (2, 1)


def test_a_child_born_on_the_road_has_a_place_on_arrival(officer, here):
    there = make_site(places=2)
    transport = make_transport(here, there, by=officer)
    families = families_at(here, 2)
    (line,) = listed(transport, families)
    travelling.board(actor=officer, transport=transport, line=line)
    add_member(families[0].household, age=0)
    services.household_changed(families[0].household, officer)
    travelling.depart(actor=officer, transport=transport)
    travelling.arrive_family(actor=officer, transport=transport, line=line)
    assert (now_of(there).present, now_of(there).overflow) == (3, 1)
    assert now_of(here).present == 0


@pytest.mark.parametrize("keep", [True, False])
def test_who_left_and_did_not_come_is_listed_until_somebody_says_why(officer, here, there, keep):
    transport = make_transport(here, there, by=officer)
    (line,) = on_the_road(transport, families_at(here, 3))
    travelling.arrive(actor=officer, transport=transport)
    assert list(Transport.objects.with_somebody_missing()) == [transport]
    with pytest.raises(InvalidInput):
        travelling.report_missing(actor=officer, transport=transport, line=line, reason="fishing")
    travelling.report_missing(
        actor=officer, transport=transport, line=line, reason="hospital", keep_place=keep
    )
    assert not Transport.objects.with_somebody_missing().exists()
    assert now_of(line.target).status == ("confirmed" if keep else "no_show")
    assert now_of(there).reserved == (3 if keep else 0)
    assert Event.objects.get(kind="transport.family_missing").data["reason"] == "hospital"
    if keep:
        travelling.arrive_family(actor=officer, transport=transport, line=line)
        assert now_of(line.target).status == "checked_in"
    else:
        with pytest.raises(Conflict, match="place_given_up"):
            travelling.arrive_family(actor=officer, transport=transport, line=line)


def test_times_must_fit_together(officer, here, there):
    transport = make_transport(here, there, by=officer)
    on_the_road(transport, families_at(here, 1))
    for when in (clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1)):
        with pytest.raises(InvalidInput) as refused:
            travelling.arrive(actor=officer, transport=transport, occurred_at=when)
        assert refused.value.problems[0].field == "occurred_at"


def test_steps_out_of_order_are_refused(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (line,) = listed(transport, families_at(here, 1))
    for step in (travelling.arrive, travelling.arrive_all, travelling.depart):
        with pytest.raises(InvalidState):
            step(actor=officer, transport=transport)
    travelling.board(actor=officer, transport=transport, line=line)
    travelling.depart(actor=officer, transport=transport)
    with pytest.raises(InvalidState):
        transporting.remove_family(actor=officer, transport=transport, line=line)
    with pytest.raises(InvalidState):
        transporting.cancel_transport(actor=officer, transport=transport, reason="snow")
    with pytest.raises(InvalidState):
        travelling.start_loading(actor=officer, transport=transport)


def test_each_end_does_its_part_and_no_other(alice, omar, carol, officer, here, there):
    transport = make_transport(here, there, by=officer)
    sender, receiver = make_manager(here), make_manager(there)
    (line,) = listed(transport, families_at(here, 2))
    common = {"transport": transport, "line": line}
    for actor in (receiver, alice, omar, carol, make_manager(make_site())):
        with pytest.raises(NotPermitted):
            travelling.board(actor=actor, **common)
        with pytest.raises(NotPermitted):
            transporting.remove_family(actor=actor, **common)
        with pytest.raises(NotPermitted):
            travelling.depart(actor=actor, transport=transport)
        with pytest.raises(NotPermitted):
            transporting.cancel_transport(actor=actor, transport=transport, reason="snow")
    travelling.board(actor=sender, **common)
    travelling.depart(actor=sender, transport=transport)
    for actor in (sender, alice, omar, carol):
        with pytest.raises(NotPermitted):
            travelling.arrive_family(actor=actor, **common)
        with pytest.raises(NotPermitted):
            travelling.report_missing(actor=actor, reason="hospital", **common)
    travelling.arrive_family(actor=receiver, **common)
    assert now_of(line).state == "arrived"


def test_a_hidden_target_is_visible_to_few_and_named_by_no_event(officer, dana, here):
    secret = make_site("SECRET-1", hidden=True)
    transport = make_transport(here, secret, by=dana)
    (family,) = families_at(here, 2)
    wanted = [Wanted(family.household, family)]
    transporting.add_families(actor=dana, transport=transport, families=wanted)
    sender = make_manager(here)
    assert list(Transport.objects.visible_to(sender)) == [transport]
    assert not Transport.objects.visible_to(make_manager(make_site())).exists()
    line = transport.lines.get()
    assert not Placement.objects.visible_to(sender).filter(pk=line.target_id).exists()
    add_member(family.household)
    Site.objects.filter(pk=secret.pk).update(capacity=2)
    services.household_changed(family.household, dana)
    with pytest.raises(CapacityExceeded) as refused:
        travelling.board(actor=sender, transport=transport, line=line)
    assert secret.name not in refused.value.message
    for event in Event.objects.filter(kind__startswith="transport."):
        assert "SECRET" not in str(event.data)


# Beside the list -----------------------------------------------------------------------------
@pytest.mark.parametrize("departed", [False, True])
def test_a_family_that_is_checked_in_without_the_list_is_taken_off_it(
    officer, here, there, departed
):
    transport = make_transport(here, there, by=officer)
    families = families_at(here, 2)
    (line,) = (on_the_road if departed else listed)(transport, families)
    came = services.check_in(actor=officer, placement=now_of(line.target))
    assert (came.transfer_of, now_of(families[0]).status) == (None, "checked_out")
    assert now_of(line).state == ("arrived" if departed else "removed")
    assert (now_of(here).present, now_of(there).present, now_of(there).reserved) == (0, 2, 0)
    assert now_of(transport).seats_taken == (2 if departed else 0)


def test_a_family_that_leaves_without_the_bus_keeps_the_place_that_waits(officer, here, there):
    transport = make_transport(here, there, by=officer)
    (family,) = families_at(here, 2)
    (line,) = listed(transport, [family])
    services.check_out(actor=officer, placement=family)
    assert (now_of(line.target).status, now_of(line.target).transfer_of) == ("confirmed", None)
    transporting.remove_family(actor=officer, transport=transport, line=line)
    assert now_of(line.target).status == "confirmed"
    assert now_of(transport).seats_taken == 0


@pytest.mark.parametrize("how", ["return", "transfer", "all_left"])
def test_a_transfer_that_is_off_frees_the_places_that_waited(officer, here, there, how):
    transport = make_transport(here, there, by=officer)
    (family,) = families_at(here, 2)
    (line,) = listed(transport, [family])
    if how == "return":
        services.record_return(actor=officer, placement=family)
    elif how == "transfer":
        services.transfer_placement(actor=officer, placement=family, site=make_site())
    else:
        for person in family.household.members.all():
            take_out(person)
        services.household_changed(family.household, officer)
    assert now_of(line.target).status == "cancelled"
    assert now_of(there).reserved == 0
    with pytest.raises(Conflict, match="not_on_the_list"):
        travelling.board(actor=officer, transport=transport, line=line)
    transporting.remove_family(actor=officer, transport=transport, line=line)
    assert now_of(transport).seats_taken == 0


# Announced without a transport ---------------------------------------------------------------
def test_places_wait_for_a_family_that_stays_until_it_leaves(officer, here, there):
    (family,) = families_at(here, 3)
    for _n in range(2):
        target = transporting.announce_to(actor=officer, placement=family, site=there)
    assert (target.status, target.transfer_of, target.reserved_until) == ("reserved", family, None)
    assert (now_of(family).status, now_of(here).present) == ("transfer_pending", 3)
    assert now_of(there).reserved == 3
    # Put on a list later, it keeps the same places; off the list they go on waiting.
    transport = make_transport(here, there, by=officer)
    (line,) = listed(transport, [family])
    assert (line.target, line.made_here) == (target, False)
    transporting.remove_family(actor=officer, transport=transport, line=line)
    assert (now_of(target).status, now_of(family).status) == ("reserved", "transfer_pending")
    services.check_in(actor=officer, placement=target)
    assert (now_of(family).status, now_of(there).present) == ("checked_out", 3)


def test_an_announced_transfer_needs_another_open_site_with_room(officer, here):
    (family,) = families_at(here, 3)
    with pytest.raises(InvalidInput):
        transporting.announce_to(actor=officer, placement=family, site=here)
    with pytest.raises(CapacityExceeded):
        transporting.announce_to(actor=officer, placement=family, site=make_site(places=2))
    with pytest.raises(NotPermitted):
        transporting.announce_to(
            actor=make_manager(here), placement=family, site=make_site(places=9)
        )
    assert now_of(family).status == "checked_in"


def test_a_repeat_that_is_merged_on_its_way_keeps_the_place_where_it_is(
    alice, dana, officer, here, there
):
    survivor, repeat = (make_household(alice) for _n in range(2))
    family = make_placement(here, household=repeat, status="checked_in")
    transport = make_transport(here, there, by=officer)
    (line,) = listed(transport, [family])
    pair = DuplicatePair.objects.create(first=survivor, second=repeat, score=0.98, reasons=[])
    decide_pair(actor=dana, pair=pair, same=True)
    assert (now_of(family).household, now_of(family).site) == (survivor, here)
    assert now_of(line.target).status == "cancelled"
    assert (now_of(here).present, now_of(there).reserved) == (5, 0)
    with pytest.raises(Conflict, match="not_on_the_list"):
        travelling.board(actor=officer, transport=transport, line=line)
