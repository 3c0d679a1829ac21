"""Where higher apps act on a change of a household, inside its transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from intake.models import Household

_changed: list[Callable[[Household, Any], None]] = []


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
