"""Delivering messages: signed, retried, given up, never leaking."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import override_settings
from standardwebhooks import Webhook

from accounts.models import Agency
from common import clock
from notifications import addresses, delivery, services
from notifications.choices import Channel, NotificationStatus
from notifications.models import DeliveryAttempt, Notification, Subscription
from tests.factories.notifications import Receiver, make_notification, make_webhook, receiving

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver of webhooks on this machine."""
    with receiving() as found:
        yield found


def test_a_message_is_signed_so_that_the_receiver_can_prove_it(
    agency: Agency, receiver: Receiver
) -> None:
    hook = make_webhook(agency, receiver.url)
    message = make_notification(hook)
    assert delivery.deliver(message.pk)
    ((headers, body),) = receiver.received
    assert headers["webhook-id"] == str(message.pk)
    Webhook(hook.secret).verify(body, headers)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    by_hand = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert f"v1,{by_hand}" in headers["webhook-signature"].split(" ")


def test_a_message_holds_a_reference_a_level_and_a_link_and_nothing_else(
    agency: Agency, receiver: Receiver
) -> None:
    message = make_notification(make_webhook(agency, receiver.url), sector="health", name="Zarina")
    delivery.deliver(message.pk)
    body = json.loads(receiver.received[0][1])
    assert set(body) == {"type", "timestamp", "data"}
    assert set(body["data"]) == {"reference", "level", "status", "url"}
    assert b"Zarina" not in receiver.received[0][1]


def test_while_a_secret_is_rotated_both_sign(
    agency: Agency, carol: Any, receiver: Receiver
) -> None:
    hook = make_webhook(agency, receiver.url)
    old = hook.secret
    new = services.rotate_secret(actor=carol, subscription=hook)
    assert new != old
    delivery.deliver(make_notification(hook).pk)
    headers, body = receiver.received[0]
    Webhook(old).verify(body, headers)
    Webhook(new).verify(body, headers)


def test_secret_and_address_are_sealed_in_the_database(agency: Agency) -> None:
    from django.db import connection

    hook = make_webhook(agency, "https://agency.example/hook")
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM notifications_subscription t")
        text = str(cursor.fetchall())
    assert b"agency.example".hex() not in text
    assert hook.secret.encode().hex() not in text


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
def test_what_is_not_accepted_is_tried_again_later(
    agency: Agency, receiver: Receiver, status: int
) -> None:
    receiver.answers = [status]
    message = make_notification(make_webhook(agency, receiver.url))
    assert not delivery.deliver(message.pk)
    message.refresh_from_db()
    assert message.status == NotificationStatus.WAITING
    wait = message.next_attempt_at - clock.now()
    assert timedelta(seconds=3) < wait < timedelta(seconds=7)
    assert DeliveryAttempt.objects.get().status_code == status
    assert not delivery.deliver(message.pk), "it is not due yet"
    assert len(receiver.received) == 1, "a redirect is not followed"
    with clock.replaying(message.next_attempt_at + timedelta(seconds=1)):
        assert delivery.deliver(message.pk)
    assert receiver.ids == [str(message.pk)] * 2


def test_a_message_is_given_up_after_the_last_retry_and_not_before(
    agency: Agency, receiver: Receiver
) -> None:
    message = make_notification(make_webhook(agency, receiver.url))
    receiver.answers = [500] * 20
    waits = []
    while message.status == NotificationStatus.WAITING:
        with clock.replaying(message.next_attempt_at + timedelta(seconds=1)):
            before = clock.now()
            delivery.deliver(message.pk)
        message.refresh_from_db()
        waits.append(message.next_attempt_at - before)
    assert message.attempts == len(delivery.RETRY_AFTER) + 1 == len(receiver.received)
    assert timedelta(hours=70) < sum(waits[:-1], timedelta()) < timedelta(hours=95)


def test_410_turns_the_webhook_off(agency: Agency, receiver: Receiver) -> None:
    hook = make_webhook(agency, receiver.url)
    receiver.answers = [410]
    delivery.deliver(make_notification(hook).pk)
    hook.refresh_from_db()
    assert not hook.is_active
    assert hook.disabled_reason == "410 Gone"
    later = make_notification(hook)
    assert not delivery.deliver(later.pk)
    later.refresh_from_db()
    assert later.status == NotificationStatus.FAILED
    assert len(receiver.received) == 1


def test_a_receiver_that_is_not_there_is_an_attempt_and_no_crash(agency: Agency) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    message = make_notification(make_webhook(agency, f"http://127.0.0.1:{port}/"))
    assert not delivery.deliver(message.pk)
    assert DeliveryAttempt.objects.get().error == "ConnectError"


def test_a_worker_that_died_leaves_a_claim_that_runs_out(
    agency: Agency, receiver: Receiver
) -> None:
    message = make_notification(make_webhook(agency, receiver.url))
    assert delivery.claim(message.pk) is not None
    assert not delivery.deliver(message.pk)
    assert delivery.due_ids(10) == []
    with clock.replaying(clock.now() + delivery.CLAIM + timedelta(seconds=1)):
        assert delivery.due_ids(10) == [message.pk]
        assert delivery.deliver(message.pk)
    assert receiver.ids == [str(message.pk)]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://agency.example/", "not_https"),
        ("ftp://agency.example/", "not_https"),
        ("https://", "not_https"),
        ("javascript:alert(1)", "not_https"),
        ("https://user:secret@agency.example/", "credentials"),
        ("https://agency.example:8443/", "port"),
        ("https://[::1", "not_a_url"),
    ],
)
def test_addresses_that_are_refused_when_they_are_written(url: str, code: str) -> None:
    with (
        override_settings(WEBHOOKS_ALLOW_PRIVATE=False),
        pytest.raises(addresses.AddressRefused) as refused,
    ):
        addresses.check_url(url)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.7",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "224.0.0.1",
    ],
)
def test_a_name_that_leads_into_a_private_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """Also when only one of its addresses does: which one is taken is luck."""

    def resolve(*args: Any, **kwargs: Any) -> list[Any]:
        return [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", (address, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with (
        override_settings(WEBHOOKS_ALLOW_PRIVATE=False),
        pytest.raises(addresses.AddressRefused) as refused,
    ):
        addresses.resolve("https://agency.example/hook")
    assert refused.value.code == "private_address"


def test_the_request_goes_to_the_address_that_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *a, **k: [(2, 1, 6, "", ("93.184.216.34", 443))]
    )
    with override_settings(WEBHOOKS_ALLOW_PRIVATE=False):
        target = addresses.resolve("https://agency.example/hook?x=1")
    assert target.url == "https://93.184.216.34:443/hook?x=1"
    assert (target.host, target.host_header) == ("agency.example", "agency.example")


def test_an_email_says_as_little_as_a_webhook(agency: Agency) -> None:
    address = Subscription.objects.create(
        agency=agency, channel=Channel.EMAIL, target="duty@agency.example"
    )
    message = make_notification(address, sector="health", name="Zarina")
    assert delivery.deliver(message.pk)
    (sent,) = mail.outbox
    assert sent.to == ["duty@agency.example"]
    text = sent.subject + sent.body
    assert "AID-21-000001-1" in text
    assert "health" not in text.lower()
    assert "Zarina" not in text
    assert Notification.objects.get().status == NotificationStatus.SENT
