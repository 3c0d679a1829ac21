"""What the authority decided about a person: recorded sealed, never decided here.

Sources: UNHCR Guidance Note on Maintaining the Civilian and Humanitarian Character of Asylum
(2018); IDDRS 5.40.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission
from audit.events import record_event
from common import clock
from common.errors import FieldProblem, NotPermitted
from intake.births import is_child
from intake.choices import ExitReason, NeedStatus, ScreeningOutcomeKind
from intake.models import Household, Person, PersonExit, ScreeningOutcome, SpecificNeed
from intake.services.checking import invalid
from intake.services.exits import close_person, lock_with_survivor, reopen_person
from intake.services.family import kept_family
from intake.services.permitted import holds_for

K = ScreeningOutcomeKind


class Effect(Enum):
    """What a record changes in the civilian register."""

    NONE = "none"
    SEPARATES = "separates"  # out of the civilian count, without a place
    PROTECTS = "protects"  # to child protection; a child who was held comes back
    RELEASES = "releases"  # in the civilian count again, with history, without a place


# What each outcome does. Whoever left the civilian register stays out of it through the period
# of renunciation and after its verification: asylum authorities decide then (standards, section
# 3 rule 9), and "released as a civilian" records what they found. To go back or onward leaves no
# trace in the count of civilians, because the person is not in it; a civilian who goes has an
# exit of their own.
EFFECTS: dict[str, Effect] = {
    K.NO_CONCERN: Effect.NONE,
    K.REFERRED: Effect.SEPARATES,
    K.HELD: Effect.SEPARATES,
    K.CHILD: Effect.PROTECTS,
    K.RELEASED: Effect.RELEASES,
    K.RENUNCIATION: Effect.NONE,
    K.RENOUNCED: Effect.NONE,
    K.RETURNED: Effect.NONE,
    K.ONWARD: Effect.NONE,
}
SEPARATING = tuple(kind for kind, effect in EFFECTS.items() if effect == Effect.SEPARATES)
# Never recorded of a child, who is a victim first: child protection instead.
FOR_ADULTS = (*SEPARATING, K.RENUNCIATION, K.RENOUNCED)
# A possible minor goes to child protection: a child associated with armed forces, for review.
CHILD_NEEDS = ("CR-AF",)
LONGEST_WORDS = 200
LONGEST_REMARKS = 4000
FURTHEST_REVIEW = timedelta(days=366)


@transaction.atomic
def record_outcome(
    *,
    actor: Any,
    person: Person,
    outcome: str,
    occurred_at: datetime,
    authority: str,
    authority_reference: str = "",
    review_on: date | None = None,
    remarks: str = "",
) -> ScreeningOutcome:
    """Record by hand what an authority decided: see `separate_person` for what follows from it.

    `authority_reference` is the authority's own number; `review_on` the day on which it is
    looked at again, by default in thirty days. Raises InvalidInput by field, NotPermitted.
    """
    _check_record(occurred_at, authority, authority_reference, review_on, remarks)
    return separate_person(
        actor=actor,
        person=person,
        outcome=outcome,
        occurred_at=occurred_at,
        review_on=review_on,
        record={
            "authority": authority.strip(),
            "authority_reference": authority_reference.strip(),
            "remarks": remarks.strip(),
        },
    )


def _check_record(
    occurred_at: datetime, authority: str, reference: str, review_on: date | None, remarks: str
) -> None:
    problems = []
    if not authority.strip():
        problems.append(FieldProblem("authority", "required", _("Write which authority decided.")))
    for field, text, longest in (
        ("authority", authority, LONGEST_WORDS),
        ("authority_reference", reference, LONGEST_WORDS),
        ("remarks", remarks, LONGEST_REMARKS),
    ):
        if len(text) > longest:
            too_long = _("Write at most %(count)d letters.") % {"count": longest}
            problems.append(FieldProblem(field, "too_long", too_long))
    if clock.on_operation_clock(occurred_at) > clock.now():
        problems.append(
            FieldProblem("occurred_at", "future", _("It lies in the future: check date and time."))
        )
    today = clock.today(Operation.current().zone)
    if review_on is not None and not today <= review_on <= today + FURTHEST_REVIEW:
        detail = _("Choose a day from today to a year from now.")
        problems.append(FieldProblem("review_on", "out_of_range", detail))
    if problems:
        raise invalid(problems)


@transaction.atomic
def separate_person(
    *,
    actor: Any,
    person: Person,
    outcome: str,
    occurred_at: datetime,
    record: dict[str, Any],
    review_on: date | None = None,
) -> ScreeningOutcome:
    """Record the authority's decision about one person, sealed.

    Referred or held: the person leaves the civilian count and loses any place; the rest of the
    household stays, and who they are to each other is kept in sealed family links. Whoever may be
    under 18, or whose age is unknown, is never separated: the outcome becomes child protection,
    and the need waits for a protection officer. Registrars who register may record a referral
    they witnessed; they cannot read it again. Released as a civilian, or a child after all:
    whoever had been separated is in the count again from then on, with their history.
    """
    occurred_at = clock.on_operation_clock(occurred_at)
    _require_recorder(actor, person, outcome)
    if outcome not in EFFECTS:
        raise invalid(
            [FieldProblem("outcome", "unknown_code", _("Choose an outcome from the list."))]
        )
    _household, person = lock_with_survivor(person)
    if outcome in FOR_ADULTS and may_be_child(person, occurred_at):
        outcome = K.CHILD
    sealed = ScreeningOutcome.objects.create(
        person=person,
        sealed={**record, "outcome": str(outcome), "occurred_at": occurred_at.isoformat()},
        recorded_by=actor,
        **({"review_on": review_on} if review_on else {}),
    )
    _take_effect(actor, person, EFFECTS[outcome], occurred_at)
    return sealed


def _take_effect(actor: Any, person: Person, effect: Effect, occurred_at: datetime) -> None:
    held = _is_separated(person)
    if effect == Effect.SEPARATES and not held:
        kept_family(actor=actor, person=person)
        close_person(
            actor=actor, person=person, reason=ExitReason.SEPARATED, occurred_at=occurred_at
        )
    elif effect in (Effect.RELEASES, Effect.PROTECTS) and held:
        person = reopen_person(actor=actor, person=person, occurred_at=occurred_at)
    if effect == Effect.PROTECTS:
        _protect_child(actor, person)


@transaction.atomic
def review_record(
    *, actor: Any, record: ScreeningOutcome, next_on: date | None = None
) -> ScreeningOutcome:
    """Say that a record was looked at and stands: done, or to be looked at again on a day.

    Raises NotPermitted, InvalidInput (`next_on`).
    """
    if not holds_for(actor, Permission.SCREENING, record.person.household_id):
        raise NotPermitted("not_permitted", _("You may not record screening outcomes."))
    record = ScreeningOutcome.objects.select_for_update(of=("self",)).get(pk=record.pk)
    if next_on is None:
        record.reviewed_at, record.reviewed_by = clock.now(), actor
    elif not next_on > clock.today(Operation.current().zone):
        raise invalid([FieldProblem("next_on", "out_of_range", _("Choose a day to come."))])
    else:
        record.review_on = next_on
    record.save(update_fields=["review_on", "reviewed_at", "reviewed_by"])
    return record


@transaction.atomic
def sealed_remark(*, actor: Any, person: Person, text: str) -> ScreeningOutcome | None:
    """Keep words that may endanger a person in the sealed record, for an officer to look at.

    Decides nothing about the person. None when there are no words. Whoever may change the
    household may move them; only the role of the sealed record reads them again.
    """
    allowed = (Permission.SCREENING, Permission.HOUSEHOLDS_EDIT)
    if not any(holds_for(actor, permission, person.household_id) for permission in allowed):
        raise NotPermitted("not_permitted", _("You may not change households."))
    if not text.strip():
        return None
    return ScreeningOutcome.objects.create(
        person=person,
        sealed={"remarks": text, "source": "desk", "to_review": True},
        recorded_by=actor,
        review_on=clock.today(Operation.current().zone),
    )


def _require_recorder(actor: Any, person: Person, outcome: str) -> None:
    allowed = [Permission.SCREENING]
    if outcome in SEPARATING:
        allowed.append(Permission.HOUSEHOLDS_REGISTER)
    if not any(holds_for(actor, permission, person.household_id) for permission in allowed):
        raise NotPermitted("not_permitted", _("You may not record screening outcomes."))


def _is_separated(person: Person) -> bool:
    standing = PersonExit.objects.standing().filter(person=person)
    return standing.filter(reason=ExitReason.SEPARATED).exists()


def may_be_child(person: Person, at: datetime) -> bool:
    """Whether someone may be under 18 then; an unknown age may be."""
    if person.birth_earliest is None:
        return True
    on = at.astimezone(Operation.current().zone).date()
    return is_child(person.birth_earliest, person.birth_latest, on)


def _protect_child(actor: Any, person: Person) -> None:
    # Two officers may record it at the same time; a need stands once.
    household = Household.objects.select_for_update().get(pk=person.household_id)
    recorded = SpecificNeed.objects.filter(person=person).open()
    for code in set(CHILD_NEEDS) - set(recorded.values_list("type_id", flat=True)):
        SpecificNeed.objects.create(
            person=person, type_id=code, status=NeedStatus.PENDING_REVIEW, recorded_by=actor
        )
    record_event("household.changed", household, actor=actor)
