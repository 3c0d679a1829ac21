"""Specific needs by hand: said, confirmed or dismissed by people, or left to a protection officer.

Whoever may not see a need's tier can only ask for a review; a code above their tiers that comes
by REST or in a spreadsheet is kept for review, and they cannot read it again. Events say that a
household changed and never which need it is about.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import record_event
from common import clock
from common.errors import FieldProblem, InvalidState, NotPermitted
from intake.choices import ExitReason, NeedClosing, NeedStatus
from intake.lookups import codes
from intake.models import Household, Person, SpecificNeed
from intake.needs import REVIEW_CODE, stated_status
from intake.services.checking import invalid
from intake.services.permitted import require_editor, tiers_of

LONGEST_NOTE = 2000


@transaction.atomic
def add_need(*, actor: Any, person: Person, code: str, note: str = "") -> SpecificNeed:
    """Record a need that a person says or staff see: confirmed, or for review above their tiers.

    One that was suggested or waits for review is confirmed by who may see its tier; one that is
    recorded stays as it is. InvalidInput for a code that is not in use, InvalidState for somebody
    who left.
    """
    household, person = _lock(actor, person)
    tier = _known_tier(code)
    status = stated_status(code, tier, tiers_of(actor))
    note = _checked_note(note)
    need = SpecificNeed.objects.open().filter(person=person, type_id=code).first()
    if need is None:
        need = SpecificNeed(person=person, type_id=code, recorded_by=actor)
    elif status == NeedStatus.PENDING_REVIEW or need.status == NeedStatus.CONFIRMED:
        return _with_note(need, note)
    need.status = status
    need.note = note or need.note
    if status == NeedStatus.CONFIRMED:
        need.decided_by, need.decided_at = actor, clock.now()
    need.save()
    _changed(household, actor)
    return need


def request_review(*, actor: Any, person: Person, note: str = "") -> SpecificNeed:
    """Ask a protection officer to look at a person, without naming a need.

    `note` is what the officer should know, sealed. Asked again, it is one request: a further note
    is added to the first.
    """
    return add_need(actor=actor, person=person, code=REVIEW_CODE, note=note)


@transaction.atomic
def confirm_need(*, actor: Any, need: SpecificNeed, code: str = "") -> SpecificNeed:
    """Confirm a need that was suggested or waits for review.

    With `code` the review ends in that need: it is recorded and the review closed. A request for
    a review names no need and cannot be confirmed without one.
    """
    household, need = _lock_need(actor, need)
    if need.status == NeedStatus.CLOSED:
        raise InvalidState("need_closed", _("This need is closed."))
    code = code.strip().upper() or str(need.type_id)
    if code == REVIEW_CODE:
        detail = _("Choose the need that was found, or close the review.")
        raise invalid([FieldProblem("code", "required", detail)])
    if code != need.type_id:
        return _resolve(actor, household, need, code)
    if need.status != NeedStatus.CONFIRMED:
        need.status, need.decided_by, need.decided_at = NeedStatus.CONFIRMED, actor, clock.now()
        need.save(update_fields=["status", "decided_by", "decided_at"])
        _changed(household, actor)
    return need


def _resolve(actor: Any, household: Household, need: SpecificNeed, code: str) -> SpecificNeed:
    if _known_tier(code, "code") not in tiers_of(actor):
        raise NotPermitted("not_permitted", _("You may not confirm needs of this tier."))
    found = add_need(actor=actor, person=need.person, code=code)
    _close(actor, need, NeedClosing.REVIEWED)
    _changed(household, actor)
    return found


@transaction.atomic
def close_need(*, actor: Any, need: SpecificNeed, reason: str) -> SpecificNeed:
    """Close a need, a suggestion or a review. It stays in the history, with who closed it.

    A suggestion that was closed does not come back. Closed again, nothing changes.
    """
    if reason not in NeedClosing.values:
        detail = _("Choose a reason from the list.")
        raise invalid([FieldProblem("reason", "unknown_code", detail)])
    household, need = _lock_need(actor, need)
    if need.status != NeedStatus.CLOSED:
        _close(actor, need, reason)
        _changed(household, actor)
    return need


def _close(actor: Any, need: SpecificNeed, reason: str) -> None:
    need.status, need.closed_reason = NeedStatus.CLOSED, reason
    need.decided_by, need.decided_at = actor, clock.now()
    need.save(update_fields=["status", "closed_reason", "decided_by", "decided_at"])


def _lock(actor: Any, person: Person) -> tuple[Household, Person]:
    require_editor(actor, person.household_id)
    household = Household.objects.select_for_update().get(pk=person.household_id)
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
    if person.left_at is not None:
        if person.exit_reason == ExitReason.SEPARATED:
            raise NotPermitted("not_permitted", _("You may not change households."))
        raise InvalidState("already_left", _("This person has already left."))
    return household, person


def _lock_need(actor: Any, need: SpecificNeed) -> tuple[Household, SpecificNeed]:
    require_editor(actor, need.person.household_id)
    household = Household.objects.select_for_update().get(pk=need.person.household_id)
    need = SpecificNeed.objects.select_related("type", "person").get(pk=need.pk)
    if need.type.tier not in tiers_of(actor):
        raise NotPermitted("not_permitted", _("You may not decide about needs of this tier."))
    return household, need


def _known_tier(code: str, field: str = "code") -> int:
    known = codes()
    if code in known.legacy_needs:
        detail = _("This code is no longer used: choose another.")
        raise invalid([FieldProblem(field, "legacy_code", detail)])
    if code not in known.needs:
        detail = _("This value is not known: choose one from the list.")
        raise invalid([FieldProblem(field, "unknown_code", detail)])
    return known.needs[code]


def _checked_note(note: str) -> str:
    if len(note) > LONGEST_NOTE:
        detail = _("Write at most 2000 letters.")
        raise invalid([FieldProblem("note", "too_long", detail)])
    return note.strip()


def _with_note(need: SpecificNeed, note: str) -> SpecificNeed:
    if note and note not in need.note:
        need.note = "\n".join(filter(None, (need.note, note)))
        need.save(update_fields=["note"])
    return need


def _changed(household: Household, actor: Any) -> None:
    household.save(update_fields=[])
    record_event("household.changed", household, actor=actor)
