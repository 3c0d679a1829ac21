"""What "the same household" would do: the merge itself, taken back before anybody sees it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils.functional import Promise

from common.errors import DomainError, NotPermitted
from intake import merging
from intake.duplicates import unifying
from intake.duplicates.decisions import lock_pair, standing_households
from intake.models import DuplicatePair, Household


@dataclass(frozen=True)
class MergePreview:
    """Who stays, who joins, what moves, and what stands against it.

    `known`: persons of the repeat, each with the survivor's record of the same person. `joining`:
    persons who came only the second time. `moved`: names of tables with how many rows go to the
    survivor. `notes`: what is decided by a rule (places, consents), in words. `problem`: why the
    merge would be refused now, or None.
    """

    survivor: Household
    repeat: Household
    known: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    joining: tuple[uuid.UUID, ...] = ()
    moved: tuple[tuple[str | Promise, int], ...] = ()
    notes: tuple[str | Promise, ...] = ()
    problem: DomainError | None = None


class _Enough(Exception):
    def __init__(self, undo: dict[str, Any]) -> None:
        super().__init__()
        self.undo = undo


def preview_merge(*, actor: Any, pair: DuplicatePair) -> MergePreview:
    """Merge, look, and roll back: the preview cannot say anything else than the merge does.

    Raises NotPermitted. What is rolled back sends nothing: events and tasks follow a commit.
    """
    households = list(Household.objects.filter(pk__in=[pair.first_id, pair.second_id]))
    survivor, repeat = unifying.in_order_of_arrival(households)
    try:
        with transaction.atomic():
            locked = lock_pair(actor, pair)
            raise _Enough(unifying.unify(actor, locked, standing_households(locked)))
    except _Enough as enough:
        undo = enough.undo
    except NotPermitted:
        raise
    except DomainError as error:
        return MergePreview(survivor, repeat, problem=error)
    known = {uuid.UUID(old): uuid.UUID(new) for old, new in undo["pairs"]}
    return MergePreview(
        survivor=survivor,
        repeat=repeat,
        known=known,
        joining=tuple(uuid.UUID(pk) for pk, _focal, _position in undo["joined"]),
        moved=_moved(undo["rows"]),
        notes=tuple(merging.words(undo["rows"])),
    )


def _moved(rows: dict[str, Any]) -> tuple[tuple[str | Promise, int], ...]:
    """Names of tables, each with how many of its rows moved."""
    found: dict[str, set[str]] = {}
    for key, data in rows.items():
        label = key.rsplit(".", 1)[0]
        if ids := merging.moved_ids(data):
            found.setdefault(label, set()).update(ids)
    return tuple(
        (apps.get_model(label)._meta.verbose_name_plural or label, len(ids))
        for label, ids in sorted(found.items())
    )
