"""Keeping the open questions of households up to date as people come, go and are corrected."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Q

from accounts.models import Operation
from common import clock
from intake.choices import HouseholdStatus, QuestionStatus
from intake.keys import DOCUMENT, PHONE
from intake.models import Household, IdentityIndex, OpenQuestion, Person
from intake.quality.finding import (
    Doubt,
    Key,
    Subject,
    counted_size,
    doubts,
    fact_of,
    holders_of,
)


def current_doubts(household: Household) -> tuple[list[Person], list[Doubt]]:
    """The members in the count, by position, and what there is to ask about them now."""
    members = list(household.members.filter(left_at__isnull=True).order_by("position", "pk"))
    shared: dict[uuid.UUID, list[Key]] = defaultdict(list)
    rows = IdentityIndex.objects.filter(person__in=[p.pk for p in members])
    for person_id, documents, phones in rows.values_list("person_id", "documents", "phones"):
        shared[person_id] += [(DOCUMENT, each) for each in documents]
        shared[person_id] += [(PHONE, each) for each in phones]
    keys = [key for each in shared.values() for key in each]
    declared = household.declared_size
    found = doubts(
        [Subject(p.pk, fact_of(p), tuple(sorted(shared[p.pk]))) for p in members],
        on=clock.today(Operation.current().zone),
        holders=holders_of(keys, own=[household.pk]),
        declared=declared,
        counted=counted_size(household, len(members)) if declared is not None else None,
        level=household.level,
        own=household.pk,
    )
    return members, found


def refresh_questions(household: Household, actor: Any = None) -> None:
    """Ask what is doubtful now, and stop asking what is no longer so.

    An answer holds for the facts it was given about: other facts are asked about again. Called
    with the household locked, in the transaction of what changed it; `actor` is not needed.
    """
    members: list[Person] = []
    found: list[Doubt] = []
    if household.status == HouseholdStatus.ACTIVE:
        members, found = current_doubts(household)
    wanted = {(_person(doubt, members), doubt.code): doubt for doubt in found}
    standing: list[OpenQuestion] = []
    outdated: list[OpenQuestion] = []
    for question in OpenQuestion.objects.open().filter(household=household):
        doubt = wanted.get((question.person_id, question.code))
        same = doubt is not None and doubt.facts == bytes(question.facts)
        (standing if same else outdated).append(question)
    if outdated:
        OpenQuestion.objects.filter(pk__in=[question.pk for question in outdated]).update(
            status=QuestionStatus.OUTDATED, updated_at=clock.now()
        )
    for question in standing:
        del wanted[question.person_id, question.code]
    if wanted:
        answered = _answered(household, members, wanted.values())
        OpenQuestion.objects.bulk_create(
            _question(household, doubt, members)
            for doubt in wanted.values()
            if (doubt.code, doubt.facts) not in answered
        )


def _answered(
    household: Household, members: Sequence[Person], found: Any
) -> set[tuple[str, bytes]]:
    """What was answered already, also about people who were in another household then."""
    rows = OpenQuestion.objects.filter(
        Q(household=household) | Q(person__in=[person.pk for person in members]),
        status=QuestionStatus.ANSWERED,
        code__in={doubt.code for doubt in found},
    )
    return {(code, bytes(facts)) for code, facts in rows.values_list("code", "facts")}


def _person(doubt: Doubt, members: Sequence[Person]) -> uuid.UUID | None:
    return members[doubt.member].pk if doubt.member is not None else None


def _question(household: Household, doubt: Doubt, members: Sequence[Person]) -> OpenQuestion:
    return OpenQuestion(
        household=household,
        person_id=_person(doubt, members),
        code=doubt.code,
        facts=doubt.facts,
        data={**doubt.data, "members": [str(members[index].pk) for index in doubt.members]},
    )


def questions_of_new(
    homes: Sequence[tuple[Household, Sequence[Person], date, Mapping[tuple[str, int | None], str]]],
    keys: Sequence[tuple[uuid.UUID, str, int]],
    actor: Any,
) -> list[OpenQuestion]:
    """Unsaved questions of households that are about to be written, with what was answered.

    `homes`: each household with its members by position, the day of its arrival, and the answers
    by code and member (None: about all). `keys`: person, kind and digest of all of them. Called
    before they are written: one statement finds who else holds a document or phone.
    """
    household_of = {p.pk: home.pk for home, members, _on, _answers in homes for p in members}
    shared: dict[uuid.UUID, list[Key]] = defaultdict(list)
    among: dict[Key, set[uuid.UUID]] = defaultdict(set)
    for person_id, kind, digest in keys:
        shared[person_id].append((kind, digest))
        among[kind, digest].add(household_of[person_id])
    for key, others in holders_of(among).items():
        among[key] |= others
    now = clock.now()
    made = []
    for household, members, on, answers in homes:
        found = doubts(
            [Subject(p.pk, fact_of(p), tuple(shared.get(p.pk, ()))) for p in members],
            on=on,
            holders=among,
            declared=household.declared_size,
            level=household.level,
            own=household.pk,
        )
        for doubt in found:
            question = _question(household, doubt, members)
            if answer := answers.get((doubt.code, doubt.member)):
                question.status, question.answer = QuestionStatus.ANSWERED, answer
                question.answered_by, question.answered_at = actor, now
            made.append(question)
    return made
