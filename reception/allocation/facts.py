"""What the allocation knows of families and sites: plain values, no database, no names.

Keys are opaque (`Family.key`, `SiteFacts.code`); nothing here tells who a person is. Whoever
gathers the facts from the database decides what is true; this package only reasons with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

Point = tuple[float, float]  # latitude, longitude in degrees
Value = int | str

# The sections of a site, by the values of reception.choices.UnitSection.
ANY = "any"
WOMEN = "women"
FAMILIES = "families"
MEN = "men"
QUARANTINE = "quarantine"


@dataclass(frozen=True)
class Family:
    """Those who must stay together, and what decides where they can. Holds no personal data.

    `size` counts places; `women`, `men` are adults, `children` under 18, `older` 60 and more.
    """

    key: str
    size: int
    women: int = 0
    men: int = 0
    children: int = 0
    older: int = 0
    # Persons who need a place without steps. An aim, unless the policy makes it a rule.
    accessible: int = 0
    # Nobody of the family is an adult: a rule.
    children_alone: bool = False
    # No adult man; only adult men; headed by a woman.
    women_only: bool = False
    men_only: bool = False
    female_headed: bool = False
    # At most so many minutes from health care, because of a medical dependency: a rule.
    medical_minutes: int | None = None
    # Persons who should be near services (pregnant, older, disabled): an aim.
    near_services: int = 0
    quarantine: bool = False
    # Code of the area of origin; id of an extended family; "" when not known.
    village: str = ""
    kin: str = ""
    languages: frozenset[str] = frozenset()
    # Hours waited for a place, nights since arrival (0: today).
    arrived: int = 0
    nights: int = 0
    # Where the journey begins, usually the crossing.
    origin_point: Point | None = None
    # A site that the officer chose, sites that a decision excludes, families never at one site.
    locked: str = ""
    not_at: frozenset[str] = frozenset()
    apart_from: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Places:
    """Free places of one kind at a site: the units of one section, with steps or without.

    A family is in one kind of place. `largest` is the most that one unit of them can take.
    """

    section: str
    accessible: bool
    free: int
    largest: int = 0


@dataclass(frozen=True)
class SiteFacts:
    """A site as it is at the moment of asking. Holds no personal data.

    `free` limits the site as a whole; `places` are the kinds of units that are free, empty when
    the site has no units (the site is then one kind of place). None means not known.
    """

    code: str
    name: str
    type: str
    free: int
    places: tuple[Places, ...] = ()
    receiving: bool = True
    # Safe houses and facilities of an authority: people come here by a person's decision only.
    manual_only: bool = False
    # First reception at the border, for the first nights.
    first_line: bool = False
    interim_care: bool = False
    quarantine: bool = False
    accessible: bool = False
    women_only_section: bool = False
    cold_rated: bool = False
    health_minutes: int | None = None
    border_km: int | None = None
    languages: frozenset[str] = frozenset()
    lat: float | None = None
    lon: float | None = None
    # Families there from whom somebody must be kept apart; people there by origin and by kin.
    present_keys: frozenset[str] = frozenset()
    villages: Mapping[str, int] = field(default_factory=dict)
    kin: Mapping[str, int] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[Places, ...]:
        """The kinds of places; one that stands for the whole site where there are no units."""
        if self.places:
            return self.places
        section = QUARANTINE if self.quarantine else ANY
        return (Places(section, self.accessible, self.free, self.free),)


@dataclass(frozen=True)
class Policy:
    """What an operation may set. Each relaxation carries the decision that allows it.

    Sites nearer to the border than `near_border_km` take families for the first `first_nights`
    only, and only where they are first reception (IDDRS 5.40: camps at least 50 km from the
    border; UNHCR Handbook 1999: a transit centre is for 2 to 5 days). A province that lies along
    the border cannot keep to this: `near_border_sites` names the sites where an officer allows
    longer stays, and `near_border_decision` the decision (needed when sites are named).
    """

    near_border_km: int = 50
    first_nights: int = 5
    near_border_sites: frozenset[str] = frozenset()
    near_border_decision: str = ""
    # Whether persons who need a place without steps must have one; else it is an aim.
    step_free_required: bool = False

    def __post_init__(self) -> None:
        if self.near_border_sites and not self.near_border_decision:
            raise ValueError("near_border_sites need the decision that allows them")


@dataclass(frozen=True)
class Expected:
    """Families like this one that are expected later, for shadow prices; the key is not used."""

    family: Family
    count: float


@dataclass(frozen=True)
class Problem:
    """One question: where should these families go?

    `expected` are the arrivals to keep scarce places for; without them nothing is kept.
    """

    families: tuple[Family, ...]
    sites: tuple[SiteFacts, ...]
    policy: Policy = Policy()
    expected: tuple[Expected, ...] = ()

    def __post_init__(self) -> None:
        for name, keys in (
            ("families", [each.key for each in self.families]),
            ("sites", [each.code for each in self.sites]),
        ):
            if len(set(keys)) != len(keys):
                raise ValueError(f"two {name} have the same key")
        for family in self.families:
            if family.size < 1:
                raise ValueError("a family has at least one member")


@dataclass(frozen=True)
class Said:
    """A statement as a stable code with its numbers; `words.describe` puts it into words.

    Stored and sent as it is (`as_json`), so that every reader has it in their own language.
    """

    code: str
    values: tuple[tuple[str, Value], ...] = ()

    @classmethod
    def of(cls, code: str, **values: Value) -> Self:
        """A statement with these values."""
        return cls(code, tuple(values.items()))

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> Self:
        """What `as_json` gave."""
        values = data.get("values")
        pairs = values.items() if isinstance(values, Mapping) else ()
        return cls(str(data["code"]), tuple(pairs))

    def as_json(self) -> dict[str, object]:
        """{"code": …, "values": {…}}."""
        return {"code": self.code, "values": dict(self.values)}

    def __getitem__(self, name: str) -> Value:
        return dict(self.values)[name]


class Refusal(Said):
    """A hard rule that a family and a site do not meet."""


def by_key(families: Iterable[Family]) -> dict[str, Family]:
    """The families by their keys."""
    return {each.key: each for each in families}
