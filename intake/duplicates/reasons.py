"""Why two households may be one: codes with counts when stored, words when shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

Reason = dict[str, Any]

MEMBERS = "members"
NAMES, ALIKE, PARTS = "names", "alike", "parts"
FATHERS = "fathers"
BIRTHS = "births"
DOCUMENTS = "documents"
PHONES = "phones"
ORIGIN = "origin"
COMMON = "common"
# What was learnt since a pair was decided different.
NEW_DOCUMENT = "new_document"
NEW_PHONE = "new_phone"
NEW_MEMBER = "new_member_match"
CORRECTED = "identity_corrected"


def describe_news(news: Iterable[Reason]) -> list[str]:
    """What was learnt since the decision, as sentences. They hold no personal data."""
    words = {
        NEW_DOCUMENT: _("Both show the same document now."),
        NEW_PHONE: _("Both use the same phone number now."),
        NEW_MEMBER: _("People match now who did not match before."),
        CORRECTED: _("A name, father’s name or age was corrected, and they are more alike now."),
    }
    return [words[each["code"]] for each in news if each.get("code") in words]


def describe(reasons: Iterable[Reason]) -> list[str]:
    """The reasons as sentences in the reader's language. They hold no personal data."""
    return [text for reason in reasons if (text := _text(reason))]


def _text(reason: Reason) -> str:
    count = int(reason.get("count", 0))
    numbers = {"count": count, "of": int(reason.get("of", 0))}
    match reason.get("code"):
        case "members":
            text = ngettext(
                "%(count)d of %(of)d member has a counterpart of like name, sex and age",
                "%(count)d of %(of)d members have a counterpart of like name, sex and age",
                count,
            )
        case "names":
            text = ngettext("the same name", "%(count)d names are the same", count)
        case "alike":
            text = ngettext("a name that sounds alike", "%(count)d names sound alike", count)
        case "parts":
            text = ngettext(
                "a name that is part of the other",
                "%(count)d names are part of the other",
                count,
            )
        case "fathers":
            text = ngettext(
                "the same father's name", "%(count)d fathers' names are the same", count
            )
        case "births":
            text = ngettext("births that fit", "%(count)d births fit", count)
        case "documents":
            text = ngettext(
                "the same document number", "%(count)d document numbers are the same", count
            )
        case "phones":
            text = ngettext("the same phone number", "%(count)d phone numbers are the same", count)
        case "origin":
            text = _("the same place of origin")
        case "common":
            text = _("but the names are common")
        case _:
            text = _("alike")
    return text % numbers
