"""Transports with many hands at once, and with a process that is killed: real commits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from reception import services
from reception.models import Placement, Site, Transport, TransportLine
from reception.selectors import counter_drifts
from reception.services import transporting, travelling
from reception.services.transporting import Wanted
from tests.concurrency.together import at_once
from tests.factories.accounts import make_operation
from tests.factories.reception import make_household_of, make_officer, make_site
from tests.factories.transports import families_at, listed, make_transport, on_the_road

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _operation(transactional_db: None) -> Iterator[None]:
    make_operation()
    yield
    assert counter_drifts() == []


def now_of(row: Any) -> Any:
    return type(row)._default_manager.get(pk=row.pk)


def test_two_officers_fill_the_last_seats() -> None:
    here, there, officer = make_site(places=30), make_site(places=30), make_officer()
    transport = make_transport(here, there, by=officer, seats=7)
    families = families_at(here, 3, 3, 3, 3)
    ended = at_once(*(lambda f=f: listed(transport, [f], by=officer) for f in families))
    assert sorted(ended) == ["done", "done", "seats_exceeded", "seats_exceeded"]
    assert (now_of(transport).seats_taken, now_of(there).reserved) == (6, 6)
    assert Placement.objects.filter(site=here, status="checked_in").count() == 2


def test_two_transports_fill_the_last_places_of_a_site() -> None:
    here, there, officer = make_site(places=30), make_site(places=5), make_officer()
    buses = [make_transport(here, there, by=officer) for _n in range(4)]
    families = families_at(here, 3, 3, 3, 3)
    calls = [
        lambda bus=bus, f=f: listed(bus, [f], by=officer)
        for bus, f in zip(buses, families, strict=True)
    ]
    ended = at_once(*calls)
    assert sorted(ended) == ["capacity_exceeded"] * 3 + ["done"]
    assert now_of(there).reserved == 3


def test_one_family_is_put_on_two_lists() -> None:
    here, officer = make_site(places=30), make_officer()
    (family,) = families_at(here, 3)
    buses = [make_transport(here, make_site(), by=officer) for _n in range(4)]
    ended = at_once(*(lambda bus=bus: listed(bus, [family], by=officer) for bus in buses))
    assert sorted(ended) == ["already_on_its_way"] * 3 + ["done"]
    assert TransportLine.objects.count() == 1


def test_it_leaves_while_families_board() -> None:
    here, there, officer = make_site(places=30), make_site(places=30), make_officer()
    transport = make_transport(here, there, by=officer)
    lines = listed(transport, families_at(here, 2, 2, 2, 2, 2))
    travelling.board(actor=officer, transport=transport, line=lines[0])
    at_once(
        *(
            lambda line=line: travelling.board(actor=officer, transport=transport, line=line)
            for line in lines[1:]
        ),
        lambda: travelling.depart(actor=officer, transport=transport),
    )
    states = [now_of(line).state for line in lines]
    assert set(states) <= {"boarded", "left_behind"}
    assert now_of(transport).status == "departed"
    travel = 2 * states.count("boarded")
    assert (now_of(here).present, now_of(there).reserved) == (10 - travel, travel)
    assert now_of(transport).seats_taken == travel


def test_it_leaves_twice_and_arrives_twice_at_once() -> None:
    here, there, officer = make_site(places=30), make_site(places=30), make_officer()
    transport = make_transport(here, there, by=officer)
    (line,) = listed(transport, families_at(here, 3))
    travelling.board(actor=officer, transport=transport, line=line)
    leave = [lambda: travelling.depart(actor=officer, transport=transport)] * 4
    assert at_once(*leave) == ["done"] * 4
    arrive = [
        lambda: travelling.arrive_family(actor=officer, transport=transport, line=line)
    ] * 3 + [lambda: travelling.arrive_all(actor=officer, transport=transport)]
    assert at_once(*arrive) == ["done"] * 4
    assert (now_of(there).present, now_of(there).reserved, now_of(here).present) == (3, 0, 0)
    assert Placement.objects.filter(status="checked_in").count() == 1


def test_a_family_arrives_by_the_list_and_by_its_slip_at_once() -> None:
    here, there, officer = make_site(places=30), make_site(places=30), make_officer()
    transport = make_transport(here, there, by=officer)
    lines = on_the_road(transport, families_at(here, 3, 2, 2), by=officer)
    calls: list[Any] = []
    for line in lines:
        calls += [
            lambda line=line: travelling.arrive_family(
                actor=officer, transport=transport, line=line
            ),
            lambda line=line: services.check_in(actor=officer, placement=line.target),
        ]
    ended = at_once(*calls)
    assert set(ended) <= {"done", "wrong_state", "place_given_up"}
    assert [now_of(line).state for line in lines] == ["arrived"] * 3
    assert (now_of(there).present, now_of(there).reserved) == (7, 0)


def test_it_is_cancelled_while_families_are_put_on_it() -> None:
    here, there, officer = make_site(places=30), make_site(places=30), make_officer()
    transport = make_transport(here, there, by=officer)
    families = families_at(here, 2, 2, 2, 2)
    at_once(
        *(lambda f=f: listed(transport, [f], by=officer) for f in families),
        lambda: transporting.cancel_transport(actor=officer, transport=transport, reason="snow"),
    )
    assert now_of(transport).status == "cancelled"
    assert (now_of(transport).seats_taken, now_of(there).reserved) == (0, 0)
    assert {now_of(each).status for each in families} == {"checked_in"}


def test_killed_in_the_middle_of_leaving_nothing_has_happened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The connection is cut by the server after the first family was written."""
    here, there, officer = make_site(places=30), make_site(places=30), make_officer()
    transport = make_transport(here, there, by=officer)
    lines = listed(transport, families_at(here, 2, 3))
    for line in lines:
        travelling.board(actor=officer, transport=transport, line=line)
    leave, count = travelling._leave, 0

    def killed(*args: Any, **kwargs: Any) -> None:
        nonlocal count
        leave(*args, **kwargs)
        count += 1
        if count == 1:
            connection.connection.close()

    monkeypatch.setattr(travelling, "_leave", killed)
    with pytest.raises(Exception, match=r"clos|terminat|lost"):
        travelling.depart(actor=officer, transport=transport)
    connection.close()
    assert count == 1
    assert now_of(transport).status == "loading"
    assert [now_of(line).state for line in lines] == ["boarded", "boarded"]
    assert (now_of(here).present, now_of(there).reserved) == (5, 5)
    monkeypatch.setattr(travelling, "_leave", leave)
    travelling.depart(actor=officer, transport=transport)
    assert (now_of(here).present, now_of(there).reserved) == (0, 5)


def test_without_the_guard_more_people_than_seats_travel() -> None:
    """Look, then write: what a plain implementation does, and what it costs."""
    here, there, officer = make_site(places=30), make_site(places=30), make_officer()
    transport = make_transport(here, there, by=officer, seats=3)
    import threading

    looked = threading.Barrier(2)

    def naive() -> None:
        with transaction.atomic():
            seen = Transport.objects.get(pk=transport.pk)
            looked.wait(timeout=20)
            if seen.seats_left >= 2:
                Transport.objects.filter(pk=seen.pk).update(seats_taken=seen.seats_taken + 2)

    assert at_once(naive, naive) == ["done", "done"]
    # Four people were promised seats; the counter knows of two. The services add in one statement.
    assert now_of(transport).seats_taken == 2
    Transport.objects.filter(pk=transport.pk).update(seats_taken=0)
    families = [make_household_of(2, by=officer) for _n in range(2)]
    placements = [
        services.place_household(actor=officer, household=each, site=here, status="checked_in")
        for each in families
    ]
    ended = at_once(
        *(
            lambda p=p: transporting.add_families(
                actor=officer, transport=transport, families=[Wanted(p.household, p)]
            )
            for p in placements
        )
    )
    assert sorted(ended) == ["done", "seats_exceeded"]
    assert Site.objects.get(pk=there.pk).reserved == 2
