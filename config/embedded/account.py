"""Who PostgreSQL runs as.

PostgreSQL refuses to run as root. When we are root it steps down to an unprivileged system
account. That account must be able to reach the project's files: where it cannot enter the
project's directory (a checkout under ``/root``, a temporary directory of mode 0700), it keeps the
one capability that lets path lookups pass and nothing else, through util-linux ``setpriv``.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.embedded.errors import ServiceError

_ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """A user to run a program as: ids, a command prefix and options for ``subprocess``."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    switch: bool = False

    def command(self, *arguments: str | Path) -> list[str]:
        """The command line that runs as this account."""
        return [*self.prefix, *map(str, arguments)]

    def options(self) -> dict[str, Any]:
        """Keyword arguments for ``subprocess`` that do the step down, if any."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def choose_account(*, program: Path, data_dir: Path) -> Account:
    """The account that PostgreSQL runs as here.

    Raises ServiceError when we are root and no way is found to let another user run ``program``
    on ``data_dir``.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    uid, gid = _unprivileged_ids(data_dir)
    for account in _ways_down(uid, gid):
        if _can_reach(account, program, data_dir.parent):
            return account
    raise ServiceError(
        f"PostgreSQL cannot run as root, and user id {uid} may not enter {data_dir.parent}:"
        " move the project to a directory open to all users (such as /srv),"
        " run as an ordinary user, or set DATABASE_URL."
    )


def _unprivileged_ids(data_dir: Path) -> tuple[int, int]:
    """The owner of the data if there are any, else a system account, else a bare number."""
    if data_dir.exists() and (owner := data_dir.stat()).st_uid != 0:
        return owner.st_uid, owner.st_gid
    for name in _ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _ways_down(uid: int, gid: int) -> list[Account]:
    ways = [Account(uid, gid, switch=True)]
    if setpriv := shutil.which("setpriv", path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin"):
        # Reading comes first: it is the lesser right, but a container may not have it to give.
        ways += [
            Account(uid, gid, prefix=_setpriv(setpriv, uid, gid, capability))
            for capability in ("dac_read_search", "dac_override")
        ]
    return ways


def _setpriv(setpriv: str, uid: int, gid: int, capability: str) -> tuple[str, ...]:
    only = f"-all,+{capability}"
    return (
        *(setpriv, "--reuid", str(uid), "--regid", str(gid), "--clear-groups"),
        # Without this bit access(2), which PostgreSQL asks about its own binary, ignores
        # the capability of a process whose real user is not root.
        *("--securebits", "+no_setuid_fixup"),
        *("--inh-caps", only, "--ambient-caps", only, "--bounding-set", only),
    )


def _can_reach(account: Account, program: Path, directory: Path) -> bool:
    probe = 'test -x "$2" && test -r "$1" && exec "$1" --version'
    try:
        done = subprocess.run(
            account.command("/bin/sh", "-c", probe, "sh", program, directory),
            capture_output=True,
            check=False,
            cwd="/",
            **account.options(),
        )
    except (OSError, subprocess.SubprocessError):
        return False
    # A missing library (127) is another matter, which the start reports by its name.
    return done.returncode == 0 or b"shared libraries" in done.stderr
