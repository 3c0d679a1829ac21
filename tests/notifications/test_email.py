"""Email: few words, in the receiver's language, through a mail server that may be away."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from accounts.models import Agency, User
from common.errors import Conflict, InvalidInput, NotPermitted
from notifications import delivery, messages, services, subscriptions
from notifications.choices import Channel, NotificationStatus
from notifications.models import DeliveryAttempt, Notification, Subscription
from tests.factories import accounts as make
from tests.factories.notifications import make_email, make_event, make_notification

pytestmark = pytest.mark.django_db
CANARY = {"sector": "health", "name": "Zarina", "need": "SM-CI", "summary": "a doctor"}


@pytest.fixture
def admin(operation: Any) -> User:
    """An administrator."""
    return make.make_user("administrator", username="admin")


def test_an_email_says_as_little_as_a_webhook(agency: Agency) -> None:
    message = make_notification(make_email(agency=agency, target="duty@agency.example"), **CANARY)
    assert delivery.deliver(message.pk)
    (sent,) = mail.outbox
    assert sent.to == ["duty@agency.example"]
    text = (sent.subject + sent.body).lower()
    assert "aid-21-000001-1" in text
    for word in CANARY.values():
        assert word.lower() not in text
    assert Notification.objects.get().status == NotificationStatus.SENT


@pytest.mark.parametrize("kind", sorted(messages.TITLES))
def test_no_kind_of_message_repeats_what_an_event_holds_beyond_reference_and_level(
    agency: Agency, kind: str
) -> None:
    """Also when a service once writes too much into its event."""
    message = make_notification(make_email(agency=agency, target="a@b.example"), **CANARY)
    message.event.kind = kind
    sent = delivery.email_for(message)
    text = f"{sent.subject} {sent.body} {messages.webhook_body(message.event)}".lower()
    for word in CANARY.values():
        assert word.lower() not in text


def test_it_is_in_the_receivers_language(
    agency: Agency, dana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.utils import translation

    spoken: list[str | None] = []
    plain = messages.message_for

    def listening(event: Any) -> Any:
        spoken.append(translation.get_language())
        return plain(event)

    monkeypatch.setattr(delivery, "message_for", listening)
    User.objects.filter(pk=dana.pk).update(language="tg")
    delivery.deliver(
        make_notification(make_email(agency=agency, target="a@b.example", language="ru")).pk
    )
    delivery.deliver(make_notification(make_email(user=dana)).pk)
    assert spoken == ["ru", "tg"]


def test_sent_again_it_has_the_same_message_id(agency: Agency) -> None:
    message = make_notification(make_email(agency=agency, target="a@b.example"))
    delivery.deliver(message.pk)
    Notification.objects.update(status=NotificationStatus.WAITING)
    delivery.deliver(message.pk)
    first, second = (each.message()["Message-ID"] for each in mail.outbox)
    assert first == second
    assert str(message.pk) in first


def test_a_mail_server_that_is_away_is_asked_a_few_times_and_everything_waits(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = make_email(agency=agency, target="a@b.example")
    for _ in range(10):
        make_notification(hook)

    def away(self: Any, messages: Any) -> int:
        raise ConnectionRefusedError("a@b.example")

    monkeypatch.setattr(EmailBackend, "send_messages", away)
    assert delivery.mail_due() == 0
    assert DeliveryAttempt.objects.count() == delivery.MAIL_FAILURES
    assert set(DeliveryAttempt.objects.values_list("error", flat=True)) == {
        "ConnectionRefusedError"
    }
    assert not Notification.objects.exclude(status=NotificationStatus.WAITING).exists()
    monkeypatch.undo()
    assert delivery.mail_due() == 10 - delivery.MAIL_FAILURES


def test_an_account_that_was_turned_off_gets_nothing(dana: User) -> None:
    message = make_notification(make_email(user=dana))
    User.objects.filter(pk=dana.pk).update(is_active=False)
    assert not delivery.deliver(message.pk)
    assert mail.outbox == []
    assert Notification.objects.get().status == NotificationStatus.FAILED


def test_staff_turn_their_own_email_on_and_off(dana: User) -> None:
    assert subscriptions.email_me(actor=dana, on=False) is None
    for on in (True, False, True, True):
        subscriptions.email_me(actor=dana, on=on)
    (made,) = Subscription.objects.filter(channel=Channel.EMAIL)
    assert made.is_active
    assert made.address == dana.email
    assert made.target == "", "the account's address is kept in one place"


def test_only_administrators_add_the_addresses_of_others(
    admin: User, dana: User, carol: User, agency: Agency
) -> None:
    for actor in (dana, carol):
        with pytest.raises(NotPermitted):
            subscriptions.subscribe_email(actor=actor, email="x@y.example", agency=agency)
        with pytest.raises(NotPermitted):
            subscriptions.subscribe_email(actor=actor, email="x@y.example", user=actor)
    for address in ("one@agency.example", "two@agency.example"):
        subscriptions.subscribe_email(actor=admin, email=address, agency=agency, language="tg")
    event = make_event()
    event.agency_code = agency.code
    services.notify(event)
    assert delivery.mail_due() == 2


def test_what_cannot_be_is_named(admin: User, dana: User, agency: Agency) -> None:
    for wrong in (
        {"email": "x@y.example"},
        {"email": "x@y.example", "agency": agency, "user": dana},
        {"email": "not an address", "agency": agency},
        {"email": "x@y.example\nBcc: z@y.example", "agency": agency},
        {"email": "x@y.example", "agency": agency, "kinds": ["everything"]},
    ):
        with pytest.raises(InvalidInput) as refused:
            subscriptions.subscribe_email(actor=admin, **wrong)  # type: ignore[arg-type]
        assert refused.value.problems
    subscriptions.subscribe_email(actor=admin, user=dana)
    with pytest.raises(Conflict):
        subscriptions.subscribe_email(actor=admin, user=dana)
    assert Subscription.objects.count() == 1


def test_an_agency_turns_its_own_address_off_and_no_other(carol: User, agency: Agency) -> None:
    own = make_email(agency=agency, target="a@b.example")
    other = make_email(agency=make.make_agency("WFP"), target="a@b.example")
    assert not subscriptions.switch(actor=carol, subscription=own, on=False).is_active
    with pytest.raises(NotPermitted):
        subscriptions.switch(actor=carol, subscription=other, on=False)
