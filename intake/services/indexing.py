"""Keeping the keys by which people are found as their household changes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from intake.indexed import members_in_order, subject_of, values_of
from intake.keys import DOCUMENT, PHONE, Values, digests, made_with
from intake.models import Household, IdentityIndex, Person

__all__ = ["index_columns", "reindex_household", "reindex_many", "subject_of"]

_COLUMNS = ("words", "blocks", "documents", "phones", "made_with")


def index_columns(values: Values) -> tuple[list[int], list[int], list[int], list[int], str]:
    """The columns of an IdentityIndex in the order words, blocks, documents, phones, made_with."""
    return (
        digests(sorted(values.words)),
        digests(sorted(values.blocks)),
        digests(values.of(DOCUMENT)),
        digests(values.of(PHONE)),
        made_with(),
    )


def reindex_household(household: Household, actor: Any = None) -> None:
    """Make the keys of all members anew; the household is locked, `actor` is not needed."""
    _write([household], list(members_in_order([household.pk])))


@transaction.atomic
def reindex_many(household_ids: Sequence[uuid.UUID]) -> int:
    """The same for many households, which are locked meanwhile; how many persons."""
    rows = Household.objects.filter(pk__in=household_ids).order_by("pk")
    households = list(rows.select_for_update(of=("self",), no_key=True))
    members = list(members_in_order(household_ids))
    _write(households, members)
    return len(members)


def _write(households: Sequence[Household], members: Sequence[Person]) -> None:
    rows = []
    for household in households:
        people = [person for person in members if person.household_id == household.pk]
        for person, made in zip(people, values_of(household, people), strict=True):
            columns = dict(zip(_COLUMNS, index_columns(made), strict=True))
            rows.append(IdentityIndex(person=person, **columns))
    IdentityIndex.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["person"], update_fields=list(_COLUMNS)
    )
