"""What is ready for more people, what is being made ready, and what is missing for the plan.

The planning figure of the operation is how many people may come in all. Against it stand the
places of open sites and those that are planned; what neither covers is missing. Beside each site
stands what it lacks, so that somebody can see to it.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.choices import Role, ScopeKind
from accounts.models import Operation, RoleAssignment
from accounts.policies import Permission, access_of
from intake.models import Person
from reception.capacity import Norms, current_norms, explain_by
from reception.choices import NormPhase, ResourceKind, SiteStatus, UnitSection
from reception.models import Site, SitePlan, Unit
from reception.querysets import sites_q


class Lack(models.TextChoices):
    """What a site may lack."""

    UNMEASURED = "unmeasured", gettext_lazy("not measured")
    SHORT = "short", gettext_lazy("too little for the places planned")
    HEATING = "heating", gettext_lazy("no heating")
    CONTACT = "contact", gettext_lazy("nobody to call")
    BLOCKED = "blocked", gettext_lazy("places blocked")
    MANAGER = "manager", gettext_lazy("no manager assigned")
    CARE = "care", gettext_lazy("no interim care for children alone")
    DATE = "date", gettext_lazy("no date when it will be ready")
    OVERDUE = "overdue", gettext_lazy("the date has passed")
    ITEM = "item", gettext_lazy("still to be done")


@dataclass(frozen=True)
class Missing:
    """One thing that a site lacks; `detail` is in the reader's language."""

    code: str
    detail: str = ""

    @property
    def words(self) -> str:
        """In a few words."""
        label = str(Lack(self.code).label)
        return f"{label}: {self.detail}" if self.detail else label


@dataclass(frozen=True)
class PlanLine:
    """A site, or a place that is to be one, with what it gives and lacks.

    `places` count as ready for open sites; `planned` are what the plan adds: places of a site in
    preparation, or those above what an open site has now.
    """

    site: Site | None
    plan: SitePlan | None
    name: str
    ready: bool
    places: int
    planned: int
    free: int
    lacks: tuple[Missing, ...]


@dataclass(frozen=True)
class PlacesLeft:
    """Places that the next wave can take now, of one kind, at so many sites.

    `unlisted` sites have such places but no list of rooms: how many there are is not known.
    """

    code: str
    label: str
    places: int
    sites: int
    unlisted: int = 0


@dataclass(frozen=True)
class Contingency:
    """The plan as one reader may know it; sums are of the sites that are listed.

    `figure`, `present` and `missing` are None for who does not see the whole operation.
    """

    as_of: datetime
    figure: int | None
    present: int | None
    ready: tuple[PlanLine, ...]
    preparing: tuple[PlanLine, ...]
    left: tuple[PlacesLeft, ...]

    @property
    def places_ready(self) -> int:
        """Places of open sites."""
        return sum(line.places for line in self.ready)

    @property
    def places_planned(self) -> int:
        """Places being made ready."""
        return sum(line.planned for line in (*self.ready, *self.preparing))

    @property
    def missing(self) -> int | None:
        """People of the planning figure for whom there is no place, not even a planned one."""
        if self.figure is None:
            return None
        return max(self.figure - self.places_ready - self.places_planned, 0)


def contingency(user: Any, now: datetime) -> Contingency:
    """The plan of the sites that `user` may know of. A fixed number of queries."""
    operation = Operation.current()
    today = now.astimezone(operation.zone).date()
    everywhere = access_of(user).scopes(Permission.SITES_READ).everywhere
    rows = (
        Site.objects.for_refugees()
        .filter(sites_q(user, Permission.SITES_READ))
        .exclude(status=SiteStatus.CLOSED)
    )
    sites = list(rows.prefetch_related("resources").order_by("name", "pk"))
    standing = SitePlan.objects.visible_to(user).standing()
    plans = list(standing.select_related("site", "area").prefetch_related("items"))
    facts = _Facts(
        norms=current_norms(),
        managed=_managed(sites, now),
        called=_called(sites),
        today=today,
    )
    by_site = {plan.site_id: plan for plan in plans if plan.site_id}
    lines = [_site_line(site, by_site.get(site.pk), facts) for site in sites]
    lines += [_loose_line(plan, facts) for plan in plans if plan.site_id is None]
    return Contingency(
        as_of=now,
        figure=operation.planning_figure if everywhere else None,
        present=Person.objects.present(now).count() if everywhere else None,
        ready=tuple(line for line in lines if line.ready),
        preparing=tuple(line for line in lines if not line.ready),
        left=places_left(site for site in sites if site.status == SiteStatus.OPEN),
    )


# What is lacking ---------------------------------------------------------------------------
@dataclass(frozen=True)
class _Facts:
    norms: Norms
    managed: frozenset[str]
    called: frozenset[uuid.UUID]
    today: date


def _managed(sites: Iterable[Site], now: datetime) -> frozenset[str]:
    """Codes of the sites that have a manager of their own now."""
    current = RoleAssignment.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now),
        role=Role.SITE_MANAGER,
        scope_kind=ScopeKind.SITE,
        scope_code__in=[site.code for site in sites],
        user__is_active=True,
    )
    return frozenset(current.values_list("scope_code", flat=True))


def _called(sites: Iterable[Site]) -> frozenset[uuid.UUID]:
    """Keys of the sites where somebody can be called."""
    keys = [site.pk for site in sites]
    called = Site.objects.filter(pk__in=keys, contacts__isnull=False)
    return frozenset(called.values_list("pk", flat=True))


def _site_line(site: Site, plan: SitePlan | None, facts: _Facts) -> PlanLine:
    ready = site.status in (SiteStatus.OPEN, SiteStatus.FULL)
    room = max(site.capacity - site.blocked, 0)
    aim = plan.places if plan else site.capacity
    more = max(aim - room, 0) if plan else 0
    return PlanLine(
        site=site,
        plan=plan,
        name=str(site),
        ready=ready,
        places=room if ready else 0,
        planned=more if ready else aim,
        free=max(site.free, 0) if site.status == SiteStatus.OPEN else 0,
        lacks=(*_site_lacks(site, aim, facts), *_plan_lacks(plan, facts, needed=not ready)),
    )


def _loose_line(plan: SitePlan, facts: _Facts) -> PlanLine:
    return PlanLine(
        site=None,
        plan=plan,
        name=plan.name,
        ready=False,
        places=0,
        planned=plan.places,
        free=0,
        lacks=tuple(_plan_lacks(plan, facts, needed=True)),
    )


def _site_lacks(site: Site, aim: int, facts: _Facts) -> list[Missing]:
    explained = explain_by(site, facts.norms)
    lacks = []
    if explained.unmeasured:
        names = [str(ResourceKind(kind).label) for kind in explained.unmeasured]
        lacks.append(Missing(Lack.UNMEASURED, "; ".join(names)))
    lacks += [
        Missing(Lack.SHORT, _for_how_many(line.label, line.persons, aim))
        for line in explained.lines
        if line.persons < aim
    ]
    if site.norm_phase == NormPhase.COLD and not site.cold_rated:
        lacks.append(Missing(Lack.HEATING))
    if site.pk not in facts.called:
        lacks.append(Missing(Lack.CONTACT))
    if site.blocked:
        lacks.append(Missing(Lack.BLOCKED, f"{site.blocked} ({site.blocked_reason})"))
    if site.code not in facts.managed:
        lacks.append(Missing(Lack.MANAGER))
    if not site.interim_care:
        lacks.append(Missing(Lack.CARE))
    return lacks


def _for_how_many(label: str, persons: int, aim: int) -> str:
    return ngettext(
        "%(resource)s serves %(persons)d of %(aim)d person",
        "%(resource)s serves %(persons)d of %(aim)d persons",
        aim,
    ) % {"resource": label, "persons": persons, "aim": aim}


def _plan_lacks(plan: SitePlan | None, facts: _Facts, *, needed: bool) -> list[Missing]:
    lacks = []
    if plan is None or plan.ready_on is None:
        if needed:
            lacks.append(Missing(Lack.DATE))
    elif plan.ready_on < facts.today:
        lacks.append(Missing(Lack.OVERDUE))
    if plan is not None:
        waiting = [item for item in plan.items.all() if item.done_at is None]
        lacks += [Missing(Lack.ITEM, item.text) for item in waiting]
    return lacks


# The next wave -----------------------------------------------------------------------------
def places_left(sites: Iterable[Site]) -> tuple[PlacesLeft, ...]:
    """Free places at these sites: all, step-free, for women, for families, with interim care.

    Where rooms are listed, theirs count, at most what is free at the site; where they are not, a
    step-free site is step-free throughout, and how many places are for women is not known.
    """
    chosen = {site.pk: site for site in sites if site.free > 0}
    rooms: dict[uuid.UUID, list[Unit]] = {}
    for unit in Unit.objects.filter(site__in=list(chosen)):
        rooms.setdefault(unit.site_id, []).append(unit)
    counted: Counter[str] = Counter()
    at: Counter[str] = Counter()
    unlisted: Counter[str] = Counter()
    for site in chosen.values():
        for code, places in _kinds(site, rooms.get(site.pk, [])).items():
            counted[code] += places or 0
            at[code] += 1 if places else 0
            unlisted[code] += 1 if places is None else 0
    return tuple(
        PlacesLeft(code, label, counted[code], at[code], unlisted[code])
        for code, label in (
            ("all", _("All places")),
            ("step_free", _("Step-free")),
            ("women", _("For women and their children")),
            ("families", _("In family rooms")),
            ("interim_care", _("With interim care for children alone")),
        )
    )


def _kinds(site: Site, units: list[Unit]) -> dict[str, int | None]:
    """Free places by kind; None where there are such places and nobody knows how many."""

    def among(chosen: Iterable[Unit]) -> int:
        return min(sum(max(unit.free, 0) for unit in chosen), site.free)

    kinds: dict[str, int | None] = {
        "all": site.free,
        "interim_care": site.free if site.interim_care else 0,
    }
    if units:
        kinds["step_free"] = among(u for u in units if u.accessible)
        kinds["women"] = among(u for u in units if u.section == UnitSection.WOMEN)
        kinds["families"] = among(u for u in units if u.section == UnitSection.FAMILIES)
    else:
        kinds["step_free"] = site.free if site.accessible else 0
        kinds["women"] = None if site.women_only_section else 0
    return kinds
