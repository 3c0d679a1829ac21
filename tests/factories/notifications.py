"""Receivers of webhooks that listen on this machine, and subscriptions to them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from accounts.models import Agency
from audit.models import Event
from common import clock
from common.ids import new_id
from notifications.choices import Channel
from notifications.models import Notification, Subscription
from notifications.services import new_secret


class Receiver:
    """What came in, and what to answer next."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        self.url = ""

    @property
    def ids(self) -> list[str]:
        """The webhook-ids in the order in which they came."""
        return [headers["webhook-id"] for headers, _ in self.received]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a loopback port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(({k.lower(): v for k, v in self.headers.items()}, body))
            status = receiver.answers.pop(0) if receiver.answers else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", receiver.url + "elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook/"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


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


def make_notification(subscription: Subscription, **data: Any) -> Notification:
    """A message that waits for its delivery."""
    event = Event.objects.create(
        kind="aid_request.submitted",
        subject_type="aid.aidrequest",
        subject_id=new_id(),
        subject_reference="AID-21-000001-1",
        occurred_at=clock.now(),
        data={"reference": "AID-21-000001-1", "level": "urgent", "status": "submitted", **data},
    )
    return Notification.objects.create(event=event, subscription=subscription)
