"""How many people a site can take, and why: the least of what was measured there.

For every resource that was measured, the norm of the site's phase says how many persons it
serves (Sphere 2018, UNHCR 2018; reception/codelists/norms.csv). The least of these is the derived
capacity. A resource that was not measured is named and limits nothing: it is neither nothing nor
endless. The manager's stated capacity counts where it is lower, or where nothing was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from reception.choices import NormPhase, ResourceKind
from reception.models import Norm, Site


@dataclass(frozen=True)
class CapacityLine:
    """One measured resource and how many persons it serves by the norm."""

    kind: str
    quantity: Decimal
    measured_on: date
    norm: str
    source: str
    persons: int

    @property
    def label(self) -> str:
        """The resource in words."""
        return str(ResourceKind(self.kind).label)


@dataclass(frozen=True)
class CapacityExplanation:
    """What a site can take and what limits it.

    `derived` is None when no resource is measured; `capacity` is then what the manager stated,
    or 0 when nothing is known: nobody is sent to a place of which nothing is known.
    """

    phase: str
    lines: tuple[CapacityLine, ...]
    unmeasured: tuple[str, ...]
    operational: int | None
    operational_reason: str

    @property
    def binding(self) -> CapacityLine | None:
        """The resource that limits the site."""
        return min(self.lines, key=lambda line: line.persons, default=None)

    @property
    def derived(self) -> int | None:
        """What the measured resources serve."""
        return self.binding.persons if self.binding else None

    @property
    def capacity(self) -> int:
        """What counts: the lower of derived and stated."""
        known = [each for each in (self.derived, self.operational) if each is not None]
        return min(known, default=0)

    @property
    def stated_counts(self) -> bool:
        """Whether the manager's figure is the one that limits."""
        return self.operational is not None and self.operational == self.capacity

    def sentences(self) -> list[str]:
        """The explanation in the reader's language."""
        told = [self._what_limits()]
        if self.lines:
            told.append(
                _("Norms applied: %(phase)s.") % {"phase": str(NormPhase(self.phase).label).lower()}
            )
        if self.unmeasured:
            names = ", ".join(str(ResourceKind(kind).label) for kind in self.unmeasured)
            told.append(_("Not measured, so not counted: %(names)s.") % {"names": names})
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


def persons_served(quantity: Decimal, norm: Norm) -> int:
    """How many persons `quantity` serves by `norm`: whole persons, rounded down."""
    return int(quantity * norm.persons // norm.units)


# The norms that count now, by phase and resource.
Norms = Mapping[str, Mapping[str, Norm]]


def current_norms(phase: str | None = None) -> Norms:
    """The norms of now, of one phase or of all, in one query."""
    rows = Norm.objects.filter(disabled_on__isnull=True)
    found: dict[str, dict[str, Norm]] = {}
    for norm in rows if phase is None else rows.filter(phase=phase):
        found.setdefault(norm.phase, {})[norm.kind] = norm
    return found


def explain_capacity(site: Site) -> CapacityExplanation:
    """Each measured line of `site`, the one that limits it, and what is not measured."""
    return explain_by(site, current_norms(site.norm_phase))


def explain_by(site: Site, current: Norms) -> CapacityExplanation:
    """The same by norms that were read before, so that many sites take one query for them."""
    norms = current.get(site.norm_phase, {})
    measured = {resource.kind: resource for resource in site.resources.all()}
    lines = tuple(
        CapacityLine(
            kind=kind,
            quantity=measured[kind].quantity,
            measured_on=measured[kind].measured_on,
            norm=norms[kind].label,
            source=norms[kind].source,
            persons=persons_served(measured[kind].quantity, norms[kind]),
        )
        for kind in ResourceKind.values
        if kind in measured and kind in norms
    )
    return CapacityExplanation(
        phase=site.norm_phase,
        lines=lines,
        unmeasured=tuple(k for k in ResourceKind.values if k in norms and k not in measured),
        operational=site.operational_capacity,
        operational_reason=site.operational_reason,
    )
