"""What a slip that is scanned at a site means there, as far as the reader may know."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import models

from accounts.policies import Permission
from intake.choices import TokenState
from intake.models import Household, Person, SlipToken
from intake.references import (
    InvalidReferenceError,
    InvalidTokenError,
    normalise_token,
    parse_reference,
)
from intake.services.tokens import find_by_token
from reception.choices import OPEN_STATUSES, StayState
from reception.models import Placement, Site, Stay
from reception.policies import may_at

COMING = (StayState.DUE, StayState.NOT_COME)


class Verdict(models.TextChoices):
    """What to do with the people who show the slip."""

    DUE = "due"
    PRESENT = "present"
    ELSEWHERE = "elsewhere"
    NO_PLACE = "no_place"
    REVOKED = "revoked"
    UNUSED = "unused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Seen:
    """A slip at a site. `stays` are those of who is still to come, when the family is due.

    `placement` is the family's place here, or the one elsewhere that the reader may know of;
    `may_place` whether the reader may give it a place here.
    """

    verdict: Verdict
    household: Household | None = None
    placement: Placement | None = None
    stays: list[Stay] = field(default_factory=list)
    slip: SlipToken | None = None
    may_place: bool = False

    @property
    def persons(self) -> list[Person]:
        """Who is still to come."""
        return [stay.person for stay in self.stays]


def look_at(user: Any, site: Site, text: str) -> Seen:
    """What `text` (a slip or a reference, scanned or typed) means to `user` at `site`.

    A family that the user may not read is as unknown as a slip that does not exist. Raises
    InvalidTokenError or InvalidReferenceError for what is neither a token nor a reference.
    """
    household, slip, state = meant(user, text)
    if state == TokenState.REVOKED:
        return Seen(Verdict.REVOKED, household, slip=slip)
    if state == TokenState.PRINTED:
        return Seen(Verdict.UNUSED, slip=slip)
    if household is None:
        return Seen(Verdict.UNKNOWN)
    return _at(user, site, household)


def _at(user: Any, site: Site, household: Household) -> Seen:
    may_place = may_at(user, Permission.PLACEMENTS_WRITE, site)
    held = list(
        Placement.objects.filter(household=household, status__in=OPEN_STATUSES)
        .select_related("site", "household")
        .order_by("part", "pk")
    )
    here = [placement for placement in held if placement.site_id == site.pk]
    for placement in here:
        if stays := coming(placement):
            return Seen(Verdict.DUE, household, placement, stays, may_place=may_place)
    if here:
        return Seen(Verdict.PRESENT, household, here[0], may_place=may_place)
    if held:
        known = Placement.objects.visible_to(user).filter(pk__in=[each.pk for each in held])
        first = known.select_related("site").order_by("transfer_of_id", "pk").first()
        return Seen(Verdict.ELSEWHERE, household, first, may_place=may_place)
    return Seen(Verdict.NO_PLACE, household, may_place=may_place)


def coming(placement: Placement) -> list[Stay]:
    """Who is still to come to a place: also who stayed away at first, and is late."""
    rows = Stay.objects.standing().filter(placement=placement, state__in=COMING)
    return list(rows.select_related("person").order_by("person__position", "person_id"))


def meant(user: Any, text: str) -> tuple[Household | None, SlipToken | None, str]:
    """The household of a slip or reference that the user may read, its slip, and its state.

    Raises InvalidTokenError or InvalidReferenceError for what is neither.
    """
    try:
        normalise_token(text)
    except InvalidTokenError as error:
        try:
            reference = parse_reference(text)
        except InvalidReferenceError as other:
            raise error if other.code == "unreadable" else other from None
        return _by_reference(user, reference), None, TokenState.BOUND
    found = find_by_token(user, text)
    return found.household, found.slip, found.state


def _by_reference(user: Any, reference: str) -> Household | None:
    household = Household.objects.select_related("merged_into").filter(reference=reference).first()
    while household is not None and household.merged_into is not None:
        household = household.merged_into
    visible = Household.objects.visible_to(user)
    if household is None or not visible.filter(pk=household.pk).exists():
        return None
    return household
