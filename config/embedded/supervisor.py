"""Keep a handful of child processes running, and stop every one of them at the end.

Each child leads a process group of its own: a Ctrl-C on the terminal reaches the supervisor
alone, which then stops the children in turn, and what a child leaves behind goes with its group.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.embedded.process import open_log

RESTARTS = 5
# A child that stayed up this long is healthy again: its earlier falls are forgotten.
_HEALTHY_SECONDS = 60.0
_GRACE_SECONDS = 6.0
_PR_SET_PDEATHSIG = 1


class StopRequest:
    """Becomes true at the first SIGINT, SIGTERM or SIGHUP, or when ``make`` above us is gone.

    Signals only set the flag: whoever waits looks at it, so that no child is lost between its
    start and its being known.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self._received: int | None = None
        # Under make the parent stays as long as make runs, so another parent means it was killed.
        self._parent = os.getppid() if "MAKELEVEL" in os.environ else None

    def install(self) -> None:
        """Take the signals that ask to stop."""
        for number in self.SIGNALS:
            signal.signal(number, self._take)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self._received = number

    def __bool__(self) -> bool:
        orphaned = self._parent is not None and os.getppid() != self._parent
        return self._received is not None or orphaned


@dataclass
class Child:
    """A command to keep running; its output goes to ``log``."""

    name: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    falls: int = 0
    start_at: float = field(default=0.0)

    def start(self, environment: Mapping[str, str], cwd: Path) -> None:
        """Start the program with its output going to its log."""
        with open_log(self.log) as output:
            self.process = start_group(self.command, environment, cwd, output.fileno())
        self.started_at = time.monotonic()

    def note_fall(self) -> float:
        """Count a fall and return the seconds to wait before the next start: 1, 2, 4 …"""
        if time.monotonic() - self.started_at > _HEALTHY_SECONDS:
            self.falls = 0
        self.falls += 1
        delay = float(2 ** (self.falls - 1))
        self.start_at = time.monotonic() + delay
        return delay


def start_group(
    command: Sequence[str], environment: Mapping[str, str], cwd: Path, output: int | None
) -> subprocess.Popen[bytes]:
    """Start a command as the leader of its own process group, told to end if we are killed."""
    return subprocess.Popen(
        command,
        env=dict(environment),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )


def _die_with_parent() -> None:
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def stop_groups(
    processes: Sequence[subprocess.Popen[bytes]], grace: float = _GRACE_SECONDS
) -> None:
    """Ask each leader to end, wait ``grace`` seconds in all, then kill what is left of its group.

    The leader is asked first and alone: it ends its own workers in good order.
    """
    for process in processes:
        if process.poll() is None:
            process.terminate()
    end = time.monotonic() + grace
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=max(0.05, end - time.monotonic()))
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Supervisor:
    """Starts children, restarts those that die, and stops all at the end."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        environment: Mapping[str, str],
        cwd: Path,
        stop: StopRequest,
        say: Callable[[str], None],
    ) -> None:
        self.children = children
        self.environment = environment
        self.cwd = cwd
        self.stop = stop
        self.say = say

    def start(self) -> None:
        """Start every child, in order."""
        for child in self.children:
            child.start(self.environment, self.cwd)

    def watch(self, until: Callable[[], bool] | None = None) -> bool:
        """Look after the children until asked to stop, or until ``until()`` holds.

        Returns False when a child fell so often that it was given up.
        """
        while not self.stop:
            if not all(self._look_after(child) for child in self.children):
                return False
            if until is not None and until():
                return True
            time.sleep(0.2)
        return True

    def stop_all(self) -> None:
        """Stop every child and what it started."""
        stop_groups([child.process for child in self.children if child.process is not None])

    def _look_after(self, child: Child) -> bool:
        if child.process is None:
            if time.monotonic() >= child.start_at:
                child.start(self.environment, self.cwd)
            return True
        status = child.process.poll()
        if status is None:
            return True
        # Its workers may outlive a leader that was killed, and would hold its port.
        stop_groups([child.process], grace=0)
        child.process = None
        if child.falls >= RESTARTS and time.monotonic() - child.started_at < _HEALTHY_SECONDS:
            self.say(f"{child.name} keeps ending (see {child.log}): giving up.")
            return False
        delay = child.note_fall()
        ended = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        self.say(f"{child.name} {ended} (see {child.log}); starting it again in {delay:.0f} s.")
        return True
