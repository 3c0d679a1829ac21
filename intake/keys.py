"""The keyed hashes by which an identity is found (ADR 2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from common.encryption import lookup_hash
from intake.models import IdentityKey, Person
from intake.models.persons import IdentityData
from intake.names import name_keys, normalise, skeleton

NAME, PART, FATHER, DOCUMENT, PHONE = "name", "part", "father", "document", "phone"
# Own name and father's name together: rare enough to look up among a million.
PAIR = "pair"
_DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
# The last nine digits tell a phone apart with and without its country code.
_PHONE_TAIL = 9


def phone_key(phone: str) -> str:
    """The part of a phone number that stays the same however it is written; empty for none."""
    digits = re.sub(r"\D", "", phone.translate(_DIGITS))
    return digits[-_PHONE_TAIL:] if len(digits) >= 6 else ""


def document_key(number: str) -> str:
    """A document's number without spaces, signs and case; empty for none."""
    return re.sub(r"[\W_]", "", normalise(number).translate(_DIGITS))


def key_values(data: IdentityData, phones: Iterable[str] = ()) -> set[tuple[str, str]]:
    """Pairs (kind, plain value) of an identity. Personal data: only their hashes are stored."""
    found: set[tuple[str, str]] = set()
    for name in (data.name, *data.also_known_as):
        found.add((NAME, skeleton(name)))
        found |= {(PART, key) for key in name_keys(name)}
    if father := skeleton(data.father_name):
        found.add((FATHER, father))
        found |= {(PAIR, f"{own}|{father}") for kind, own in list(found) if kind == NAME and own}
    found |= {(DOCUMENT, document_key(d.get("number", ""))) for d in data.documents}
    found |= {(PHONE, phone_key(phone)) for phone in (*data.phones, *phones)}
    return {(kind, value) for kind, value in found if value}


def identity_keys(
    person: Person, data: IdentityData, phones: Sequence[str] = ()
) -> list[IdentityKey]:
    """Unsaved keys of a person; `phones` are the household's, kept with its focal point."""
    return [
        IdentityKey(person=person, kind=kind, digest=lookup_hash(kind, value))
        for kind, value in sorted(key_values(data, phones))
    ]
