"""Saying what must hold wherever families are placed: apart, together, in quarantine, near care."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.policies import Permission, can
from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput, NotPermitted
from intake.models import Household
from intake.services.permitted import holds_for
from reception.choices import RequirementKind
from reception.models import (
    KeepApart,
    KinGroup,
    KinGroupMember,
    PlacementPolicy,
    PlacementRequirement,
    Site,
)
from reception.services.locks import lock_households
from reception.services.rules import check_moment

LONGEST_WAY = 24 * 60


@transaction.atomic
def keep_apart(
    *,
    actor: Any,
    household: Household,
    other: Household,
    reason: str,
    until: datetime | None = None,
) -> KeepApart:
    """Have two households never be at the same site, from now until `until` or until ended.

    Said twice, the same pair is returned. People who are at one site already stay there until
    somebody moves them; `placing_rules.together_now` tells. Raises InvalidInput, NotPermitted.
    """
    _require(actor, Permission.KEEP_APART, household)
    _require(actor, Permission.KEEP_APART, other)
    _refuse_same(household, other)
    _require_text("reason", reason, _("Say why; only protection officers read it."))
    if until is not None:
        until = check_moment("until", until, future=True)
    first, second = lock_households([household.pk, other.pk])
    _end_what_ran_out(KeepApart.objects.filter(household=first, other=second), actor)
    standing = KeepApart.objects.filter(household=first, other=second, ended_at__isnull=True)
    if pair := standing.first():
        return pair
    pair = KeepApart.objects.create(
        household=first, other=second, reason=reason.strip(), until=until, recorded_by=actor
    )
    record_event("households.kept_apart", pair, actor=actor)
    return pair


@transaction.atomic
def end_keep_apart(*, actor: Any, pair: KeepApart) -> KeepApart:
    """The two families may be at one site again. Ending twice changes nothing."""
    _require(actor, Permission.KEEP_APART, pair.household)
    lock_households([pair.household_id, pair.other_id])
    pair = KeepApart.objects.get(pk=pair.pk)
    if pair.ended_at is None:
        pair.ended_at, pair.ended_by = clock.now(), actor
        pair.save(update_fields=["ended_at", "ended_by"])
        record_event("households.no_longer_kept_apart", pair, actor=actor)
    return pair


@transaction.atomic
def require_place(
    *,
    actor: Any,
    household: Household,
    kind: str,
    minutes: int | None = None,
    site: Site | None = None,
    note: str = "",
    until: datetime | None = None,
) -> PlacementRequirement:
    """Record what must hold for the place of a household; said again, it replaces the earlier.

    `minutes` to health care for `medical`, a `site` for `not_at` and `only_at`. Raises
    InvalidInput with the field, NotPermitted.
    """
    _require(actor, Permission.PLACEMENTS_WRITE, household)
    _check_requirement(kind, minutes, site)
    if until is not None:
        until = check_moment("until", until, future=True)
    household = lock_households([household.pk])[0]
    same = PlacementRequirement.objects.filter(
        household=household, kind=kind, site=site, ended_at__isnull=True
    )
    for earlier in same:
        _end(earlier, actor)
    row = PlacementRequirement(
        household=household,
        kind=kind,
        minutes=minutes,
        site=site,
        note=note.strip(),
        until=until,
        recorded_by=actor,
    )
    row.save(force_insert=True)
    record_event("household.place_required", row, actor=actor, household=household.reference)
    return row


@transaction.atomic
def end_requirement(*, actor: Any, requirement: PlacementRequirement) -> PlacementRequirement:
    """It no longer holds. Ending twice changes nothing."""
    _require(actor, Permission.PLACEMENTS_WRITE, requirement.household)
    household = lock_households([requirement.household_id])[0]
    row = PlacementRequirement.objects.get(pk=requirement.pk)
    if row.ended_at is None:
        _end(row, actor)
        record_event(
            "household.place_no_longer_required", row, actor=actor, household=household.reference
        )
    return row


@transaction.atomic
def join_kin(*, actor: Any, households: Sequence[Household]) -> KinGroup:
    """Households that ask to stay near each other become one extended family.

    Groups to which some of them belong become one with it. Raises InvalidInput for fewer than
    two, NotPermitted.
    """
    pks = {each.pk for each in households}
    if len(pks) < 2:
        detail = _("Name at least two households.")
        raise InvalidInput(
            "invalid", detail, problems=[FieldProblem("households", "too_few", detail)]
        )
    for household in households:
        _require(actor, Permission.PLACEMENTS_WRITE, household)
    lock_households(pks)
    standing = KinGroupMember.objects.filter(ended_at__isnull=True)
    groups = sorted(set(standing.filter(household__in=pks).values_list("group_id", flat=True)))
    if not groups:
        group = KinGroup.objects.create(recorded_by=actor)
    else:
        group = KinGroup.objects.get(pk=groups[0])
        standing.filter(group__in=groups[1:]).update(group=group, updated_at=clock.now())
        KinGroup.objects.filter(pk__in=groups[1:]).update(ended_at=clock.now())
    inside = set(standing.filter(group=group).values_list("household_id", flat=True))
    KinGroupMember.objects.bulk_create(
        [KinGroupMember(group=group, household_id=pk) for pk in sorted(pks - inside)]
    )
    record_event("households.kin_joined", group, actor=actor, households=len(pks | inside))
    return group


@transaction.atomic
def leave_kin(*, actor: Any, household: Household) -> None:
    """A household no longer asks to stay near the others; a group of one ends."""
    _require(actor, Permission.PLACEMENTS_WRITE, household)
    lock_households([household.pk])
    now = clock.now()
    member = KinGroupMember.objects.filter(household=household, ended_at__isnull=True).first()
    if member is None:
        return
    member.ended_at = now
    member.save(update_fields=["ended_at"])
    left = KinGroupMember.objects.filter(group=member.group_id, ended_at__isnull=True)
    if left.count() < 2:
        left.update(ended_at=now, updated_at=now)
        KinGroup.objects.filter(pk=member.group_id).update(ended_at=now, updated_at=now)
    record_event("household.kin_left", member.group, actor=actor, household=household.reference)


@transaction.atomic
def decide_policy(
    *,
    actor: Any,
    near_border_km: int = 50,
    first_nights: int = 5,
    sites: Iterable[Site] = (),
    decision: str = "",
    step_free_required: bool = False,
) -> PlacementPolicy:
    """Set the parameters of the rules for places from now on; the decisions before stay readable.

    `sites`: near the border, where longer stays are allowed by the `decision`. Raises
    InvalidInput when sites are named without one, NotPermitted.
    """
    if not can(actor, Permission.CAPACITY_OVERRIDE):
        raise NotPermitted("not_permitted", _("You may not decide this."))
    chosen = list(sites)
    if chosen and not decision.strip():
        _require_text("decision", "", _("Name the decision that allows longer stays there."))
    row = PlacementPolicy.objects.create(
        near_border_km=near_border_km,
        first_nights=first_nights,
        decision=decision.strip(),
        step_free_required=step_free_required,
        decided_by=actor,
    )
    row.sites.set(chosen)
    record_event(
        "placement_policy.decided",
        row,
        actor=actor,
        near_border_km=near_border_km,
        first_nights=first_nights,
        sites=sorted(each.code for each in chosen),
        step_free_required=step_free_required,
    )
    return row


def _end(row: PlacementRequirement, actor: Any) -> None:
    row.ended_at, row.ended_by = clock.now(), actor
    row.save(update_fields=["ended_at", "ended_by"])


def _end_what_ran_out(pairs: Any, actor: Any) -> None:
    now = clock.now()
    pairs.filter(ended_at__isnull=True, until__lte=now).update(
        ended_at=now, ended_by=actor, updated_at=now
    )


def _require(actor: Any, permission: Permission, household: Household) -> None:
    if not holds_for(actor, permission, household.pk):
        raise NotPermitted("not_permitted", _("You may not do this for this household."))


def _refuse_same(household: Household, other: Household) -> None:
    if household.pk == other.pk:
        detail = _("Choose another household.")
        raise InvalidInput(
            "invalid", detail, problems=[FieldProblem("other", "same_household", detail)]
        )
    if household.merged_into_id or other.merged_into_id:
        raise Conflict(
            "household_merged",
            _("This household was merged into another one. Use that one."),
        )


def _require_text(field: str, text: str, detail: str) -> None:
    if not text.strip():
        raise InvalidInput("invalid", detail, problems=[FieldProblem(field, "required", detail)])


def _check_requirement(kind: str, minutes: int | None, site: Site | None) -> None:
    """The shape that the constraints demand, with the field at fault."""
    problems = []
    if kind not in RequirementKind.values:
        problems.append(FieldProblem("kind", "invalid_choice", _("Choose what must hold.")))
    about_site = kind in (RequirementKind.NOT_AT, RequirementKind.ONLY_AT)
    if kind == RequirementKind.MEDICAL and not (minutes and 0 < minutes <= LONGEST_WAY):
        detail = _("Say how many minutes away health care may be, from 1 to 1440.")
        problems.append(FieldProblem("minutes", "required", detail))
    if kind != RequirementKind.MEDICAL and minutes is not None:
        detail = _("Minutes belong to “needs health care near” only.")
        problems.append(FieldProblem("minutes", "not_allowed", detail))
    if about_site and site is None:
        problems.append(FieldProblem("site", "required", _("Choose the site.")))
    if not about_site and site is not None:
        detail = _("A site belongs to “not at” and “only at this site”.")
        problems.append(FieldProblem("site", "not_allowed", detail))
    if problems:
        raise InvalidInput("invalid", problems[0].detail, problems=problems)
