"""People coming to their place, being away from it and coming back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common import clock
from common.errors import FieldProblem, InvalidInput, InvalidState
from reception.choices import RESERVED_STATUSES, AbsenceReason, PlacementStatus
from reception.errors import refusals_as_errors
from reception.models import Placement
from reception.services import rules
from reception.services.counters import Moves
from reception.services.locks import lock_placement


def check_in(*, actor: Any, placement: Placement, occurred_at: datetime | None = None) -> Placement:
    """The family is here. A reservation that has run out but was not yet released still counts."""
    when = rules.check_moment("occurred_at", occurred_at or clock.now())
    with refusals_as_errors(placement.site), transaction.atomic():
        placement = lock_placement(placement.pk)
        rules.require_write(actor, placement.site)
        before = placement.status
        if before not in RESERVED_STATUSES:
            # From absent or transfer pending, people return; they do not come anew.
            raise InvalidState(
                "wrong_state",
                _("Only a family that is expected can be checked in; this placement is “%(now)s”.")
                % {"now": placement.get_status_display()},
                state=placement.status,
            )
        placement.checked_in_at = when
        placement.reserved_until = None
        rules.advance(
            placement,
            PlacementStatus.CHECKED_IN,
            event="placement.checked_in",
            actor=actor,
            occurred_at=when,
        )
        Moves().add(placement.site_id, before, -placement.places).add(
            placement.site_id, PlacementStatus.CHECKED_IN, placement.places
        ).write()
    return placement


def record_absence(
    *, actor: Any, placement: Placement, reason: str, occurred_at: datetime | None = None
) -> Placement:
    """The whole family is away for a while; its places are kept."""
    if reason not in AbsenceReason.values:
        detail = _("Choose one of: %(reasons)s.") % {"reasons": ", ".join(AbsenceReason.values)}
        raise InvalidInput(
            "invalid", detail, problems=[FieldProblem("reason", "invalid_choice", detail)]
        )
    return _move(
        placement,
        PlacementStatus.ABSENT,
        event="placement.absent",
        actor=actor,
        occurred_at=occurred_at,
        absence_reason=reason,
    )


def record_return(
    *, actor: Any, placement: Placement, occurred_at: datetime | None = None
) -> Placement:
    """The family is back, or its transfer was called off."""
    return _move(
        placement,
        PlacementStatus.CHECKED_IN,
        event="placement.returned",
        actor=actor,
        occurred_at=occurred_at,
        absence_reason="",
    )


def announce_transfer(*, actor: Any, placement: Placement) -> Placement:
    """The family is to move elsewhere; its places are kept until it does."""
    return _move(
        placement,
        PlacementStatus.TRANSFER_PENDING,
        event="placement.transfer_announced",
        actor=actor,
        occurred_at=None,
        absence_reason="",
    )


def _move(
    placement: Placement,
    to: str,
    *,
    event: str,
    actor: Any,
    occurred_at: datetime | None,
    absence_reason: str,
) -> Placement:
    """Between states in which people hold the same places: no counter changes."""
    when = rules.check_moment("occurred_at", occurred_at or clock.now())
    with transaction.atomic():
        placement = lock_placement(placement.pk)
        rules.require_write(actor, placement.site)
        if placement.status in RESERVED_STATUSES:
            to_label = PlacementStatus(to).label
            raise InvalidState(
                "wrong_state",
                _("This family has not come yet, so it cannot be “%(to)s”.") % {"to": to_label},
                state=placement.status,
            )
        placement.absence_reason = absence_reason
        rules.advance(placement, to, event=event, actor=actor, occurred_at=when)
    return placement
