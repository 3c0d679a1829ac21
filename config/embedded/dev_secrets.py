"""Random secrets for development and tests, made once and kept in ``var/dev.env`` (mode 0600).

Production never comes here: there the settings refuse to start without secrets of their own.
"""

import base64
import os
import secrets
from collections.abc import Mapping

from config.embedded.layout import Layout


def development_secrets(layout: Layout) -> dict[str, str]:
    """The checkout's development secrets by variable name, making those that are missing."""
    known = _read(layout)
    missing = {name: make() for name, make in _MAKERS.items() if name not in known}
    if missing:
        known |= missing
        _write(layout, known)
    return known


def with_development_secrets(
    layout: Layout, environment: Mapping[str, str], mode: str
) -> dict[str, str]:
    """What to add to ``environment``: ``PANAH_ENV=mode`` and the secrets it does not hold yet."""
    defaults = {"PANAH_ENV": mode, **development_secrets(layout)}
    return {name: value for name, value in defaults.items() if not environment.get(name)}


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


_MAKERS = {
    "PANAH_SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "PANAH_ENCRYPTION_KEYS": lambda: f"k1:{_key()}",
    "PANAH_LOOKUP_KEY": _key,
}


def _read(layout: Layout) -> dict[str, str]:
    if not layout.secrets.exists():
        return {}
    lines = layout.secrets.read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def _write(layout: Layout, values: Mapping[str, str]) -> None:
    text = "# Development secrets of this checkout only. Losing them loses the demo's data.\n"
    text += "".join(f"{name}={value}\n" for name, value in values.items())
    fresh = layout.secrets.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(layout.secrets)
