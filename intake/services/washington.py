"""Recording the answers of one person to the Washington Group short set."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from audit.events import record_event
from common.errors import Conflict, FieldProblem, InvalidState, NotPermitted
from intake.choices import Difficulty, ExitReason, Respondent
from intake.models import Household, Person, WashingtonGroup
from intake.services.checking import invalid
from intake.services.composition import refresh_suggestions
from intake.services.moments import happened_at, same_moment
from intake.services.permitted import require_editor
from intake.washington import DOMAINS, certainly_too_young

_KNOWN = frozenset(Difficulty.values)


@transaction.atomic
def record_washington_group(
    *,
    actor: Any,
    person: Person,
    answers: Mapping[str, int | None],
    respondent: str = Respondent.SELF,
    occurred_at: datetime | None = None,
    id: uuid.UUID | None = None,
) -> WashingtonGroup:
    """Record six answers: 1 no, 2 some, 3 a lot of difficulty, 4 cannot; 7 refused, 9 not known.

    Asked again, the newer answers count and the older ones stay. From the cut-off on a need is
    suggested, for a person to confirm. The same id and content again is the same record. Raises
    InvalidInput with the question that is not answered, or `person` for somebody who was certainly
    under five that day; Conflict for an id that was used for other answers.
    """
    require_editor(actor, person.household_id)
    household = Household.objects.select_for_update().get(pk=person.household_id)
    person = Person.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
    if (known := _known(id, person, answers, respondent, occurred_at)) is not None:
        return known
    _in_count(person)
    problems: list[FieldProblem] = []
    moment = happened_at(occurred_at, "occurred_at", problems)
    _check(person, answers, respondent, moment, problems)
    if problems:
        raise invalid(problems)
    row = WashingtonGroup(
        person=person,
        respondent=respondent,
        occurred_at=moment,
        asked_by=actor,
        **{domain: answers[domain] for domain in DOMAINS},
    )
    if id is not None:
        row.pk = id
    row.save(force_insert=True)
    refresh_suggestions(actor=actor, household=household)
    household.save(update_fields=[])
    record_event("household.changed", household, actor=actor, occurred_at=moment)
    return row


def _in_count(person: Person) -> None:
    if person.exit_reason == ExitReason.SEPARATED:
        raise NotPermitted("not_permitted", _("You may not change households."))
    if person.left_at is not None:
        raise InvalidState("already_left", _("This person has already left."))


def _check(
    person: Person,
    answers: Mapping[str, int | None],
    respondent: str,
    moment: datetime,
    problems: list[FieldProblem],
) -> None:
    for domain in DOMAINS:
        if answers.get(domain) not in _KNOWN:
            detail = _("Choose one of the answers.")
            problems.append(FieldProblem(domain, "unknown_code", detail))
    if respondent not in Respondent.values:
        detail = _("This value is not known: choose one from the list.")
        problems.append(FieldProblem("respondent", "unknown_code", detail))
    day = moment.astimezone(Operation.current().zone).date()
    if certainly_too_young(person.birth_earliest, day):
        problems.append(
            FieldProblem(
                "person",
                "too_young",
                _(
                    "These questions are for people of five years and over. For younger children "
                    "there is the Child Functioning Module."
                ),
            )
        )


def _known(
    key: uuid.UUID | None,
    person: Person,
    answers: Mapping[str, int | None],
    respondent: str,
    occurred_at: datetime | None,
) -> WashingtonGroup | None:
    known = WashingtonGroup.objects.filter(pk=key).first() if key is not None else None
    if known is None:
        return None
    same = (
        known.person_id == person.pk
        and known.answers == {domain: answers.get(domain) for domain in DOMAINS}
        and known.respondent == respondent
        and same_moment(known.occurred_at, occurred_at)
    )
    if not same:
        raise Conflict("conflict", _("This id was used for other answers."))
    return known
