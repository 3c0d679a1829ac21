"""The list that travels with a transport: references, numbers and needs; names only on purpose.

A list on a bus can be taken at a road block. Without names it says how many women, men and
children sit there, and which of them need help to get on and off.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Operation
from accounts.policies import Permission, can
from audit.access import record_access
from common import clock
from common.errors import FieldProblem, InvalidInput, NotPermitted
from intake.births import BRACKETS, age_bracket
from intake.choices import Sex
from intake.models import Household, Identity, Person
from reception.choices import SEATED_STATES, LineState, ManifestReason
from reception.models import Site, Stay, Transport, TransportLine
from reception.policies import may_at, may_load
from reception.services import journeys
from reception.services.locks_transports import lock_transport

# Columns of the list: age band and sex. Other and unknown sexes, and unknown ages, in one column.
BANDS = tuple(band for band in BRACKETS if band != "unknown")
COLUMNS = tuple((band, sex) for band in BANDS for sex in (Sex.FEMALE.value, Sex.MALE.value))
OTHER = ("other", "other")


@dataclass(frozen=True)
class Row:
    """A family on the list. `names` is empty unless they were asked for; personal data then."""

    line: TransportLine
    counts: list[int]
    other: int
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Manifest:
    """A transport's list with its totals, for one reader."""

    transport: Transport
    rows: list[Row]
    totals: list[int]
    other: int
    persons: int
    wheelchairs: int
    step_free: int
    escorts: int
    copy: int = 0
    with_names: bool = False


def other_end(user: Any, site: Site | None) -> str:
    """The name of a site at an end of a transport; "another site" where it is not to be known."""
    if site is None:
        return ""
    if may_at(user, Permission.SITES_READ, site) or may_at(user, Permission.PLACEMENTS_READ, site):
        return site.name
    return _("another site")


def begins_at(user: Any, transport: Transport) -> str:
    """The name of the place where a transport begins, as the user may know it."""
    if transport.from_entry_point is not None:
        return transport.from_entry_point.name
    return other_end(user, transport.from_site)


def lines_of(transport: Transport) -> list[TransportLine]:
    """Families that travel or were to travel, in the order in which they were listed."""
    rows = transport.lines.filter(state__in=(*SEATED_STATES, LineState.LEFT_BEHIND))
    return list(rows.select_related("target__household", "placement").order_by("pk"))


def manifest_of(transport: Transport, *, names: bool = False) -> Manifest:
    """The list as it is now. With `names` the caller has checked and recorded that it may."""
    lines = [line for line in lines_of(transport) if line.state in SEATED_STATES]
    stays = Stay.objects.filter(placement__in=[line.target_id for line in lines])
    people: dict[Any, dict[Any, Person]] = {}
    for stay in stays.select_related("person").order_by("person__position", "person_id"):
        people.setdefault(stay.placement_id, {})[stay.person_id] = stay.person
    known = _names([p for each in people.values() for p in each.values()]) if names else {}
    on = clock.today(Operation.current().zone)
    rows = [_row(line, list(people.get(line.target_id, {}).values()), on, known) for line in lines]
    return Manifest(
        transport=transport,
        rows=rows,
        totals=[sum(column) for column in zip(*(row.counts for row in rows), strict=True)]
        or [0] * len(COLUMNS),
        other=sum(row.other for row in rows),
        persons=sum(line.persons for line in lines),
        wheelchairs=sum(line.wheelchairs for line in lines),
        step_free=sum(line.step_free for line in lines),
        escorts=sum(line.escort for line in lines),
        with_names=names,
    )


def _row(line: TransportLine, people: list[Person], on: Any, known: dict[Any, str]) -> Row:
    counted = Counter(
        key
        if (key := (age_bracket(p.birth_earliest, p.birth_latest, on), p.sex)) in COLUMNS
        else OTHER
        for p in people
    )
    names = [known.get(p.pk) or "–" for p in people] if known else []
    return Row(line, [counted[column] for column in COLUMNS], counted[OTHER], names)


def _names(people: list[Person]) -> dict[Any, str]:
    identities = Identity.objects.in_bulk([person.pk for person in people])
    return {pk: identity.open().name for pk, identity in identities.items()}


def print_manifest(
    *, actor: Any, transport: Transport, names: bool = False, reason: str = ""
) -> Manifest:
    """One more numbered copy of the list, for who loads it; the event says who printed it.

    With `names` the reader must be allowed to read every household on it and say why (a
    ManifestReason); each household that is named is recorded as read. Raises InvalidInput
    `reason`, NotPermitted.
    """
    if names and reason not in ManifestReason.values:
        detail = _("Say why names are needed: choose one from the list.")
        problem = FieldProblem("reason", "required", detail)
        raise InvalidInput("invalid", detail, problems=[problem])
    with transaction.atomic():
        transport = lock_transport(transport.pk)
        if not may_load(actor, transport):
            raise NotPermitted("not_permitted", _("You may not print the list of this transport."))
        if names:
            _record_names(actor, transport)
        transport.copies += 1
        transport.save(update_fields=["copies"])
        made = manifest_of(transport, names=names)
        journeys.tell(
            "transport.manifest_printed",
            transport,
            actor=actor,
            occurred_at=clock.now(),
            copy=transport.copies,
            names=names,
            reason=reason if names else "",
            families=len(made.rows),
        )
    return Manifest(**{**vars(made), "copy": transport.copies})


def _record_names(actor: Any, transport: Transport) -> None:
    """Record the reading of each household that will be named; NotPermitted if one may not be."""
    targets = transport.lines.filter(state__in=SEATED_STATES).values("target__household_id")
    households = list(Household.objects.filter(pk__in=targets).order_by("pk"))
    visible = Household.objects.visible_to(actor).filter(pk__in=[each.pk for each in households])
    if not can(actor, Permission.HOUSEHOLDS_READ) or visible.count() < len(households):
        raise NotPermitted(
            "not_permitted",
            _("You may not read every family on this list: print it without names."),
        )
    for household in households:
        record_access(actor, "manifest", household)
