"""The supervisor keeps its children up and leaves none behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.embedded import supervisor as supervising
from config.embedded.process import command_line, wait_until
from config.embedded.supervisor import Child, StopRequest, Supervisor

# A leader that starts a worker of its own and takes SIGTERM badly, as a stuck server would.
STUBBORN = """
import signal, subprocess, sys, time
worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(worker.pid, flush=True)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
time.sleep(600)
"""


def make(children: list[Child], tmp_path: Path, said: list[str]) -> Supervisor:
    return Supervisor(
        children, environment=os.environ, cwd=tmp_path, stop=StopRequest(), say=said.append
    )


def python(name: str, code: str, tmp_path: Path) -> Child:
    return Child(name, [sys.executable, "-c", code], tmp_path / f"{name}.log")


def test_all_groups_end_even_a_stubborn_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = python("calm", "import time; time.sleep(600)", tmp_path)
    stubborn = python("stubborn", STUBBORN, tmp_path)
    supervisor = make([calm, stubborn], tmp_path, [])
    supervisor.start()
    assert wait_until(lambda: stubborn.log.read_text().endswith("\n"), seconds=10)
    worker = int(stubborn.log.read_text())
    assert calm.process is not None
    assert stubborn.process is not None

    supervising.stop_groups([calm.process, stubborn.process], grace=0.5)

    for pid in (calm.process.pid, stubborn.process.pid, worker):
        assert wait_until(lambda pid=pid: command_line(pid) == "", seconds=5)


def test_a_child_that_ends_is_named_with_its_log_and_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    code = "import os, sys, time; d = not os.path.exists('mark'); open('mark', 'w').close();"
    child = python("worker", code + "sys.exit(3) if d else time.sleep(600)", tmp_path)
    supervisor = make([child], tmp_path, said)
    supervisor.start()
    try:
        assert supervisor.watch(until=lambda: child.falls == 1 and child.process is not None)
        time.sleep(0.3)
        assert child.process is not None
        assert child.process.poll() is None
    finally:
        supervisor.stop_all()
    assert len(said) == 1
    assert "worker ended with status 3" in said[0]
    assert str(child.log) in said[0]


def test_a_child_that_keeps_ending_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "RESTARTS", 1)
    said: list[str] = []
    supervisor = make([python("web", "raise SystemExit(1)", tmp_path)], tmp_path, said)
    supervisor.start()

    assert supervisor.watch() is False

    assert "giving up" in said[-1]
    supervisor.stop_all()


RUNNER = """
import sys
from pathlib import Path
from config.embedded.supervisor import Child, StopRequest, Supervisor
stop = StopRequest()
stop.install()
log = Path(sys.argv[1])
child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], log)
runner = Supervisor([child], environment={}, cwd=log.parent, stop=stop, say=print)
try:
    runner.start()
    print(child.process.pid, flush=True)
    runner.watch()
finally:
    runner.stop_all()
"""


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=lambda n: n.name
)
def test_no_child_outlives_a_supervisor_that_is_signalled(
    tmp_path: Path, number: signal.Signals
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
        text=True,
    ) as runner:
        assert runner.stdout is not None
        child = int(runner.stdout.readline())
        assert command_line(child)

        runner.send_signal(number)
        runner.wait(timeout=10)

    assert wait_until(lambda: command_line(child) == "", seconds=5)


def test_the_supervisor_notices_that_make_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKELEVEL", "1")
    stop = StopRequest()
    assert not stop

    monkeypatch.setattr(os, "getppid", lambda: 1_000_000)

    assert stop
