"""What the allocation is told of families and sites, read in a fixed number of queries.

Of needs only what a place must offer goes on: without steps, near services. No code of a need
leaves this module, and those of tier 3 are not read at all. Relatives count where the link is
open and not sealed; whoever is not in the count is nobody here.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, Q

from accounts.models import Operation
from common import clock
from intake.births import age_bracket, is_child
from intake.choices import Difficulty, Relationship, Sex
from intake.models import (
    Arrival,
    FamilyLink,
    Household,
    Person,
    SpecificNeed,
    WashingtonGroup,
)
from reception.allocation.facts import (
    Expected,
    Family,
    Places,
    Point,
    Policy,
    SiteFacts,
)
from reception.choices import RequirementKind, SiteStatus, SiteType
from reception.models import (
    KeepApart,
    KinGroupMember,
    Placement,
    PlacementPolicy,
    PlacementRequirement,
    Site,
    Unit,
)

# What a need asks of a place. Diagnoses stay where they are: only this much is used.
STEP_FREE_NEEDS = ("DS-PM", "DS-PS", "DS-BD", "ER-FR")
NEAR_SERVICES = ("DS", "ER", "PG", "SM")
HIGHEST_TIER = 2
FIRST_LINE = (SiteType.BORDER_RECEPTION, SiteType.TRANSIT)
# What is read of a person; nothing that says who it is.
OF_PERSONS = (
    *("household", "position", "relationship", "is_focal_point", "sex", "arrived_at"),
    *("birth_earliest", "birth_latest"),
)
# Arrivals are expected as in the days before; of many, the latest are enough.
EXPECT_FROM = timedelta(days=3)
MOST_RECENT = 1000
# What tells one expected family from another that needs the same of a place.
LIKE_ANY: dict[str, Any] = {
    "key": "",
    "village": "",
    "kin": "",
    "arrived": 0,
    "nights": 0,
    "origin_point": None,
    "not_at": frozenset(),
    "apart_from": frozenset(),
    "locked": "",
}


@dataclass
class _Gathered:
    """What was read, by household."""

    members: dict[uuid.UUID, list[Person]] = field(default_factory=lambda: defaultdict(list))
    step_free: set[uuid.UUID] = field(default_factory=set)
    near: set[uuid.UUID] = field(default_factory=set)
    required: dict[uuid.UUID, list[PlacementRequirement]] = field(
        default_factory=lambda: defaultdict(list)
    )
    apart: dict[uuid.UUID, set[uuid.UUID]] = field(default_factory=lambda: defaultdict(set))
    arrivals: dict[uuid.UUID, tuple[datetime, Point | None]] = field(default_factory=dict)
    kin: dict[uuid.UUID, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Day:
    """When it is asked, and over which sites."""

    now: datetime
    zone: ZoneInfo
    codes: frozenset[str]

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True)
class Facts:
    """Families and sites for one question; households and sites by the keys in use."""

    families: tuple[Family, ...]
    sites: tuple[SiteFacts, ...]
    households: dict[str, Household]


def current_policy() -> Policy:
    """The parameters that the operation decided last, or those of the standards."""
    return decided_policy() or Policy()


def decided_policy() -> Policy | None:
    """The parameters that the operation decided last; None while nobody has decided."""
    row = PlacementPolicy.objects.order_by("-recorded_at", "-pk").first()
    if row is None:
        return None
    sites = frozenset(row.sites.values_list("code", flat=True)) if row.decision else frozenset()
    return Policy(
        near_border_km=row.near_border_km,
        first_nights=row.first_nights,
        near_border_sites=sites,
        near_border_decision=row.decision if sites else "",
        step_free_required=row.step_free_required,
    )


def gather(households: Iterable[Household], sites: Iterable[Site]) -> Facts:
    """The facts about these households (those with people in the count) and sites."""
    asked = sorted(households, key=lambda each: each.reference)
    ordered = sorted(sites, key=lambda each: each.code)
    pks = {each.pk for each in asked}
    placed = _placed_at(ordered)
    gathered = _read(pks)
    gathered.kin = _kin_groups(pks, set(placed))
    references = _references(gathered.apart)
    day = _Day(clock.now(), Operation.current().zone, frozenset(each.code for each in ordered))
    families = tuple(
        _family(each, gathered, references, day) for each in asked if gathered.members.get(each.pk)
    )
    return Facts(
        families=families,
        sites=_site_facts(ordered, placed, gathered, references),
        households={each.reference: each for each in asked},
    )


def expected_families() -> tuple[Expected, ...]:
    """Families like those of the last three days, as many as came in a day on average.

    For them scarce places are kept: step-free ones, sections, interim care.
    """
    since = clock.now() - EXPECT_FROM
    came = Arrival.objects.filter(occurred_at__gte=since, household__status="active")
    recent = (
        Household.objects.filter(pk__in=came.values("household_id"))
        .defer("contact")
        .order_by("-pk")
    )
    families = gather(recent[:MOST_RECENT], []).families
    alike = Counter(replace(each, **LIKE_ANY) for each in families)
    days = EXPECT_FROM / timedelta(days=1)
    rows = sorted(alike.items(), key=lambda row: repr(row[0]))
    return tuple(
        Expected(replace(family, key=f"expected-{number}"), count / days)
        for number, (family, count) in enumerate(rows)
    )


# Families -----------------------------------------------------------------------------------
def _read(pks: set[uuid.UUID]) -> _Gathered:
    got = _Gathered()
    people = Person.objects.in_count().filter(household__in=pks)
    for person in people.order_by("household", "position", "pk").only(*OF_PERSONS):
        got.members[person.household_id].append(person)
    needs = SpecificNeed.objects.open().filter(
        person__in=people.values("pk"), type__tier__lte=HIGHEST_TIER
    )
    for person_id, code in needs.values_list("person_id", "type_id"):
        if code in STEP_FREE_NEEDS:
            got.step_free.add(person_id)
        if code.split("-")[0] in NEAR_SERVICES:
            got.near.add(person_id)
    got.step_free |= _walk_with_difficulty(people)
    rows = PlacementRequirement.objects.in_force().filter(household__in=pks)
    for row in rows.select_related("site"):
        got.required[row.household_id].append(row)
    for pair in KeepApart.objects.in_force().filter(Q(household__in=pks) | Q(other__in=pks)):
        got.apart[pair.household_id].add(pair.other_id)
        got.apart[pair.other_id].add(pair.household_id)
    got.arrivals = _arrivals(pks)
    return got


def _walk_with_difficulty(people: Any) -> set[uuid.UUID]:
    """Whose latest Washington Group answer says that walking or steps are hard."""
    latest = (
        WashingtonGroup.objects.filter(person__in=people.values("pk"))
        .order_by("person", "-occurred_at", "-pk")
        .distinct("person")
    )
    hard = (Difficulty.A_LOT, Difficulty.CANNOT)
    return {pk for pk, walking in latest.values_list("person_id", "walking") if walking in hard}


def _arrivals(pks: set[uuid.UUID]) -> dict[uuid.UUID, tuple[datetime, Point | None]]:
    """When each household came first, and where its journey to a site begins."""
    rows = Arrival.objects.filter(household__in=pks).order_by("household", "occurred_at", "pk")
    found: dict[uuid.UUID, tuple[datetime, Point | None]] = {}
    for household, at, latitude, longitude in rows.values_list(
        "household_id", "occurred_at", "entry_point__latitude", "entry_point__longitude"
    ):
        found.setdefault(household, (at, _point(latitude, longitude)))
    return found


def _point(latitude: Any, longitude: Any) -> Point | None:
    if latitude is None or longitude is None:
        return None
    return float(latitude), float(longitude)


def _references(apart: dict[uuid.UUID, set[uuid.UUID]]) -> dict[uuid.UUID, str]:
    return dict(Household.objects.filter(pk__in=list(apart)).values_list("pk", "reference"))


def _family(
    household: Household,
    got: _Gathered,
    references: dict[uuid.UUID, str],
    day: _Day,
) -> Family:
    today = day.today
    members = got.members[household.pk]
    minors = [each for each in members if is_child(each.birth_earliest, each.birth_latest, today)]
    adults = [each for each in members if each not in minors]
    women = [each for each in adults if each.sex == Sex.FEMALE]
    men = [each for each in adults if each.sex == Sex.MALE]
    older = {
        each.pk
        for each in adults
        if age_bracket(each.birth_earliest, each.birth_latest, today) == "60+"
    }
    came, point = got.arrivals.get(household.pk, (min(each.arrived_at for each in members), None))
    return Family(
        key=household.reference,
        size=len(members),
        women=len(women),
        men=len(men),
        children=len(minors),
        older=len(older),
        accessible=sum(each.pk in got.step_free for each in members),
        children_alone=not adults,
        women_only=bool(women) and len(women) == len(adults),
        men_only=len(men) == len(members),
        female_headed=_headed_by_woman(members),
        near_services=len({each.pk for each in members if each.pk in got.near} | older),
        village=household.origin_area_id or "",
        kin=got.kin.get(household.pk, ""),
        languages=frozenset(
            each
            for each in (household.preferred_language_id, household.interpreter_language_id)
            if each
        ),
        arrived=max(int((day.now - came).total_seconds() // 3600), 0),
        nights=max((today - came.astimezone(day.zone).date()).days, 0),
        origin_point=point,
        apart_from=frozenset(references[pk] for pk in got.apart.get(household.pk, ())),
        **requirement_facts(got.required.get(household.pk, ()), day.codes),
    )


def _headed_by_woman(members: list[Person]) -> bool:
    heads = [each for each in members if each.is_focal_point] or [
        each for each in members if each.relationship == Relationship.HEAD
    ]
    return bool(heads) and heads[0].sex == Sex.FEMALE


def requirement_facts(
    rows: Iterable[PlacementRequirement], codes: Collection[str]
) -> dict[str, Any]:
    """What requirements in force say, as fields of a Family asked about the sites of `codes`.

    The strictest minutes count; where only some sites are allowed, all others are excluded.
    """
    kinds = defaultdict(list)
    for row in rows:
        kinds[row.kind].append(row)
    minutes = [row.minutes for row in kinds[RequirementKind.MEDICAL] if row.minutes is not None]
    excluded = {row.site.code for row in kinds[RequirementKind.NOT_AT] if row.site}
    if only := {row.site.code for row in kinds[RequirementKind.ONLY_AT] if row.site}:
        excluded |= set(codes) - only
    return {
        "quarantine": bool(kinds[RequirementKind.QUARANTINE]),
        "medical_minutes": min(minutes, default=None),
        "not_at": frozenset(excluded),
    }


# Extended families --------------------------------------------------------------------------
def _kin_groups(asked: set[uuid.UUID], placed: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """A group for each household that has relatives in others: those who ask, and open links.

    Sealed links and links of people who are not in the count are as if they were not there.
    """
    known = asked | placed
    groups: dict[uuid.UUID, uuid.UUID] = {}

    def root(pk: uuid.UUID) -> uuid.UUID:
        while groups.setdefault(pk, pk) != pk:
            pk = groups[pk]
        return pk

    def join(one: uuid.UUID, other: uuid.UUID) -> None:
        first, second = sorted((root(one), root(other)))
        groups[second] = first

    by_group: dict[uuid.UUID, uuid.UUID] = {}
    members = KinGroupMember.objects.filter(ended_at__isnull=True, household__in=known)
    for household, group in members.values_list("household_id", "group_id"):
        join(by_group.setdefault(group, household), household)
    for one, other in _links(asked):
        if one in known and other in known:
            join(one, other)
    return {pk: str(root(pk)) for pk in groups}


def _links(asked: set[uuid.UUID]) -> Iterable[tuple[uuid.UUID, uuid.UUID]]:
    """Households of relatives, at least one of them asked for."""
    return (
        FamilyLink.objects.open()
        .filter(
            Q(person__household__in=asked) | Q(relative__household__in=asked),
            sealed=False,
            person__left_at__isnull=True,
            relative__left_at__isnull=True,
        )
        .exclude(person__household=F("relative__household"))
        .values_list("person__household_id", "relative__household_id")
    )


# Sites --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Placed:
    site: uuid.UUID
    reference: str
    village: str
    places: int


def _placed_at(sites: list[Site]) -> dict[uuid.UUID, _Placed]:
    """The households that hold places at these sites."""
    rows = Placement.objects.open().filter(site__in=sites).order_by("pk")
    return {
        household: _Placed(site, reference, village or "", places)
        for household, site, reference, village, places in rows.values_list(
            "household_id",
            "site_id",
            "household__reference",
            "household__origin_area_id",
            "places",
        )
    }


def _site_facts(
    sites: list[Site],
    placed: dict[uuid.UUID, _Placed],
    got: _Gathered,
    references: dict[uuid.UUID, str],
) -> tuple[SiteFacts, ...]:
    units: dict[uuid.UUID, list[Unit]] = defaultdict(list)
    for unit in Unit.objects.filter(site__in=sites).order_by("pk"):
        units[unit.site_id].append(unit)
    there: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for household, where in placed.items():
        there[where.site].append(household)
    return tuple(
        site_facts(
            site,
            units[site.pk],
            present_keys=frozenset(references[pk] for pk in there[site.pk] if pk in references),
            villages=_summed((placed[pk].village, placed[pk].places) for pk in there[site.pk]),
            kin=_summed((got.kin.get(pk, ""), placed[pk].places) for pk in there[site.pk]),
        )
        for site in sites
    )


def site_facts(site: Site, units: Iterable[Unit], **more: Any) -> SiteFacts:
    """A site as the rules know it. Its code stands for its name, so that names stay out of runs."""
    point = _point(site.latitude, site.longitude)
    return SiteFacts(
        code=site.code,
        name=site.code,
        type=site.type,
        free=max(site.free, 0),
        places=_kinds(units),
        receiving=site.status == SiteStatus.OPEN and site.for_refugees,
        manual_only=site.hidden or site.type == SiteType.SAFE_HOUSE,
        first_line=site.type in FIRST_LINE,
        interim_care=site.interim_care,
        quarantine=site.type == SiteType.QUARANTINE,
        accessible=site.accessible,
        women_only_section=site.women_only_section,
        cold_rated=site.cold_rated,
        health_minutes=site.health_minutes,
        border_km=site.border_km,
        lat=point[0] if point else None,
        lon=point[1] if point else None,
        **more,
    )


def _kinds(units: Iterable[Unit]) -> tuple[Places, ...]:
    kinds: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for unit in units:
        kinds[unit.section, unit.accessible].append(max(unit.free, 0))
    return tuple(
        Places(section, accessible, sum(free), max(free))
        for (section, accessible), free in sorted(kinds.items())
    )


def _summed(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = defaultdict(int)
    for key, places in rows:
        if key:
            sums[key] += places
    return dict(sorted(sums.items()))
