"""Figures by sector, against a count by hand."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Agency, User
from aid import selectors, services
from common import clock
from tests.factories.aid import make_request


def test_figures_by_sector(coordinator: User, carol: User, agency: Agency) -> None:
    before = clock.now() - timedelta(seconds=1)
    asked, done, held, late = (make_request(coordinator, agency) for _ in range(4))
    for request in (done, held, late):
        services.accept(actor=carol, request=request)
    services.hold(actor=carol, request=held, reason="The road is closed")
    services.record_delivery(
        actor=carol, request=done, item="meal", quantity=3, unit="piece", persons_reached=40
    )
    services.fulfil(actor=carol, request=done)
    make_request(coordinator, agency, sector="wash")
    now = clock.now()
    assert selectors.by_sector(before) == []
    assert selectors.by_sector(now) == [
        {"sector": "food_security", "open": 3, "overdue": 0, "fulfilled": 1, "persons_reached": 40},
        {"sector": "wash", "open": 1, "overdue": 0, "fulfilled": 0, "persons_reached": 0},
    ]
    # A day later nobody has answered two of them; three days later `late` is late as well.
    assert selectors.counts(now + timedelta(hours=25)) == {"open": 4, "overdue": 2}
    assert selectors.counts(now + timedelta(hours=73)) == {"open": 4, "overdue": 3}
    assert asked.is_overdue(now + timedelta(hours=25))
    assert selectors.delivered(now) == [
        {
            "sector": "food_security",
            "item": "meal",
            "quantity": 3.0,
            "unit": "piece",
            "agency": agency.code,
            "households_reached": 0,
            "persons_reached": 40,
        }
    ]
    with CaptureQueriesContext(
        connection,
    ) as queries:
        selectors.by_sector(now)
        selectors.delivered(now)
    assert len(queries) == 3
