"""What the database refuses of transports, whoever writes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from common import clock
from reception.models import Transport, TransportLine
from tests.factories.reception import make_site
from tests.factories.transports import families_at, listed, make_transport

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    return operation


@pytest.fixture
def here():
    return make_site(places=20)


@pytest.fixture
def there():
    return make_site(places=20)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"seats_taken": 21}, "transport_seats_within_vehicle"),
        ({"wheelchairs_taken": 1}, "transport_wheelchairs_within_vehicle"),
        ({"from_site": None}, "transport_begins_at_one_place"),
        ({"status": "departed"}, "transport_departed_has_a_time"),
        ({"arrived_at": "2021-07-04T00:00Z"}, "transport_arrived_has_a_time"),
    ],
)
def test_the_database_refuses_what_no_service_does(here, there, changes, name):
    transport = make_transport(here, there)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Transport.objects.filter(pk=transport.pk).update(**changes)


def test_the_database_refuses_an_arrival_before_the_departure_and_the_same_place(here, there):
    transport = make_transport(here, there)
    at = clock.now()
    wrong = {"status": "arrived", "departed_at": at, "arrived_at": at - timedelta(minutes=1)}
    for changes, name in (
        (wrong, "transport_arrives_after_it_departed"),
        ({"to_site": here}, "transport_goes_to_another_site"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Transport.objects.filter(pk=transport.pk).update(**changes)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"persons": 0}, "transport_line_persons_with_wheelchairs"),
        ({"wheelchairs": 3}, "transport_line_persons_with_wheelchairs"),
        ({"arrived_persons": 3}, "transport_line_not_more_arrive_than_left"),
        ({"state": "boarded"}, "transport_line_on_board_has_a_time"),
        ({"arrived_at": "2021-07-04T00:00Z"}, "transport_line_arrived_has_a_time"),
        ({"state": "left_behind"}, "transport_line_left_behind_has_a_reason"),
        (
            {"state": "missing", "boarded_at": "2021-07-04T00:00Z"},
            "transport_line_missing_has_a_reason",
        ),
    ],
)
def test_the_database_refuses_lines_that_no_service_writes(here, there, changes, name):
    (line,) = listed(make_transport(here, there), families_at(here, 2))
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        TransportLine.objects.filter(pk=line.pk).update(**changes)
