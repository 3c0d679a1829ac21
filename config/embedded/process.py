"""Small helpers around processes that outlive the one which starts them."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

# Servers stay up after this process: keeping them here stops Popen from complaining about it.
_left_running: list[subprocess.Popen[bytes]] = []


def start_detached(
    command: Sequence[str], *, output: IO[bytes], **options: Any
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, deaf to this terminal's Ctrl-C."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd="/",
        **options,
    )
    _left_running.append(process)
    return process


def _reap() -> None:
    _left_running[:] = [process for process in _left_running if process.poll() is None]


def command_line(pid: int) -> str:
    """The command line of a live process; empty if there is none or it is a zombie."""
    _reap()
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            raw = (proc / str(pid) / "cmdline").read_bytes()
        except OSError:
            return ""
        return os.fsdecode(raw).replace("\0", " ")
    found = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout


def read_pid(path: Path) -> int | None:
    """The number on the first line of a pid file, or None."""
    try:
        return int(path.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def wait_until(condition: Callable[[], bool], *, seconds: float, step: float = 0.02) -> bool:
    """Poll ``condition`` until it holds or ``seconds`` have passed; say whether it held."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(step)
    return True


def send_signal(pid: int, number: signal.Signals) -> None:
    """Signal a process; one that has gone already is no error."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def tail(path: Path, *, start: int = 0, limit: int = 8000) -> str:
    """What was written to a log after byte ``start``, at most the last ``limit`` bytes."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(start, end - limit))
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def open_log(path: Path, *, rotate_at: int = 5_000_000) -> IO[bytes]:
    """Open a log to append, moving a large one aside first (one old copy is kept)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > rotate_at:
        path.replace(path.with_suffix(path.suffix + ".1"))
    return path.open("ab")
