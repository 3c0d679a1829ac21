"""Births, and people whom another operation sends: how a record begins without a crossing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidState
from intake.births import parse_birth
from intake.choices import BirthSource, EntryKind, HouseholdStatus, Sex
from intake.hooks import household_changed
from intake.inputs import MemberInput
from intake.models import Household, Person
from intake.services.checking import Context, check_member, context_for, invalid
from intake.services.composition import refresh_suggestions
from intake.services.permitted import require_recorder
from intake.services.registration import add_said_needs
from intake.services.rows import Rows, build_person, identity_data

# Girls give birth from about this age; a younger mother is a wrong choice in the list.
YOUNGEST_MOTHER = 10


@transaction.atomic
def record_birth(
    *,
    actor: Any,
    household: Household,
    data: MemberInput,
    occurred_at: datetime,
    mother: Person | None = None,
) -> Person:
    """Record a child born to a household here: in the count from the birth on.

    The name may follow later. The day of birth is that of `occurred_at` in the operation's zone,
    whatever `data.birth` says. `mother` is a woman or girl of the household; she may have left or
    died since. The same `data.id` again is the same child. Raises InvalidInput by field.
    """
    require_recorder(actor, household.pk)
    household = Household.objects.select_for_update().get(pk=household.pk)
    moment = clock.on_operation_clock(occurred_at)
    if when := _of_the_time(household, moment):
        # Neither the age of the mother nor anything else can be told at an impossible time.
        raise invalid(when)
    day = moment.astimezone(Operation.current().zone).date()
    data = replace(data, birth=day.isoformat(), birth_source=BirthSource.STATED)
    if data.id is not None and (known := Person.objects.filter(pk=data.id).first()):
        return _again(household, known, data, moment)
    if household.status != HouseholdStatus.ACTIVE:
        raise InvalidState("household_closed", _("This household is closed."))
    context = context_for(actor, [])
    _check(data, context, household, moment, mother)
    rows = Rows()
    person = _child(household, data, moment, mother, rows)
    add_said_needs(actor, person, data, context, rows)
    rows.write()
    household.save(update_fields=["status"])
    refresh_suggestions(actor=actor, household=household)
    record_event("household.changed", household, actor=actor, occurred_at=moment, born=1)
    household_changed(household, actor)
    return person


def _check(
    data: MemberInput,
    context: Context,
    household: Household,
    moment: datetime,
    mother: Person | None,
) -> None:
    problems: list[FieldProblem] = []
    check_member(data, context, "", moment.astimezone(context.operation.zone).date(), problems)
    problems = [
        FieldProblem(p.field.lstrip("."), p.code, p.detail)
        for p in problems
        if not (p.field == ".name" and p.code == "required")
    ]
    if mother is not None and (detail := _not_a_mother(household, mother, moment)):
        problems.append(FieldProblem("mother", "not_possible", detail))
    if problems:
        raise invalid(problems)


def _again(household: Household, known: Person, data: MemberInput, moment: datetime) -> Person:
    """The child that was sent before, also when it has got its name since."""
    if known.household_id != household.pk or known.entry != EntryKind.BIRTH:
        raise Conflict("conflict", _("This id belongs to another person."))
    if known.arrived_at != moment:
        raise Conflict("conflict", _("This id was used for a birth at another time."))
    kept = [(vars(known.identity.open()), known.sex)]
    kept += [
        (content["identity"], content["person"]["sex"])
        for content in (version.open() for version in known.versions.all())
    ]
    sent = identity_data(data)
    if (sent.name, sent.father_name, data.sex) not in [
        (identity["name"], identity["father_name"], sex) for identity, sex in kept
    ]:
        raise Conflict("conflict", _("This id belongs to another person."))
    return known


def _of_the_time(household: Household, moment: datetime) -> list[FieldProblem]:
    problems = []
    first = household.arrivals.order_by("occurred_at").first()
    if moment > clock.now():
        problems.append(
            FieldProblem("occurred_at", "future", _("The birth lies in the future: check it."))
        )
    elif first is not None and moment < first.occurred_at:
        problems.append(
            FieldProblem(
                "occurred_at",
                "before_arrival",
                _("The child was born before the household came: add it as a person who came."),
            )
        )
    return problems


def _not_a_mother(household: Household, mother: Person, moment: datetime) -> Any:
    if mother.household_id != household.pk or mother.sex == Sex.MALE:
        return _("Choose a woman of this household.")
    if mother.birth_earliest is None:
        return None
    on = moment.astimezone(Operation.current().zone).date()
    youngest = on.replace(year=on.year - YOUNGEST_MOTHER, day=min(on.day, 28))
    # The widest reading of her age is what counts: only who was certainly a small girl is refused.
    if mother.birth_earliest > youngest:
        return _("She was a small child then: choose another person.")
    return None


def _child(
    household: Household,
    data: MemberInput,
    moment: datetime,
    mother: Person | None,
    rows: Rows,
) -> Person:
    last = household.members.order_by("-position").first()
    day = moment.astimezone(Operation.current().zone).date()
    birth = parse_birth(data.birth, said_on=day)
    person, _identity = build_person(
        household, None, data, birth, last.position + 1 if last else 0, focal=False, rows=rows
    )
    person.entry, person.arrived_at, person.mother = EntryKind.BIRTH, moment, mother
    return person
