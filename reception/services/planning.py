"""Planning sites: what is being made ready, by whom, by when, and what it still needs.

Who may change plans may do so at the sites of their scope; plans for places that are no site yet
belong to those who hold the permission for the whole operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.policies import Permission, access_of
from audit.events import record_event
from common import clock
from common.errors import (
    Conflict,
    FieldProblem,
    InvalidInput,
    InvalidState,
    NotPermitted,
    Stale,
    constraints_as_errors,
)
from reception.choices import PlanState
from reception.models import Site, SitePlan, SitePlanItem
from reception.policies import require_at
from reception.querysets import sites_q
from reception.services.locks import lock_plan

EDIT = Permission.PLANS_EDIT
EDITABLE = ("site", "name", "area", "hidden", "places", "ready_on", "agency", "responsible")
MOST_ITEMS = 60


def _refusals() -> Any:
    detail = _("There is a plan for this site already: change it.")
    return constraints_as_errors(
        {
            "site_plan_one_standing_per_site": Conflict(
                "plan_exists", detail, problems=[FieldProblem("site", "unique", detail)]
            )
        }
    )


def plan_site(*, actor: Any, needs: Sequence[str] = (), **fields: Any) -> SitePlan:
    """A plan for a site, or for a place by name and district; with what is needed, one a line.

    Raises InvalidInput with the fields at fault, NotPermitted, Conflict `plan_exists`.
    """
    unknown = set(fields) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not editable: {', '.join(sorted(unknown))}")
    with _refusals(), transaction.atomic():
        plan = SitePlan(**fields, made_by=actor)
        require_plan(actor, plan)
        _check(plan)
        plan.save(force_insert=True)
        record_event("plan.made", plan, actor=actor, places=plan.places, ready_on=_day(plan))
        for text in needs:
            add_need(actor=actor, plan=plan, text=text)
    return plan


def change_plan(
    *, actor: Any, plan: SitePlan, unchanged_since: datetime | None = None, **changes: Any
) -> SitePlan:
    """Change fields of a standing plan, or nothing.

    Raises Stale when somebody else changed it since `unchanged_since`, InvalidInput,
    InvalidState `plan_ended`, NotPermitted, Conflict `plan_exists`.
    """
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not editable: {', '.join(sorted(unknown))}")
    with _refusals(), transaction.atomic():
        plan = _locked(plan, actor)
        if unchanged_since is not None and plan.updated_at != unchanged_since:
            raise Stale("stale", _("Somebody changed this plan meanwhile. Read it again."))
        changed = {name for name, value in changes.items() if getattr(plan, name) != value}
        before = {"places": plan.places, "ready_on": _day(plan)}
        for name in changed:
            setattr(plan, name, changes[name])
        # Also where it goes: nobody moves a plan to a site that is not theirs.
        require_plan(actor, plan)
        _check(plan)
        if changed:
            plan.save(update_fields=sorted(changed))
            after = {"places": plan.places, "ready_on": _day(plan)}
            moved = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
            record_event("plan.changed", plan, actor=actor, fields=sorted(changed), **moved)
    return plan


@transaction.atomic
def end_plan(*, actor: Any, plan: SitePlan, state: str) -> SitePlan:
    """The site is ready, or the plan is given up. Raises InvalidState, NotPermitted.

    Ready only when nothing is left to be done: what is not needed any more is taken off first.
    """
    plan = _locked(plan, actor)
    if state not in (PlanState.READY, PlanState.DROPPED):
        raise _invalid("state", "invalid", _("Choose “ready” or “given up”."))
    if state == PlanState.READY and plan.items.missing().exists():
        raise InvalidState(
            "things_missing",
            _("Some things are still to be done. Tick them off or take them off the list first."),
        )
    plan.state, plan.ended_at = state, clock.now()
    plan.save(update_fields=["state", "ended_at"])
    record_event("plan.ended", plan, actor=actor, state=state)
    return plan


@transaction.atomic
def add_need(*, actor: Any, plan: SitePlan, text: str, due_on: date | None = None) -> SitePlanItem:
    """One more thing that is needed. Raises InvalidInput, InvalidState `plan_ended`."""
    plan = _locked(plan, actor)
    text = " ".join(text.split())
    if not text or len(text) > 200:
        raise _invalid("text", "invalid", _("Say in at most 200 letters what is needed."))
    count = plan.items.count()
    if count >= MOST_ITEMS:
        raise _invalid("text", "too_many", _("The list is full. Put similar things together."))
    item = SitePlanItem(plan=plan, text=text, due_on=due_on, position=count)
    item.save(force_insert=True)
    record_event("plan.need_added", plan, actor=actor, item=str(item.pk))
    return item


@transaction.atomic
def tick_need(*, actor: Any, item: SitePlanItem, done: bool = True) -> SitePlanItem:
    """It is done, or it is not after all. Saying the same again changes nothing."""
    plan = _locked(item.plan, actor)
    item = SitePlanItem.objects.get(pk=item.pk)
    if (item.done_at is not None) != done:
        item.done_at, item.done_by = (clock.now(), actor) if done else (None, None)
        item.save(update_fields=["done_at", "done_by"])
        kind = "plan.need_met" if done else "plan.need_open_again"
        record_event(kind, plan, actor=actor, item=str(item.pk))
    return item


@transaction.atomic
def drop_need(*, actor: Any, item: SitePlanItem) -> None:
    """It is not needed any more: taken off the list; the event stays."""
    plan = _locked(item.plan, actor)
    removed, _rows = SitePlanItem.objects.filter(pk=item.pk, plan=plan).delete()
    if removed:
        record_event("plan.need_dropped", plan, actor=actor, item=str(item.pk))


def may_plan(actor: Any, plan: SitePlan) -> bool:
    """Whether the actor may change this plan."""
    try:
        require_plan(actor, plan)
    except NotPermitted:
        return False
    return True


def require_plan(actor: Any, plan: SitePlan) -> None:
    """Raise NotPermitted unless the actor may change plans for this site, or for none yet."""
    if plan.site is not None:
        require_at(actor, EDIT, plan.site)
        return
    access = access_of(actor)
    hidden = plan.hidden and not access.can(Permission.SITES_HIDDEN)
    if hidden or not access.scopes(EDIT).everywhere:
        raise NotPermitted(
            "not_permitted", _("Only who works for the whole operation plans a place without site.")
        )


def _locked(plan: SitePlan, actor: Any) -> SitePlan:
    plan = lock_plan(plan.pk)
    require_plan(actor, plan)
    if plan.state != PlanState.PREPARING:
        raise InvalidState("plan_ended", _("This plan has ended. Make a new one."))
    return plan


def _check(plan: SitePlan) -> None:
    try:
        plan.full_clean(exclude=("made_by", "state", "ended_at"), validate_unique=False)
    except ValidationError as error:
        problems = [
            FieldProblem("" if field == "__all__" else field, "invalid", " ".join(messages))
            for field, messages in error.message_dict.items()
        ]
        text = " ".join(str(problem.detail) for problem in problems)
        raise InvalidInput("invalid", text, problems=problems) from error


def _invalid(field: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput("invalid", detail, problems=[FieldProblem(field, code, detail)])


def _day(plan: SitePlan) -> str | None:
    return plan.ready_on.isoformat() if plan.ready_on else None


def plannable_sites(actor: Any) -> Any:
    """The sites for which the actor may make or change plans, by name."""
    return Site.objects.filter(sites_q(actor, EDIT)).exclude(status="closed").order_by("name")
