"""One error for everything that can go wrong here, and plain sentences for the usual causes."""

import errno
import re

DISK_FULL = "The disk is full: free some space (about 300 MB are needed) and try again."

_CAUSES = (
    (r"No space left on device|Disk quota exceeded", DISK_FULL),
    (
        r"error while loading shared libraries: (?P<what>[^:\s]+)",
        "A library is missing on this machine: {what}. Install the package that holds it"
        " (on Debian or Ubuntu, `apt-file search {what}` names it) and try again.",
    ),
    (
        r"could not look up effective user ID (?P<what>\d+)",
        "PostgreSQL needs a user name for user id {what}: add one to /etc/passwd,"
        " or set DATABASE_URL to a server of your own.",
    ),
    (
        r"database files are incompatible with server|was initialized by PostgreSQL version",
        "var/postgres was made by another version of PostgreSQL: remove it"
        " (the demo's data is lost) or set DATABASE_URL.",
    ),
    (
        r"could not (?:map|create|resize) .*shared memory|Cannot allocate memory",
        "There is not enough memory to start PostgreSQL: close other programs and try again.",
    ),
)


class ServiceError(Exception):
    """A service cannot be started, used or stopped; the text is one sentence for the reader."""


def explain(service: str, output: str, log: str = "") -> str:
    """Turn what a program printed before it failed into one sentence.

    Known causes get a sentence that says what to do; otherwise the last telling line is quoted
    and ``log`` is named.
    """
    for pattern, sentence in _CAUSES:
        if found := re.search(pattern, output):
            return sentence.format(**found.groupdict())
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"FATAL|PANIC|error|fatal|cannot", line)]
    last = (telling or lines or ["it said nothing"])[-1]
    where = f" (see {log})" if log else ""
    return f"{service} could not be started: {last}{where}"


def explain_os_error(error: OSError) -> str:
    """One sentence for an operating system error met while preparing ``var/``."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DISK_FULL
    name = f" {error.filename}" if error.filename else ""
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"This user may not write{name}: it probably belongs to another user."
            " Run as that user, or remove the project's var directory."
        )
    return f"The services could not be prepared:{name} {error.strerror or error}"
