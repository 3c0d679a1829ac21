"""What becomes of rows that point to a household or person found to be registered twice.

Every foreign key to Household or Person must be declared here, each by the app that owns it (in
its `apps.py`), so that a merge neither forgets a row nor reaches upwards. A test lists the keys
that nobody declared.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from django.apps import apps
from django.db import models
from django.utils.functional import Promise

from audit.models import RowVersion
from common import clock


@dataclass(frozen=True)
class Merge:
    """`repeat` was found to be the same household as `survivor`.

    `persons` are the members of the repeat that have a counterpart, by id, with the survivor's.
    `actor` is who decided.
    """

    survivor: Any
    repeat: Any
    persons: dict[uuid.UUID, uuid.UUID]
    actor: Any


class Handler(Protocol):
    """What happens to the rows of one foreign key."""

    def merge(self, model: type[models.Model], field: str, merge: Merge) -> Any:
        """Act on the rows; return what `undo` needs, as JSON without personal data."""

    def undo(self, model: type[models.Model], field: str, merge: Merge, data: Any) -> None:
        """Put back what `merge` did."""


class Stays:
    """The rows stay with the repeat: they are its own history, or made anew by events."""

    def merge(self, model: type[models.Model], field: str, merge: Merge) -> Any:
        """Nothing."""
        return None

    def undo(self, model: type[models.Model], field: str, merge: Merge, data: Any) -> None:
        """Nothing."""


class Moves:
    """The rows go to the survivor, or to the counterpart of each person."""

    def merge(self, model: type[models.Model], field: str, merge: Merge) -> Any:
        """Move the rows; the ids of those that moved, by the id they came from."""
        target = model._meta.get_field(field).related_model
        pairs = (
            {merge.repeat.pk: merge.survivor.pk}
            if isinstance(merge.repeat, target)  # type: ignore[arg-type]
            else merge.persons
        )
        moved: dict[str, list[str]] = {}
        for old, new in sorted(pairs.items()):
            ids = list(self.rows(model, field, old, new).values_list("pk", flat=True))
            if ids:
                self._point(model, field, ids, new)
                moved[str(old)] = [str(each) for each in ids]
        return moved

    def rows(self, model: type[models.Model], field: str, old: Any, new: Any) -> Any:
        """Which rows move from `old` to `new`."""
        return model._default_manager.filter(**{f"{field}_id": old})

    def undo(self, model: type[models.Model], field: str, merge: Merge, data: Any) -> None:
        """Move the same rows back."""
        for old, ids in (data or {}).items():
            self._point(model, field, ids, old)

    @staticmethod
    def _point(model: type[models.Model], field: str, ids: list[Any], to: Any) -> None:
        """Who follows changes by `updated_since` learns that a row moved."""
        changed = {field.name for field in model._meta.local_fields} & {"updated_at"}
        model._default_manager.filter(pk__in=ids).update(
            **{f"{field}_id": to}, **{name: clock.now() for name in changed}
        )


STAYS = Stays()
MOVES = Moves()
_handlers: dict[tuple[str, str], Handler] = {}


def register_merge(model: str, field: str, handler: Handler) -> None:
    """Declare what becomes of `field` ("app.Model", "field"). Called from an app's `ready`."""
    _handlers[model.lower(), field] = handler


def undeclared() -> list[str]:
    """Foreign keys to Household or Person that no app declared, as "app.model.field"."""
    return sorted(
        f"{label}.{field}" for label, field in _foreign_keys() if (label, field) not in _handlers
    )


def _foreign_keys() -> Iterator[tuple[str, str]]:
    targets = {apps.get_model("intake.Household"), apps.get_model("intake.Person")}
    for model in apps.get_models(include_auto_created=True):
        # A row of history says what was: a merge changes nothing there.
        if issubclass(model, RowVersion):
            continue
        for field in model._meta.local_fields:
            if field.related_model in targets:
                yield model._meta.label_lower, field.name


def apply(merge: Merge) -> dict[str, Any]:
    """Act on every declared key, in a fixed order; what is needed to undo it, by key."""
    done = {}
    for label, field in sorted(_handlers):
        model = apps.get_model(label)
        data = _handlers[label, field].merge(model, field, merge)
        if data:
            done[f"{label}.{field}"] = data
    return done


def moved_ids(data: Any) -> list[str]:
    """The ids of the rows that moved, of what a handler that moves rows returned."""
    if not isinstance(data, dict):
        return []
    moved = data.get("moved", data)
    if isinstance(moved, str):
        return [moved]
    if not isinstance(moved, dict):
        return []
    return [pk for ids in moved.values() if isinstance(ids, list) for pk in ids]


def words(done: dict[str, Any]) -> list[str | Promise]:
    """What handlers decided by a rule, in words for who decides: those that have a `tell`."""
    said: list[str | Promise] = []
    for key in sorted(done):
        label, field = key.rsplit(".", 1)
        tell = getattr(_handlers.get((label, field)), "tell", None)
        if tell is not None:
            said += tell(done[key])
    return said


def revert(merge: Merge, done: dict[str, Any]) -> None:
    """Undo what `apply` did, last first."""
    for key in sorted(done, reverse=True):
        label, field = key.rsplit(".", 1)
        if (handler := _handlers.get((label, field))) is not None:
            handler.undo(apps.get_model(label), field, merge, done[key])
