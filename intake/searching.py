"""Finding households by what people say or show: a reference, a slip, a name in any script."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from common.encryption import lookup_hash
from intake.keys import NAME, PART
from intake.models import IdentityKey
from intake.names import name_keys, skeleton
from intake.references import (
    InvalidReferenceError,
    InvalidTokenError,
    normalise_token,
    parse_reference,
)


def find_households(households: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Those of `households` that the text means. Nothing when it means nothing.

    A reference or a token finds exactly one; otherwise every part of the name must occur in the
    name of one member.
    """
    try:
        return households.filter(reference=parse_reference(text))
    except InvalidReferenceError:
        pass
    try:
        return households.filter(token=normalise_token(text))
    except InvalidTokenError:
        pass
    return _by_name(households, text)


def _by_name(households: QuerySet[Any], text: str) -> QuerySet[Any]:
    whole = skeleton(text)
    if not whole:
        return households.none()
    named = IdentityKey.objects.filter(kind=NAME, digest=lookup_hash(NAME, whole))
    parts = name_keys(text) - {whole}
    if parts:
        persons = IdentityKey.objects.all().values("person_id")
        for part in parts:
            having = IdentityKey.objects.filter(kind=PART, digest=lookup_hash(PART, part))
            persons = persons.filter(person_id__in=having.values("person_id"))
        return households.filter(members__in=named.values("person_id")) | households.filter(
            members__in=persons
        )
    alone = IdentityKey.objects.filter(kind=PART, digest=lookup_hash(PART, whole))
    return households.filter(members__in=named.values("person_id").union(alone.values("person_id")))
