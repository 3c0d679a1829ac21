"""The hard rules for one household at one site: placing by hand, moving, confirming.

The rules themselves are `reception.allocation.rules`; here is what they are asked with, and what
a named person may override with a reason.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from accounts.policies import Permission, can
from audit.events import record_event
from common import clock
from common.errors import Conflict
from intake.models import Arrival, Household
from reception.allocation.facts import Family, Policy, Refusal, Said
from reception.allocation.rules import refusals
from reception.allocation.words import describe
from reception.gathering import decided_policy, gather, requirement_facts, site_facts
from reception.models import KeepApart, Placement, PlacementRequirement, Site, Unit
from reception.services.locks import lock_kept_apart

# Judged elsewhere: places by the database, whether the site receives by the guarded counter,
# interim care by rules.check_care; kinds of places are chosen with the unit.
BY_HAND_WITHOUT = ("places", "receiving", "care", "kinds")
# What may be overridden by a person who gives a reason, and the permission it takes.
OVERRIDABLE: dict[str, Permission] = {
    "near_border": Permission.PLACEMENTS_WRITE,
    "near_border_first_nights": Permission.PLACEMENTS_WRITE,
    "keep_apart": Permission.KEEP_APART,
}


def keep_hard_rules(
    actor: Any, household: Household, site: Site, *, note: str = "", override: str = ""
) -> str:
    """Refuse a place that a hard rule forbids; the note of the placement, with the override.

    Call it with the household locked. `override` is the reason of the person who overrides a rule
    that may be: near-border nights, and by protection officers families to keep apart. It is
    sealed in the note; an event tells which rules. Raises Conflict with the code of the rule.
    """
    reason, overridden = override.strip(), []
    for refusal in judge(household, site):
        permission = OVERRIDABLE.get(refusal.code)
        allowed = permission is not None and can(actor, permission)
        if not (allowed and reason):
            raise refused(refusal, site, may_override=allowed)
        overridden.append(refusal.code)
    if not overridden:
        return note
    record_event(
        "placement.rule_overridden",
        household,
        actor=actor,
        household=household.reference,
        site=site.code,
        rules=overridden,
    )
    return "\n".join(part for part in (note, reason) if part)


def judge(household: Household, site: Site) -> tuple[Refusal, ...]:
    """The hard rules that forbid this household at this site, when a person chooses it.

    Reads only what some rule needs: two queries for a family without requirements.
    """
    pairs = lock_kept_apart([household.pk])
    rows = list(
        PlacementRequirement.objects.in_force().filter(household=household).select_related("site")
    )
    units = list(Unit.objects.filter(site=site)) if rows or site.type == "quarantine" else []
    family = Family(
        key=household.reference,
        size=1,
        nights=nights_here(household) if site.border_km is not None else 0,
        apart_from=frozenset(str(partner_of(pair, household.pk)) for pair in pairs),
        **requirement_facts(rows, {site.code}),
    )
    facts = site_facts(site, units, present_keys=_present(pairs, site))
    policy = decided_policy() if site.border_km is not None else None
    return refusals(
        family,
        facts,
        by_hand=True,
        without=_left_out(policy),
        **({"policy": policy} if policy else {}),
    )


def _left_out(policy: Policy | None) -> tuple[str, ...]:
    """The rules that are not judged when a person chooses the site.

    Until the operation has decided about its border a person is not asked for reasons at each
    site near it: along the Panj nearly every site is. A proposal keeps the rule always.
    """
    return BY_HAND_WITHOUT if policy else (*BY_HAND_WITHOUT, "border")


def rules_against(household: Household, sites: Sequence[Site]) -> dict[str, list[tuple[str, bool]]]:
    """By site code: each hard rule against the household there, and whether a reason overrides it.

    For pages, which show it beside the places. A fixed number of queries.
    """
    facts = gather([household], sites)
    if not facts.families:
        return {site.code: [] for site in sites}
    family, policy = facts.families[0], decided_policy()
    names = {site.code: site.local_name for site in sites}
    return {
        site.code: [
            (words_of(said, names), said.code in OVERRIDABLE)
            for said in refusals(
                family,
                site,
                policy=policy or Policy(),
                by_hand=True,
                without=_left_out(policy),
            )
        ]
        for site in facts.sites
    }


def _present(pairs: Collection[KeepApart], site: Site) -> frozenset[str]:
    """Of the households of the pairs, those that hold places at the site, by key."""
    if not pairs:
        return frozenset()
    households = {pk for pair in pairs for pk in (pair.household_id, pair.other_id)}
    placed = Placement.objects.open().filter(household__in=households, site=site)
    return frozenset(str(pk) for pk in placed.values_list("household_id", flat=True))


def nights_here(household: Household) -> int:
    """Nights since the household came."""
    zone = Operation.current().zone
    came = (
        Arrival.objects.filter(household=household)
        .order_by("occurred_at")
        .values_list("occurred_at", flat=True)
        .first()
    )
    if came is None:
        return 0
    return max((clock.today(zone) - came.astimezone(zone).date()).days, 0)


def partner_of(pair: KeepApart, household: Any) -> Any:
    """The other household of a pair."""
    return pair.other_id if pair.household_id == household else pair.household_id


def together_now(pair: KeepApart) -> Site | None:
    """The site where both families of a pair hold places now, if there is one."""
    placed = Placement.objects.open().filter(household__in=[pair.household_id, pair.other_id])
    seen: set[Any] = set()
    for each in placed.select_related("site"):
        if each.site_id in seen:
            return each.site
        seen.add(each.site_id)
    return None


# What stands against a line of a proposal and is no rule about a family and a site.
OF_HOUSEHOLDS: dict[str, Promise] = {
    "nobody_here": gettext_lazy("Nobody of this household is here to be placed."),
    "household_merged": gettext_lazy(
        "This household was found to be registered twice. Use the one that it was merged into."
    ),
    "already_placed": gettext_lazy("This family has found a place meanwhile."),
}


def words_of(said: Said, names: dict[str, str]) -> str:
    """A statement in the reader's language, with the names of sites for their codes."""
    if said.code in OF_HOUSEHOLDS:
        return str(OF_HOUSEHOLDS[said.code])
    values = tuple(
        (key, names.get(value, value) if isinstance(value, str) else value)
        for key, value in said.values
    )
    return describe(Said(said.code, values))


def refused(refusal: Refusal, site: Site, *, may_override: bool = False) -> Conflict:
    """The error of a hard rule; `overridable` tells a client that a reason would do."""
    text = words_of(refusal, {site.code: site.local_name})
    if may_override:
        text = f"{text} {_('Give a reason to place the family here all the same.')}"
    return Conflict(refusal.code, text, rule=refusal.code, overridable=may_override)
