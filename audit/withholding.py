"""What of the events some readers must not see: apps with hidden records say so.

An auditor reads what everybody did. Where a record is hidden even from auditors (a safe house),
the app that owns it registers a rule, and its events look as if they did not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q

# The condition of the events that a user must not see; None where there are none.
Rule = Callable[[Any], Q | None]
_rules: list[Rule] = []


def register_withheld(rule: Rule) -> None:
    """Have `rule(user)` name events to withhold. Called from an app's `ready`."""
    _rules.append(rule)


def withheld_from(user: Any) -> Q | None:
    """All that is withheld from `user`, or None."""
    found = None
    for rule in _rules:
        if (condition := rule(user)) is not None:
            found = condition if found is None else found | condition
    return found
