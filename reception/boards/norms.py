"""How much there is for each person at a site, against the norms, with a light for each line.

Two norms judge a line: the minimum of an emergency, and what is to be reached (the stricter of
the norm after the emergency and that of the site's own phase, which for cold places is the higher
floor area). Green: enough by both. Amber: enough for an emergency only. Red: less than that.
Sphere 2018 and UNHCR 2018 as in reception/codelists/norms.csv; whatever is measured and has a
norm has a line.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission
from reception.capacity import CapacityExplanation, CapacityLine, Norms, current_norms, explain_by
from reception.choices import NormPhase, ResourceKind
from reception.models import Site
from reception.querysets import sites_q


class Light(models.TextChoices):
    """How a line stands; shown with a sign and words, never by colour alone."""

    GREEN = "green", _("enough")
    AMBER = "amber", _("enough for an emergency only")
    RED = "red", _("too little")
    EMPTY = "empty", _("nobody is there yet")


SIGNS: Mapping[str, str] = {Light.GREEN: "●", Light.AMBER: "◆", Light.RED: "▲", Light.EMPTY: "–"}
# Worst first: a site is as good as its worst line.
ORDER = (Light.RED, Light.AMBER, Light.GREEN, Light.EMPTY)


@dataclass(frozen=True)
class NormLine:
    """One measured resource at a site: what is there for each person, and what should be.

    `each` is the quantity a person, or persons to one where one serves many (`shared`).
    `minimum_persons` and `target_persons` are how many the quantity serves by the two norms.
    """

    kind: str
    label: str
    quantity: Decimal
    measured_on: date
    each: Decimal | None
    shared: bool
    minimum: str
    minimum_source: str
    minimum_persons: int | None
    target: str
    target_source: str
    target_persons: int | None
    light: str

    @property
    def sign(self) -> str:
        """A sign that differs in shape, for who does not tell colours apart."""
        return SIGNS[self.light]

    @property
    def words(self) -> Any:
        """The light in words."""
        return Light(self.light).label


@dataclass(frozen=True)
class SiteNorms:
    """A site against the norms: `people` are the places taken, due ones too."""

    site: Site
    people: int
    lines: tuple[NormLine, ...]
    unmeasured: tuple[str, ...]

    @property
    def light(self) -> str:
        """The worst light; empty where nothing is measured."""
        lights = {line.light for line in self.lines}
        return next((str(light.value) for light in ORDER if light in lights), "")

    @property
    def sign(self) -> str:
        """The sign of the worst light."""
        return SIGNS[self.light] if self.light else "?"

    @property
    def words(self) -> Any:
        """The worst light in words."""
        return Light(self.light).label if self.light else _("nothing is measured")

    @property
    def unmeasured_words(self) -> list[Any]:
        """What is not measured, in words."""
        return [ResourceKind(kind).label for kind in self.unmeasured]


def norms_table(user: Any) -> tuple[SiteNorms, ...]:
    """Every site that is not closed and that `user` may know of, by name. Three queries."""
    rows = (
        Site.objects.for_refugees()
        .filter(sites_q(user, Permission.SITES_READ))
        .exclude(status="closed")
    )
    sites = rows.prefetch_related("resources").order_by("name", "pk")
    norms = current_norms()
    return tuple(site_norms(site, norms) for site in sites)


def site_norms(site: Site, norms: Norms | None = None) -> SiteNorms:
    """One site against the norms of now (two queries; none with prefetched resources and norms)."""
    known = current_norms() if norms is None else norms
    own, minimum, later = (
        explain_by(_in_phase(site, phase), known)
        for phase in (site.norm_phase, NormPhase.EMERGENCY, NormPhase.LATER)
    )
    least, most = _by_kind([minimum]), _by_kind([own, later])
    return SiteNorms(
        site=site,
        people=site.taken,
        lines=tuple(
            _line(kind, site.taken, least.get(kind), most.get(kind))
            for kind in ResourceKind.values
            if kind in least or kind in most
        ),
        unmeasured=own.unmeasured,
    )


def _in_phase(site: Site, phase: str) -> Site:
    """The same site, judged by another phase; never saved."""
    other = copy.copy(site)
    other.norm_phase = phase
    return other


def _by_kind(explained: Iterable[CapacityExplanation]) -> dict[str, CapacityLine]:
    """The strictest line of each kind."""
    found: dict[str, CapacityLine] = {}
    for explanation in explained:
        for line in explanation.lines:
            if line.kind not in found or line.persons < found[line.kind].persons:
                found[line.kind] = line
    return found


def _line(
    kind: str, people: int, least: CapacityLine | None, most: CapacityLine | None
) -> NormLine:
    some = least or most
    assert some is not None
    shared = some.persons > some.quantity
    each = None
    if people and (not shared or some.quantity):
        each = people / some.quantity if shared else some.quantity / people
    return NormLine(
        kind=kind,
        label=some.label,
        quantity=some.quantity,
        measured_on=some.measured_on,
        each=each,
        shared=shared,
        minimum=least.norm if least else "",
        minimum_source=least.source if least else "",
        minimum_persons=least.persons if least else None,
        target=most.norm if most else "",
        target_source=most.source if most else "",
        target_persons=most.persons if most else None,
        light=light_of(people, least.persons if least else None, most.persons if most else None),
    )


def light_of(people: int, minimum: int | None, target: int | None) -> str:
    """The light for so many people where the two norms serve so many; None: no such norm."""
    if not people:
        return str(Light.EMPTY.value)
    if minimum is not None and people > minimum:
        return str(Light.RED.value)
    if target is not None and people > target:
        # Without a minimum of an emergency, what is to be reached is all there is.
        return str(Light.RED.value if minimum is None else Light.AMBER.value)
    return str(Light.GREEN.value)
