"""Delivering webhooks to a receiver on this machine, in a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.registry import Row, World, bench

MESSAGES = 2000
TARGET = "200 a second per worker machine"


class _Receiver(asyncio.Protocol):
    """Takes whatever is posted and answers 204, after a while. Knows just enough HTTP for that."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.read = b""

    def connection_made(self, transport: Any) -> None:
        """Keep the connection."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each complete request."""
        self.read += data
        while b"\r\n\r\n" in self.read:
            head, _, rest = self.read.partition(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            if len(rest) < length:
                return
            self.read = rest[length:]
            asyncio.get_running_loop().call_later(self.delay, self._answer)

    def _answer(self) -> None:
        self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


async def _receive(port: Any, delay: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Receiver(delay), "127.0.0.1", 0, backlog=500)
    port.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _serve(port: Any, delay: float) -> None:
    asyncio.run(_receive(port, delay))


@contextmanager
def _receiving(delay: float) -> Iterator[str]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs, delay), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/hook"
    finally:
        process.terminate()
        process.join()


def _webhook(url: str) -> Any:
    from accounts.models import Agency
    from notifications.models import Subscription
    from notifications.subscriptions import new_secret

    Subscription.objects.filter(agency__code="BENCH").update(is_active=False)
    agency, _ = Agency.objects.get_or_create(code="BENCH", defaults={"name": "Bench", "kind": "un"})
    return Subscription.objects.create(
        agency=agency, channel="webhook", target=url, secret=new_secret()
    )


def _events(*, dispatched: bool) -> list[Any]:
    from audit.models import Event
    from common import clock
    from common.ids import new_id

    return Event.objects.bulk_create(
        [
            Event(
                kind="aid_request.submitted",
                subject_type="aid.aidrequest",
                subject_id=new_id(),
                subject_reference="AID-26-000001-1",
                agency_code="BENCH",
                occurred_at=clock.now(),
                dispatched_at=clock.now() if dispatched else None,
                data={"reference": "AID-26-000001-1", "level": "urgent"},
            )
            for _ in range(MESSAGES)
        ]
    )


def _deliver(delay: float) -> float:
    """Messages that wait, delivered by one process; how many a second."""
    from notifications import delivery
    from notifications.models import Notification

    with _receiving(delay) as url:
        hook = _webhook(url)
        Notification.objects.bulk_create(
            [Notification(event=event, subscription=hook) for event in _events(dispatched=True)]
        )
        return _rate(lambda: delivery.deliver_due() or 0)


def _whole_way() -> float:
    """From events that nobody has acted on to delivered messages, by one process, one by one."""
    from audit.models import Event
    from audit.tasks import dispatch_waiting_events
    from common import clock
    from notifications import delivery

    # What earlier measurements left waiting is not part of this one.
    Event.objects.filter(dispatched_at__isnull=True).update(dispatched_at=clock.now())
    with _receiving(0) as url:
        _webhook(url)
        _events(dispatched=False)

        def work() -> int:
            dispatch_waiting_events(limit=MESSAGES)
            return delivery.deliver_due() or 0

        return _rate(work)


def _rate(work: Callable[[], int]) -> float:
    began = time.perf_counter()
    sent = work()
    assert sent == MESSAGES, f"{sent} of {MESSAGES} were sent"
    return sent / (time.perf_counter() - began)


@bench("webhooks")
def webhooks(world: World) -> list[Row]:
    """Claim, sign, send, record, by one worker process; the receiver is on the same machine."""
    quick, slow, whole = _deliver(0), _deliver(0.1), _whole_way()
    return [
        Row("webhooks delivered to a quick receiver", f"{quick:,.0f} a second", "", TARGET),
        Row(
            "webhooks delivered to a receiver that takes 100 ms",
            f"{slow:,.0f} a second",
            f"{slow / quick:.2f} × the quick one's rate",
            TARGET,
        ),
        Row(
            "from an event nobody has acted on to its delivered webhook",
            f"{whole:,.0f} a second",
            f"{whole / quick:.2f} × delivering alone",
            TARGET,
        ),
    ]
