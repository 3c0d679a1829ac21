"""What the allocation says, in the reader's language: the one home of its sentences."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reception.allocation.facts import FAMILIES, MEN, Said

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


def _with_kin(v: Values) -> str:
    return (
        ngettext(
            "%(site)s keeps them with %(families)d other family of their relatives.",
            "%(site)s keeps them with %(families)d other families of their relatives.",
            int(v["families"]),
        )
        % v
    )


def _with_village(v: Values) -> str:
    return (
        ngettext(
            "%(site)s keeps them with %(families)d other family of their village.",
            "%(site)s keeps them with %(families)d other families of their village.",
            int(v["families"]),
        )
        % v
    )


def _full(v: Values) -> str:
    return (
        ngettext(
            "%(site)s would suit them better but has %(left)d free place; they need %(needed)d.",
            "%(site)s would suit them better but has %(left)d free places; they need %(needed)d.",
            int(v["left"]),
        )
        % v
    )


def _full_kin(v: Values) -> str:
    return (
        ngettext(
            "%(site)s would keep them with %(families)d families of their relatives but has"
            " %(left)d free place.",
            "%(site)s would keep them with %(families)d families of their relatives but has"
            " %(left)d free places.",
            int(v["left"]),
        )
        % v
    )


def _full_village(v: Values) -> str:
    return (
        ngettext(
            "%(site)s would keep them with %(families)d families of their village but has"
            " %(left)d free place.",
            "%(site)s would keep them with %(families)d families of their village but has"
            " %(left)d free places.",
            int(v["left"]),
        )
        % v
    )


def _places_missing(v: Values) -> str:
    near = (
        " " + _("Health care must be within %(minutes)d minutes.") % v if int(v["minutes"]) else ""
    )
    return (
        _(
            "%(needed)d places together are missing. Sites that would do: %(sites)d; the most that"
            " one of them has left is %(left)d (%(site)s)."
        )
        % v
        + near
    )


def _section(v: Values) -> str:
    if v["section"] == MEN:
        return _("%(site)s has places in a section for single men.") % v
    if v["section"] == FAMILIES:
        return _("%(site)s has places in a section for families.") % v
    return _("%(site)s has places in a section for women and their children.") % v


REASONS: dict[str, Sentence] = {
    "locked": lambda v: _("The officer chose %(site)s for this family.") % v,
    "only_site": lambda v: _("%(site)s is the only site that the rules permit for them.") % v,
    "with_kin_there": lambda v: _("Relatives of theirs are at %(site)s already.") % v,
    "with_village_there": lambda v: _("People of their village are at %(site)s already.") % v,
    "with_kin": _with_kin,
    "with_village": _with_village,
    "step_free": lambda v: _("%(site)s has places without steps for them.") % v,
    "services": lambda v: _("Health care is %(minutes)d minutes from %(site)s.") % v,
    "section": _section,
    "language": lambda v: _("Staff at %(site)s speak their language.") % v,
    "near_by": lambda v: _("%(site)s has room and is %(km)d km away in a straight line.") % v,
    "has_room": lambda v: _("%(site)s has room for them.") % v,
    "kept_for_others": lambda v: (
        _("Places at %(site)s are kept for families who need them more.") % v
    ),
    "full": _full,
    "full_kin": _full_kin,
    "full_village": _full_village,
}
MISSING: dict[str, Sentence] = {
    "no_place": lambda v: _("More than one rule forbids every site. An officer must decide."),
    "places_missing": _places_missing,
    "without_kinds": lambda v: (
        _("Places of the right kind are missing; %(site)s has only others free.") % v
    ),
    "without_border": lambda v: (
        _("Only sites near the border have room (%(site)s); longer stays there need a decision.")
        % v
    ),
    "without_medical": lambda v: (
        _("Only sites too far from health care have room, as %(site)s.") % v
    ),
    "without_care": lambda v: (
        _("Sites with interim care for children are missing; %(site)s has room but no care.") % v
    ),
    "without_quarantine": lambda v: (
        _("Only sites without the right separation for quarantine have room, as %(site)s.") % v
    ),
    "without_apart": lambda v: (
        _("Only sites with people from whom they must be kept apart have room, as %(site)s.") % v
    ),
    "without_decided": lambda v: (
        _("Only sites that a decision excludes have room, as %(site)s.") % v
    ),
}
CHECKS: dict[str, Sentence] = {
    "site_overfull": lambda v: (
        _("%(site)s has %(free)d free places; %(needed)d people are to go there.") % v
    ),
    "kinds_overfull": lambda v: (
        _("The sections of %(site)s cannot take the families that are to go there.") % v
    ),
}
SENTENCES: dict[str, Sentence] = {**REFUSALS, **REASONS, **MISSING, **CHECKS}
