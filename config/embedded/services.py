"""Start, share and stop the services of one checkout.

Two locks under ``var/run`` keep concurrent commands apart. ``start.lock`` is held while servers
are started or stopped. ``users.lock`` is held, shared, by everyone who uses them, so that the
last one who asked for a clean stop stops them and nobody stops them under another's feet.
"""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from config.embedded.dev_secrets import with_development_secrets
from config.embedded.errors import ServiceError, explain_os_error
from config.embedded.layout import Layout
from config.embedded.postgres import postgres_pid, postgres_url, start_postgres, stop_postgres
from config.embedded.redis_server import redis_pid, redis_url, start_redis, stop_redis

# Tests use a numbered database of their own, so that they never meet the demo's queue.
_REDIS_DATABASES = {"test": 1}


def say(text: str) -> None:
    """Print a line of progress; a terminal that has gone away is no reason to fail."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        return


def service_environment(base_dir: Path | str, mode: str = "development") -> dict[str, str]:
    """``DATABASE_URL`` and ``REDIS_URL`` to use, without starting anything.

    What is set in the environment replaces the bundled server.
    """
    layout = Layout.of(base_dir)
    bundled = {
        "DATABASE_URL": postgres_url(layout),
        "REDIS_URL": redis_url(layout, _REDIS_DATABASES.get(mode, 0)),
    }
    return {name: os.environ.get(name) or value for name, value in bundled.items()}


def full_environment(base_dir: Path | str, mode: str = "development") -> dict[str, str]:
    """The caller's environment with service addresses, ``PANAH_ENV`` and development secrets."""
    layout = Layout.of(base_dir)
    with _plain_errors(), _locked(layout, "start.lock"):
        secrets = with_development_secrets(layout, os.environ, mode)
    return {**os.environ, **service_environment(base_dir, mode), **secrets}


def ensure_services(
    base_dir: Path | str, *, mode: str = "development", say: Callable[[str], None] = say
) -> dict[str, str]:
    """Start the bundled servers that are needed and not up; return the addresses to use.

    Safe to call from several processes at once. Servers started here stay up until
    ``stop_services``. Raises ServiceError with one sentence when one cannot be started.
    """
    layout = Layout.of(base_dir)
    with _plain_errors(), _locked(layout, "start.lock"):
        if _start(layout, say):
            _mark_passing(layout, passing=False)
    return service_environment(base_dir, mode)


def stop_services(base_dir: Path | str) -> list[str]:
    """Stop the bundled servers of this checkout; return the names of those that were up."""
    layout = Layout.of(base_dir)
    if not layout.run.exists():
        return []
    with _plain_errors(), _locked(layout, "start.lock"):
        return _stop(layout)


def service_status(base_dir: Path | str) -> dict[str, int | None]:
    """The process id of each bundled server, None for one that is not up."""
    layout = Layout.of(base_dir)
    return {"PostgreSQL": postgres_pid(layout), "Redis": redis_pid(layout)}


@contextmanager
def use_services(
    base_dir: Path | str,
    *,
    mode: str = "development",
    say: Callable[[str], None] = say,
    stop_after: bool = True,
) -> Iterator[dict[str, str]]:
    """Have the services up inside the block; the last user to leave stops what was started.

    Servers that were already up before the first such user (a developer's own
    ``ensure_services``) are left up. With ``stop_after`` false nothing is stopped, but others
    still see that the services are in use.
    """
    layout = Layout.of(base_dir)
    with ExitStack() as stack:
        with _plain_errors(), _locked(layout, "start.lock"):
            users = stack.enter_context((layout.run / "users.lock").open("a"))
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                if _start(layout, say):
                    _mark_passing(layout, passing=stop_after)
            except BaseException:
                _leave(layout, users)
                raise
        os.set_inheritable(users.fileno(), not stop_after)
        try:
            yield service_environment(base_dir, mode)
        finally:
            if stop_after:
                with _plain_errors(), _locked(layout, "start.lock"):
                    _leave(layout, users)


def _leave(layout: Layout, users: IO[str]) -> None:
    """Stop servers that were started for passing users, if the caller is the last of them."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if _passing(layout).exists():
        _stop(layout)


def _passing(layout: Layout) -> Path:
    return layout.run / "stop-after-last-user"


def _mark_passing(layout: Layout, *, passing: bool) -> None:
    if passing:
        _passing(layout).touch()
    else:
        _passing(layout).unlink(missing_ok=True)


def _start(layout: Layout, say: Callable[[str], None]) -> bool:
    started = False
    if not os.environ.get("DATABASE_URL"):
        started |= start_postgres(layout, say)
    if not os.environ.get("REDIS_URL"):
        started |= start_redis(layout, say)
    return started


def _stop(layout: Layout) -> list[str]:
    stopped = [
        name
        for name, stop in (("PostgreSQL", stop_postgres), ("Redis", stop_redis))
        if stop(layout)
    ]
    _passing(layout).unlink(missing_ok=True)
    return stopped


@contextmanager
def _locked(layout: Layout, name: str) -> Iterator[None]:
    layout.prepare()
    with (layout.run / name).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ServiceError(explain_os_error(error)) from error
