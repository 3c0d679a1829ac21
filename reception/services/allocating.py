"""An officer's work on a proposal: another site for a family, keep a site, confirm."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from audit.events import record_event
from common import clock
from common.errors import (
    Conflict,
    DomainError,
    FieldProblem,
    InvalidInput,
    InvalidState,
    NotPermitted,
    Stale,
    constraints_as_errors,
)
from intake.choices import HouseholdStatus
from intake.models import Household, Person
from reception.allocation.facts import Family, Said, SiteFacts
from reception.allocation.rules import refusals
from reception.choices import (
    MAY_CONFIRM_AS,
    AllocationStatus,
    PlacementStatus,
    ProposedState,
    SiteStatus,
)
from reception.errors import already_placed
from reception.gathering import Facts, current_policy, gather
from reception.models import AllocationLine, AllocationRun, Placement, Site
from reception.services import rules
from reception.services.hard_rules import words_of
from reception.services.locks import (
    lock_households,
    lock_kept_apart,
    lock_run,
    lock_sites,
)
from reception.services.placing_many import Wanted, place_many
from reception.services.proposing import (
    AT_ONCE,
    Asked,
    ask_again,
    ask_allocation,
    withdraw_allocation,
    work_out,
)

S = AllocationStatus


@dataclass(frozen=True)
class Refused:
    """A line that no longer holds, and why: a stable code with numbers."""

    line: AllocationLine
    said: Said

    def words(self) -> str:
        """Why, in the reader's language."""
        site = self.line.site
        return words_of(self.said, {site.code: site.local_name} if site else {})


@dataclass(frozen=True)
class Confirmation:
    """What confirming did: the lines that have places now, and those that were refused."""

    run: AllocationRun
    confirmed: list[AllocationLine] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class AllocationRefused(Conflict):
    """Some lines no longer hold, and the officer wanted all or none. Nothing was changed."""

    def __init__(self, refused: Sequence[Refused]) -> None:
        super().__init__(
            "allocation_refused",
            _(
                "Nothing was confirmed: meanwhile something changed for families of this proposal "
                "(%(count)d). Ask again, or confirm those that still hold."
            )
            % {"count": len(refused)},
            problems=[
                FieldProblem(f"lines.{each.line.household.reference}", each.said.code, each.words())
                for each in refused
            ],
        )
        self.refused = list(refused)


# Changing and keeping -----------------------------------------------------------------------
@transaction.atomic
def change_line(
    *,
    actor: Any,
    line: AllocationLine,
    site: Site | None,
    unchanged_since: datetime | None = None,
) -> AllocationLine:
    """Another site for a family, or none: it is left out of this proposal and waits on.

    Raises Conflict with the code of the hard rule or `too_few_places` where the other lines of
    the proposal leave no room, NotPermitted, InvalidState, Stale.
    """
    line = _locked(actor, line, unchanged_since)
    if site is None:
        line.site, line.state, line.locked = None, ProposedState.LEFT_OUT, False
    else:
        rules.require_write(actor, site)
        if against := against_line(line, [site])[site.code]:
            text = words_of(against[0], {site.code: site.local_name})
            raise Conflict(against[0].code, text, rule=against[0].code)
        line.site = site
        same = line.proposed_site_id == site.pk
        line.state = ProposedState.PROPOSED if same else ProposedState.CHANGED
    line.refusal = {}
    line.save(update_fields=["site", "state", "locked", "refusal"])
    _touched(line.run)
    record_event(
        "allocation.line_changed",
        line.run,
        actor=actor,
        household=line.household.reference,
        site=site.code if site else "",
    )
    return line


@transaction.atomic
def lock_line(
    *,
    actor: Any,
    line: AllocationLine,
    locked: bool = True,
    unchanged_since: datetime | None = None,
) -> AllocationLine:
    """Keep a family's site when the proposal is worked out anew, or no longer."""
    line = _locked(actor, line, unchanged_since)
    if locked and line.site_id is None:
        raise InvalidState("no_site", _("Choose a site for this family first."))
    if line.locked != locked:
        line.locked = locked
        line.save(update_fields=["locked"])
        _touched(line.run)
    return line


def against_line(line: AllocationLine, sites: Sequence[Site]) -> dict[str, list[Said]]:
    """What speaks against each of the sites for a line's family, by the site's code.

    The other lines of the proposal count as if they were confirmed. A fixed number of queries.
    """
    facts = gather([line.household], sites)
    if not facts.families:
        return {site.code: [Said.of("nobody_here")] for site in sites}
    family, policy = facts.families[0], current_policy()
    others = _others_at(line, sites)
    found: dict[str, list[Said]] = {}
    for site in facts.sites:
        there = others[site.code]
        said: list[Said] = list(
            refusals(family, site, policy=policy, by_hand=True, without=("places",))
        )
        if family.apart_from & {reference for reference, _size in there}:
            said.append(Said.of("keep_apart", site=site.code))
        free = site.free - sum(size for _reference, size in there)
        if free < family.size:
            said.append(
                Said.of("too_few_places", site=site.code, needed=family.size, free=max(free, 0))
            )
        found[site.code] = said
    return found


def _others_at(line: AllocationLine, sites: Sequence[Site]) -> dict[str, list[tuple[str, int]]]:
    rows = (
        AllocationLine.objects.filter(run=line.run_id)
        .to_confirm()
        .filter(site__in=sites)
        .exclude(pk=line.pk)
        .values_list("site__code", "household__reference", "places")
    )
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for code, reference, places in rows:
        found[code].append((reference, places))
    return found


def _locked(actor: Any, line: AllocationLine, unchanged_since: datetime | None) -> AllocationLine:
    """The line as it is now, with its proposal locked; refused where it may not be changed."""
    run = lock_run(line.run_id)
    visible = AllocationLine.objects.visible_to(actor).filter(run__in=_run_of(actor, run))
    now = visible.select_related("household", "site", "run").filter(pk=line.pk).first()
    if now is None:
        raise Stale("stale", _("The proposal was worked out anew. Read it again."))
    if unchanged_since is not None and now.updated_at != unchanged_since:
        raise Stale("stale", _("Somebody changed this family’s line meanwhile. Read it again."))
    if not run.may_be_changed or now.state == ProposedState.CONFIRMED:
        raise InvalidState(
            "allocation_closed", _("This can no longer be changed: it is confirmed or closed.")
        )
    return now


def _run_of(actor: Any, run: AllocationRun) -> Any:
    return AllocationRun.objects.visible_to(actor).filter(pk=run.pk).values("pk")


def _touched(run: AllocationRun) -> None:
    AllocationRun.objects.filter(pk=run.pk).update(updated_at=clock.now())


# Confirming ---------------------------------------------------------------------------------
def confirm_allocation(
    *,
    actor: Any,
    run: AllocationRun,
    lines: Collection[uuid.UUID] | None = None,
    only_possible: bool = False,
    status: str = PlacementStatus.RESERVED,
    reserved_until: datetime | None = None,
) -> Confirmation:
    """Give the places of a proposal: all of its lines, or those with these ids.

    Everything is judged anew under the locks: who is in the household, whether it has a place
    meanwhile, the hard rules, the places. If a line no longer holds, nothing is confirmed and
    AllocationRefused names each; with `only_possible` the others are confirmed and those are
    marked. Confirmed twice is confirmed once. Raises InvalidInput, InvalidState, NotPermitted.
    """
    _check_status(status)
    if reserved_until is not None:
        reserved_until = rules.check_moment("reserved_until", reserved_until, future=True)
    with constraints_as_errors(_lost_races()), transaction.atomic():
        run = lock_run(run.pk)
        chosen = _to_confirm(actor, run, lines)
        if not chosen:
            return Confirmation(run, _confirmed(actor, run, lines))
        good, refused = _judged(actor, chosen)
        if refused and not only_possible:
            raise AllocationRefused(refused)
        place_many(actor=actor, wanted=good, status=status, reserved_until=reserved_until)
        _write(run, good, refused, actor)
        confirmed = _confirmed(actor, run, [each.pk for each in good])
    return Confirmation(run, confirmed, refused)


def _lost_races() -> dict[str, DomainError]:
    """What the database refuses although everything was checked under locks: raw SQL beside us."""
    full = Conflict(
        "capacity_exceeded", _("A site has fewer free places than a moment ago. Ask again.")
    )
    return {
        "site_places_within_capacity": full,
        "placement_one_open_per_household": already_placed(),
        "reception_placement_pkey": already_placed(),
    }


def _check_status(status: str) -> None:
    if status not in MAY_CONFIRM_AS:
        detail = _("A proposal is confirmed as reserved or confirmed.")
        raise InvalidInput(
            "invalid", detail, problems=[FieldProblem("status", "invalid_choice", detail)]
        )


def _to_confirm(
    actor: Any, run: AllocationRun, lines: Collection[uuid.UUID] | None
) -> list[AllocationLine]:
    """The lines that are to be confirmed now; none when that was done before."""
    if not AllocationRun.objects.visible_to(actor).filter(pk=run.pk).exists():
        raise NotPermitted("not_permitted", _("You may not change this proposal."))
    if run.status == S.CONFIRMED:
        return []
    if not run.may_be_changed:
        raise InvalidState(
            "allocation_closed",
            _("This proposal cannot be confirmed: it is “%(now)s”.")
            % {"now": S(run.status_now).label},
            state=run.status_now,
        )
    rows = run.lines.visible_to(actor)
    if lines is not None:
        rows = rows.filter(pk__in=lines)
        if rows.count() != len(set(lines)):
            raise Stale("stale", _("The proposal was worked out anew. Read it again."))
    rows = rows.to_confirm().select_related("household", "site").defer("household__contact")
    found = list(rows.order_by("household_id"))
    for site in {each.site for each in found if each.site}:
        rules.require_write(actor, site)
    return found


def _confirmed(
    actor: Any, run: AllocationRun, lines: Collection[uuid.UUID] | None
) -> list[AllocationLine]:
    rows = run.lines.visible_to(actor).filter(state=ProposedState.CONFIRMED)
    if lines is not None:
        rows = rows.filter(pk__in=lines)
    return list(rows.select_related("household", "site").defer("household__contact"))


def _judged(actor: Any, lines: list[AllocationLine]) -> tuple[list[Wanted], list[Refused]]:
    """Which lines still hold, with everything locked in the house's order."""
    households = {each.pk: each for each in lock_households(each.household_id for each in lines)}
    lock_kept_apart(households)
    facts = gather(households.values(), [each.site for each in lines if each.site])
    placed = set(
        Placement.objects.open()
        .filter(household__in=households)
        .values_list("household_id", flat=True)
    )
    people = _people(households)
    sites = {site.pk: site for site in lock_sites({each.site_id for each in lines if each.site_id})}
    judge = _Judge(facts, sites, households, placed)
    good, refused = [], []
    for line in lines:
        household = households[line.household_id]
        if said := judge.refusal(line, len(people[household.pk])):
            refused.append(Refused(line, said))
            continue
        site = sites[line.site_id]  # type: ignore[index]
        good.append(Wanted(line.pk, household, site, people[household.pk]))
    return good, refused


def _people(households: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
    found: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    rows = Person.objects.in_count().filter(household__in=list(households))
    for household, person in rows.order_by("position", "pk").values_list("household_id", "pk"):
        found[household].append(person)
    return found


class _Judge:
    """Judges line after line; what the lines before took is taken."""

    def __init__(
        self,
        facts: Facts,
        sites: dict[uuid.UUID, Site],
        households: dict[uuid.UUID, Household],
        placed: set[uuid.UUID],
    ) -> None:
        self.households, self.placed, self.sites = households, placed, sites
        self.families = {each.key: each for each in facts.families}
        self.facts = {each.code: each for each in facts.sites}
        self.policy = current_policy()
        # The counters are read under the lock; what was gathered before may be older.
        self.free = {site.code: site.free for site in sites.values()}
        self.there: dict[str, set[str]] = defaultdict(set)

    def refusal(self, line: AllocationLine, size: int) -> Said | None:
        """Why this line no longer holds; None when it does, and then its places are taken."""
        household, site = self.households[line.household_id], self.sites[line.site_id]  # type: ignore[index]
        family = self.families.get(household.reference)
        said = self._about_household(household, family) or self._about_site(site, family)
        if said is None and self.free[site.code] < size:
            free = max(self.free[site.code], 0)
            said = Said.of("too_few_places", site=site.code, needed=size, free=free)
        if said is None:
            self.free[site.code] -= size
            self.there[site.code].add(household.reference)
        return said

    def _about_household(self, household: Household, family: Family | None) -> Said | None:
        if household.merged_into_id is not None:
            return Said.of("household_merged")
        if household.status != HouseholdStatus.ACTIVE or family is None:
            return Said.of("nobody_here")
        return Said.of("already_placed") if household.pk in self.placed else None

    def _about_site(self, site: Site, family: Family | None) -> Said | None:
        assert family is not None
        facts: SiteFacts = self.facts[site.code]
        if site.status != SiteStatus.OPEN or not facts.receiving:
            return Said.of("site_not_receiving", site=site.code)
        found = refusals(
            family, facts, policy=self.policy, by_hand=True, without=("places", "receiving")
        )
        if found:
            return found[0]
        if family.apart_from & self.there[site.code]:
            return Said.of("keep_apart", site=site.code)
        return None


def _write(run: AllocationRun, good: list[Wanted], refused: list[Refused], actor: Any) -> None:
    """The states of the lines and of the proposal; a placement has the key of its line."""
    now = clock.now()
    run.lines.filter(pk__in=[each.pk for each in good]).update(
        state=ProposedState.CONFIRMED, placement_id=F("id"), refusal={}, updated_at=now
    )
    for each in refused:
        each.line.state, each.line.refusal = ProposedState.REFUSED, each.said.as_json()
        each.line.locked = False
    AllocationLine.objects.bulk_update(
        [each.line for each in refused], ["state", "refusal", "locked"], batch_size=200
    )
    left = run.lines.to_confirm().exists()
    run.status = S.PARTLY if left else S.CONFIRMED
    run.ended_at = None if left else now
    run.save(update_fields=["status", "ended_at"])
    record_event(
        "allocation.confirmed",
        run,
        actor=actor,
        households=len(good),
        persons=sum(len(each.persons) for each in good),
        refused=len(refused),
    )


__all__ = [
    "AT_ONCE",
    "AllocationRefused",
    "Asked",
    "Confirmation",
    "Refused",
    "against_line",
    "ask_again",
    "ask_allocation",
    "change_line",
    "confirm_allocation",
    "lock_line",
    "withdraw_allocation",
    "work_out",
]
