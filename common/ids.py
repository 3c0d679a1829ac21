"""Time-ordered identifiers that a client may make itself."""

import uuid

import uuid_utils.compat


def new_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): random, and sorted by the time it was made."""
    return uuid_utils.compat.uuid7()
