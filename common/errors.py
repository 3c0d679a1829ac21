"""Errors of the domain. Clients rely on `code`; the message says what to do and may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, IntegrityError
from django.utils.functional import Promise
from django.utils.translation import gettext as _

Text = str | Promise


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field: `members.2.birth`, a stable code, and what to do."""

    field: str
    code: str
    detail: Text


class DomainError(Exception):
    """A rule of the domain was not met; `status` is what HTTP answers."""

    status = 400

    def __init__(
        self,
        code: str,
        message: Text,
        *,
        problems: Sequence[FieldProblem] = (),
        **details: Any,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.problems = tuple(problems)
        self.details = details


class InvalidInput(DomainError):
    """Something typed cannot be accepted; `problems` names each field."""


class NotPermitted(DomainError):
    """The actor may not do this."""

    status = 403


class InvalidState(DomainError):
    """The record is not in a state that allows this."""

    status = 409


class Conflict(DomainError):
    """Something else stands against it: another record, another writer."""

    status = 409


class CapacityExceeded(Conflict):
    """There are not enough free places."""


class Stale(DomainError):
    """The record changed since the client read it."""

    status = 412


# What PostgreSQL says when it ends one of two transactions that cannot both go on.
_ENDED_FOR_ANOTHER = frozenset({"40001", "40P01"})
_refusals: dict[str, Callable[[], DomainError]] = {}


def register_refusal(constraint: str, error: Callable[[], DomainError]) -> None:
    """Name the domain error of a constraint that may refuse as late as at the commit.

    Called from an app's `ready`: no service stands around a commit that somebody else makes.
    """
    _refusals[constraint] = error


def refusal_of(error: DatabaseError) -> DomainError | None:
    """The domain error that a refusal of the database stands for, or None."""
    if known := _refusals.get(constraint_name(error) or ""):
        return known()
    if getattr(error.__cause__, "sqlstate", None) in _ENDED_FOR_ANOTHER:
        return Conflict(
            "busy",
            _("Somebody changed the same at this moment. Nothing was saved: send it again."),
        )
    return None


def constraint_name(error: DatabaseError) -> str | None:
    """The name of the database constraint that refused, or None."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None)


@contextmanager
def constraints_as_errors(errors: dict[str, DomainError]) -> Iterator[None]:
    """Turn an IntegrityError into the domain error registered for its constraint.

    Wrap it around `transaction.atomic()`, not inside: the transaction must have rolled back.
    """
    try:
        yield
    except IntegrityError as error:
        known = errors.get(constraint_name(error) or "")
        if known is None:
            raise
        raise known from error
