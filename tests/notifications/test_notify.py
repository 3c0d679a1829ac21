"""Who is told of what, once; and the outbox that makes it sure."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.choices import Role
from accounts.models import Agency, User
from aid import services as aid
from aid.models import AidRequest
from audit import events, tasks
from audit.events import record_event
from audit.models import Event
from common.errors import NotPermitted
from intake.services import record_exit
from notifications import services, subscriptions
from notifications.choices import Channel
from notifications.messages import message_for
from notifications.models import Notification, Subscription
from reception.models import Site
from tests.factories import accounts as make
from tests.factories.intake import ARRIVED_AT, make_household
from tests.factories.notifications import make_notification, make_webhook


@pytest.fixture
def coordinator(operation: Any) -> User:
    """An aid coordinator."""
    return make.make_user(Role.AID_COORDINATOR, username="coordinator")


@pytest.fixture
def request_for_site(coordinator: User, agency: Agency) -> AidRequest:
    """Food for a site, asked of Carol's agency."""
    site = Site.objects.create(code="S1", name="S1", type="transit_centre", area_id="3590401")
    return aid.request_aid(
        actor=coordinator,
        agency=agency,
        sector="food_security",
        level="urgent",
        beneficiary=site,
        items=[{"item": "meals", "quantity": 10, "unit": "meal"}],
        summary="Ten people",
    )


def dispatched() -> None:
    """Have all waiting events acted upon, as the sweeper does."""
    tasks.dispatch_waiting_events()


@pytest.mark.django_db
def test_the_addressed_agency_is_told_by_each_of_its_channels_and_no_other_agency(
    agency: Agency, request_for_site: AidRequest
) -> None:
    hook = make_webhook(agency, "https://akhs.example/hook")
    email = Subscription.objects.create(agency=agency, channel=Channel.EMAIL, target="a@b.example")
    make_webhook(make.make_agency("WFP"), "https://wfp.example/hook")
    dispatched()
    assert set(Notification.objects.values_list("subscription_id", flat=True)) == {
        hook.pk,
        email.pk,
    }


@pytest.mark.django_db
def test_the_one_who_asked_is_told_of_the_answer_and_the_agency_not_of_its_own(
    agency: Agency, carol: User, coordinator: User, request_for_site: AidRequest
) -> None:
    dispatched()
    make_webhook(agency, "https://akhs.example/hook")
    aid.accept(actor=carol, request=request_for_site)
    dispatched()
    (told,) = Notification.objects.all()
    assert told.subscription.user == coordinator
    assert told.subscription.channel == Channel.IN_APP


@pytest.mark.django_db
def test_a_subscription_to_some_kinds_hears_of_those_only(
    agency: Agency, request_for_site: AidRequest
) -> None:
    make_webhook(agency, "https://akhs.example/hook", kinds=["aid_request.cancelled"])
    dispatched()
    assert not Notification.objects.exists()


@pytest.mark.django_db
def test_one_that_is_off_or_removed_hears_nothing(
    agency: Agency, carol: User, request_for_site: AidRequest
) -> None:
    make_webhook(agency, "https://akhs.example/1", is_active=False)
    subscriptions.remove_webhook(
        actor=carol, subscription=make_webhook(agency, "https://akhs.example/2")
    )
    dispatched()
    assert not Notification.objects.exists()


@pytest.mark.django_db
def test_an_event_that_is_dispatched_twice_is_told_once(
    agency: Agency, request_for_site: AidRequest
) -> None:
    make_webhook(agency, "https://akhs.example/hook")
    event = Event.objects.get(kind="aid_request.submitted")
    for _ in range(3):
        services.notify(event)
    assert Notification.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_eight_workers_with_the_same_event_tell_once() -> None:
    make.make_operation()
    agency = make.make_agency("AKHS")
    make_webhook(agency, "https://akhs.example/hook")
    event = record_event(
        "situation_report.published", agency, actor=None, agency_code="AKHS", number=1
    )
    Subscription.objects.update(kinds=["situation_report.published"])

    def work(_: int) -> None:
        try:
            services.notify(event)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    assert Notification.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_was_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(tasks.dispatch_event, "delay", sent.append)
    monkeypatch.setattr(events, "_broker_away_until", 0.0)
    agency = make.make_agency("AKHS")
    with transaction.atomic():
        record_event("aid_request.submitted", agency, actor=None)
        transaction.set_rollback(True)
    assert sent == []
    assert not Event.objects.exists()
    with transaction.atomic():
        event = record_event("aid_request.submitted", agency, actor=None)
        assert sent == []
    assert sent == [str(event.pk)]


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_event_waits_for_the_sweeper_and_nobody_waits_for_the_broker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries: list[str] = []

    def away(pk: str) -> None:
        tries.append(pk)
        raise ConnectionError

    monkeypatch.setattr(tasks.dispatch_event, "delay", away)
    monkeypatch.setattr(events, "_broker_away_until", 0.0)
    agency = make.make_agency("AKHS")
    for _ in range(5):
        with transaction.atomic():
            record_event("aid_request.submitted", agency, actor=None)
    assert len(tries) == 1
    assert Event.objects.filter(dispatched_at__isnull=True).count() == 5
    assert tasks.dispatch_waiting_events() == 5
    assert not Event.objects.filter(dispatched_at__isnull=True).exists()


@pytest.mark.django_db
def test_a_consumer_that_fails_leaves_the_event_for_the_next_sweep(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_event("aid_request.submitted", agency, actor=None)
    kinds, consumer = events._consumers["notifications"]

    def broken(event: Event) -> None:
        raise ValueError

    monkeypatch.setitem(events._consumers, "notifications", (kinds, broken))
    assert tasks.dispatch_waiting_events() == 0
    assert Event.objects.filter(dispatched_at__isnull=True).count() == 1
    monkeypatch.setitem(events._consumers, "notifications", (kinds, consumer))
    tasks.dispatch_waiting_events()
    assert not Event.objects.filter(dispatched_at__isnull=True).exists()


@pytest.mark.django_db
def test_events_that_cannot_be_dispatched_do_not_stand_in_the_way_of_later_ones(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds, _consumer = events._consumers["notifications"]
    bad = {record_event("aid_request.submitted", agency, actor=None).pk for _ in range(5)}
    good = record_event("aid_request.submitted", agency, actor=None)

    def picky(event: Event) -> None:
        if event.pk in bad:
            raise ValueError

    monkeypatch.setitem(events._consumers, "notifications", (kinds, picky))
    assert tasks.dispatch_waiting_events(limit=2) == 1
    good.refresh_from_db()
    assert good.dispatched_at is not None
    assert Event.objects.filter(dispatched_at__isnull=True).count() == 5


@pytest.mark.django_db
def test_a_consumer_that_fails_keeps_no_other_from_being_called(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []

    def broken(event: Event) -> None:
        raise ValueError

    kinds = frozenset({"aid_request.submitted"})
    monkeypatch.setitem(events._consumers, "a-broken", (kinds, broken))
    monkeypatch.setitem(events._consumers, "z-sound", (kinds, lambda e: called.append(e.kind)))
    record_event("aid_request.submitted", agency, actor=None)
    tasks.dispatch_waiting_events()
    assert called == ["aid_request.submitted"]


@pytest.mark.django_db
def test_a_report_is_told_to_its_reviewers_and_when_published_to_agencies(
    agency: Agency, carol: User, dana: User
) -> None:
    reviewer = make.make_user(Role.REPORTING_OFFICER, username="reviewer")
    gone = make.make_user(Role.REPORTING_OFFICER, username="gone", is_active=False)
    hook = make_webhook(agency, "https://akhs.example/hook")
    asked = make_webhook(agency, "https://akhs.example/2", kinds=["situation_report.made"])
    record_event("situation_report.made", agency, actor=None, number=1)
    dispatched()
    (told,) = Notification.objects.all()
    assert told.subscription.user == reviewer
    assert gone != reviewer
    record_event("situation_report.published", agency, actor=reviewer, number=1)
    dispatched()
    published = Notification.objects.filter(event__kind="situation_report.published")
    assert [each.subscription for each in published] == [hook]
    assert not Notification.objects.filter(subscription=asked).exists()


@pytest.mark.django_db
def test_protection_officers_hear_of_a_forced_return_and_nobody_else(
    alice: User, carol: User, dana: User
) -> None:
    home = make_household(alice)
    person = home.members.get(position=0)
    record_exit(actor=alice, person=person, reason="forced_return", occurred_at=ARRIVED_AT)
    dispatched()
    (told,) = Notification.objects.filter(event__kind="protection.alert")
    assert told.subscription.user == dana
    message = message_for(told.event)
    assert message.reference == home.reference
    assert "return" not in message.text.lower()


@pytest.mark.django_db
def test_someone_who_left_hears_nothing_more(
    carol: User, coordinator: User, request_for_site: AidRequest
) -> None:
    dispatched()
    User.objects.filter(pk=coordinator.pk).update(is_active=False)
    aid.accept(actor=carol, request=request_for_site)
    dispatched()
    assert not Notification.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_user_has_one_list_also_when_eight_workers_make_it() -> None:
    """Two lists would make every later message fail."""
    make.make_operation()
    user = make.make_user(Role.REPORTING_OFFICER)
    agency = make.make_agency("AKHS")
    made = [record_event("situation_report.made", agency, actor=None) for _ in range(8)]

    def work(event: Event) -> None:
        try:
            services.notify(event)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, made))
    assert Subscription.objects.filter(user=user).count() == 1
    assert Notification.objects.count() == 8


@pytest.mark.django_db
def test_only_the_reader_marks_a_message_as_read(dana: User, alice: User) -> None:
    own = Subscription.objects.create(user=dana, channel=Channel.IN_APP)
    message = make_notification(own)
    with pytest.raises(NotPermitted):
        services.mark_read(actor=alice, notification=message)
    message.refresh_from_db()
    assert message.read_at is None
    services.mark_read(actor=dana, notification=message)
    message.refresh_from_db()
    assert message.read_at is not None
    make_notification(own)
    assert services.mark_all_read(actor=alice) == 0
    assert services.mark_all_read(actor=dana) == 1
