"""Answers about consent: given, refused, withdrawn. What stood before stays as history."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from audit.events import record_event
from common.errors import Conflict, FieldProblem, InvalidState
from intake import hooks
from intake.births import is_child
from intake.choices import ConsentHow, ExitReason, LegalBasis
from intake.inputs import ConsentInput
from intake.lookups import codes
from intake.models import Consent, Household, Person
from intake.services.checking import invalid
from intake.services.consent_checks import check_consent, known_recipients
from intake.services.moments import happened_at, same_moment
from intake.services.permitted import require_editor
from intake.services.rows import build_consent

LONGEST_REASON = 1000


def give_consent(
    *,
    actor: Any,
    household: Household,
    data: ConsentInput,
    person: Person | None = None,
    id: uuid.UUID | None = None,
) -> Consent:
    """Record that a household, or one person of it, agreed. See `_record` for the rest."""
    given = replace(data, given=True)
    return _record(actor=actor, household=household, data=given, person=person, key=id)


def refuse_consent(
    *,
    actor: Any,
    household: Household,
    data: ConsentInput,
    person: Person | None = None,
    id: uuid.UUID | None = None,
) -> Consent:
    """Record that a household, or one person of it, said no. See `_record` for the rest."""
    refused = replace(data, given=False)
    return _record(actor=actor, household=household, data=refused, person=person, key=id)


@transaction.atomic
def _record(
    *,
    actor: Any,
    household: Household,
    data: ConsentInput,
    person: Person | None,
    key: uuid.UUID | None,
) -> Consent:
    """Record an answer; the one that stood for the purpose and recipient is replaced by it.

    An answer that happened before the present one, or before a withdrawal, and arrives late (from
    a device that was offline) goes into the history and changes nothing. The same id and content
    again is the same answer; Conflict with other content. InvalidInput names each field.
    """
    require_editor(actor, household.pk)
    household = Household.objects.select_for_update().get(pk=household.pk)
    if (known := _known(key, household, data, person)) is not None:
        return known
    _open_household(household)
    _check(data, household, person)
    answer = build_consent(actor, household, data, person)
    if key is not None:
        answer.pk = key
    earlier = list(_same_question(answer).order_by("occurred_at", "id"))
    standing = next((each for each in earlier if each.stands), None)
    ended = [each for each in earlier if each.withdrawn_at is not None]
    last = max(ended, key=lambda each: each.withdrawn_at or each.occurred_at, default=None)
    _respect_a_no(answer, standing, last)
    if standing is not None and standing.occurred_at > answer.occurred_at:
        _came_late(answer, standing.occurred_at, replaced_by=standing)
    elif standing is None and last is not None and _ended_after(last, answer.occurred_at):
        _came_late(answer, last.withdrawn_at, withdrawn_by=last.withdrawn_by)
    elif standing is not None:
        standing.withdrawn_at = answer.occurred_at
        standing.save(update_fields=["withdrawn_at"])
    answer.save(force_insert=True)
    if standing is not None and not standing.stands:
        standing.replaced_by = answer
        standing.save(update_fields=["replaced_by"])
    _changed(household, actor, "given" if answer.given else "refused", answer)
    return answer


def _respect_a_no(answer: Consent, standing: Consent | None, last: Consent | None) -> None:
    """Without asking them (vital interest, mandate) nobody overrules what they said themselves."""
    said_no = last is not None if standing is None else not standing.given
    if answer.given and answer.legal_basis != LegalBasis.CONSENT and said_no:
        raise InvalidState("refused", _("They said no: only their own new answer changes that."))


def _ended_after(row: Consent, moment: datetime) -> bool:
    return row.withdrawn_at is not None and row.withdrawn_at > moment


def _came_late(answer: Consent, ended_at: datetime | None, **how: Any) -> None:
    answer.withdrawn_at = ended_at
    for name, value in how.items():
        setattr(answer, name, value)


@transaction.atomic
def withdraw_consent(
    *, actor: Any, consent: Consent, reason: str = "", occurred_at: datetime | None = None
) -> Consent:
    """Take back what was agreed to. From this moment on it counts as no.

    Nobody must say why: `reason` may be empty. Withdrawn again, nothing changes. InvalidState for
    a refusal (record the new answer) and for an answer that was replaced.
    """
    require_editor(actor, consent.belongs_to)
    household = Household.objects.select_for_update().get(pk=consent.belongs_to)
    consent = Consent.objects.select_for_update(of=("self",)).get(pk=consent.pk)
    if consent.replaced_by_id is not None:
        raise InvalidState("replaced", _("There is a newer answer: withdraw that one."))
    if not consent.stands:
        return consent
    if not consent.given:
        raise InvalidState("refused", _("They said no: there is nothing to withdraw."))
    problems: list[FieldProblem] = []
    moment = happened_at(occurred_at, "occurred_at", problems)
    if moment < consent.occurred_at:
        detail = _("It was withdrawn after it was given: check the time.")
        problems.append(FieldProblem("occurred_at", "too_early", detail))
    if len(reason) > LONGEST_REASON:
        detail = _("Write at most 1000 letters.")
        problems.append(FieldProblem("reason", "too_long", detail))
    if problems:
        raise invalid(problems)
    consent.withdrawn_at, consent.withdrawn_by = moment, actor
    consent.withdrawn_reason = reason.strip()
    consent.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    _changed(household, actor, "withdrawn", consent)
    return consent


def _same_question(answer: Consent) -> Any:
    rows = Consent.objects.filter(purpose=answer.purpose, recipient=answer.recipient)
    if answer.person_id is not None:
        return rows.filter(person_id=answer.person_id)
    return rows.filter(household_id=answer.household_id, person__isnull=True)


def _known(
    key: uuid.UUID | None, household: Household, data: ConsentInput, person: Person | None
) -> Consent | None:
    known = Consent.objects.filter(pk=key).first() if key is not None else None
    if known is None:
        return None
    same = (
        known.belongs_to == household.pk
        and known.person_id == (person.pk if person else None)
        and (known.purpose, known.recipient, known.given)
        == (data.purpose, data.recipient, data.given)
        and (known.legal_basis, known.how, known.explained, known.explained_in_id or "")
        == (data.legal_basis, data.how, data.explained, data.explained_in)
        and same_moment(known.occurred_at, data.occurred_at)
    )
    if not same:
        raise Conflict("conflict", _("This id was used for another answer."))
    return known


def _open_household(household: Household) -> None:
    # A closed household may still withdraw, and is no longer asked.
    if household.merged_into_id is not None:
        raise InvalidState(
            "household_merged", _("This household was registered twice: use the other record.")
        )


def _check(data: ConsentInput, household: Household, person: Person | None) -> None:
    problems: list[FieldProblem] = []
    check_consent(data, codes().languages, known_recipients([data.recipient]), "", problems)
    if person is not None:
        problems += _check_person(data, household, person)
    if problems:
        raise invalid(problems)


def _check_person(
    data: ConsentInput, household: Household, person: Person
) -> Sequence[FieldProblem]:
    if person.household_id != household.pk or person.exit_reason == ExitReason.SEPARATED:
        detail = _("This person is not in this household.")
        return [FieldProblem("person", "unknown", detail)]
    day = happened_at(data.occurred_at, "", []).astimezone(Operation.current().zone).date()
    child = is_child(person.birth_earliest, person.birth_latest, day)
    if child and data.legal_basis == LegalBasis.CONSENT and data.how != ConsentHow.GUARDIAN:
        detail = _("For a child a parent or guardian answers: choose that.")
        return [FieldProblem("how", "guardian", detail)]
    return []


def _changed(household: Household, actor: Any, kind: str, answer: Consent) -> None:
    # Who follows changes of households must learn of it.
    household.save(update_fields=[])
    # Which purpose was asked may hint at a need: it stays in the row.
    record_event(
        f"consent.{kind}",
        household,
        actor=actor,
        occurred_at=answer.withdrawn_at if kind == "withdrawn" else answer.occurred_at,
        recipient=answer.recipient,
    )
    hooks.consent_changed(household, answer.recipient, actor)
