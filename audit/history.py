"""Row history: each change and deletion leaves the row as it was, also when done by raw SQL.

An app marks a table with `@keeps_history(...)`; triggers of the database (django-pghistory) then
copy the OLD row into a table of its own, `<Model>History`, whenever a column other than
`updated_at` changes or the row is deleted. An INSERT leaves nothing: the row that stands is its
own first version, so that registration costs nothing more (ADR 9). Sealed columns are copied as
the sealed bytes that they are. Reading is for auditors, through `history_of`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import pghistory
import pgtrigger
from django.db import models
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policies import Permission, access_of
from audit.models import RowVersion
from common import clock
from common.encryption import CannotOpen, SealedTextField
from common.errors import NotPermitted

M = TypeVar("M", bound=models.Model)

UPDATED_AT = "updated_at"
# Longer histories than this are cut to the newest versions.
LONGEST = 500


@dataclass(frozen=True)
class Kept:
    """A table whose history is kept, and the columns whose values an auditor may read."""

    model: type[models.Model]
    history: type[RowVersion]
    shown: frozenset[str]
    listed: bool

    @property
    def fields(self) -> list[models.Field[Any, Any]]:
        """The columns that are compared."""
        return [f for f in self.model._meta.local_fields if f.name != UPDATED_AT]

    def find(self, text: str) -> uuid.UUID | None:
        """The key that `text` says: a key, or the reference of a row that stands."""
        try:
            key = uuid.UUID(text)
        except ValueError:
            names = {field.name for field in self.model._meta.local_fields}
            if "reference" not in names:
                return None
            found = self.model._base_manager.filter(reference=text.upper())
            return found.values_list("pk", flat=True).first()
        stands = self.model._base_manager.filter(pk=key).exists()
        return key if stands or self.versions(key).exists() else None

    def versions(self, key: uuid.UUID) -> Any:
        """The versions of one row: a queryset of the history table, whose columns are made."""
        history: Any = self.history
        return history.objects.filter(pgh_obj_id=key)


@dataclass(frozen=True)
class Change:
    """One column that changed; `before` and `after` only where `shown`."""

    column: str
    label: str | Promise
    shown: bool
    before: Any = None
    after: Any = None


@dataclass(frozen=True)
class Step:
    """One change or deletion of a row: when (as the operation counts), by whom, how, and what.

    `by` is None where nobody was known: work in the background, or raw SQL, which has no `how`.
    """

    at: datetime
    deleted: bool
    by: User | None
    how: str
    changes: tuple[Change, ...]


_kept: dict[str, Kept] = {}


def keeps_history(
    *, shown: tuple[str, ...] = (), listed: bool = True
) -> Callable[[type[M]], type[M]]:
    """Keep the history of a model (a class decorator), in a table in the model's own app.

    `shown`: columns whose values an auditor may read; of all others only that they changed.
    Name no column that is personal, sensitive or sealed. `listed`: whether its rows are named on
    the page of the record that they belong to; not where it is a secret that there is one.
    """

    def keep(model: type[M]) -> type[M]:
        names = {field.name for field in model._meta.local_fields}
        assert names >= set(shown), f"{model.__name__} has no such column"
        history: Any = pghistory.create_event_model(
            model,
            pghistory.UpdateEvent(
                row=pghistory.Old,
                condition=pgtrigger.AnyChange(
                    exclude=[UPDATED_AT] if UPDATED_AT in names else None
                ),
            ),
            pghistory.DeleteEvent(row=pghistory.Old),
            base_model=RowVersion,
            model_name=f"{model.__name__}History",
            append_only=True,
            abstract=False,
            attrs={
                "__doc__": f"Rows of {model.__name__} as they were before a change. Append only.",
                **_sealed_as_bytes(model),
            },
            meta={"default_permissions": ()},
        )
        _kept[model._meta.label_lower] = Kept(model, history, frozenset(shown), listed)
        return model

    return keep


def _sealed_as_bytes(model: type[models.Model]) -> dict[str, models.Field[Any, Any]]:
    """Sealed columns as bytes: they are bound to their table and do not open in another."""
    return {
        field.name: models.BinaryField(null=field.null)
        for field in model._meta.local_fields
        if isinstance(field, SealedTextField)
    }


def kept() -> dict[str, Kept]:
    """Every table whose history is kept, by its label (`intake.person`)."""
    return dict(sorted(_kept.items()))


def may_read(user: Any) -> bool:
    """Whether `user` may read histories: an auditor of the whole operation."""
    return bool(access_of(user).scopes(Permission.AUDIT_READ).everywhere)


def history_of(*, user: Any, label: str, key: uuid.UUID) -> list[Step]:
    """What was done to one row, newest first; NotPermitted for all but auditors.

    `label` is that of a kept table. Empty for a row that nobody changed, or that never was.
    """
    if not may_read(user):
        raise NotPermitted("audit_read", _("Only auditors read the history of records."))
    table = _kept[label]
    rows: list[Any] = list(table.versions(key).order_by("-pgh_id").values()[:LONGEST])
    after = _row_that_stands(table, key)
    people = User.objects.in_bulk({row["pgh_context"]["user"] for row in rows if _user(row)})
    steps = []
    for row in rows:
        context = row["pgh_context"] or {}
        deleted = row["pgh_label"] == "delete"
        steps.append(
            Step(
                at=row["pgh_created_at"] + clock.shift(),
                deleted=deleted,
                by=people.get(uuid.UUID(context["user"])) if _user(row) else None,
                how=context.get("by", ""),
                changes=() if deleted or after is None else tuple(_changes(table, row, after)),
            )
        )
        after = row
    return steps


def related(*, user: Any, label: str, key: uuid.UUID) -> list[tuple[str, models.Model]]:
    """Rows that belong to a row and have a history of their own, as (label, row)."""
    if not may_read(user):
        return []
    return [
        (other, row)
        for other, table in kept().items()
        if table.listed
        for field in table.model._meta.local_fields
        if field.related_model is _kept[label].model and field.name != "merged_into"
        for row in table.model._base_manager.filter(**{field.name: key}).order_by("pk")[:100]
    ]


def _user(row: dict[str, Any]) -> str | None:
    found: str | None = (row["pgh_context"] or {}).get("user")
    return found


def _row_that_stands(table: Kept, key: uuid.UUID) -> dict[str, Any] | None:
    """The row as it is now, with sealed columns as bytes."""
    sealed = {name: Cast(name, field) for name, field in _sealed_as_bytes(table.model).items()}
    plain = [field.attname for field in table.fields if field.name not in sealed]
    rows: Any = table.model._base_manager.filter(pk=key)
    raw = {f"{name}_bytes": value for name, value in sealed.items()}
    row = rows.values(*plain, **raw).first()
    if row is None:
        return None
    return {name.removesuffix("_bytes") if name in raw else name: row[name] for name in row}


def _changes(table: Kept, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for field in table.fields:
        old, new = before[field.attname], after[field.attname]
        if _same(field, old, new):
            continue
        # Columns that nobody named for people go by what they are called in the database.
        label = getattr(field, "_verbose_name", None) or field.name
        if field.name in table.shown:
            said = [_said(field, value) for value in (old, new)]
            yield Change(field.name, label, True, *said)
        else:
            yield Change(field.name, label, False)


def _same(field: models.Field[Any, Any], old: Any, new: Any) -> bool:
    """Whether a column says the same: what is sealed again looks other each time, so it is opened.

    For the comparison only; the words go nowhere.
    """
    if old == new or not isinstance(field, SealedTextField):
        return bool(old == new)
    try:
        words = [field.from_db_value(value, None, None) for value in (old, new)]
    except CannotOpen:
        return False
    return bool(words[0] == words[1])


def _said(field: models.Field[Any, Any], value: Any) -> Any:
    """A value as people read it: the label of a choice, a key as text."""
    if field.choices:
        return dict(field.flatchoices).get(value, value)
    return str(value) if isinstance(value, uuid.UUID) else value
