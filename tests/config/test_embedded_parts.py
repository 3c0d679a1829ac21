"""The parts of the embedded services that need no server."""

import errno
import os
import socket
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import environ
import pytest

from config.embedded import ServiceError
from config.embedded.account import choose_account
from config.embedded.demo import check_port, clock_shift, greeting
from config.embedded.dev_secrets import development_secrets, with_development_secrets
from config.embedded.errors import DISK_FULL, explain, explain_os_error
from config.embedded.layout import SOCKET_PATH_LIMIT, Layout, make_private_dir
from config.embedded.postgres import postgres_url
from config.embedded.redis_server import redis_program
from config.embedded.services import service_environment


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    found = Layout.of(tmp_path)
    found.prepare()
    return found


def test_secrets_are_made_once_and_readable_by_their_owner_only(layout: Layout) -> None:
    first = development_secrets(layout)

    assert development_secrets(layout) == first
    assert stat.S_IMODE(layout.secrets.stat().st_mode) == 0o600
    assert set(first) == {"PANAH_SECRET_KEY", "PANAH_ENCRYPTION_KEYS", "PANAH_LOOKUP_KEY"}
    assert first["PANAH_ENCRYPTION_KEYS"].startswith("k1:")


def test_a_secret_that_is_missing_is_added_and_the_others_are_kept(layout: Layout) -> None:
    layout.secrets.write_text("PANAH_SECRET_KEY=kept\n")

    found = development_secrets(layout)

    assert found["PANAH_SECRET_KEY"] == "kept"
    assert found["PANAH_LOOKUP_KEY"]


def test_what_the_environment_says_is_not_replaced(layout: Layout) -> None:
    added = with_development_secrets(layout, {"PANAH_SECRET_KEY": "own"}, "test")

    assert "PANAH_SECRET_KEY" not in added
    assert added["PANAH_ENV"] == "test"
    assert "PANAH_ENV" not in with_development_secrets(layout, {"PANAH_ENV": "production"}, "test")


@pytest.mark.parametrize("name", ["plain", "With Capitals and+signs"])
def test_django_reads_the_socket_directory_from_the_database_url(tmp_path: Path, name: str) -> None:
    layout = Layout.of(tmp_path / name)

    config = environ.Env.db_url_config(postgres_url(layout))

    assert config["HOST"] == str(layout.socket_dir("postgres"))
    assert (config["NAME"], config["USER"]) == ("panah", "panah")


def test_own_servers_replace_the_bundled_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://me@db/mine")
    monkeypatch.delenv("REDIS_URL", raising=False)

    found = service_environment(tmp_path)

    assert found["DATABASE_URL"] == "postgres://me@db/mine"
    assert found["REDIS_URL"].startswith("unix://")


def test_tests_and_demo_do_not_share_a_redis_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REDIS_URL", raising=False)

    urls = {service_environment(tmp_path, mode)["REDIS_URL"] for mode in ("test", "development")}

    assert len(urls) == 2


def test_a_long_project_path_gets_short_sockets_of_its_own(tmp_path: Path) -> None:
    one, other = (Layout.of(tmp_path / f"{letter * 120}") for letter in "ab")

    sockets = one.socket_dir("postgres")

    assert len(os.fsencode(sockets / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_LIMIT
    assert not sockets.is_relative_to(one.base)
    assert sockets != other.socket_dir("postgres")


def test_a_private_directory_admits_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "private"
    path.mkdir(mode=0o777)

    make_private_dir(path, uid=os.getuid(), gid=os.getgid())

    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_link_laid_in_the_place_of_a_private_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "private").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ServiceError, match="belongs to someone else"):
        make_private_dir(tmp_path / "private", uid=os.getuid(), gid=os.getgid())


def test_a_taken_port_is_one_sentence_that_offers_another() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]

        with pytest.raises(ServiceError, match=rf"Port {port} is taken.*PORT=\d+"):
            check_port("127.0.0.1", port)

    check_port("127.0.0.1", port)


def test_a_number_that_is_no_port_is_refused() -> None:
    with pytest.raises(ServiceError, match="70000 is not a port"):
        check_port("127.0.0.1", 70000)


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("FATAL: could not write lock file: No space left on device", "disk is full"),
        ("postgres: error while loading shared libraries: libz.so.1: cannot", "libz.so.1"),
        ("initdb: error: could not look up effective user ID 4711", "user id 4711"),
        ("LOG: x\nFATAL:  something odd\nLOG: y", "something odd"),
        ("", "it said nothing"),
    ],
)
def test_why_a_server_did_not_start_is_one_sentence(output: str, sentence: str) -> None:
    explained = explain("PostgreSQL", output, "var/log/postgres.log")

    assert sentence in explained
    assert "\n" not in explained


def test_a_full_disk_is_named_as_such() -> None:
    assert explain_os_error(OSError(errno.ENOSPC, "No space left", "x")) == DISK_FULL
    assert "/x" in explain_os_error(PermissionError(errno.EACCES, "Permission denied", "/x"))


def test_without_any_redis_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(ServiceError, match="install redis-server or valkey-server"):
        redis_program()


def test_as_root_postgres_steps_down_even_where_others_may_not_enter(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        account = choose_account(program=Path("/bin/true"), data_dir=tmp_path / "postgres")
        assert account.uid == os.geteuid()
        return
    tmp_path.chmod(0o700)

    account = choose_account(program=Path("/bin/true"), data_dir=tmp_path / "postgres")

    assert account.uid != 0
    assert account.prefix[:1] != ()


@pytest.mark.parametrize(
    ("now", "exercise"),
    [
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "2021-07-08T17:00"),
        # 05:30 in Dushanbe, before the cut-off.
        (datetime(2026, 3, 1, 0, 30, tzinfo=UTC), "2021-07-09T05:30"),
        # Already the next day in Dushanbe, before the cut-off.
        (datetime(2026, 3, 1, 22, tzinfo=UTC), "2021-07-09T03:00"),
    ],
)
def test_the_exercise_begins_in_july_2021(layout: Layout, now: datetime, exercise: str) -> None:
    shift = clock_shift(layout, now)

    local = (now + timedelta(days=shift)).astimezone(ZoneInfo("Asia/Dushanbe"))
    assert local.strftime("%Y-%m-%dT%H:%M") == exercise


def test_the_exercise_clock_runs_on(layout: Layout) -> None:
    first = clock_shift(layout, datetime(2026, 3, 1, 12, tzinfo=UTC))

    assert clock_shift(layout, datetime(2026, 3, 4, 12, tzinfo=UTC)) == first


def test_the_greeting_names_a_login_per_role_and_one_agency() -> None:
    text = greeting(
        {
            "users": {"placement_officer": {"username": "po", "password": "p1"}},
            "agencies": {
                "UNHCR": {"client_id": "u", "client_secret": "us"},
                "AKHS": {"client_id": "a", "client_secret": "as"},
            },
        },
        "http://127.0.0.1:8000",
    )

    assert "http://127.0.0.1:8000/" in text
    assert "placement officer" in text
    assert "client id      a\n" in text
