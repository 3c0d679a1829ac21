"""Delivering webhooks to a receiver on this machine."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import connection

from bench.registry import Row, World, bench

MESSAGES = 600


class _Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Be quiet."""


def _messages(url: str) -> list[Any]:
    from accounts.models import Agency
    from audit.models import Event
    from common import clock
    from common.ids import new_id
    from notifications.models import Notification, Subscription
    from notifications.services import new_secret

    agency, _ = Agency.objects.get_or_create(code="BENCH", defaults={"name": "Bench", "kind": "un"})
    hook = Subscription.objects.create(
        agency=agency, channel="webhook", target=url, secret=new_secret()
    )
    events = Event.objects.bulk_create(
        [
            Event(
                kind="aid_request.submitted",
                subject_type="aid.aidrequest",
                subject_id=new_id(),
                occurred_at=clock.now(),
                data={"reference": "AID-26-000001-1", "level": "urgent"},
            )
            for _ in range(MESSAGES)
        ]
    )
    made = Notification.objects.bulk_create(
        [Notification(event=event, subscription=hook) for event in events]
    )
    return [each.pk for each in made]


@bench("webhooks")
def webhooks(world: World) -> list[Row]:
    """Claim, sign, send, record: by two threads, as a worker with two processes would."""
    from notifications import delivery

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ids = _messages(f"http://127.0.0.1:{server.server_port}/")

    def work(pks: list[Any]) -> int:
        try:
            return sum(delivery.deliver(pk) for pk in pks)
        finally:
            connection.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        sent = sum(pool.map(work, [ids[::2], ids[1::2]]))
    seconds = time.perf_counter() - began
    server.shutdown()
    return [
        Row(
            f"webhooks delivered to a local receiver ({sent} of {len(ids)})",
            f"{sent / seconds:,.0f} a second",
            "",
            "200 a second per worker machine",
        )
    ]
