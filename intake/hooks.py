"""Where higher apps act on a change of a household, inside its transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from intake.models import Household

_changed: list[Callable[[Household, Any], None]] = []
_consent: list[Callable[[Household, str, Any], None]] = []


def on_household_changed(callback: Callable[[Household, Any], None]) -> None:
    """Have `callback(household, actor)` called when who belongs to a household changed.

    Called from an app's `ready`. The callback runs in the transaction of the change; what it
    raises takes the change back.
    """
    _changed.append(callback)


def household_changed(household: Household, actor: Any) -> None:
    """Tell who registered that the members of `household` changed."""
    for callback in _changed:
        callback(household, actor)


def on_consent_changed(callback: Callable[[Household, str, Any], None]) -> None:
    """Have `callback(household, recipient, actor)` called when an answer about consent changed.

    `recipient` is the agency's code, or empty when it holds for all. Called from an app's
    `ready`; runs in the transaction of the change, with the household locked.
    """
    _consent.append(callback)


def consent_changed(household: Household, recipient: str, actor: Any) -> None:
    """Tell who registered that what the household agreed to changed."""
    for callback in _consent:
        callback(household, recipient, actor)
