"""What stands against a placement, as errors that clients can rely on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import IntegrityError
from django.utils.translation import gettext as _

from common.errors import CapacityExceeded, Conflict, DomainError, constraint_name

if TYPE_CHECKING:
    from reception.models import Site, Unit


class NotFound(DomainError):
    """What was named does not exist, or is not visible to the actor: the two look the same."""

    status = 404


@contextmanager
def refusals_as_errors(site: Site, *, needed: int = 0, unit: Unit | None = None) -> Iterator[None]:
    """Turn a refusal of the database into a domain error, by the name of the constraint.

    Goes around `transaction.atomic()`: the free places are read after the rollback, so that the
    message says what is true. Other integrity errors pass through.
    """
    try:
        yield
    except IntegrityError as error:
        name = constraint_name(error)
        if name == "site_places_within_capacity":
            raise _too_few_places(site, needed) from error
        if name == "site_of_authority_holds_nobody":
            raise not_placeable(site_of_authority()) from error
        if name == "unit_places_within_capacity":
            raise _unit_full(unit) from error
        if name == "stay_no_person_in_two_places":
            raise in_two_places() from error
        if name == "placement_one_open_per_household":
            raise already_placed() from error
        if name == "reception_placement_pkey":
            raise Conflict(
                "conflict", _("Another placement has this id. Send a new id with a new placement.")
            ) from error
        raise


def _too_few_places(site: Site, needed: int) -> CapacityExceeded:
    # Only the places are read again: the object that the caller holds stays as it is.
    now = type(site).objects.get(pk=site.pk)
    free = max(now.free, 0)
    return CapacityExceeded(
        "capacity_exceeded",
        _(
            "%(site)s has %(free)d free places, %(needed)d are needed. Choose another site; a "
            "family is not split."
        )
        % {"site": now.name, "free": free, "needed": needed},
        free=free,
        needed=needed,
    )


def _unit_full(unit: Unit | None) -> CapacityExceeded:
    free = 0 if unit is None else max(type(unit).objects.get(pk=unit.pk).free, 0)
    return CapacityExceeded(
        "unit_full",
        _("This room or tent has %(free)d free places. Choose another one.") % {"free": free},
        free=free,
    )


def already_placed() -> Conflict:
    """The household has a place."""
    return Conflict(
        "already_placed",
        _("This household already has a place. Transfer it, or end that placement first."),
    )


def in_two_places() -> Conflict:
    """Somebody of the household has a place elsewhere for the same time."""
    return Conflict(
        "person_in_two_places",
        _(
            "Somebody of this family holds a place elsewhere at the same time. End that one first, "
            "or correct the time."
        ),
    )


def not_placeable(reason: str) -> Conflict:
    """The household cannot have a place, and why."""
    return Conflict("household_not_placeable", reason)


def site_of_authority() -> str:
    """Why nobody is placed at a facility that the authority runs."""
    return _("This facility is run by the authority and takes no families. Choose a refugee site.")
