"""Finding people by what they say or show: a reference, a slip, a name, a phone, a document."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Q, QuerySet

from common.encryption import lookup_hash
from intake.keys import DOCUMENT, NAME, PART, PHONE, document_key, phone_key
from intake.models import Household, IdentityKey, Person
from intake.names import name_keys, skeleton
from intake.references import (
    InvalidReferenceError,
    InvalidTokenError,
    normalise_token,
    parse_reference,
)

Rows = TypeVar("Rows", Household, Person)


def find_households(
    households: QuerySet[Household], text: str, *, user: Any
) -> QuerySet[Household]:
    """Those of `households` that the text means. Nothing when it means nothing.

    A reference or a token finds exactly one (that of a repeat the household that answers for it);
    otherwise one of the members must be meant whom
    `user` may know of.
    """
    if (exact := _exact(text)) is not None:
        return households.filter(exact)
    known = Person.objects.known_to(user).filter(pk__in=_meant(text))
    return households.filter(members__in=known)


def find_persons(persons: QuerySet[Person], text: str) -> QuerySet[Person]:
    """Those of `persons` that the text means: every part of a name, a phone or a document."""
    if (exact := _exact(text, "household__")) is not None:
        return persons.filter(exact)
    return persons.filter(pk__in=_meant(text))


def _exact(text: str, prefix: str = "") -> Q | None:
    try:
        said = {"reference": parse_reference(text)}
    except InvalidReferenceError:
        try:
            said = {"token": normalise_token(text)}
        except InvalidTokenError:
            return None
    repeats = Household.objects.filter(**said, merged_into__isnull=False).values("merged_into")
    own = Q(**{f"{prefix}{name}": value for name, value in said.items()})
    key = f"{prefix}pk"
    return Q(**{f"{key}__in": repeats}) | own & Q(**{f"{prefix}merged_into__isnull": True})


def _having(kind: str, value: str) -> Any:
    keys = IdentityKey.objects.filter(kind=kind, digest=lookup_hash(kind, value))
    return keys.values("person_id")


def _meant(text: str) -> Any:
    """Persons with all parts of the name, or with the phone or document that the text is."""
    condition = Q(pk__in=[])
    if whole := skeleton(text):
        condition |= Q(pk__in=_having(NAME, whole))
        parts = Q()
        for part in name_keys(text) - {whole} or {whole}:
            parts &= Q(pk__in=_having(PART, part))
        condition |= parts
    if phone := phone_key(text):
        condition |= Q(pk__in=_having(PHONE, phone))
    if any(character.isdigit() for character in text) and (number := document_key(text)):
        condition |= Q(pk__in=_having(DOCUMENT, number))
    return Person.objects.filter(condition).values("pk")
