"""What a difference of a count turned out to be, recorded by the same services as the buttons."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.policies import Permission
from audit.events import record_event
from common import clock
from common.errors import FieldProblem, InvalidInput, InvalidState
from intake.choices import ExitReason
from intake.models import Household, Person
from intake.services.exits import record_exits
from intake.services.permitted import holds_for
from reception.choices import (
    HOLDING_STATES,
    DifferenceKind,
    DifferenceState,
    Resolution,
    StayState,
)
from reception.models import HeadCountDifference, Placement, Site, Stay
from reception.policies import may_at
from reception.services import rules
from reception.services.ending import check_out, mark_no_show
from reception.services.locks import lock_head_count
from reception.services.placing import place_household
from reception.services.staying import check_in, record_absence, record_return
from reception.services.transfers import transfer_placement

R = Resolution
LONGEST_NOTE = 500
AWAY = (StayState.AWAY, StayState.AWAY_FREED)
NOT_HERE_YET = (StayState.DUE, StayState.NOT_COME)


@dataclass
class Case:
    """A difference with what stands about its household now, as far as the actor may know."""

    actor: Any
    difference: HeadCountDifference
    household: Household | None = None
    # Its open placement at this site with the stays of its members, and the one elsewhere.
    here: Placement | None = None
    stays: list[Stay] = field(default_factory=list)
    elsewhere: Placement | None = None

    @property
    def site(self) -> Site:
        """Where the count was."""
        return self.difference.count.site

    @property
    def candidates(self) -> list[Stay]:
        """Members who can be those of the difference: present if missing, not present if extra."""
        if self.difference.kind == DifferenceKind.MISSING:
            return [stay for stay in self.stays if stay.state == StayState.PRESENT]
        return [stay for stay in self.stays if stay.state in (*AWAY, *NOT_HERE_YET)]

    @property
    def choice(self) -> bool:
        """Whether it must be said which members it is about."""
        return len(self.candidates) > self.difference.persons

    @property
    def whole_family(self) -> bool:
        """Whether everybody who holds a place here is missing."""
        holding = sum(stay.state in HOLDING_STATES for stay in self.stays)
        return bool(holding) and self.difference.persons >= holding


def case_of(actor: Any, difference: HeadCountDifference) -> Case:
    """The case of a difference. A household the actor may not know of is nobody."""
    case, line = Case(actor, difference), difference.line
    if line is None or line.household is None:
        return case
    readable = Household.objects.visible_to(actor).filter(pk=line.household.pk)
    if not line.expected and not readable.exists():
        return case
    case.household = line.household
    placed = Placement.objects.open().filter(household=line.household, transfer_of__isnull=True)
    for placement in placed.select_related("site").order_by("pk"):
        if placement.site_id == difference.count.site_id:
            case.here = case.here or placement
        else:
            case.elsewhere = case.elsewhere or placement
    if case.here is not None:
        stays = Stay.objects.standing().filter(placement=case.here).select_related("person")
        case.stays = list(stays.order_by("person__position", "pk"))
    return case


def ways_of(case: Case) -> list[str]:
    """The resolutions that are possible now for this actor, the likely ones first."""
    found: list[str] = []
    if case.household is not None:
        missing = case.difference.kind == DifferenceKind.MISSING
        found = _ways_missing(case) if missing else _ways_unexpected(case)
    return [*found, R.COUNTED_WRONG, R.OTHER]


def _ways_missing(case: Case) -> list[str]:
    if case.here is None:
        return []
    if not case.candidates:
        due = case.here.may_become("no_show")
        return [R.DID_NOT_COME] if due else []
    found: list[str] = [R.ABSENT]
    if case.whole_family:
        found += [R.CHECKED_OUT, R.TRANSFERRED]
    if holds_for(case.actor, Permission.HOUSEHOLDS_EVENTS, case.here.household_id):
        found.append(R.LEFT)
    return found


def _ways_unexpected(case: Case) -> list[str]:
    if case.here is not None:
        return [R.CHECKED_IN] if len(case.candidates) >= case.difference.persons else []
    if case.elsewhere is None:
        return [R.CHECKED_IN]
    if may_at(case.actor, Permission.PLACEMENTS_WRITE, case.elsewhere.site):
        return [R.TRANSFERRED]
    return []


@dataclass(frozen=True)
class Said:
    """What was said with the answer."""

    reason: str
    site: Site | None
    persons: Collection[uuid.UUID] | None
    occurred_at: datetime | None


@transaction.atomic
def resolve_difference(
    *,
    actor: Any,
    difference: HeadCountDifference,
    resolution: str,
    reason: str = "",
    site: Site | None = None,
    persons: Collection[uuid.UUID] | None = None,
    note: str = "",
    occurred_at: datetime | None = None,
) -> HeadCountDifference:
    """Say what a difference was, and record it where there is something to record.

    `reason` is that of an absence, `site` where a missing family went by transfer, `persons` the
    members it is about where only a part of the family is, `note` the words to “something else”.
    The same again changes nothing. Raises InvalidInput, InvalidState (`count_open`,
    `already_resolved`, `cannot_resolve_so`), NotPermitted, and what the recording service raises:
    then nothing is resolved.
    """
    rules.require_write(actor, difference.count.site)
    count = lock_head_count(difference.count_id)
    rows = HeadCountDifference.objects.select_related("count__site", "line__household")
    difference = rows.get(pk=difference.pk)
    if difference.state == DifferenceState.RESOLVED:
        if difference.resolution == resolution:
            return difference
        raise InvalidState("already_resolved", _("Somebody has resolved this difference already."))
    if count.is_open:
        raise InvalidState("count_open", _("Close the count first."))
    _check(resolution, note)
    case = case_of(actor, difference)
    if resolution not in ways_of(case):
        raise InvalidState(
            "cannot_resolve_so",
            _("This is not possible as things stand now. Choose another answer."),
        )
    if (act := _ACTS.get((difference.kind, resolution))) is not None:
        act(case, Said(reason, site, persons, occurred_at))
    difference.state, difference.resolution = DifferenceState.RESOLVED, resolution
    difference.resolved_at, difference.resolved_by = clock.now(), actor
    difference.note = note
    difference.save()
    _tell(difference, actor)
    return difference


def _tell(difference: HeadCountDifference, actor: Any) -> None:
    """The event of a resolved difference: figures and codes only."""
    record_event(
        "head_count.difference_resolved",
        difference.count,
        actor=actor,
        site=difference.count.site.code,
        difference=difference.kind,
        persons=difference.persons,
        resolution=difference.resolution,
    )


def _check(resolution: str, note: str) -> None:
    if resolution not in R.values:
        raise _invalid("resolution", "invalid_choice", _("Choose one of the answers."))
    if resolution == R.OTHER and not note.strip():
        raise _invalid("note", "required", _("Write in a few words what it was."))
    if len(note) > LONGEST_NOTE:
        raise _invalid("note", "too_long", _("Write at most 500 letters."))


def _invalid(name: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput("invalid", detail, problems=[FieldProblem(name, code, detail)])


# What each records ---------------------------------------------------------------------------
def _members(case: Case, said: Said) -> list[Stay]:
    """The members it is about: those named, or all who can be meant where no choice is needed."""
    if not case.choice and said.persons is None:
        return case.candidates
    named = set(said.persons or ())
    chosen = [stay for stay in case.candidates if stay.person_id in named]
    if len(named) != case.difference.persons or len(chosen) != len(named):
        wanted = case.difference.persons
        detail = _("Choose who it is: %(n)d of the family.") % {"n": wanted}
        raise _invalid("persons", "required", detail)
    return chosen


def _absent(case: Case, said: Said) -> None:
    record_absence(
        actor=case.actor,
        placement=_placement(case.here),
        reason=said.reason,
        persons=[stay.person_id for stay in _members(case, said)],
        occurred_at=said.occurred_at,
    )


def _checked_out(case: Case, said: Said) -> None:
    check_out(actor=case.actor, placement=_placement(case.here), occurred_at=said.occurred_at)


def _did_not_come(case: Case, said: Said) -> None:
    mark_no_show(actor=case.actor, placement=_placement(case.here))


def _gone_to_another_site(case: Case, said: Said) -> None:
    """The family is at another site of which nobody told: moved there, as arrived."""
    if said.site is None:
        raise _invalid("site", "required", _("Choose the site to which the family went."))
    transfer_placement(
        actor=case.actor, placement=_placement(case.here), site=said.site, arrived=True
    )


def _left(case: Case, said: Said) -> None:
    """They left without notice: they leave the count of the operation, their places are free."""
    persons = [stay.person_id for stay in _members(case, said)]
    record_exits(
        actor=case.actor,
        persons=list(Person.objects.in_count().filter(pk__in=persons)),
        reason=ExitReason.DEPARTED,
        occurred_at=said.occurred_at or clock.now(),
    )


def _is_here(case: Case, said: Said) -> None:
    """Due: checked in. Away: back. Without any place: placed here."""
    if case.here is None:
        assert case.household is not None
        place_household(
            actor=case.actor, household=case.household, site=case.site, status="checked_in"
        )
        return
    members = _members(case, said)
    for states, step in ((NOT_HERE_YET, check_in), (AWAY, record_return)):
        if persons := [stay.person_id for stay in members if stay.state in states]:
            step(
                actor=case.actor,
                placement=case.here,
                persons=persons,
                occurred_at=said.occurred_at,
            )


def _came_from_another_site(case: Case, said: Said) -> None:
    transfer_placement(
        actor=case.actor, placement=_placement(case.elsewhere), site=case.site, arrived=True
    )


def _placement(placement: Placement | None) -> Placement:
    assert placement is not None, "ways_of offers this only with a placement"
    return placement


_ACTS: dict[tuple[str, str], Callable[[Case, Said], None]] = {
    (DifferenceKind.MISSING, R.ABSENT): _absent,
    (DifferenceKind.MISSING, R.CHECKED_OUT): _checked_out,
    (DifferenceKind.MISSING, R.DID_NOT_COME): _did_not_come,
    (DifferenceKind.MISSING, R.TRANSFERRED): _gone_to_another_site,
    (DifferenceKind.MISSING, R.LEFT): _left,
    (DifferenceKind.UNEXPECTED, R.CHECKED_IN): _is_here,
    (DifferenceKind.UNEXPECTED, R.TRANSFERRED): _came_from_another_site,
}
