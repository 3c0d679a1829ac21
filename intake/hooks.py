"""Stand-in until branch intake."""

from collections.abc import Callable
from typing import Any

_callbacks: list[Callable[[Any, Any], None]] = []


def on_household_changed(callback: Callable[[Any, Any], None]) -> None:
    """Register."""
    _callbacks.append(callback)


def household_changed(household: Any, actor: Any) -> None:
    """Call."""
    for callback in _callbacks:
        callback(household, actor)
