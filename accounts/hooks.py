"""How changes of accounts are recorded by an app above (audit registers itself)."""

from __future__ import annotations

from typing import Any, Protocol


class Recorder(Protocol):
    """Writes one event in the current transaction."""

    def __call__(self, kind: str, subject: Any, *, actor: Any, **data: Any) -> Any: ...


_recorders: list[Recorder] = []


def register_recorder(recorder: Recorder) -> None:
    """Have `recorder` called for every change of accounts. Called from an app's `ready`."""
    if recorder not in _recorders:
        _recorders.append(recorder)


def record_change(kind: str, subject: Any, *, actor: Any, **data: Any) -> None:
    """Record a change of accounts; RuntimeError when nothing would record it."""
    if not _recorders:
        raise RuntimeError("no recorder of account changes is registered")
    for recorder in _recorders:
        recorder(kind, subject, actor=actor, **data)
