"""Old references and ids over REST: whoever was registered twice answers under both."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from accounts.policies import Permission, can
from common.ids import read_id
from intake.choices import ExitReason
from intake.duplicates import answering_for
from intake.models import Person


def person_asked_for(text: str, visible: QuerySet[Person], user: Any) -> Person:
    """Who answers for this id, of a user who sees `visible`; Http404 for everybody else's.

    They are the same person: who may see either record finds the one that stands.
    """
    if (key := read_id(text)) is None:
        raise Http404
    answering = answering_for([key]).get(key, key)
    if not visible.filter(pk__in={key, answering}).exists():
        raise Http404
    people = Person.objects.select_related("household")
    if not can(user, Permission.SCREENING):
        people = people.exclude(exit_reason=ExitReason.SEPARATED)
    if (person := people.filter(pk=answering).first()) is None:
        raise Http404
    return person


def merged_into(persons: Sequence[Person]) -> dict[uuid.UUID, uuid.UUID]:
    """Of the repeats among these, each with the id that answers for it."""
    repeats = [each.pk for each in persons if each.exit_reason == ExitReason.DUPLICATE]
    return answering_for(repeats) if repeats else {}
