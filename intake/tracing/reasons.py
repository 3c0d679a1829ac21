"""Why somebody may be the one looked for: codes when stored, words when shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

Reason = dict[str, Any]

# From here on the page says that a candidate is likely; below, that somebody may be meant.
CONFIDENT = 0.8
NAME, FATHER, BIRTH, PLACE, COMMON = "name", "father", "birth", "place", "common_name"


def describe(reasons: Iterable[Reason]) -> list[str]:
    """The reasons as sentences in the reader's language. They hold no personal data."""
    return [text for reason in reasons if (text := _text(reason))]


def _text(reason: Reason) -> str:
    match reason.get("code"):
        case "name":
            return _("the name sounds alike (%(percent)d %%)") % {
                "percent": int(reason.get("percent", 0))
            }
        case "father":
            return _("the father’s name sounds alike (%(percent)d %%)") % {
                "percent": int(reason.get("percent", 0))
            }
        case "birth":
            return _("the age agrees")
        case "place":
            return _("comes from where the relative was last seen")
        case "common_name":
            return _("many people have this name")
        case _:
            return ""
