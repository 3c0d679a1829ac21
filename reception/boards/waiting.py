"""Who waits for a place: how long, how many, and what their place must offer.

Needs come from who is in the family and from tier-1 codes only, so that everybody who places
people may see them; nothing of tier 2 or 3 is read here, not even to count it. A need is shown by
what the place must offer, never by its code.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, F, OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from common import clock
from intake.births import OLDER_AGE, is_child
from intake.births.dates import years_before
from intake.choices import Sex
from intake.models import Arrival, EntryPoint, Household, Person, SpecificNeed
from reception.choices import PlacementStatus, StayState
from reception.models import Placement, Site, Stay
from reception.selectors import unplaced_households

TIER = 1
# How long is long: the hours at which a band ends.
BAND_ENDS = ((2, "under_2h"), (6, "2_to_6h"), (24, "6_to_24h"))


class Band(models.TextChoices):
    """How long a family has waited."""

    UNDER_2 = "under_2h", _("less than 2 hours")
    TO_6 = "2_to_6h", _("2 to 6 hours")
    TO_24 = "6_to_24h", _("6 to 24 hours")
    OVER_24 = "over_24h", _("more than 24 hours")


class PlaceNeed(models.TextChoices):
    """What matters for the choice of a place."""

    CHILDREN_ALONE = "children_alone", _("children alone")
    STEP_FREE = "step_free", _("step-free")
    NEAR_CARE = "near_care", _("near health care")
    PREGNANT = "pregnant_or_nursing", _("pregnant or nursing")
    OLDER = "older", _("older person")
    WOMEN_ONLY = "women_only", _("women only")


class Standing(models.TextChoices):
    """Why a family that was given a place waits all the same."""

    EXPIRED = "expired", _("its reservation ran out")
    NO_SHOW = "no_show", _("it did not come to its place")
    PART = "part", _("a part of it has a place")


# Tier-1 codes by what the place must offer (domain/standards.md 4.3).
CODES: Mapping[str, frozenset[str]] = {
    PlaceNeed.CHILDREN_ALONE: frozenset({"SC-UC", "SC-UM", "SC-CH"}),
    PlaceNeed.STEP_FREE: frozenset({"DS", "DS-BD", "DS-PM", "DS-PS", "ER-FR"}),
    PlaceNeed.NEAR_CARE: frozenset({"DS-PS", "DS-MS", "ER-FR", "PG-HR"}),
    PlaceNeed.PREGNANT: frozenset({"PG", "PG-HR", "PG-LC"}),
    PlaceNeed.OLDER: frozenset({"ER", "ER-FR", "ER-MC", "ER-NF", "ER-OC", "ER-SC", "ER-UR"}),
}


@dataclass(frozen=True)
class WaitingFamily:
    """A family, or the part of it, that has no place.

    `standing` and `last_site` say that its reservation was there or a part of it is, where the
    reader may know of the site.
    """

    household: uuid.UUID
    reference: str
    arrived: datetime
    waited: timedelta
    band: str
    people: int
    needs: tuple[str, ...]
    entry_point: str
    standing: str
    last_site: str

    @property
    def need_words(self) -> list[Any]:
        """The needs in words."""
        return [PlaceNeed(need).label for need in self.needs]

    @property
    def standing_words(self) -> Any:
        """Why it waits although it had a place; empty for most."""
        return Standing(self.standing).label if self.standing else ""


@dataclass(frozen=True)
class Group:
    """Families and people of one band, need or entry point."""

    code: str
    name: str
    families: int
    people: int


@dataclass(frozen=True)
class WaitingBoard:
    """Everybody who waits and whom the reader may see; who waits longest comes first."""

    as_of: datetime
    families: tuple[WaitingFamily, ...]
    bands: tuple[Group, ...]
    needs: tuple[Group, ...]
    entry_points: tuple[Group, ...]

    @property
    def people(self) -> int:
        """How many wait."""
        return sum(family.people for family in self.families)

    def filtered(self, *, band: str = "", need: str = "", entry_point: str = "") -> Any:
        """The families of a band, with a need, that came at an entry point; all where empty."""
        return [
            family
            for family in self.families
            if (not band or family.band == band)
            and (not need or need in family.needs)
            and (not entry_point or family.entry_point == entry_point)
        ]


def waiting_board(user: Any, now: datetime) -> WaitingBoard:
    """Families without a place that `user` may see. As many queries for many as for one."""
    visible = Household.objects.visible_to(user).values("pk")
    rows = unplaced_households().filter(pk__in=visible)
    arrival = Arrival.objects.filter(household=OuterRef("pk"), occurred_at__lte=now)
    latest = Subquery(arrival.order_by("-occurred_at", "-pk").values("entry_point__code")[:1])
    found = list(rows.values_list("pk", "reference", "arrived", "size", latest.copy()))
    keys = [row[0] for row in found]
    needs = _needs(keys, user, clock.today(Operation.current().zone) if keys else None)
    standing = _standing(keys, user)
    families = tuple(
        WaitingFamily(
            household=pk,
            reference=reference,
            arrived=arrived,
            waited=max(now - arrived, timedelta()),
            band=band_of(now - arrived),
            people=size,
            needs=tuple(need for need in PlaceNeed.values if need in needs.get(pk, ())),
            entry_point=entry_point or "",
            standing=standing.get(pk, ("", ""))[0],
            last_site=standing.get(pk, ("", ""))[1],
        )
        for pk, reference, arrived, size, entry_point in found
    )
    return WaitingBoard(
        as_of=now,
        families=families,
        bands=_groups(Band.choices, families, lambda family: [family.band]),
        needs=_groups(PlaceNeed.choices, families, lambda family: family.needs),
        entry_points=_groups(
            _entry_points(families), families, lambda family: [family.entry_point]
        ),
    )


def band_of(waited: timedelta) -> str:
    """The band of a time: an end belongs to the longer band."""
    hours = waited.total_seconds() / 3600
    return next((band for end, band in BAND_ENDS if hours < end), str(Band.OVER_24.value))


def _groups(choices: Iterable[tuple[str, Any]], families: Any, codes: Any) -> tuple[Group, ...]:
    counted: Counter[str] = Counter()
    people: Counter[str] = Counter()
    for family in families:
        for code in codes(family):
            counted[code] += 1
            people[code] += family.people
    return tuple(Group(code, str(name), counted[code], people[code]) for code, name in choices)


def _entry_points(families: Iterable[WaitingFamily]) -> list[tuple[str, Any]]:
    codes = {family.entry_point for family in families}
    named = dict(EntryPoint.objects.filter(code__in=codes).values_list("code", "name"))
    listed = sorted(named.items(), key=lambda each: each[1])
    return [*listed, ("", _("not recorded"))] if "" in codes else listed


def _needs(households: list[uuid.UUID], user: Any, today: date | None) -> dict[uuid.UUID, set[str]]:
    """What the place of each family must offer."""
    if not households or today is None:
        return {}
    found: dict[uuid.UUID, set[str]] = {}
    members: dict[uuid.UUID, list[Any]] = {}
    people = Person.objects.in_count().filter(household__in=households)
    for row in people.values_list("household_id", "sex", "birth_earliest", "birth_latest"):
        members.setdefault(row[0], []).append(row[1:])
    for household, rows in members.items():
        found[household] = needs_of(rows, today)
    codes = (
        SpecificNeed.objects.visible_to(user)
        .open()
        .filter(type__tier=TIER, person__left_at__isnull=True, person__household__in=households)
    )
    for household, code in codes.values_list("person__household_id", "type_id"):
        found[household] |= {need for need, fitting in CODES.items() if code in fitting}
    return found


def needs_of(members: Iterable[tuple[str, date | None, date | None]], today: date) -> set[str]:
    """What follows from who is in the family: (sex, born not before, born not after) of each."""
    rows = list(members)
    adults = [row for row in rows if not is_child(row[1], row[2], today)]
    needs = set()
    if rows and not adults:
        needs.add(PlaceNeed.CHILDREN_ALONE.value)
    if adults and all(row[0] == Sex.FEMALE for row in adults):
        needs.add(PlaceNeed.WOMEN_ONLY.value)
    limit = years_before(today, OLDER_AGE)
    if any(latest is not None and latest <= limit for _sex, _earliest, latest in rows):
        needs.add(PlaceNeed.OLDER.value)
    return needs


def _standing(households: list[uuid.UUID], user: Any) -> dict[uuid.UUID, tuple[str, str]]:
    """Families that had a place, or of whom a part has one, and at which site.

    Not told where the site may not be known: that would tell of a hidden one.
    """
    if not households:
        return {}
    known = set(Site.objects.visible_to(user).values_list("pk", flat=True))
    ended = {
        PlacementStatus.EXPIRED.value: Standing.EXPIRED.value,
        PlacementStatus.NO_SHOW.value: Standing.NO_SHOW.value,
    }
    last = (
        Placement.objects.filter(household__in=households)
        .order_by("household_id", F("ended_at").desc(nulls_first=True), "-recorded_at", "-pk")
        .distinct("household_id")
        .annotate(
            held=Subquery(
                Stay.objects.standing()
                .exclude(state=StayState.NOT_COME)
                .filter(placement=OuterRef("pk"))
                .order_by()
                .values("placement")
                .annotate(n=Count("pk"))
                .values("n")
            )
        )
    )
    found = {}
    for household, status, held, site, name in last.values_list(
        "household_id", "status", "held", "site_id", "site__name"
    ):
        standing = Standing.PART.value if held else ended.get(status, "")
        if standing and site in known:
            found[household] = (standing, name)
    return found
