"""The demo: web, worker and scheduler over the bundled services, until Ctrl-C.

python -m config.embedded.demo [--port 8000] [--host 127.0.0.1]
python -m config.embedded.demo --reset
"""

import argparse
import errno
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from config.embedded.errors import ServiceError, explain_os_error
from config.embedded.layout import Layout
from config.embedded.postgres import recreate_database
from config.embedded.process import read_pid, send_signal, wait_until
from config.embedded.redis_server import flush_redis
from config.embedded.services import full_environment, say, use_services
from config.embedded.supervisor import Child, StopRequest, Supervisor, start_group, stop_groups

BASE_DIR = Path(__file__).resolve().parent.parent.parent
_OPERATION_ZONE = ZoneInfo("Asia/Dushanbe")
_EXERCISE_DAY = date(2021, 7, 8)
# The situation report of a day is made at its 06:00 cut-off: before that hour the exercise
# starts a day later, so that the first report always falls on the same day.
_CUT_OFF_HOUR = 6


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status. Troubles are one sentence on stderr."""
    options = _parser().parse_args(arguments)
    layout = Layout.of(options.base_dir)
    try:
        if options.reset:
            return reset(layout)
        return run(layout, options.host, options.port)
    except ServiceError as error:
        say(f"Error: {error}")
    except OSError as error:
        say(f"Error: {explain_os_error(error)}")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config.embedded.demo", description=__doc__)
    parser.add_argument("--base-dir", type=Path, default=BASE_DIR, help=argparse.SUPPRESS)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--reset", action="store_true", help="forget the demo's data")
    return parser


def run(layout: Layout, host: str, port: int) -> int:
    """Run the demo until asked to stop; returns the exit status."""
    stop = StopRequest()
    stop.install()
    check_port(host, port)
    with _only_one(layout), use_services(layout.base):
        environment = _environment(layout, host, port)
        base_url = _base_url(host, port)
        if not _prepare(layout, environment, base_url, stop):
            return 0 if stop else 1
        supervisor = Supervisor(
            children(layout), environment=environment, cwd=layout.base, stop=stop, say=say
        )
        try:
            return _serve(supervisor, layout, base_url, stop)
        finally:
            say("Stopping …")
            supervisor.stop_all()


def reset(layout: Layout) -> int:
    """Stop a running demo, then empty its database and forget its files."""
    if os.environ.get("DATABASE_URL"):
        raise ServiceError(
            "DATABASE_URL is set, and a database of your own is not emptied by this command:"
            " unset it, or empty that database yourself."
        )
    _stop_running(layout)
    with use_services(layout.base):
        say("Emptying the demo's database …")
        recreate_database(layout)
        if not os.environ.get("REDIS_URL"):
            flush_redis(layout)
        shutil.rmtree(layout.demo, ignore_errors=True)
    say("The next `make demo` begins anew.")
    return 0


def check_port(host: str, port: int) -> None:
    """Raise ServiceError when the demo could not listen on ``port``."""
    if not 0 < port < 65536:
        raise ServiceError(f"{port} is not a port: choose one from 1024 to 65535.")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As gunicorn does: connections of a demo just stopped do not keep the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except socket.gaierror:
        raise ServiceError(f"{host} is not an address of this machine.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else port - 1
            raise ServiceError(
                f"Port {port} is taken by another program: choose another one,"
                f" for example `make demo PORT={other}`."
            ) from None
        raise ServiceError(f"Port {port} on {host} cannot be used: {error.strerror}.") from None


def clock_shift(layout: Layout, now: datetime) -> int:
    """Whole days from the real date to the exercise's, negative for the past.

    Chosen at the first run so that it is then July 2021 in Dushanbe, and kept in
    ``var/demo/clock``: from then on the exercise's clock runs on.
    """
    kept = layout.demo / "clock"
    if (found := read_pid(kept)) is not None:
        return found
    local = now.astimezone(_OPERATION_ZONE)
    day = _EXERCISE_DAY + timedelta(days=1 if local.hour < _CUT_OFF_HOUR else 0)
    shift = (day - local.date()).days
    layout.demo.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept.write_text(f"{shift}\n")
    return shift


def children(layout: Layout) -> list[Child]:
    """The three processes of the application, as they also run in production."""
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "config"]
    scheduler = "django_celery_beat.schedulers:DatabaseScheduler"
    commands = {
        "web": [python, "-m", "gunicorn", "-c", "config/gunicorn_conf.py"],
        "worker": [*celery, "worker", "--concurrency", "2", "--loglevel", "INFO"],
        "scheduler": [
            *(*celery, "beat", "--scheduler", scheduler, "--pidfile", "", "--loglevel", "INFO"),
        ],
    }
    return [Child(name, command, layout.log / f"{name}.log") for name, command in commands.items()]


def greeting(credentials: Mapping[str, object], base_url: str) -> str:
    """What to print when the demo is up: address, a login per role, one agency's credentials."""
    lines = ["", f"Panah is up at {base_url}/ (invented people only)", "", "Log in as:"]
    users = credentials.get("users")
    for role, login in (users if isinstance(users, dict) else {}).items():
        label = str(role).replace("_", " ")
        lines.append(f"  {label:<20} {login['username']:<20} {login['password']}")
    agencies = credentials.get("agencies")
    if isinstance(agencies, dict) and agencies:
        code = "AKHS" if "AKHS" in agencies else next(iter(agencies))
        client = agencies[code]
        lines += [
            *("", f"An agency over REST ({code}; token at {base_url}/oauth/token/):"),
            f"  client id      {client['client_id']}",
            f"  client secret  {client['client_secret']}",
        ]
    lines += ["", "All of them are in var/demo/credentials.json. Ctrl-C stops the demo."]
    return "\n".join(lines)


def _base_url(host: str, port: int) -> str:
    return f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104


def _environment(layout: Layout, host: str, port: int) -> dict[str, str]:
    shift = clock_shift(layout, datetime.now(tz=_OPERATION_ZONE))
    return {
        **full_environment(layout.base),
        "HOST": host,
        "PORT": str(port),
        "PANAH_BASE_URL": _base_url(host, port),
        "PYTHONUNBUFFERED": "1",
        "PANAH_CLOCK_SHIFT_DAYS": str(shift),
        "WEB_GRACEFUL_SECONDS": "3",
        "WEB_ACCESS_LOG": str(layout.log / "access.log"),
    }


def _prepare(
    layout: Layout, environment: Mapping[str, str], base_url: str, stop: StopRequest
) -> bool:
    command = [sys.executable, "-m", "config.embedded.prepare", base_url]
    process = start_group(command, environment, layout.base, None)
    try:
        while not stop and process.poll() is None:
            wait_until(lambda: process.poll() is not None, seconds=0.2)
        return process.poll() == 0
    finally:
        stop_groups([process], grace=3)


def _serve(supervisor: Supervisor, layout: Layout, base_url: str, stop: StopRequest) -> int:
    say("Starting web, worker and scheduler …")
    supervisor.start()
    if not supervisor.watch(until=lambda: _is_healthy(base_url)):
        return 1
    if not stop:
        say(greeting(_credentials(layout), base_url))
    return 0 if supervisor.watch() else 1


def _is_healthy(base_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base_url}/healthz", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _credentials(layout: Layout) -> dict[str, object]:
    try:
        found = json.loads((layout.demo / "credentials.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _lock_path(layout: Layout) -> Path:
    return layout.run / "demo.lock"


@contextmanager
def _only_one(layout: Layout) -> Iterator[None]:
    """Hold the lock that says that this checkout's demo runs; its file names our process."""
    layout.prepare()
    with _lock_path(layout).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = read_pid(_lock_path(layout))
            raise ServiceError(
                f"The demo of this checkout runs already (process {pid}): stop it first."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.truncate(0)


def _stop_running(layout: Layout) -> None:
    def free() -> bool:
        if not _lock_path(layout).exists():
            return True
        with _lock_path(layout).open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    if free():
        return
    say("Stopping the running demo …")
    if (pid := read_pid(_lock_path(layout))) is not None:
        send_signal(pid, signal.SIGTERM)
    if not wait_until(free, seconds=30, step=0.2):
        raise ServiceError("The running demo does not stop: end it first.")


if __name__ == "__main__":
    sys.exit(main())
