"""Specific needs suggested from who is in a household; people confirm them.

The rules are the observable part of UNHCR's Guidance on the Use of Standardized Specific Needs
Codes (2009): nobody is asked anything for them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

from intake.births import age_bracket, is_child
from intake.choices import NeedStatus, Relationship, Sex

# Not of UNHCR's list: whoever may not see or name a need says only this (Guidance on
# Registration 5.2: flagged "pending review" and referred, else the information is lost).
REVIEW_CODE = "PR-RV"


@dataclass(frozen=True)
class Fact:
    """What is known of one member without opening the identity."""

    sex: str
    earliest: date | None
    latest: date | None
    relationship: str


def stated_status(code: str, tier: int, tiers: Collection[int]) -> str:
    """What a need is when it is said by staff who may see `tiers`.

    A code above their tiers waits for a protection officer, as the request for a review does.
    """
    known = tier in tiers and code != REVIEW_CODE
    return NeedStatus.CONFIRMED if known else NeedStatus.PENDING_REVIEW


@dataclass(frozen=True)
class Composition:
    """A household on a day: who is a child, who is 60 or over."""

    members: Sequence[Fact]
    children: tuple[int, ...]
    adults: tuple[int, ...]
    older: tuple[int, ...]


def composition(members: Sequence[Fact], on: date) -> Composition:
    """Sort the members (by position) into children, adults and older adults on a day."""
    children = tuple(i for i, m in enumerate(members) if is_child(m.earliest, m.latest, on))
    older = tuple(
        i for i, m in enumerate(members) if age_bracket(m.earliest, m.latest, on) == "60+"
    )
    adults = tuple(i for i in range(len(members)) if i not in children)
    return Composition(members, children, adults, older)


def _unaccompanied(home: Composition) -> dict[int, str]:
    return dict.fromkeys(home.children, "SC-UC") if not home.adults else {}


def _child_headed(home: Composition) -> dict[int, str]:
    if home.adults or len(home.children) < 2:
        return {}
    oldest = min(home.children, key=lambda i: home.members[i].earliest or date.max)
    return {oldest: "SC-CH"}


def _single_parent(home: Composition) -> dict[int, str]:
    if len(home.adults) != 1 or not home.children or home.adults[0] in home.older:
        return {}
    return {home.adults[0]: "SP-PT"}


def _older_alone(home: Composition) -> dict[int, str]:
    return {0: "ER-UR"} if len(home.members) == 1 and home.older else {}


def _older_with_children(home: Composition) -> dict[int, str]:
    if not home.children or not home.adults or set(home.adults) != set(home.older):
        return {}
    return dict.fromkeys(home.older, "ER-MC")


def _married_child(home: Composition) -> dict[int, str]:
    return {
        i: "CR-CS" for i in home.children if home.members[i].relationship == Relationship.SPOUSE
    }


def _woman_alone_with_household(home: Composition) -> dict[int, str]:
    sexes = {home.members[i].sex for i in home.adults}
    heads = [i for i in home.adults if home.members[i].relationship == Relationship.HEAD]
    if sexes != {Sex.FEMALE} or not heads or len(home.members) == 1:
        return {}
    return {heads[0]: "WR-HR"}


RULES: tuple[Callable[[Composition], dict[int, str]], ...] = (
    _unaccompanied,
    _child_headed,
    _single_parent,
    _older_alone,
    _older_with_children,
    _married_child,
    _woman_alone_with_household,
)


def suggested_needs(members: Sequence[Fact], on: date) -> list[set[str]]:
    """Codes suggested for each member, in the order of the members."""
    home = composition(members, on)
    found: list[set[str]] = [set() for _ in members]
    for rule in RULES:
        for index, code in rule(home).items():
            found[index].add(code)
    return found
