"""The image's health check: ask /healthz where the container serves the web, else pass."""

import os
import sys
import urllib.request
from pathlib import Path


def main() -> int:
    """Status 0 when healthy. The first process is the one that the container was started for."""
    if b"gunicorn" not in Path("/proc/1/cmdline").read_bytes():
        return 0
    # The host name must be one that the site answers to, whatever address it listens on.
    host = os.environ.get("PANAH_ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".")
    request = urllib.request.Request(
        f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/healthz",
        headers={"Host": "localhost" if host == "*" else host, "X-Forwarded-Proto": "https"},
    )
    try:
        with urllib.request.urlopen(request, timeout=4) as answer:  # noqa: S310
            return 0 if answer.status == 200 else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
