"""Delivering messages: signed, retried, given up, never leaking."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from standardwebhooks import Webhook, WebhookVerificationError

from accounts.models import Agency, User
from audit import tasks
from common import clock
from notifications import addresses, delivery, queue, subscriptions
from notifications.choices import Channel, NotificationStatus
from notifications.models import DeliveryAttempt, Notification
from tests.factories.notifications import Receiver, make_email, make_notification, make_webhook

pytestmark = pytest.mark.django_db


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
    new = subscriptions.rotate_secret(actor=carol, subscription=hook)
    assert new != old
    message = make_notification(hook)
    delivery.deliver(message.pk)
    headers, body = receiver.received[0]
    Webhook(old).verify(body, headers)
    Webhook(new).verify(body, headers)
    with clock.replaying(clock.now() + subscriptions.BOTH_SECRETS + timedelta(seconds=1)):
        delivery.deliver(make_notification(hook).pk)
    headers, body = receiver.received[1]
    Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


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
    assert timedelta(seconds=3) < wait <= timedelta(seconds=6)
    assert DeliveryAttempt.objects.get().status_code == status
    assert not delivery.deliver(message.pk), "it is not due yet"
    assert len(receiver.received) == 1, "a redirect is not followed"
    with clock.replaying(message.next_attempt_at + timedelta(seconds=1)):
        assert delivery.deliver(message.pk)
    assert receiver.ids == [str(message.pk)] * 2


def test_each_wait_is_the_schedules_and_at_most_a_fifth_more(
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
    assert len(waits) == len(queue.RETRY_AFTER) + 1 == len(receiver.received)
    for wait, planned in zip(waits, queue.RETRY_AFTER, strict=False):
        assert planned <= wait <= planned * 1.2
    assert len(set(waits[:-1])) == len(queue.RETRY_AFTER)
    assert message.status == NotificationStatus.FAILED
    assert not delivery.deliver(message.pk)


def test_410_turns_the_webhook_off_and_its_agency_hears_of_it(
    agency: Agency, carol: User, receiver: Receiver
) -> None:
    hook = make_webhook(agency, receiver.url)
    duty = make_email(agency=agency, target="duty@agency.example")
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
    tasks.dispatch_waiting_events()
    told = Notification.objects.filter(event__kind="webhook.disabled")
    assert {each.subscription.user or each.subscription for each in told} == {carol, duty}


def test_410_of_an_address_that_was_left_meanwhile_turns_nothing_off(
    agency: Agency, carol: User
) -> None:
    hook = make_webhook(agency, "https://old.example/")
    make_notification(hook)
    (claimed,) = queue.claim(Channel.WEBHOOK, limit=1)
    subscriptions.change_webhook(actor=carol, subscription=hook, url="https://new.example/")
    queue.record([(claimed, queue.Outcome(False, status_code=410, gone=True))])
    hook.refresh_from_db()
    assert hook.is_active


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
    assert len(queue.claim(Channel.WEBHOOK, limit=10)) == 1
    assert not delivery.deliver(message.pk)
    assert not queue.due(Channel.WEBHOOK).exists()
    with clock.replaying(clock.now() + queue.CLAIM + timedelta(seconds=1)):
        assert queue.due(Channel.WEBHOOK).get() == message
        assert delivery.deliver(message.pk)
    assert receiver.ids == [str(message.pk)]


def test_what_a_slow_worker_notes_late_does_not_undo_the_next_ones_success(
    agency: Agency,
) -> None:
    message = make_notification(make_webhook(agency, "https://akhs.example/"))
    (slow,) = queue.claim(Channel.WEBHOOK, limit=1)
    with clock.replaying(clock.now() + queue.CLAIM + timedelta(seconds=1)):
        (quick,) = queue.claim(Channel.WEBHOOK, limit=1)
        queue.record([(quick, queue.Outcome(True, status_code=204))])
        queue.record([(slow, queue.Outcome(False, error="TimeoutError"))])
    message.refresh_from_db()
    assert message.status == NotificationStatus.SENT
    assert message.tries.count() == 2


def test_what_a_slow_worker_notes_late_leaves_the_next_ones_claim(agency: Agency) -> None:
    message = make_notification(make_webhook(agency, "https://akhs.example/"))
    (slow,) = queue.claim(Channel.WEBHOOK, limit=1)
    with clock.replaying(clock.now() + queue.CLAIM + timedelta(seconds=1)):
        assert queue.claim(Channel.WEBHOOK, limit=1)
        queue.record([(slow, queue.Outcome(False, error="TimeoutError"))])
        assert not queue.due(Channel.WEBHOOK).exists()
    message.refresh_from_db()
    assert message.claimed_until is not None


def test_of_one_subscription_not_too_many_are_taken_so_that_others_get_through(
    agency: Agency,
) -> None:
    flood = make_webhook(agency, "https://flood.example/")
    quiet = make_webhook(agency, "https://quiet.example/")
    for _ in range(8):
        make_notification(flood)
    last = make_notification(quiet)
    taken = queue.claim(Channel.WEBHOOK, limit=4, of_one=3)
    assert [each.subscription_id for each in taken].count(flood.pk) == 3
    assert last in taken
    assert queue.claim(Channel.WEBHOOK, limit=4, of_one=3, under_way={flood.pk: 3}) == []


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
        ("https://a\\@agency.example/", "credentials"),
        ("https://agency.example:0/", "port"),
        ("https://agency.example/\x00", "not_a_url"),
        ("https://agency.example/\n", "not_a_url"),
        ("https://exa mple/", "not_a_url"),
        ("https://[fe80::1%25eth0]/", "not_a_url"),
        ("//agency.example/", "not_https"),
        ("https://" + "a" * 300 + "/", "not_a_url"),
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
        "255.255.255.255",
        "240.0.0.1",
        "192.88.99.1",
        "198.18.0.1",
        "::",
        "::7f00:1",
        "fec0::1",
        "ff02::1",
        "5f00::1",
        "64:ff9b:1::a00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:a00:1::",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "fe80::1%eth0",
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
        addresses.checked_addresses("agency.example", 443)
    assert refused.value.code == "private_address"


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_a_public_address_is_let_through(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *a, **k: [(2, 1, 6, "", (address, 443)) for _ in range(2)]
    )
    with override_settings(WEBHOOKS_ALLOW_PRIVATE=False):
        assert addresses.checked_addresses("agency.example", 443) == [address]


def test_a_name_that_changes_its_mind_is_caught_at_the_moment_of_connecting(
    agency: Agency, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a name said before: only the address that is connected to counts."""
    asked: list[str] = []

    def resolve(host: str, *args: Any, **kwargs: Any) -> list[Any]:
        asked.append(host)
        return [(2, 1, 6, "", ("127.0.0.1", 443))]

    message = make_notification(make_webhook(agency, "https://rebinding.example/hook"))
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with override_settings(WEBHOOKS_ALLOW_PRIVATE=False):
        assert not delivery.deliver(message.pk)
    assert asked == ["rebinding.example"]
    assert DeliveryAttempt.objects.get().error == "private_address"
