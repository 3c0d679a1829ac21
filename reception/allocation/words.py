"""What the allocation says, in the reader's language: the one home of its sentences."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reception.allocation.facts import Said

Values = dict[str, int | str]
Sentence = Callable[[Values], str]


def describe(said: Said) -> str:
    """The statement in words. Raises KeyError for a code that has none."""
    return SENTENCES[said.code](dict(said.values))


def _too_few_places(v: Values) -> str:
    free = int(v["free"])
    return ngettext(
        "%(site)s has %(free)d free place for them, %(needed)d are needed.",
        "%(site)s has %(free)d free places for them, %(needed)d are needed.",
        free,
    ) % {"site": v["site"], "free": free, "needed": v["needed"]}


def _near_border_first_nights(v: Values) -> str:
    return (
        ngettext(
            "%(site)s is %(km)d km from the border and only for the first %(most)d night.",
            "%(site)s is %(km)d km from the border and only for the first %(most)d nights.",
            int(v["most"]),
        )
        % v
    )


REFUSALS: dict[str, Sentence] = {
    "excluded_by_decision": lambda v: _("A decision excludes %(site)s for this family.") % v,
    "locked_elsewhere": lambda v: _("The officer has chosen another site for this family.") % v,
    "site_not_receiving": lambda v: _("%(site)s is not receiving people.") % v,
    "by_hand_only": lambda v: _("People come to %(site)s only by a decision of a person.") % v,
    "interim_care_required": lambda v: (
        _("These are children alone, and %(site)s has no interim care for children.") % v
    ),
    "quarantine_required": lambda v: _("%(site)s has no places for quarantine.") % v,
    "quarantine_only": lambda v: _("%(site)s is for quarantine only.") % v,
    "care_distance_unknown": lambda v: (
        _("Health care must be within %(minutes)d minutes; for %(site)s the distance is not known.")
        % v
    ),
    "care_too_far": lambda v: (
        _("Health care must be within %(minutes)d minutes; from %(site)s it is %(is_at)d minutes.")
        % v
    ),
    "near_border": lambda v: (
        _("%(site)s is %(km)d km from the border; stays must be at least %(least)d km away.") % v
    ),
    "near_border_first_nights": _near_border_first_nights,
    "keep_apart": lambda v: (
        _("Somebody at %(site)s must be kept apart from somebody of this family.") % v
    ),
    "no_such_places": lambda v: _("%(site)s has no section for such a family.") % v,
    "no_step_free_places": lambda v: _("%(site)s has no places without steps.") % v,
    "too_few_places": _too_few_places,
}
SENTENCES: dict[str, Sentence] = dict(REFUSALS)
