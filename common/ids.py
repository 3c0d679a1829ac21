"""Time-ordered identifiers that a client may make itself."""

from __future__ import annotations

import uuid

import uuid_utils.compat


def new_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): random, and sorted by the time it was made."""
    return uuid_utils.compat.uuid7()


def read_id(text: object) -> uuid.UUID | None:
    """The key that somebody sent, or None for anything that is none."""
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
