"""Whether a family is registered already, asked before it is saved: nothing is written."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission, access_of
from audit.access import record_access
from common import clock
from common.errors import NotPermitted
from common.ids import new_id
from intake.births import BirthError, parse_birth
from intake.duplicates.finding import Candidate, candidates_of
from intake.duplicates.people import Member
from intake.inputs import HouseholdInput, MemberInput
from intake.keys import DOCUMENT, PHONE, Subject, Values, every_digest, household_values
from intake.models import Household
from intake.names import is_blank
from intake.services.checking import MOST_MEMBERS
from intake.services.rows import identity_data

# From here on the form asks once before it registers: nearly always the same family.
ASKED_FROM = 0.9


def known_already(
    *, actor: Any, data: HouseholdInput, own: uuid.UUID | None = None
) -> list[Candidate]:
    """Households that `actor` may read and that may be this family, best first.

    `data` may be half typed: a member without a name, a document or a phone, and a birth that
    cannot be read, are left out and never refused. `own` is the household that the people are
    added to, or that was registered from this form already: it is no candidate. Nothing is kept
    but the record that somebody looked. Raises NotPermitted for who registers nobody.
    """
    if not access_of(actor).can(Permission.HOUSEHOLDS_REGISTER):
        raise NotPermitted("not_permitted", _("Only registrars register households."))
    members = [each for each in data.members[:MOST_MEMBERS] if says_something(each)]
    found = _candidates(actor, data, members, own or data.id) if members else []
    record_access(actor, "search", Household, count=len(found))
    return found


def says_something(member: MemberInput) -> bool:
    """Whether anything was typed by which a person is found."""
    documents = any(each.number.strip() for each in member.documents)
    return documents or not all(map(is_blank, (member.name, *member.also_known_as)))


def _candidates(
    actor: Any, data: HouseholdInput, members: Sequence[MemberInput], own: uuid.UUID | None
) -> list[Candidate]:
    said_on = _day(data.arrived_at)
    focal = next((index for index, each in enumerate(members) if each.focal_point), 0)
    subjects = [
        Subject(
            identity_data(member),
            member.sex,
            _born(member.birth, said_on),
            data.phones if index == focal else (),
        )
        for index, member in enumerate(members)
    ]
    values = household_values(subjects, data.origin_area)
    compared = [
        _member(subject, found, data.origin_area, said_on)
        for subject, found in zip(subjects, values, strict=True)
    ]
    digests = {digest for found in values for digest in every_digest(found.blocks)}
    return candidates_of(compared, digests, user=actor, own=own)


def _day(arrived_at: datetime) -> date:
    """The day of arrival in the operation's zone; today for one that no calendar holds there."""
    zone = Operation.current().zone
    try:
        return clock.on_operation_clock(arrived_at).astimezone(zone).date()
    except OverflowError:
        return clock.today(zone)


def _born(text: str, said_on: date) -> tuple[date, date] | None:
    try:
        birth = parse_birth(text, said_on=said_on) if text.strip() else None
    except BirthError:
        return None
    return (birth.earliest, birth.latest) if birth else None


def _member(subject: Subject, values: Values, area: str, seen: date) -> Member:
    data, born = subject.data, subject.born or (None, None)
    return Member(
        id=new_id(),
        name=data.name,
        father=data.father_name,
        grandfather=data.grandfather_name,
        known_as=tuple(data.also_known_as),
        sex=subject.sex,
        earliest=born[0],
        latest=born[1],
        seen=seen,
        documents=frozenset(every_digest(values.of(DOCUMENT))),
        phones=frozenset(every_digest(values.of(PHONE))),
        area=area,
    )
