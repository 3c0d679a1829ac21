"""A proposal as one reader may see it: lines, sites before and after, reasons in words."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from reception.allocation.facts import Said
from reception.choices import ProposedState
from reception.models import AllocationLine, AllocationRun, Site
from reception.services.hard_rules import words_of


@dataclass(frozen=True)
class Reader:
    """What a reader may know of sites: names by code, and codes that must not be told."""

    names: dict[str, str]
    hidden: frozenset[str]

    @classmethod
    def of(cls, user: Any) -> Reader:
        """For a user."""
        visible = {site.code: site.local_name for site in Site.objects.visible_to(user)}
        every = set(Site.objects.values_list("code", flat=True))
        return cls(visible, frozenset(every - set(visible)))

    def said(self, statements: list[dict[str, Any]]) -> list[Said]:
        """The statements that tell of no site which the reader must not know."""
        found = [Said.from_json(each) for each in statements]
        return [
            each for each in found if not any(value in self.hidden for _name, value in each.values)
        ]

    def words(self, statements: list[dict[str, Any]]) -> list[str]:
        """The same in the reader's language."""
        return [words_of(each, self.names) for each in self.said(statements)]


@dataclass(frozen=True)
class LineView:
    """One family of a proposal with its reasons in words."""

    line: AllocationLine
    reasons: list[Said]
    why: list[str]
    missing: list[str]
    instead: list[str]
    refusal: str

    @property
    def needs(self) -> dict[str, Any]:
        """What the place must offer, as it was when the proposal was worked out."""
        return dict(self.line.facts)


@dataclass
class SiteView:
    """A site of a proposal: its places now, and when all that is left is confirmed."""

    site: Site
    lines: list[LineView] = field(default_factory=list)
    more: int = 0

    @property
    def families(self) -> int:
        """How many families of the proposal go there."""
        return len(self.lines)

    @property
    def persons(self) -> int:
        """How many persons of the proposal go there."""
        return sum(each.line.places for each in self.lines)

    @property
    def room(self) -> int:
        """Places that may be taken in all."""
        return self.site.capacity + self.site.overflow - self.site.blocked

    @property
    def free_after(self) -> int:
        """Places left once all lines are confirmed."""
        return self.site.free - self.more


@dataclass(frozen=True)
class ProposalView:
    """What a reader sees of a proposal."""

    run: AllocationRun
    sites: list[SiteView]
    unplaced: list[LineView]
    left_out: list[LineView]
    refused: list[LineView]
    lines: list[LineView]

    @property
    def to_confirm(self) -> bool:
        """Whether a line is left whose places were not given."""
        return any(
            each.line.site_id and each.line.state != ProposedState.CONFIRMED for each in self.lines
        )

    @property
    def counts(self) -> dict[str, int]:
        """Families and persons: in all, with a site, without, confirmed, refused, left out."""
        with_site = [each for each in self.lines if each.line.site_id]
        confirmed = [each for each in self.lines if each.line.state == ProposedState.CONFIRMED]
        return {
            "families": len(self.lines),
            "persons": sum(each.line.places for each in self.lines),
            "families_with_site": len(with_site),
            "persons_with_site": sum(each.line.places for each in with_site),
            "families_unplaced": len(self.unplaced),
            "persons_unplaced": sum(each.line.places for each in self.unplaced),
            "families_confirmed": len(confirmed),
            "families_refused": len(self.refused),
            "families_left_out": len(self.left_out),
        }


def view_of(run: AllocationRun, user: Any) -> ProposalView:
    """The proposal as `user` may see it; lines at sites they may not know of are not there.

    A fixed number of queries.
    """
    reader = Reader.of(user)
    rows = (
        AllocationLine.objects.visible_to(user)
        .filter(run=run)
        .select_related("household", "site", "proposed_site")
        .defer("household__contact")
        .order_by("household__reference")
    )
    lines = [line_view(each, reader) for each in rows]
    sites: dict[uuid.UUID, SiteView] = {}
    apart: dict[str, list[LineView]] = defaultdict(list)
    for each in lines:
        _sort_in(each, sites, apart)
    return ProposalView(
        run=run,
        sites=sorted(sites.values(), key=lambda each: (-each.persons, each.site.code)),
        unplaced=sorted(apart["unplaced"], key=lambda each: -each.line.places),
        left_out=apart[ProposedState.LEFT_OUT],
        refused=apart[ProposedState.REFUSED],
        lines=lines,
    )


def _sort_in(
    each: LineView, sites: dict[uuid.UUID, SiteView], apart: dict[str, list[LineView]]
) -> None:
    line = each.line
    if line.state in (ProposedState.LEFT_OUT, ProposedState.REFUSED):
        apart[line.state].append(each)
    elif line.site is None:
        apart["unplaced"].append(each)
    else:
        view = sites.setdefault(line.site.pk, SiteView(line.site))
        view.lines.append(each)
        view.more += 0 if line.state == ProposedState.CONFIRMED else line.places


def line_view(line: AllocationLine, reader: Reader) -> LineView:
    """One line in the reader's words."""
    changed = line.state == ProposedState.CHANGED
    return LineView(
        line=line,
        reasons=reader.said(line.reasons),
        why=[] if changed else reader.words(line.reasons if line.site_id else []),
        missing=reader.words(line.missing) if line.site_id is None else [],
        instead=reader.words(line.alternatives),
        refusal=" ".join(reader.words([line.refusal])) if line.refusal else "",
    )
