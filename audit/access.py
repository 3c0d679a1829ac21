"""Recording who looked at what."""

from __future__ import annotations

import uuid
from typing import Any

from audit.models import AccessRecord


def record_access(user: Any, action: str, subject: Any = None, *, count: int = 1) -> None:
    """Record that `user` did `action` (read, search, export, list) on `subject`.

    `subject` is a model instance, or a model class for lists.
    """
    row = None if isinstance(subject, type) else subject
    key = getattr(row, "pk", None)
    reference = getattr(row, "reference", "") or getattr(row, "code", "")
    if not reference and key is not None and not isinstance(key, uuid.UUID):
        reference = str(key)
    AccessRecord.objects.create(
        user=user,
        action=action,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=key if isinstance(key, uuid.UUID) else None,
        subject_reference=reference,
        count=count,
    )
