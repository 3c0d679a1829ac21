"""Asking for a proposal and working it out: at once for some families, by a worker for many."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.policies import Permission, can
from audit.events import record_event, sent_to_broker
from common import clock
from common.copying import rows_of, write_together
from common.errors import FieldProblem, InvalidInput, InvalidState, NotPermitted
from intake.models import Arrival, EntryPoint, Household
from reception.allocation.facts import Family, Problem
from reception.allocation.proposal import Line, Proposal
from reception.choices import AllocationScope, AllocationStatus, ProposedState
from reception.gathering import Facts, current_policy, expected_families, gather
from reception.models import AllocationLine, AllocationRun, Site
from reception.querysets import sites_q
from reception.selectors import unplaced_households
from reception.services.locks import lock_run

log = logging.getLogger(__name__)
# Up to so many families the proposal is worked out while the officer waits for the page.
AT_ONCE = 300

S = AllocationStatus


@dataclass(frozen=True)
class Asked:
    """Whom a proposal is asked for. Fields that do not belong to the scope stay empty."""

    scope: str = AllocationScope.WAITING
    entry_point: EntryPoint | None = None
    arrived_from: datetime | None = None
    arrived_until: datetime | None = None
    households: Sequence[Household] = ()


def ask_allocation(*, actor: Any, asked: Asked, run_id: uuid.UUID | None = None) -> AllocationRun:
    """A proposal for the families asked for, over the open sites where the actor may place.

    Worked out at once for up to `AT_ONCE` families; for more the run is `asked` until a worker is
    done. An id that was used before gives that run. Raises InvalidInput (`nobody_waits`, fields
    of the scope), NotPermitted.
    """
    if not can(actor, Permission.PLACEMENTS_WRITE):
        raise NotPermitted("not_permitted", _("You may not place families."))
    if run_id and (made := AllocationRun.objects.visible_to(actor).filter(pk=run_id).first()):
        return made
    _check_asked(asked)
    with transaction.atomic():
        households = _waiting(actor, asked)
        run = AllocationRun(
            scope=asked.scope,
            entry_point=asked.entry_point,
            arrived_from=asked.arrived_from,
            arrived_until=asked.arrived_until,
            asked_by=actor,
        )
        if run_id is not None:
            run.id = run_id
        run.save(force_insert=True)
        write_together([rows_of([AllocationLine(run=run, household=each) for each in households])])
        record_event("allocation.asked", run, actor=actor, households=len(households))
    return _begin(run, len(households))


def ask_again(*, actor: Any, run: AllocationRun) -> AllocationRun:
    """Work the proposal out anew; sites that the officer locked or changed stay.

    Families that found a place meanwhile leave the proposal, those that came join it where the
    scope says so. Raises InvalidState `allocation_closed`, NotPermitted when the actor does not
    see every line.
    """
    with transaction.atomic():
        run = lock_run(run.pk)
        _require_all_lines(actor, run)
        if run.status_now not in (S.PROPOSED, S.PARTLY, S.FAILED):
            raise InvalidState(
                "allocation_closed",
                _("This proposal cannot be worked out anew: it is “%(now)s”.")
                % {"now": S(run.status_now).label},
                state=run.status_now,
            )
        run.status, run.attempt, run.attempt_at = S.ASKED, run.attempt + 1, clock.now()
        run.failure, run.asked_by = "", actor
        run.save(update_fields=["status", "attempt", "attempt_at", "failure", "asked_by"])
        record_event("allocation.asked_again", run, actor=actor, attempt=run.attempt)
    return _begin(run, run.lines.count())


@transaction.atomic
def withdraw_allocation(*, actor: Any, run: AllocationRun) -> AllocationRun:
    """Nobody will confirm it. Withdrawn twice, nothing changes; places confirmed before stay."""
    run = lock_run(run.pk)
    if not AllocationRun.objects.visible_to(actor).filter(pk=run.pk).exists():
        raise NotPermitted("not_permitted", _("You may not change this proposal."))
    if run.status == S.WITHDRAWN:
        return run
    if run.status == S.CONFIRMED:
        raise InvalidState(
            "allocation_closed", _("This proposal is confirmed. Change the placements instead.")
        )
    run.status, run.ended_at = S.WITHDRAWN, clock.now()
    run.save(update_fields=["status", "ended_at"])
    record_event("allocation.withdrawn", run, actor=actor)
    return run


def work_out(run_id: uuid.UUID, attempt: int) -> None:
    """Work out an attempt of a proposal and keep it; a late or repeated call changes nothing.

    What goes wrong is told by the run: `failed`, to be asked again.
    """
    run = AllocationRun.objects.filter(pk=run_id, status=S.ASKED, attempt=attempt).first()
    if run is None:
        return
    begun = time.monotonic()
    try:
        facts, problem, kept = _problem(run)
        proposal = _solve(problem)
    except Exception as error:
        log.exception("allocation failed: %s", type(error).__name__)
        _fail(run, "not_worked_out")
        return
    _keep(run, facts, problem, proposal, kept, time.monotonic() - begun)


def _begin(run: AllocationRun, count: int) -> AllocationRun:
    if count <= AT_ONCE:
        work_out(run.pk, run.attempt)
    else:
        transaction.on_commit(lambda: _send(run), robust=True)
    return AllocationRun.objects.get(pk=run.pk)


def _send(run: AllocationRun) -> None:
    from reception.tasks import work_out_allocation

    if not sent_to_broker(work_out_allocation, str(run.pk), str(run.attempt)):
        _fail(run, "no_worker")


def _fail(run: AllocationRun, code: str) -> None:
    AllocationRun.objects.filter(pk=run.pk, status=S.ASKED, attempt=run.attempt).update(
        status=S.FAILED, failure=code, updated_at=clock.now()
    )


# Who is asked for ---------------------------------------------------------------------------
def _check_asked(asked: Asked) -> None:
    problems = []
    if asked.scope not in AllocationScope.values:
        problems.append(FieldProblem("scope", "invalid_choice", _("Choose for whom.")))
    arrivals = asked.scope == AllocationScope.ARRIVALS
    if arrivals and asked.entry_point is None:
        detail = _("Choose the entry point by which they came.")
        problems.append(FieldProblem("entry_point", "required", detail))
    if not arrivals and (asked.entry_point or asked.arrived_from or asked.arrived_until):
        detail = _("An entry point and times belong to the scope “arrivals” only.")
        problems.append(FieldProblem("entry_point", "not_allowed", detail))
    if asked.arrived_from and asked.arrived_until and asked.arrived_until <= asked.arrived_from:
        detail = _("The end must be after the beginning.")
        problems.append(FieldProblem("arrived_until", "before_start", detail))
    if asked.scope == AllocationScope.CHOSEN and not asked.households:
        detail = _("Choose at least one family.")
        problems.append(FieldProblem("households", "required", detail))
    if problems:
        raise InvalidInput("invalid", problems[0].detail, problems=problems)


def _waiting(actor: Any, asked: Asked) -> list[Household]:
    """The households asked for that wait and that the actor may read; at least one."""
    rows = _scope(unplaced_households(), asked.scope, asked)
    visible = Household.objects.visible_to(actor).values("pk")
    found = list(rows.filter(pk__in=visible).defer("contact").order_by("pk"))
    if asked.scope == AllocationScope.CHOSEN:
        there = {each.pk for each in found}
        problems = [
            FieldProblem(
                f"households.{index}",
                "not_waiting",
                _("%(household)s does not wait for a place.") % {"household": each.reference},
            )
            for index, each in enumerate(asked.households)
            if each.pk not in there
        ]
        if problems:
            raise InvalidInput("invalid", problems[0].detail, problems=problems)
    if not found:
        raise InvalidInput("nobody_waits", _("No such family waits for a place."))
    return found


def _scope(rows: Any, scope: str, asked: Asked | AllocationRun) -> Any:
    if scope == AllocationScope.ARRIVALS:
        came = Arrival.objects.filter(entry_point=asked.entry_point)
        if asked.arrived_from:
            came = came.filter(occurred_at__gte=asked.arrived_from)
        if asked.arrived_until:
            came = came.filter(occurred_at__lt=asked.arrived_until)
        return rows.filter(pk__in=came.values("household_id"))
    if scope == AllocationScope.CHOSEN:
        chosen = (
            [each.pk for each in asked.households]
            if isinstance(asked, Asked)
            else asked.lines.values("household_id")
        )
        return rows.filter(pk__in=chosen)
    return rows


def _require_all_lines(actor: Any, run: AllocationRun) -> None:
    visible = AllocationRun.objects.visible_to(actor).filter(pk=run.pk).exists()
    lines = run.lines.all()
    if not visible or lines.visible_to(actor).count() != lines.count():
        raise NotPermitted(
            "not_permitted", _("You do not see the whole proposal. Ask for one of your own.")
        )


# Working it out -----------------------------------------------------------------------------
def _problem(run: AllocationRun) -> tuple[Facts, Problem, dict[uuid.UUID, AllocationLine]]:
    """What is asked, and the lines that stay as they are, by household."""
    actor = run.asked_by
    lines = list(run.lines.select_related("site"))
    kept = {line.household_id: line for line in lines if line.is_kept}
    done = (ProposedState.CONFIRMED, ProposedState.LEFT_OUT)
    settled = [line.household_id for line in lines if line.state in done]
    visible = Household.objects.visible_to(actor).values("pk")
    households = _scope(unplaced_households(), run.scope, run).filter(pk__in=visible)
    sites = Site.objects.open().filter(sites_q(actor, Permission.PLACEMENTS_WRITE))
    facts = gather(households.exclude(pk__in=settled).defer("contact"), sites)
    families = tuple(_with_lock(each, facts, kept) for each in facts.families)
    problem = Problem(families, facts.sites, current_policy(), expected_families())
    return facts, problem, kept


def _with_lock(family: Family, facts: Facts, kept: dict[uuid.UUID, AllocationLine]) -> Family:
    line = kept.get(facts.households[family.key].pk)
    known = {site.code for site in facts.sites}
    if line is None or line.site is None or line.site.code not in known:
        return family
    return replace(family, locked=line.site.code)


def _solve(problem: Problem) -> Proposal:
    # Loaded where it is used: the solver's libraries take a second that no other page needs.
    from reception.allocation.solving import propose

    return propose(problem)


def fingerprint(problem: Problem) -> str:
    """A mark of the whole input: two runs with the same mark have the same proposal."""
    text = json.dumps(asdict(problem), sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset | set) else str(value)


@transaction.atomic
def _keep(
    run: AllocationRun,
    facts: Facts,
    problem: Problem,
    proposal: Proposal,
    kept: dict[uuid.UUID, AllocationLine],
    seconds: float,
) -> None:
    """Write the lines anew, unless somebody asked again or withdrew meanwhile."""
    attempt, run = run.attempt, lock_run(run.pk)
    if (run.status, run.attempt) != (S.ASKED, attempt):
        return
    run.lines.exclude(state__in=[ProposedState.CONFIRMED, ProposedState.LEFT_OUT]).delete()
    sites = {site.code: site for site in Site.objects.filter(code__in=_codes(facts))}
    families = {family.key: family for family in problem.families}
    rows = [_line(run, line, families[line.family], facts, sites, kept) for line in proposal.lines]
    if rows:
        write_together([rows_of(rows)])
    confirmed = run.lines.filter(state=ProposedState.CONFIRMED).exists()
    run.status = S.PARTLY if confirmed else S.PROPOSED
    run.proposed_at, run.seconds = clock.now(), round(seconds, 3)
    run.bound, run.gap = float(proposal.points_bound), proposal.gap
    run.fingerprint = fingerprint(problem)
    run.policy = json.loads(json.dumps(asdict(problem.policy), default=_plain))
    run.sites = [{"code": each.code, "free": each.free} for each in facts.sites]
    run.save()
    record_event(
        "allocation.proposed",
        run,
        actor=run.asked_by,
        households=len(rows),
        placed=len(proposal.assignment),
        persons=proposal.persons,
        persons_placed=proposal.placed,
    )


def _codes(facts: Facts) -> Iterable[str]:
    return [each.code for each in facts.sites]


def _line(
    run: AllocationRun,
    line: Line,
    family: Family,
    facts: Facts,
    sites: dict[str, Site],
    kept: dict[uuid.UUID, AllocationLine],
) -> AllocationLine:
    household = facts.households[line.family]
    before = kept.get(household.pk)
    site = sites.get(line.site)
    stays = before is not None and site is not None and before.site_id == site.pk
    changed = stays and before is not None and before.state == ProposedState.CHANGED
    return AllocationLine(
        run=run,
        household=household,
        places=line.size,
        proposed_site=before.proposed_site if changed and before else site,
        site=site,
        locked=bool(stays and before and before.locked),
        state=ProposedState.CHANGED if changed else ProposedState.PROPOSED,
        facts=_frozen(family, line),
        reasons=[line.reason.as_json()],
        missing=[each.as_json() for each in line.missing],
        alternatives=[each.as_json() for each in line.alternatives],
    )


def _frozen(family: Family, line: Line) -> dict[str, Any]:
    """What explains a line later: numbers and what the place must offer; no person, no code."""
    return {
        "size": family.size,
        "women": family.women,
        "men": family.men,
        "children": family.children,
        "older": family.older,
        "step_free": family.accessible,
        "near_services": family.near_services,
        "children_alone": family.children_alone,
        "quarantine": family.quarantine,
        "medical_minutes": family.medical_minutes,
        "nights": family.nights,
        "section": line.section,
        "accessible": line.accessible,
    }
