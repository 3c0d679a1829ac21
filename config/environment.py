"""Reads settings from environment variables and fails loudly when one is missing or wrong."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

ENVIRONMENTS = ("production", "development", "test")


def required(env: Mapping[str, str], name: str, meaning: str) -> str:
    """The value of `name`; ImproperlyConfigured with one clear sentence when it is not set."""
    value = env.get(name, "").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: {meaning}. See docs/settings.md.")
    return value


def one_of(env: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    """The value of `name`, which must be one of `allowed`."""
    value = env.get(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
    return value


def whole_number(env: Mapping[str, str], name: str, default: int) -> int:
    """The value of `name` as a whole number."""
    value = env.get(name, "").strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be a whole number.") from None


def yes_or_no(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    """The value of `name` as a switch: 1, true, yes, on or 0, false, no, off."""
    value = env.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; it must be yes or no.")


def key_bytes(value: str, name: str) -> bytes:
    """32 bytes from base64; ImproperlyConfigured names the variable, never its value."""
    try:
        key = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ImproperlyConfigured(f"{name} must hold 32 random bytes in base64.")
    return key


def key_ring(value: str, name: str) -> dict[str, bytes]:
    """Keys by name from `k2:<base64>,k1:<base64>`; the first one seals, all of them open."""
    ring: dict[str, bytes] = {}
    for item in filter(None, (part.strip() for part in value.split(","))):
        label, _, encoded = item.partition(":")
        if not label.isalnum() or len(label) > 8 or label in ring:
            raise ImproperlyConfigured(f"{name} must look like k2:<base64>,k1:<base64>.")
        ring[label] = key_bytes(encoded, name)
    if not ring:
        raise ImproperlyConfigured(f"{name} holds no key.")
    return ring


def lookup_ring(value: str, name: str) -> dict[str, bytes]:
    """A key ring; one key without a name is named `k0`."""
    return key_ring(value if ":" in value else f"k0:{value}", name)


def tile_address(env: Mapping[str, str], name: str) -> str:
    """The address of map tiles with its three places to fill in; empty where there are none."""
    value = env.get(name, "").strip()
    places = ("{z}", "{x}", "{y}")
    if value and not (
        value.startswith(("https://", "http://", "/")) and all(place in value for place in places)
    ):
        raise ImproperlyConfigured(
            f"{name} must look like https://tiles.example.org/{{z}}/{{x}}/{{y}}.png."
        )
    return value
