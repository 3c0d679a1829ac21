"""How many people a site can take, and why: the least of what was measured there.

For every resource that was measured, the norm of the site's phase says how many persons it
serves (Sphere 2018, UNHCR 2018; reception/codelists/norms.csv, in the edition that counts on the
day). The least of these is the derived capacity. A resource that was not measured is named and
limits nothing: it is neither nothing nor endless. The manager's stated capacity counts where it
is lower, or where nothing was measured.

Some resources serve the same purpose and are reckoned as one line:

- Latrines for women, for men and shared ones. Sphere 2018 (excreta management, note on shared
  latrines) asks for three latrines for women where there is one for men. So of the n latrines
  that people need by the norm (one for 50 persons), three quarters must be for women and one
  quarter for men, and shared ones fill what is missing on either side. The largest n with
  max(0, 3n/4 - women) + max(0, n/4 - men) <= shared is
  min(women + men + shared, (women + shared) * 4/3, (men + shared) * 4).
  A kind that was not counted says nothing about its side, so that side then limits nothing.
- Water points: taps and handpumps each serve their number of persons, and these add up.

In a cold climate people sleep in heated rooms: where the heated area was measured it is a line
beside the whole floor, and being a part of it, it is the one that limits. Where it was not, the
whole floor counts as if it were heated, and the explanation says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import clock
from reception.choices import NormPhase, ResourceKind, SiteType
from reception.models import Norm, Site, SiteResource

K = ResourceKind
LATRINES = (K.LATRINES, K.LATRINES_WOMEN, K.LATRINES_MEN)
WATER_POINTS = (K.TAPS, K.HANDPUMPS)
GROUPS: dict[str, tuple[ResourceKind, ...]] = {K.LATRINES: LATRINES, K.TAPS: WATER_POINTS}
# Sphere 2018: of four latrines three are for women.
WOMEN, MEN = Fraction(3, 4), Fraction(1, 4)


@dataclass(frozen=True)
class CapacityLine:
    """What was measured of one purpose and how many persons it serves by the norm.

    `kind` is the resource that limits the line (of latrines: those for women, say); `parts` are
    all that count in it, with their quantities; `measured_on` is the oldest of their days.
    """

    kind: str
    quantity: Decimal
    measured_on: date
    norm: str
    source: str
    persons: int
    version: str = ""
    parts: tuple[tuple[str, Decimal], ...] = ()

    @property
    def label(self) -> str:
        """The resource in words."""
        return str(ResourceKind(self.kind).label)

    @property
    def measured(self) -> str:
        """What was counted, in words: each part with its quantity."""
        return ", ".join(
            f"{ResourceKind(kind).label}: {amount.normalize():f}" for kind, amount in self.parts
        )


@dataclass(frozen=True)
class CapacityExplanation:
    """What a site can take and what limits it.

    `derived` is None when no resource is measured; `capacity` is then what the manager stated,
    or 0 when nothing is known: nobody is sent to a place of which nothing is known. A facility
    that the authority runs has no places for refugees at all.
    """

    phase: str
    lines: tuple[CapacityLine, ...]
    unmeasured: tuple[str, ...]
    operational: int | None
    operational_reason: str
    on: date | None = None
    without_norm: tuple[str, ...] = ()
    for_refugees: bool = True
    floor_as_heated: bool = False

    @property
    def shortest(self) -> tuple[CapacityLine, ...]:
        """The lines, the one that serves fewest first."""
        return tuple(sorted(self.lines, key=lambda line: line.persons))

    @property
    def binding(self) -> CapacityLine | None:
        """The resource that limits the site."""
        return min(self.lines, key=lambda line: line.persons, default=None)

    @property
    def next_shortest(self) -> CapacityLine | None:
        """What would limit the site if the first were no longer short."""
        return self.shortest[1] if len(self.lines) > 1 else None

    @property
    def gain(self) -> int:
        """Places gained when the shortest resource is brought up to the next shortest."""
        if self.next_shortest is None or self.binding is None or not self.for_refugees:
            return 0
        reachable = self.next_shortest.persons
        if self.operational is not None:
            reachable = min(reachable, self.operational)
        return max(reachable - self.capacity, 0)

    @property
    def derived(self) -> int | None:
        """What the measured resources serve."""
        return self.binding.persons if self.binding else None

    @property
    def capacity(self) -> int:
        """What counts: the lower of derived and stated."""
        if not self.for_refugees:
            return 0
        known = [each for each in (self.derived, self.operational) if each is not None]
        return min(known, default=0)

    @property
    def stated_counts(self) -> bool:
        """Whether the manager's figure is the one that limits."""
        return self.operational is not None and self.operational == self.capacity

    def sentences(self) -> list[str]:
        """The explanation in the reader's language."""
        if not self.for_refugees:
            return [_("Run by the authority: not a site for refugees. Nobody is placed here.")]
        told = [self._what_limits()]
        if self.gain and self.binding and self.next_shortest:
            told.append(
                ngettext(
                    "With more of it, up to %(gain)d more place; then this limits: %(next)s.",
                    "With more of it, up to %(gain)d more places; then this limits: %(next)s.",
                    self.gain,
                )
                % {"gain": self.gain, "next": self.next_shortest.label}
            )
        if self.lines:
            told.append(
                _("Norms applied: %(phase)s.") % {"phase": str(NormPhase(self.phase).label).lower()}
            )
        if self.floor_as_heated:
            told.append(_("The heated area is not measured; the whole floor counts as heated."))
        if self.unmeasured:
            told.append(
                _("Not measured, so not counted: %(names)s.") % {"names": _names(self.unmeasured)}
            )
        if self.without_norm:
            told.append(
                _("Measured, but no norm says for how many: %(names)s.")
                % {"names": _names(self.without_norm)}
            )
        return told

    def _what_limits(self) -> str:
        people = ngettext("%(count)d place", "%(count)d places", self.capacity) % {
            "count": self.capacity
        }
        if self.stated_counts:
            reason = self.operational_reason or _("no reason given")
            return _("%(people)s, as stated by the manager (%(reason)s).") % {
                "people": people,
                "reason": reason,
            }
        if self.binding is None:
            return _(
                "No resource is measured and no capacity is stated, so nobody can be placed here."
            )
        return _("%(people)s, limited by: %(resource)s (%(norm)s).") % {
            "people": people,
            "resource": self.binding.label,
            "norm": self.binding.norm,
        }


def _names(kinds: tuple[str, ...]) -> str:
    return ", ".join(str(ResourceKind(kind).label) for kind in kinds)


def persons_served(quantity: Decimal, norm: Norm) -> int:
    """How many persons `quantity` serves by `norm`: whole persons, rounded down."""
    return int(quantity * norm.persons // norm.units)


def quantity_for(persons: int, norm: Norm) -> Decimal:
    """How much of a resource `persons` need by `norm`, in its unit; whole units of what is counted.

    The other way round of `persons_served`: 93 persons need 418.5 m² at 4.5 m².
    """
    exact = Decimal(persons) * norm.units / norm.persons
    return exact if norm.units % 1 else Decimal(ceil(exact))


def latrines_needed_by(counted: Mapping[str, Decimal]) -> tuple[Fraction, str]:
    """The largest number of latrines by the norm that these are enough for, and what limits it.

    `counted` holds the kinds that were counted (see above). A share of a latrine stays a share:
    the persons are rounded down at the end.
    """
    women, men = counted.get(K.LATRINES_WOMEN), counted.get(K.LATRINES_MEN)
    shared = Fraction(counted.get(K.LATRINES, Decimal(0)))
    if women is None and men is None:
        return shared, K.LATRINES
    sides: list[tuple[Fraction, str]] = []
    if women is not None:
        sides.append(((Fraction(women) + shared) / WOMEN, K.LATRINES_WOMEN))
    if men is not None:
        sides.append(((Fraction(men) + shared) / MEN, K.LATRINES_MEN))
    if women is not None and men is not None:
        limit = K.LATRINES if K.LATRINES in counted else K.LATRINES_WOMEN
        sides.append((Fraction(women) + Fraction(men) + shared, limit))
    return min(sides, key=lambda side: side[0])


def norms_of(phase: str, on: date | None = None) -> dict[str, Norm]:
    """The norm of each resource in the edition that counts on a day (today), by its kind."""
    day = on or clock.now().date()
    return {norm.kind: norm for norm in Norm.objects.counting_on(day).filter(phase=phase)}


def explain_capacity(site: Site, on: date | None = None) -> CapacityExplanation:
    """Each measured line of `site`, the one that limits it, and what is not measured.

    By the editions of the norms that count on the day `on`, today by default.
    """
    day = on or clock.now().date()
    norms = norms_of(site.norm_phase, day)
    measured = {resource.kind: resource for resource in site.resources.all()}
    lines = []
    for kind in ResourceKind:
        parts = [each for each in GROUPS.get(kind, (kind,)) if each in measured]
        if parts and (line := _line(kind, [measured[each] for each in parts], norms)):
            lines.append(line)
    counted = {part for line in lines for part, _quantity in line.parts}
    return CapacityExplanation(
        phase=site.norm_phase,
        lines=tuple(lines),
        unmeasured=tuple(_unmeasured(site, norms, measured)),
        operational=site.operational_capacity,
        operational_reason=site.operational_reason,
        on=day,
        without_norm=tuple(k for k in ResourceKind.values if k in measured and k not in counted),
        for_refugees=site.for_refugees,
        floor_as_heated=K.HEATED_AREA in norms
        and K.FLOOR_AREA in measured
        and K.HEATED_AREA not in measured,
    )


def _line(
    kind: ResourceKind, resources: list[SiteResource], norms: Mapping[str, Norm]
) -> CapacityLine | None:
    """The line of one purpose; None for what is told in another line or has no norm."""
    if kind in (K.LATRINES_WOMEN, K.LATRINES_MEN, K.HANDPUMPS):
        return None
    limiting: str = kind
    if kind == K.LATRINES:
        if (norm := norms.get(kind)) is None:
            return None
        needed, limiting = latrines_needed_by({each.kind: each.quantity for each in resources})
        persons = int(needed * norm.persons // Fraction(norm.units))
    else:
        resources = [each for each in resources if each.kind in norms]
        if not resources:
            return None
        limiting = resources[0].kind
        norm = norms[limiting]
        persons = sum(persons_served(each.quantity, norms[each.kind]) for each in resources)
    return CapacityLine(
        kind=limiting,
        quantity=sum((each.quantity for each in resources), Decimal(0)),
        measured_on=min(each.measured_on for each in resources),
        norm=norm.name,
        source=norm.source,
        persons=persons,
        version=norm.version,
        parts=tuple((each.kind, each.quantity) for each in resources),
    )


def _asked_for(site: Site, norms: Mapping[str, Norm]) -> list[str]:
    """What should be measured at such a site: all that has a norm, plots only where tents stand."""
    return [
        kind
        for kind in ResourceKind.values
        if kind in norms and (kind != K.SETTLEMENT_AREA or site.type == SiteType.TENTS)
    ]


def _unmeasured(
    site: Site, norms: Mapping[str, Norm], measured: Mapping[str, SiteResource]
) -> Iterator[str]:
    """What of that is missing: of latrines a side, of water points neither kind."""
    for kind in _asked_for(site, norms):
        if kind == K.LATRINES:
            sides = [side for side in (K.LATRINES_WOMEN, K.LATRINES_MEN) if side not in measured]
            if len(sides) == 1:
                yield sides[0].value
            elif sides and kind not in measured:
                yield kind
        elif kind in WATER_POINTS:
            # Whoever has taps needs no pumps: only the first is named where neither was counted.
            if kind == K.TAPS and not any(each in measured for each in WATER_POINTS):
                yield kind
        elif kind not in measured:
            yield kind
