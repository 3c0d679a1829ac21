"""The hard rules (domain: civilians and reception, allocation priorities), in one home.

`refusals` judges one family and one site and is what placing by hand, transfers, the model and
its checker all ask. Each rule gives a `Refusal` with a stable code and numbers. "Fighters never"
is not here: a person who is held is no member in the count and never gets this far.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from reception.allocation.facts import (
    ANY,
    FAMILIES,
    MEN,
    QUARANTINE,
    WOMEN,
    Family,
    Places,
    Policy,
    Refusal,
    SiteFacts,
)

STANDARD = Policy()
Rule = Callable[[Family, SiteFacts, Policy, bool], Refusal | None]


def _receiving(family: Family, site: SiteFacts, policy: Policy, by_hand: bool) -> Refusal | None:
    return None if site.receiving else Refusal.of("site_not_receiving", site=site.name)


def _by_hand(family: Family, site: SiteFacts, policy: Policy, by_hand: bool) -> Refusal | None:
    if not site.manual_only or by_hand or family.locked == site.code:
        return None
    return Refusal.of("by_hand_only", site=site.name)


def _decided(family: Family, site: SiteFacts, policy: Policy, by_hand: bool) -> Refusal | None:
    if site.code in family.not_at:
        return Refusal.of("excluded_by_decision", site=site.name)
    if family.locked and family.locked != site.code:
        return Refusal.of("locked_elsewhere", site=site.name, locked=family.locked)
    return None


def _care(family: Family, site: SiteFacts, policy: Policy, by_hand: bool) -> Refusal | None:
    if family.children_alone and not site.interim_care:
        return Refusal.of("interim_care_required", site=site.name)
    return None


def _quarantine(family: Family, site: SiteFacts, policy: Policy, by_hand: bool) -> Refusal | None:
    sections = {each.section for each in site.kinds}
    if family.quarantine and QUARANTINE not in sections:
        return Refusal.of("quarantine_required", site=site.name)
    if not family.quarantine and sections == {QUARANTINE}:
        return Refusal.of("quarantine_only", site=site.name)
    return None


def _medical(family: Family, site: SiteFacts, policy: Policy, by_hand: bool) -> Refusal | None:
    if family.medical_minutes is None:
        return None
    if site.health_minutes is None:  # not known is not near
        return Refusal.of("care_distance_unknown", site=site.name, minutes=family.medical_minutes)
    if site.health_minutes <= family.medical_minutes:
        return None
    return Refusal.of(
        "care_too_far", site=site.name, minutes=family.medical_minutes, is_at=site.health_minutes
    )


def _border(family: Family, site: SiteFacts, policy: Policy, by_hand: bool) -> Refusal | None:
    near = site.border_km is not None and site.border_km < policy.near_border_km
    if not near or site.code in policy.near_border_sites:
        return None
    km = int(site.border_km or 0)
    if not site.first_line:
        return Refusal.of("near_border", site=site.name, km=km, least=policy.near_border_km)
    if family.nights >= policy.first_nights:
        return Refusal.of(
            "near_border_first_nights",
            site=site.name,
            km=km,
            nights=family.nights,
            most=policy.first_nights,
        )
    return None


def _apart(family: Family, site: SiteFacts, policy: Policy, by_hand: bool) -> Refusal | None:
    if family.apart_from & site.present_keys:
        return Refusal.of("keep_apart", site=site.name)
    return None


def _kinds(family: Family, site: SiteFacts, policy: Policy, by_hand: bool) -> Refusal | None:
    """Some kind of place there is for such a family, whether free or not."""
    if any(may_use(family, each, policy) for each in site.kinds):
        return None
    if policy.step_free_required and family.accessible:
        return Refusal.of("no_step_free_places", site=site.name)
    return Refusal.of("no_such_places", site=site.name)


def _places(family: Family, site: SiteFacts, policy: Policy, by_hand: bool) -> Refusal | None:
    free = free_for(family, site, policy)
    if free >= family.size:
        return None
    return Refusal.of("too_few_places", site=site.name, needed=family.size, free=max(free, 0))


# In the order in which they are told.
RULES: dict[str, Rule] = {
    "decided": _decided,
    "receiving": _receiving,
    "by_hand": _by_hand,
    "care": _care,
    "quarantine": _quarantine,
    "medical": _medical,
    "border": _border,
    "apart": _apart,
    "kinds": _kinds,
    "places": _places,
}
CODES = (
    "excluded_by_decision", "locked_elsewhere", "site_not_receiving", "by_hand_only",
    "interim_care_required", "quarantine_required", "quarantine_only", "care_distance_unknown",
    "care_too_far", "near_border", "near_border_first_nights", "keep_apart", "no_such_places",
    "no_step_free_places", "too_few_places",
)  # fmt: skip


def refusals(
    family: Family,
    site: SiteFacts,
    *,
    policy: Policy = STANDARD,
    by_hand: bool = False,
    without: Collection[str] = (),
) -> tuple[Refusal, ...]:
    """Every hard rule that forbids `family` at `site`; empty when it may go there.

    `by_hand`: a named person places the family here (safe houses). `without`: names of RULES
    left out, e.g. `("places",)` where the database judges the places, or to ask what would be
    possible if one rule were relaxed.
    """
    judged = (
        rule(family, site, policy, by_hand) for name, rule in RULES.items() if name not in without
    )
    return tuple(each for each in judged if each is not None)


def may_use(family: Family, places: Places, policy: Policy = STANDARD) -> bool:
    """Whether this kind of place is for such a family, free or not.

    Quarantine is for who must be in it and nobody else; a women's section for families without an
    adult man; single men are not among families, families not among single men.
    """
    if family.quarantine or places.section == QUARANTINE:
        fits = family.quarantine and places.section == QUARANTINE
    elif places.section == WOMEN:
        fits = family.women_only
    elif places.section == FAMILIES:
        fits = not family.men_only
    elif places.section == MEN:
        fits = family.men_only
    else:
        fits = places.section == ANY
    return fits and (places.accessible or not (policy.step_free_required and family.accessible))


def free_for(family: Family, site: SiteFacts, policy: Policy = STANDARD) -> int:
    """The most places that one kind of place has for such a family, within the site's total."""
    kinds = [each.free for each in site.kinds if may_use(family, each, policy)]
    return min(site.free, max(kinds, default=0))


def apart(first: Family, second: Family) -> bool:
    """Whether the two must not be at the same site."""
    return second.key in first.apart_from or first.key in second.apart_from


def together_refusals(
    family: Family, others: Iterable[Family], site: SiteFacts
) -> tuple[Refusal, ...]:
    """The keep-apart rule against families that the same proposal puts at `site`."""
    if any(apart(family, each) for each in others if each.key != family.key):
        return (Refusal.of("keep_apart", site=site.name),)
    return ()
