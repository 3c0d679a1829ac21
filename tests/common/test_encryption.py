"""Sealed values open only where they belong."""

import base64

import pytest
from django.test import override_settings

from common import encryption
from common.encryption import CannotOpen, lookup_hash, seal, unseal


def test_a_sealed_value_opens_and_does_not_show_its_text() -> None:
    sealed = seal("محمد نبی".encode(), context="a")
    assert unseal(sealed, context="a").decode() == "محمد نبی"
    assert "محمد".encode() not in sealed


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert seal(b"same", context="a") != seal(b"same", context="a")


def test_a_sealed_value_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(CannotOpen):
        unseal(seal(b"x", context="row 1"), context="row 2")


def test_one_changed_byte_does_not_open() -> None:
    sealed = bytearray(seal(b"x", context="a"))
    sealed[-1] ^= 1
    with pytest.raises(CannotOpen):
        unseal(bytes(sealed), context="a")


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    old = seal(b"old", context="a")
    ring = {"k9": b"9" * 32, **encryption.settings.ENCRYPTION_KEYS}
    with override_settings(ENCRYPTION_KEYS=ring):
        assert unseal(old, context="a") == b"old"
        new = seal(b"new", context="a")
    with pytest.raises(CannotOpen, match="not in the ring"):
        unseal(new, context="a")


def test_lookup_hashes_need_the_key() -> None:
    here = lookup_hash("phone", "+992900000001")
    assert here == lookup_hash("phone", "+992900000001")
    assert here != lookup_hash("document", "+992900000001")
    with override_settings(LOOKUP_KEYS={"k9": base64.b64decode("A" * 44)[:32]}):
        assert here != lookup_hash("phone", "+992900000001")
