"""Blocked places: who blocks which, why and until when. `Site.blocked` is their sum.

Counters of blocked places are changed here only, with the site's lock held: site, then unit, the
order of `services.counters`. A place that is taken is never blocked.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.policies import Permission
from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput, InvalidState
from reception.choices import BlockReason, BlockState
from reception.models import Site, SiteBlock, Unit
from reception.policies import require_at
from reception.services.counters import level_since
from reception.services.locks import lock_site, lock_unit
from reception.services.rules import check_moment

REASONS_SHOWN = 200


@transaction.atomic
def block_places(
    *,
    actor: Any,
    site: Site,
    places: int,
    reason: str,
    text: str = "",
    unit: Unit | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    block_id: uuid.UUID | None = None,
) -> SiteBlock:
    """Keep `places` of a site, or of one of its units, from being given to anybody.

    From now on, or from a later `since`: then the block waits for its time and until so many
    places are free. Until `until`, or until it is ended. The same `block_id` again gives the
    block that was made. Raises NotPermitted, InvalidInput, Conflict (`places_taken`, `conflict`).
    """
    require_at(actor, Permission.SITES_EDIT, site)
    now = clock.now()
    since = clock.on_operation_clock(since) if since is not None else now
    if until is not None:
        until = check_moment("until", until, future=True)
    site = lock_site(site.pk)
    block = SiteBlock(
        site=site,
        unit=unit,
        places=places,
        reason=reason,
        text=text.strip(),
        since=max(since, now),
        until=until,
        made_by=actor,
    )
    if made := SiteBlock.objects.filter(pk=block_id).first() if block_id else None:
        return _same(made, block)
    block.id = block_id or block.id
    _check(block)
    block.save(force_insert=True)
    if block.since <= now:
        _start(site, block, actor=actor)
    else:
        record_event("site.block_planned", site, actor=actor, **_data(block))
    return block


@transaction.atomic
def end_block(*, actor: Any, block: SiteBlock) -> SiteBlock:
    """End a block, also before its time; its places can be taken at once.

    Raises NotPermitted, InvalidState `wrong_state` for one that has ended.
    """
    require_at(actor, Permission.SITES_EDIT, block.site)
    site = lock_site(block.site_id)
    block = SiteBlock.objects.select_related("unit").get(pk=block.pk)
    if block.state == BlockState.ENDED:
        raise InvalidState("wrong_state", _("These places are no longer blocked."))
    _end(site, block, actor=actor)
    return block


def keep_blocks_in_time(now: datetime | None = None) -> int:
    """End blocks whose time is over and start those whose time has come; how many changed.

    One that finds too few free places goes on waiting: the next run tries again.
    """
    moment = now or clock.now()
    return sum(_due(pk, moment) for pk in _sites_with_due_blocks(moment))


def _sites_with_due_blocks(now: datetime) -> list[uuid.UUID]:
    over = SiteBlock.objects.over(now).values_list("site", flat=True)
    begun = SiteBlock.objects.begun(now).values_list("site", flat=True)
    return sorted({*over, *begun})


@transaction.atomic
def _due(site_id: uuid.UUID, now: datetime) -> int:
    site, changed = lock_site(site_id), 0
    blocks = site.blocks.select_related("unit").order_by("pk")
    for block in blocks.over(now):
        _end(site, block, actor=None, at=block.until)
        changed += 1
    for block in blocks.begun(now):
        if block.places <= _free(site, block.unit):
            _start(site, block, actor=None)
            changed += 1
    return changed


def state_blocked(site: Site, places: int, reason: str | None, *, actor: Any) -> None:
    """Make the blocked places of a locked site be `places`, as a bare number was given for them.

    What is blocked with its own reason and end stays; the rest is one block that stands for the
    number, replaced here; without a `reason` it keeps its own. Sets `blocked` and
    `blocked_reason` of `site` and leaves the writing to the caller, who knows the new capacity.
    Raises Conflict `blocked_by_entries` when fewer are asked for than have entries of their own.
    """
    standing = site.blocks.in_force().filter(stated=True).first()
    others = site.blocks.in_force().filter(stated=False)
    counted = others.aggregate(sum=Sum("places"))["sum"] or 0
    if places < counted:
        detail = _(
            "%(counted)d places are blocked with reasons of their own. End those blocks first."
        ) % {"counted": counted}
        raise Conflict(
            "blocked_by_entries", detail, problems=[FieldProblem("blocked", "too_few", detail)]
        )
    rest = places - counted
    text = (standing.text if standing else site.blocked_reason) if reason is None else reason
    if standing is not None and (standing.places, standing.text) != (rest, text.strip()):
        _close(standing, actor=actor, at=clock.now())
        standing = None
    if standing is None and rest:
        SiteBlock.objects.create(
            site=site,
            places=rest,
            reason=BlockReason.OTHER,
            text=text.strip(),
            state=BlockState.IN_FORCE,
            stated=True,
            since=clock.now(),
            made_by=actor,
        )
    site.blocked = places
    site.blocked_reason = reasons_in_force(site) if places else text


def reasons_in_force(site: Site) -> str:
    """Why places are blocked now, as the one text that `Site.blocked_reason` holds.

    In English, whoever writes: the words are stored. Pages show the blocks themselves.
    """
    with override("en"):
        words = [block.words for block in site.blocks.in_force().order_by("since", "pk")]
    return "; ".join(dict.fromkeys(words))[:REASONS_SHOWN]


def blocked_sums(site: Site) -> tuple[int, dict[uuid.UUID, int]]:
    """What the blocks in force add up to: at the site, and in each unit that has one."""
    rows = site.blocks.in_force().values_list("unit", "places")
    units: dict[uuid.UUID, int] = {}
    for unit, places in rows:
        if unit is not None:
            units[unit] = units.get(unit, 0) + places
    return sum(places for _unit, places in rows), units


# Changing the counters ---------------------------------------------------------------------
def _start(site: Site, block: SiteBlock, *, actor: Any) -> None:
    free = _free(site, block.unit)
    if block.places > free:
        raise _taken(free, block)
    block.state = BlockState.IN_FORCE
    block.save(update_fields=["state"])
    _shift(site, block, block.places)
    record_event("site.places_blocked", site, actor=actor, **_data(block))


def _end(site: Site, block: SiteBlock, *, actor: Any, at: datetime | None = None) -> None:
    in_force = block.state == BlockState.IN_FORCE
    _close(block, actor=actor, at=max(at or clock.now(), block.since))
    if in_force:
        _shift(site, block, -block.places)
    record_event("site.places_unblocked", site, actor=actor, **_data(block))


def _close(block: SiteBlock, *, actor: Any, at: datetime) -> None:
    block.state, block.ended_at, block.ended_by = BlockState.ENDED, at, actor
    block.save(update_fields=["state", "ended_at", "ended_by"])


def _shift(site: Site, block: SiteBlock, by: int) -> None:
    """Add to the counters of a locked site and of the block's unit; the CHECKs stand behind."""
    Site.objects.filter(pk=site.pk).update(
        blocked=F("blocked") + by,
        blocked_reason=reasons_in_force(site) or site.blocked_reason if site.blocked + by else "",
        level_since=level_since(clock.now()),
    )
    site.blocked += by
    if block.unit_id is not None:
        Unit.objects.filter(pk=block.unit_id).update(blocked=F("blocked") + by)


def _free(site: Site, unit: Unit | None) -> int:
    """Free places of a locked site, or of one of its units: the unit is locked too."""
    if unit is None:
        return max(site.free, 0)
    return max(min(site.free, lock_unit(unit.pk).free), 0)


def _taken(free: int, block: SiteBlock) -> Conflict:
    detail = _(
        "Only %(free)d places are free here, so %(places)d cannot be blocked. Block fewer, or "
        "move people first."
    ) % {"free": free, "places": block.places}
    return Conflict(
        "places_taken",
        detail,
        problems=[FieldProblem("places", "places_taken", detail)],
        free=free,
    )


def _data(block: SiteBlock) -> dict[str, Any]:
    return {
        "block": str(block.pk),
        "places": block.places,
        "reason": block.reason,
        "unit": block.unit.code if block.unit else "",
        "until": block.until.isoformat() if block.until else None,
    }


def _same(made: SiteBlock, asked: SiteBlock) -> SiteBlock:
    fields = ("site_id", "unit_id", "places", "reason", "text")
    if [getattr(made, f) for f in fields] != [getattr(asked, f) for f in fields]:
        raise Conflict("conflict", _("Another block has this id. Send a new id with a new block."))
    return made


def _check(block: SiteBlock) -> None:
    if block.unit is not None and block.unit.site_id != block.site_id:
        detail = _("This room or tent belongs to another site.")
        raise InvalidInput("invalid", detail, problems=[FieldProblem("unit", "invalid", detail)])
    try:
        block.full_clean(exclude=["site", "unit", "made_by"], validate_unique=False)
    except ValidationError as error:
        raise InvalidInput(
            "invalid", _("Correct the fields named."), problems=list(_problems(error))
        ) from error


def _problems(error: ValidationError) -> Iterable[FieldProblem]:
    named = {"since": "until", "places": "places"}
    for field, texts in error.message_dict.items():
        for text in texts:
            yield FieldProblem(
                named.get(field, "" if field == "__all__" else field), "invalid", text
            )
