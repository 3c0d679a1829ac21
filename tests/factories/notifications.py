"""Receivers of webhooks that listen on this machine, and subscriptions to them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from accounts.models import Agency
from audit.models import Event
from common import clock
from common.ids import new_id
from notifications.choices import Channel
from notifications.models import Notification, Subscription
from notifications.subscriptions import new_secret


class Receiver:
    """What came in, and what to answer next."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.url = ""
        self.connections = 0

    @property
    def ids(self) -> list[str]:
        """The webhook-ids in the order in which they came."""
        return [headers["webhook-id"] for headers, _ in self.received]


@contextmanager
def receiving(*, seconds: float = 0) -> Iterator[Receiver]:
    """A receiver on a loopback port that takes its time to answer."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            receiver.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
            time.sleep(seconds)
            status = receiver.answers.pop(0) if receiver.answers else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", receiver.url + "elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Be quiet."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 256

        def handle_error(self, *args: Any) -> None:
            """A client that was killed is no news."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook/"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def misbehaving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A receiver that reads a request and then does as `answer` says; yields its address."""
    server = socket.create_server(("127.0.0.1", 0), backlog=64)

    def one(client: socket.socket) -> None:
        with client, suppress(OSError):
            client.recv(65536)
            answer(client)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                threading.Thread(target=one, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/hook"
    finally:
        # Closing alone would not wake the thread that waits in accept.
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()


def make_webhook(agency: Agency, url: str, **fields: Any) -> Subscription:
    """A webhook of an agency."""
    return Subscription.objects.create(
        **{
            "agency": agency,
            "channel": Channel.WEBHOOK,
            "target": url,
            "secret": new_secret(),
            **fields,
        }
    )


def make_email(**fields: Any) -> Subscription:
    """An email address that is told."""
    return Subscription.objects.create(channel=Channel.EMAIL, **fields)


def make_event(kind: str = "aid_request.submitted", **data: Any) -> Event:
    """An event about a request, as it would have been written with it."""
    return Event.objects.create(
        kind=kind,
        subject_type="aid.aidrequest",
        subject_id=new_id(),
        subject_reference="AID-21-000001-1",
        occurred_at=clock.now(),
        dispatched_at=clock.now(),
        data={"reference": "AID-21-000001-1", "level": "urgent", "status": "submitted", **data},
    )


def make_notification(subscription: Subscription, **data: Any) -> Notification:
    """A message that waits for its delivery."""
    return Notification.objects.create(event=make_event(**data), subscription=subscription)
