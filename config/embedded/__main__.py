"""Run a command with this checkout's services and development secrets.

python -m config.embedded exec [--stop-after] [--no-services] [--test] -- CMD ARGS…
python -m config.embedded stop | status
"""

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from config.embedded.errors import ServiceError
from config.embedded.services import (
    full_environment,
    say,
    service_status,
    stop_services,
    use_services,
)

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status. Troubles are one sentence on stderr."""
    options = _parser().parse_args(arguments)
    try:
        if options.action == "exec":
            return _execute(options)
        if options.action == "stop":
            stopped = stop_services(options.base_dir)
            say(f"Stopped {' and '.join(stopped)}." if stopped else "Nothing was running.")
            return 0
        return _print_status(options.base_dir)
    except ServiceError as error:
        say(f"Error: {error}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    parser.add_argument("--base-dir", type=Path, default=BASE_DIR, help=argparse.SUPPRESS)
    actions = parser.add_subparsers(dest="action", required=True)
    execute = actions.add_parser("exec", help="run a command with services and secrets")
    execute.add_argument("--stop-after", action="store_true", help="stop what was started for it")
    execute.add_argument("--no-services", action="store_true", help="set variables, start nothing")
    execute.add_argument(
        "--test", action="store_true", help="PANAH_ENV=test and a Redis of its own"
    )
    execute.add_argument("command", nargs="+")
    actions.add_parser("stop", help="stop the bundled servers")
    actions.add_parser("status", help="say what is up and how to reach it")
    return parser


def _execute(options: argparse.Namespace) -> int:
    mode = "test" if options.test else "development"
    environment = full_environment(options.base_dir, mode)
    if options.no_services:
        return _become(options.command, environment)
    if not options.stop_after:
        with use_services(options.base_dir, mode=mode, stop_after=False):
            return _become(options.command, environment)
    with Forwarder() as forwarder, use_services(options.base_dir, mode=mode):
        return forwarder.run(options.command, environment)


def _become(command: list[str], environment: dict[str, str]) -> int:
    try:
        os.execvpe(command[0], command, environment)  # noqa: S606 - the command is the caller's
    except OSError as error:
        raise ServiceError(f"{command[0]} cannot be run: {error.strerror}.") from None


class Forwarder:
    """Runs one child and passes on the signals that come to us, from start to end.

    A signal that comes before the child is there keeps it from being started; none ends us before
    the services are stopped.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.received: int | None = None

    def __enter__(self) -> "Forwarder":
        self._before = {number: signal.signal(number, self._take) for number in self.SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, _frame: FrameType | None) -> None:
        self.received = number
        # Ctrl-C reaches the whole foreground group, the child too; the others come to us alone.
        if self.child is not None and not (number == signal.SIGINT and os.isatty(0)):
            self.child.send_signal(number)

    def run(self, command: list[str], environment: dict[str, str]) -> int:
        """Run the command to its end and return its status in the shell's convention."""
        if self.received is not None:
            return 128 + self.received
        try:
            self.child = subprocess.Popen(command, env=environment)
        except OSError as error:
            raise ServiceError(f"{command[0]} cannot be run: {error.strerror}.") from None
        if self.received is not None:
            self.child.send_signal(self.received)
        status = self.child.wait()
        return 128 - status if status < 0 else status


def _print_status(base_dir: Path) -> int:
    environment = full_environment(base_dir)
    pids = service_status(base_dir)
    for (name, pid), variable in zip(pids.items(), ("DATABASE_URL", "REDIS_URL"), strict=True):
        if os.environ.get(variable):
            print(f"{name}: your own, from {variable}")
        else:
            state = f"up, process {pid}" if pid else "not up"
            print(f"{name}: {state}, {environment[variable]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
