"""Where the services of one checkout keep their things."""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.embedded.errors import ServiceError

# sockaddr_un holds 108 bytes on Linux and 104 on the BSDs, with the closing zero byte.
SOCKET_PATH_LIMIT = 103
_LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"


@dataclass(frozen=True)
class Layout:
    """The directories of one checkout; ``base`` is the project's root, made absolute."""

    base: Path

    @classmethod
    def of(cls, base_dir: Path | str) -> "Layout":
        """The layout below a directory."""
        return cls(Path(base_dir).resolve())

    @property
    def var(self) -> Path:
        """Everything that is made at run time."""
        return self.base / "var"

    @property
    def run(self) -> Path:
        """Sockets and process numbers."""
        return self.var / "run"

    @property
    def log(self) -> Path:
        """What the servers print."""
        return self.var / "log"

    @property
    def postgres(self) -> Path:
        """The cluster's files."""
        return self.var / "postgres"

    @property
    def demo(self) -> Path:
        """What the demonstration hands out."""
        return self.var / "demo"

    @property
    def secrets(self) -> Path:
        """The development secrets."""
        return self.var / "dev.env"

    def socket_dir(self, service: str) -> Path:
        """The directory of a service's socket: ``var/run/<service>`` if that path fits a socket.

        Otherwise a directory under the system's temporary directory, named after this checkout
        and this user, so that two checkouts never meet.
        """
        near = self.run / service
        if len(os.fsencode(near / _LONGEST_SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
            return near
        mark = hashlib.sha256(os.fsencode(self.base)).hexdigest()[:12]
        name = f"panah-{os.getuid()}-{mark}-{service}"
        for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - private, checked below
            short = Path(parent) / name
            if len(os.fsencode(short / _LONGEST_SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
                return short
        raise ServiceError("There is no directory with a path short enough for a socket.")

    def prepare(self) -> None:
        """Make ``var/`` and what stands directly in it; safe to repeat."""
        for directory in (self.var, self.run, self.log):
            directory.mkdir(parents=True, exist_ok=True)


def make_private_dir(path: Path, *, uid: int, gid: int) -> None:
    """Make ``path`` a directory that only ``uid`` may enter (0700), or refuse.

    A directory that someone else made first under a shared parent is never trusted.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.getuid(), uid):
            raise ServiceError(f"{path} belongs to someone else: remove it first.") from None
    if path.lstat().st_uid != uid:
        os.chown(path, uid, gid)
    path.chmod(0o700)
