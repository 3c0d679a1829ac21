"""A private PostgreSQL and Redis in a directory of their own, started and stopped for real."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.embedded import ServiceError, ensure_services, service_status, stop_services
from config.embedded.layout import Layout
from config.embedded.postgres import postgres_pid, recreate_database
from config.embedded.process import command_line, wait_until
from config.embedded.redis_server import flush_redis, redis_pid

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project directory with capitals, a blank and a path too long for a socket."""
    path = tmp_path_factory.mktemp("checkout") / ("Project Number One " + "x" * 90)
    path.mkdir(parents=True)
    yield path
    stop_services(path)


@pytest.fixture(autouse=True)
def _bundled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the suite itself runs on servers of its own."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


def quiet(_text: str) -> None:
    return


def connect(base: Path, database: str = "panah") -> psycopg.Connection:
    return psycopg.connect(
        host=str(Layout.of(base).socket_dir("postgres")),
        user="panah",
        dbname=database,
        autocommit=True,
    )


def value(base: Path, query: str) -> object:
    with connect(base) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_services_start_once_and_data_survive_kill_and_stale_pid_files(base: Path) -> None:
    layout = Layout.of(base)
    ensure_services(base, say=quiet)
    first = service_status(base)
    ensure_services(base, say=quiet)
    assert service_status(base) == first
    assert all(first.values())

    assert value(base, "SHOW fsync") == "on"
    assert value(base, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True
    assert value(base, "SELECT lower('ФАРЗОНА')") == "фарзона"
    with connect(base) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")

    pid = postgres_pid(layout)
    redis = redis_pid(layout)
    assert pid is not None
    assert redis is not None
    os.kill(pid, signal.SIGKILL)
    os.kill(redis, signal.SIGKILL)
    assert wait_until(lambda: not command_line(pid) and not command_line(redis), seconds=5)
    # The number in the file now belongs to a living process that is not PostgreSQL.
    state = layout.postgres / "postmaster.pid"
    state.write_text(state.read_text().replace(str(pid), str(os.getpid()), 1))
    assert service_status(base) == {"PostgreSQL": None, "Redis": None}

    ensure_services(base, say=quiet)

    assert value(base, "SELECT n FROM kept") == 7


def test_postgres_does_not_run_as_root(base: Path) -> None:
    ensure_services(base, say=quiet)
    pid = postgres_pid(Layout.of(base))

    assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_values_that_break_a_constraint_do_not_reach_the_log(base: Path) -> None:
    ensure_services(base, say=quiet)
    with connect(base) as connection:
        connection.execute("CREATE TABLE names (n text PRIMARY KEY)")
        connection.execute("INSERT INTO names VALUES ('Gulbahor')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO names VALUES ('Gulbahor')")

    assert "Gulbahor" not in (Layout.of(base).log / "postgres.log").read_text()


def test_a_reset_empties_the_database_under_open_connections(base: Path) -> None:
    ensure_services(base, say=quiet)
    with connect(base) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS something ()")

        recreate_database(Layout.of(base))
        flush_redis(Layout.of(base))

    assert value(base, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def run(base: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "config.embedded", "--base-dir", str(base), *arguments],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_command_gets_its_environment_and_status_and_stops_what_it_started(base: Path) -> None:
    stop_services(base)
    code = "import os, sys; print(os.environ['PANAH_ENV'], os.environ['REDIS_URL']); sys.exit(5)"

    done = run(base, "exec", "--stop-after", "--test", "--", sys.executable, "-c", code)

    assert done.returncode == 5
    assert done.stdout.startswith("test unix:///")
    assert "Traceback" not in done.stderr
    assert service_status(base) == {"PostgreSQL": None, "Redis": None}


def test_a_command_leaves_up_what_was_up_before(base: Path) -> None:
    ensure_services(base, say=quiet)
    before = service_status(base)

    assert run(base, "exec", "--stop-after", "--", "true").returncode == 0

    assert service_status(base) == before


def test_the_last_of_two_commands_stops_the_services(base: Path) -> None:
    stop_services(base)
    command = [sys.executable, "-m", "config.embedded", "--base-dir", str(base)]
    with subprocess.Popen(
        [*command, "exec", "--stop-after", "--", "sh", "-c", "echo up; exec sleep 600"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"up\n"
        assert run(base, "exec", "--stop-after", "--", "true").returncode == 0
        assert all(service_status(base).values())

        first.terminate()
        assert first.wait(timeout=20) == 128 + signal.SIGTERM

    assert service_status(base) == {"PostgreSQL": None, "Redis": None}


def test_a_cluster_of_another_version_is_one_sentence(base: Path) -> None:
    stop_services(base)
    version = Layout.of(base).postgres / "PG_VERSION"
    before = version.read_text()
    version.write_text("12\n")
    try:
        with pytest.raises(ServiceError, match="another version of PostgreSQL"):
            ensure_services(base, say=quiet)
        done = run(base, "exec", "--", "true")
    finally:
        version.write_text(before)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in done.stderr


def test_a_command_that_does_not_exist_is_one_sentence(base: Path) -> None:
    done = run(base, "exec", "--no-services", "--", "no-such-command")

    assert done.returncode == 1
    assert done.stderr == "Error: no-such-command cannot be run: No such file or directory.\n"
