"""Changing a site: what it is, what was measured there, what it may take."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.policies import Permission
from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput, Stale
from reception.capacity import CapacityExplanation, explain_capacity
from reception.choices import SiteStatus, SiteType
from reception.models import Site
from reception.policies import require_at
from reception.services.blocks import state_blocked
from reception.services.counters import level_since
from reception.services.locks import lock_site
from reception.services.rules import check_moment

NAME_LENGTH = 150
EDITABLE = (
    *("name", "names", "type", "status", "area", "address", "latitude", "longitude"),
    *("norm_phase", "receives_always"),
    *("operational_capacity", "operational_reason", "blocked", "blocked_reason", "hidden"),
    *("accessible", "women_only_section", "interim_care", "cold_rated"),
    *("health_minutes", "border_km"),
)


@transaction.atomic
def edit_site(
    *, actor: Any, site: Site, unchanged_since: datetime | None = None, **changes: Any
) -> Site:
    """Change fields of a site and work its capacity out anew, or change nothing.

    With `unchanged_since` (the `updated_at` that the editor read) raises Stale when somebody else
    changed the site meanwhile. Raises InvalidInput with the fields at fault,
    Conflict (`capacity_below_taken`, `site_not_empty`, `blocked_by_entries`), NotPermitted.
    """
    require_at(actor, Permission.SITES_EDIT, site)
    site = lock_site(site.pk)
    if unchanged_since is not None and site.updated_at != unchanged_since:
        raise Stale("stale", _("Somebody changed this site meanwhile. Read it again."))
    unknown = set(changes) - set(EDITABLE)
    if unknown:
        raise TypeError(f"not editable: {', '.join(sorted(unknown))}")
    for name, value in changes.items():
        setattr(site, name, value)
    _hide_safe_house(site, changes)
    _check_fields(site)
    if site.taken and (site.status == SiteStatus.CLOSED or not site.for_refugees):
        raise Conflict(
            "site_not_empty",
            _("%(taken)d places are still taken. Transfer or check out the families first.")
            % {"taken": site.taken},
            taken=site.taken,
        )
    if {"blocked", "blocked_reason"} & set(changes):
        before = Site.objects.get(pk=site.pk)
        wanted, site.blocked_reason = site.blocked, before.blocked_reason
        state_blocked(site, wanted, changes.get("blocked_reason"), actor=actor)
    _set_capacity(site, actor=actor)
    site.save(update_fields=[*changes])
    if changes:
        record_event("site.changed", site, actor=actor, fields=sorted(changes))
    return site


@transaction.atomic
def create_site(*, actor: Any, code: str, **fields: Any) -> Site:
    """A new site, in preparation until it is opened. Raises InvalidInput, NotPermitted."""
    site = Site(code=code, **fields)
    require_at(actor, Permission.SITES_EDIT, site)
    _hide_safe_house(site, fields)
    _check_fields(site)
    site.capacity = explain_capacity(site).capacity
    if site.blocked > site.capacity:
        raise _capacity_below_taken(site)
    blocked, reason = site.blocked, site.blocked_reason
    site.blocked = 0
    site.save(force_insert=True)
    if blocked:
        state_blocked(site, blocked, reason, actor=actor)
        site.save(update_fields=["blocked", "blocked_reason"])
    record_event("site.created", site, actor=actor)
    return site


@transaction.atomic
def recalculate_capacity(*, site: Site, actor: Any = None) -> CapacityExplanation:
    """Work out the capacity from what is measured and stated; the explanation.

    Raises Conflict `capacity_below_taken` when fewer places would be left than are taken, unless
    enough overflow is granted. Measurements that the caller saved in the same transaction are
    undone with it.
    """
    locked = lock_site(site.pk)
    explanation = _set_capacity(locked, actor=actor)
    site.capacity = locked.capacity
    return explanation


def _set_capacity(site: Site, *, actor: Any) -> CapacityExplanation:
    """Derive and write the capacity of a locked site."""
    explanation = explain_capacity(site)
    before, site.capacity = site.capacity, explanation.capacity
    needed = site.taken + site.blocked
    if needed > site.capacity + site.overflow:
        raise _capacity_below_taken(site)
    # Together with the blocked places, so that the database sees a state that is allowed.
    Site.objects.filter(pk=site.pk).update(
        capacity=site.capacity,
        blocked=site.blocked,
        blocked_reason=site.blocked_reason,
        level_since=level_since(clock.now()),
    )
    if before != site.capacity:
        record_event(
            "site.capacity_changed", site, actor=actor, before=before, capacity=site.capacity
        )
    return explanation


@transaction.atomic
def grant_overflow(
    *, actor: Any, site: Site, places: int, reason: str, until: datetime | None = None
) -> Site:
    """Let a site take `places` more than its capacity; 0 takes the grant back.

    Replaces an earlier grant. Until `until`, or until it is taken back; afterwards the places
    that become free above the capacity are gone, and nobody is moved out. Raises NotPermitted,
    InvalidInput, Conflict `capacity_below_taken` when the places are in use.
    """
    require_at(actor, Permission.CAPACITY_OVERRIDE, site)
    _check_grant(places, reason)
    if until is not None:
        until = check_moment("until", until, future=True)
    site = lock_site(site.pk)
    if site.taken + site.blocked > site.capacity + places:
        raise Conflict(
            "capacity_below_taken",
            _("%(taken)d places are taken: at least %(needed)d overflow places are in use.")
            % {
                "taken": site.taken,
                "needed": site.taken + site.blocked - site.capacity,
            },
            taken=site.taken,
        )
    site.overflow, site.overflow_until = places, until
    Site.objects.filter(pk=site.pk).update(
        overflow=places, overflow_until=until, level_since=level_since(clock.now())
    )
    record_event(
        "site.overflow_granted",
        site,
        actor=actor,
        places=places,
        reason=reason.strip(),
        until=until.isoformat() if until else None,
    )
    return site


def _capacity_below_taken(site: Site) -> Conflict:
    return Conflict(
        "capacity_below_taken",
        _(
            "That leaves %(capacity)d places, but %(taken)d are taken and %(blocked)d are "
            "blocked. Transfer families first, or have overflow granted."
        )
        % {"capacity": site.capacity, "taken": site.taken, "blocked": site.blocked},
        capacity=site.capacity,
        taken=site.taken,
        blocked=site.blocked,
    )


def _hide_safe_house(site: Site, changes: dict[str, Any]) -> None:
    """Who makes a site a safe house hides it, unless they say otherwise: then it is refused."""
    if site.type == SiteType.SAFE_HOUSE and "hidden" not in changes and not site.hidden:
        site.hidden = True
        changes["hidden"] = True


def _check_grant(places: int, reason: str) -> None:
    problems = []
    if places < 0:
        problems.append(FieldProblem("places", "invalid", _("Give 0 or more places.")))
    if not reason.strip():
        problems.append(FieldProblem("reason", "required", _("Say why, for whoever asks later.")))
    if problems:
        raise InvalidInput("invalid", _("Correct the fields named."), problems=problems)


def _check_names(site: Site) -> None:
    """Names by language: languages of the interface, short texts; empty ones are left out."""
    known = {code for code, _name in settings.LANGUAGES}
    names = site.names if isinstance(site.names, dict) else {"": ""}
    texts = all(isinstance(text, str) and len(text) <= NAME_LENGTH for text in names.values())
    if not texts or set(names) - known:
        detail = _("Give one short name for each language: %(languages)s.") % {
            "languages": ", ".join(sorted(known))
        }
        raise InvalidInput("invalid", detail, problems=[FieldProblem("names", "invalid", detail)])
    site.names = {code: text.strip() for code, text in names.items() if text.strip()}


def _check_fields(site: Site) -> None:
    _check_names(site)
    counted = ("capacity", "overflow", "overflow_until", "reserved", "present", "id", "code")
    try:
        site.full_clean(exclude=counted, validate_unique=False)
    except ValidationError as error:
        problems = [
            FieldProblem("" if field == "__all__" else field, "invalid", " ".join(messages))
            for field, messages in error.message_dict.items()
        ]
        raise InvalidInput(
            "invalid", " ".join(str(p.detail) for p in problems), problems=problems
        ) from error


def end_overflows(now: datetime | None = None) -> int:
    """Take back granted places whose time is over and that nobody uses; how many sites changed."""
    moment = now or clock.now()
    changed = 0
    over = Site.objects.filter(overflow__gt=0, overflow_until__lte=moment)
    for pk in over.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            site = lock_site(pk)
            left = min(site.overflow, max(site.taken + site.blocked - site.capacity, 0))
            if left < site.overflow:
                Site.objects.filter(pk=pk).update(overflow=left, level_since=level_since(moment))
                record_event("site.overflow_ended", site, actor=None, places=left)
                changed += 1
    return changed
