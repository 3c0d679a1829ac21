"""Open questions as the API and the pages show them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from intake.models import Household, OpenQuestion
from intake.quality.catalogue import CATALOGUE, PERSON_QUESTIONS, answers, words


def field_path(code: str, index: int | None) -> str:
    """Where to look, as a path into the household: `members.2.birth`, `declared_size`."""
    field = CATALOGUE[code].field
    if code in PERSON_QUESTIONS and index is not None:
        return f"members.{index}.{field}"
    return field


def question_shapes(
    questions: Iterable[OpenQuestion], places: Mapping[uuid.UUID, int]
) -> list[dict[str, Any]]:
    """Open questions; `places` are the indexes of the members as they are shown."""
    return [
        {
            "id": each.pk,
            "code": each.code,
            "person": each.person_id,
            "field": field_path(each.code, places.get(each.person_id) if each.person_id else None),
            "question": words(each.code, each.data),
            "answers": [
                {"answer": answer, "label": label} for answer, label in answers(each.code).items()
            ],
        }
        for each in questions
    ]


def places_of(members: Sequence[Any]) -> dict[uuid.UUID, int]:
    """The index of each person in the members as they are shown."""
    return {person.pk: index for index, person in enumerate(members)}


def open_of(household: Household, user: Any) -> list[OpenQuestion]:
    """The open questions of a household that the user may see, oldest first."""
    return list(
        OpenQuestion.objects.visible_to(user)
        .open()
        .filter(household=household)
        .order_by("recorded_at", "pk")
    )


def others_of(question: OpenQuestion, user: Any) -> list[Household]:
    """Of the other households in which the same was seen, those that the user may see."""
    keys = question.data.get("others", [])
    return list(Household.objects.visible_to(user).filter(pk__in=keys).order_by("reference"))
