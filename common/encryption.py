"""Sealing of personal data and keyed lookup hashes.

Sealing is AES-256-GCM of the `cryptography` library with a key ring: the first key seals, every
key opens. The context (table and row) is authenticated, so that a sealed value copied to another
row or column does not open. A lookup hash is HMAC-SHA-256, cut to 128 bits, under a key that is
not in the database: equal values can be found, values cannot be read.
"""

from __future__ import annotations

import hmac
import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django import forms
from django.conf import settings
from django.db import models

_VERSION = b"\x01"
# Bytes of a sealed value beside the label of its key and the text: version, size of the label,
# nonce, tag.
_BESIDE = 1 + 1 + 12 + 16

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field


class CannotOpen(Exception):
    """A sealed value is damaged, belongs to another row, or its key is missing."""


@lru_cache(maxsize=16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def seal(plain: bytes, *, context: str) -> bytes:
    """Seal `plain` for `context`: version, key name, 96-bit nonce, ciphertext with tag."""
    label, key = next(iter(settings.ENCRYPTION_KEYS.items()))
    name = label.encode()
    nonce = os.urandom(12)
    sealed = _cipher(key).encrypt(nonce, plain, context.encode())
    return _VERSION + bytes([len(name)]) + name + nonce + sealed


def unseal(sealed: bytes | memoryview, *, context: str) -> bytes:
    """Open what `seal` made for the same context; CannotOpen otherwise."""
    sealed = bytes(sealed)
    if sealed[:1] != _VERSION:
        raise CannotOpen("unknown version")
    size = sealed[1]
    label = sealed[2 : 2 + size].decode(errors="replace")
    key = settings.ENCRYPTION_KEYS.get(label)
    if key is None:
        raise CannotOpen("its key is not in the ring")
    start = 2 + size
    try:
        return _cipher(key).decrypt(
            sealed[start : start + 12], sealed[start + 12 :], context.encode()
        )
    except InvalidTag as error:
        raise CannotOpen("damaged, or sealed for another place") from error


def seal_json(value: Any, *, context: str) -> bytes:
    """Seal a JSON value."""
    return seal(
        json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), context=context
    )


def unseal_json(sealed: bytes | memoryview, *, context: str) -> Any:
    """Open a sealed JSON value."""
    return json.loads(unseal(sealed, context=context))


def lookup_hash(kind: str, value: str) -> bytes:
    """16 bytes that are equal for equal (kind, value) and say nothing without the key."""
    return _lookup(_newest_key(), kind, value)[:16]


def lookup_hashes(kind: str, value: str) -> list[bytes]:
    """The same under every key of the ring, for what was hashed before the newest was added."""
    return [_lookup(key, kind, value)[:16] for key in settings.LOOKUP_KEYS.values()]


def lookup_number(kind: str, value: str, *, key: bytes | None = None) -> int:
    """64 bits of the same as a signed number, under the newest key of the ring or the one given."""
    digest = _lookup(_newest_key() if key is None else key, kind, value)
    return int.from_bytes(digest[:8], "big", signed=True)


def _newest_key() -> bytes:
    return next(iter(settings.LOOKUP_KEYS.values()))


def _lookup(key: bytes, kind: str, value: str) -> bytes:
    return hmac.digest(key, f"{kind}\x1f{value}".encode(), "sha256")


def derived_key(purpose: str, subject: str) -> bytes:
    """A 256-bit key for one purpose and subject, from the lookup key (HMAC-SHA-256 as a PRF).

    For what a browser seals itself: the server hands the key to the one person it is for and
    keeps neither it nor what it seals.
    """
    message = f"derived key\x1f{purpose}\x1f{subject}".encode()
    return hmac.digest(_newest_key(), message, "sha256")


class SealedTextField(_Field):
    """Text that is sealed in the database and read as `str`; bound to its table and column."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", self.empty())
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        """Stored as bytes."""
        return "BinaryField"

    @staticmethod
    def empty() -> Any:
        """What a row holds before anything was written."""
        return ""

    @property
    def _context(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def _encode(self, value: Any) -> bytes:
        return str(value or "").encode()

    def _decode(self, plain: bytes) -> Any:
        return plain.decode()

    def from_db_value(self, value: bytes | None, expression: Any, connection: Any) -> Any:
        """Open the stored bytes."""
        if value is None:
            return self.empty()
        return self._decode(unseal(value, context=self._context))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Seal the value."""
        return seal(self._encode(value), context=self._context)

    def to_python(self, value: Any) -> Any:
        """Values stay as they are."""
        return self.empty() if value is None else value

    def value_to_string(self, obj: models.Model) -> str:
        """Refuse to be dumped to a fixture."""
        raise TypeError("sealed values do not go into fixtures")

    def formfield(self, **kwargs: Any) -> Any:
        """A text area, like any longer text."""
        widget = kwargs.get("widget") or forms.Textarea(attrs={"rows": 3})
        return forms.CharField(
            required=not self.blank,
            label=self.verbose_name,
            help_text=self.help_text,
            widget=widget,
        )


class SealedJSONField(SealedTextField):
    """A JSON object that is sealed in the database; bound to its table and column."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", dict)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    @staticmethod
    def empty() -> Any:
        """An empty object."""
        return {}

    def _encode(self, value: Any) -> bytes:
        return json.dumps(value or {}, ensure_ascii=False, separators=(",", ":")).encode()

    def _decode(self, plain: bytes) -> Any:
        return json.loads(plain)


class SaysSomething(models.Func):
    """Whether a sealed text is not empty, told by its length: for a constraint of the database.

    Beside the text stand the version, the size and label of the key, the nonce and the tag.
    """

    template = f"octet_length(%(expressions)s) > {_BESIDE} + get_byte(%(expressions)s, 1)"
    output_field = models.BooleanField()
    conditional = True
