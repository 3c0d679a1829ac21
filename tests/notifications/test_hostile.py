"""Receivers that hang, drip, flood or lie: none keeps a worker or stops the others."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from accounts.models import Agency
from notifications import delivery, sending
from notifications.choices import NotificationStatus
from notifications.models import DeliveryAttempt, Notification
from tests.factories.notifications import Receiver, make_notification, make_webhook, misbehaving

pytestmark = pytest.mark.django_db
OK = b"HTTP/1.1 200 OK\r\n"


def attempt(agency: Agency, url: str) -> tuple[DeliveryAttempt, float]:
    """One attempt to deliver there, and the seconds that it took."""
    message = make_notification(make_webhook(agency, url))
    began = time.monotonic()
    delivery.deliver(message.pk)
    return message.tries.get(), time.monotonic() - began


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short limit, so that the tests are short."""
    monkeypatch.setattr(sending, "TIMEOUT", 0.6)
    monkeypatch.setattr(sending, "BODY_TIMEOUT", 0.2)


@pytest.mark.usefixtures("hurry")
def test_one_that_never_answers_is_hung_up_on(agency: Agency) -> None:
    with misbehaving(lambda client: time.sleep(3)) as url:
        tried, seconds = attempt(agency, url)
    assert (tried.succeeded, tried.error) == (False, "TimeoutError")
    assert seconds < 2


@pytest.mark.usefixtures("hurry")
def test_one_that_drips_a_header_now_and_then_is_hung_up_on(agency: Agency) -> None:
    """A limit on each read alone would wait for ever."""

    def drip(client: socket.socket) -> None:
        client.sendall(OK)
        for number in range(40):
            client.sendall(f"X-{number}: 1\r\n".encode())
            time.sleep(0.1)

    with misbehaving(drip) as url:
        tried, seconds = attempt(agency, url)
    assert (tried.succeeded, tried.error) == (False, "TimeoutError")
    assert seconds < 2


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("header", [b"Content-Length: 10\r\n", b""])
def test_a_body_that_does_not_come_is_no_failure(agency: Agency, header: bytes) -> None:
    with misbehaving(lambda c: (c.sendall(OK + header + b"\r\n"), time.sleep(3))[0]) as url:  # type: ignore[func-returns-value]
        tried, seconds = attempt(agency, url)
    assert tried.succeeded
    assert seconds < 2


def test_a_body_without_end_is_not_read(agency: Agency) -> None:
    sent = 0

    def flood(client: socket.socket) -> None:
        nonlocal sent
        client.sendall(OK + b"Content-Length: 1000000000\r\n\r\n")
        while sent < 1_000_000_000:
            sent += client.send(b"x" * 65536)

    with misbehaving(flood) as url:
        tried, seconds = attempt(agency, url)
    assert tried.succeeded
    assert sent < 50_000_000, "only what the sockets' buffers take"
    assert seconds < 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"no http at all\r\n\r\n",
        b"HTTP/1.1 999999 X\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA:\x00\r\n",
    ],
)
def test_nonsense_is_an_attempt_that_failed(agency: Agency, answer: bytes) -> None:
    with misbehaving(lambda client: client.sendall(answer)) as url:
        tried, _ = attempt(agency, url)
    assert not tried.succeeded
    assert tried.error


def test_headers_without_end_are_not_kept(agency: Agency) -> None:
    def flood(client: socket.socket) -> None:
        client.sendall(OK)
        for _ in range(5000):
            client.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")

    with misbehaving(flood) as url:
        tried, seconds = attempt(agency, url)
    assert not tried.succeeded
    assert seconds < 5


@pytest.mark.usefixtures("hurry")
def test_one_that_hangs_keeps_nobody_else_waiting(
    agency: Agency, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MOST_AT_ONCE", 6)
    monkeypatch.setattr(delivery, "MOST_TO_ONE", 4)
    monkeypatch.setattr(sending, "TIMEOUT", 2.0)
    arrived: list[float] = []
    with misbehaving(lambda client: time.sleep(3)) as url:
        hanging = make_webhook(agency, url)
        for _ in range(12):
            make_notification(hanging)
        good = make_webhook(agency, receiver.url)
        for _ in range(20):
            make_notification(good)
        began = time.monotonic()

        def watch() -> None:
            while len(receiver.received) < 20 and time.monotonic() - began < 10:
                time.sleep(0.01)
            arrived.append(time.monotonic() - began)

        watcher = threading.Thread(target=watch)
        watcher.start()
        assert delivery.deliver_due() == 20
        watcher.join()
    assert arrived[0] < 2.0, "all arrived before the first of the others was given up"


def test_connections_are_kept(agency: Agency, receiver: Receiver) -> None:
    hook = make_webhook(agency, receiver.url)
    for _ in range(40):
        make_notification(hook)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "MOST_AT_ONCE", 4)
        assert delivery.deliver_due() == 40
    assert receiver.connections <= 4


def test_a_certificate_of_nobody_known_is_refused(agency: Agency, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    read: list[bytes] = []

    def speak(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as secured:
            read.append(secured.recv(1000))

    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = server.accept()
        with client:
            try:
                speak(client)
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    tried, _ = attempt(agency, f"https://127.0.0.1:{server.getsockname()[1]}/hook")
    thread.join(5)
    server.close()
    assert tried.error == "ConnectError"
    assert b"webhook-id" not in b"".join(read)


def _self_signed(folder: Path) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return str(path)


def test_no_log_line_and_no_attempt_holds_the_address(
    agency: Agency, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make_notification(make_webhook(agency, receiver.url + "?token=canary"))
    make_notification(make_webhook(agency, "http://canary.invalid/?token=canary"))
    make_notification(make_webhook(agency, "http://127.0.0.1:1/?token=canary"))
    delivery.deliver_due()
    ours = [each for each in caplog.records if each.name.partition(".")[0] in OURS]
    assert ours, "failures are logged"
    said = " ".join([each.getMessage() for each in ours] + [str(each.exc_info) for each in ours])
    said += str(list(DeliveryAttempt.objects.values_list("error", flat=True)))
    assert "canary" not in said


OURS = {"notifications", "audit", "httpx"}


def test_a_subscription_that_is_off_is_no_reason_to_connect(
    agency: Agency, receiver: Receiver
) -> None:
    make_notification(make_webhook(agency, receiver.url, is_active=False))
    assert delivery.deliver_due() == 0
    assert receiver.received == []
    assert Notification.objects.get().status == NotificationStatus.FAILED
