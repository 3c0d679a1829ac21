"""Deciding about a pair, and taking the decision back."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, can
from common import clock
from common.errors import Conflict, InvalidState, NotPermitted
from intake.choices import UNDECIDED, FieldStatus, PairStatus
from intake.duplicates import unifying
from intake.duplicates.aliases import surviving
from intake.duplicates.evidence import evidence_of
from intake.models import DuplicatePair, FieldQuestion, Household, PairDecision

__all__ = ["decide_pair", "lock_pair", "standing_households", "surviving", "undo_decision"]


@transaction.atomic
def decide_pair(*, actor: Any, pair: DuplicatePair, same: bool) -> DuplicatePair:
    """Decide a pair as the same household, or as different ones; also one that was asked about.

    Same: the household that arrived later is closed and points to the earlier one, for which both
    references answer from now on. Its members who have a counterpart leave the count as
    duplicates; members without one (they came only the second time) join the surviving household.
    Different: the pair is not offered again, unless something new is learnt.

    Raises NotPermitted, Conflict `already_decided` when another officer was quicker, InvalidState
    `household_merged` when one of the two was merged in the meantime, and InvalidState
    `people_left` when somebody is in the count by one record and gone by the other.
    """
    pair = lock_pair(actor, pair)
    if pair.status not in UNDECIDED:
        raise Conflict(
            "already_decided", _("Another officer has decided about this pair. Look at it again.")
        )
    households = standing_households(pair)
    if same:
        pair.status, pair.undo = PairStatus.SAME, unifying.unify(actor, pair, households)
    else:
        key = (pair.first_id, pair.second_id)
        pair.status = PairStatus.DIFFERENT
        pair.known = evidence_of([key], {key: (pair.score, pair.matches)})[key]
    pair.decided_by, pair.decided_at = actor, clock.now()
    pair.asked_until, pair.news = None, []
    pair.save(update_fields=[*_DECIDED, "known", "news"])
    PairDecision.objects.create(
        pair=pair,
        decision=pair.status,
        score=pair.score,
        decided_by=actor,
        decided_at=pair.decided_at,
    )
    FieldQuestion.objects.filter(pair=pair, status=FieldStatus.OPEN).update(
        status=FieldStatus.WITHDRAWN, updated_at=clock.now()
    )
    return pair


_DECIDED = ("status", "decided_by", "decided_at", "asked_until", "undo")


@transaction.atomic
def undo_decision(*, actor: Any, pair: DuplicatePair) -> DuplicatePair:
    """Take a decision back: everything is as it was before it, and the pair is open again.

    What happened to the surviving household since then stays. Raises NotPermitted, Conflict
    `not_decided` when nobody has decided, and InvalidState `household_merged` when the survivor
    was itself merged since, `merged_later` when another household was merged into it since: undo
    that decision first.
    """
    pair = lock_pair(actor, pair)
    if pair.status not in (PairStatus.SAME, PairStatus.DIFFERENT) or pair.decided_at is None:
        raise Conflict("not_decided", _("This pair is not decided."))
    if pair.status == PairStatus.SAME:
        unifying.part(actor, pair, _lock_households(pair))
    # Not those before: something new opened the pair again, and nobody took them back.
    PairDecision.objects.standing().filter(pair=pair, decided_at=pair.decided_at).update(
        undone_by=actor, undone_at=clock.now(), updated_at=clock.now()
    )
    pair.status = PairStatus.OPEN
    pair.decided_by, pair.decided_at, pair.undo = None, None, {}
    pair.save(update_fields=[*_DECIDED])
    return pair


def lock_pair(actor: Any, pair: DuplicatePair) -> DuplicatePair:
    """The pair as it is now, locked; NotPermitted unless the actor may decide about it.

    Whoever may not see both households decides nothing about them.
    """
    visible = DuplicatePair.objects.visible_to(actor).filter(pk=pair.pk)
    if not can(actor, Permission.DUPLICATES_DECIDE) or not visible.exists():
        raise NotPermitted("not_permitted", _("You may not decide about possible duplicates."))
    return DuplicatePair.objects.select_for_update(no_key=True).get(pk=pair.pk)


def _lock_households(pair: DuplicatePair) -> list[Household]:
    """Both households, locked in key order with every repeat that leads to one of them."""
    keys = [pair.first_id, pair.second_id]
    rows = Household.objects.filter(pk__in=keys) | Household.objects.filter(merged_into__in=keys)
    locked = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))
    return [each for each in locked if each.pk in keys]


def standing_households(pair: DuplicatePair) -> list[Household]:
    """Both households of a locked pair, locked; InvalidState when one was merged."""
    households = _lock_households(pair)
    if any(each.merged_into_id for each in households):
        raise InvalidState(
            "household_merged", _("One of these households was merged in the meantime.")
        )
    return households
