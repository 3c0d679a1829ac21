"""Recording who looked at what."""

from __future__ import annotations

from typing import Any

from audit.models import AccessRecord


def record_access(user: Any, action: str, subject: Any = None, *, count: int = 1) -> None:
    """Record that `user` did `action` (read, search, export, list) on `subject`.

    `subject` is a model instance, or a model class for lists.
    """
    AccessRecord.objects.create(
        user=user,
        action=action,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=getattr(subject, "pk", None) if not isinstance(subject, type) else None,
        subject_reference=getattr(subject, "reference", "")
        if not isinstance(subject, type)
        else "",
        count=count,
    )
