"""What must hold for the places of families that still wait, so that a proposal has to mind it."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User
from common import clock
from demo.story import at
from reception import services
from reception.selectors import unplaced_households


def say_what_must_hold(*, officer: User, protection: User, say: Callable[[str], None]) -> None:
    """Two families to keep apart, two that ask to stay near each other, one near health care."""
    with clock.replaying(at(8, 5)):
        waiting = list(unplaced_households().order_by("reference")[:5])
        if len(waiting) < 5:
            say("  too few families wait")
            return
        services.keep_apart(
            actor=protection,
            household=waiting[0],
            other=waiting[1],
            reason="A quarrel about land at home; both families asked for it.",
        )
        services.join_kin(actor=officer, households=waiting[2:4])
        services.require_place(
            actor=officer,
            household=waiting[4],
            kind="medical",
            minutes=20,
            note="Needs insulin every day",
        )
    say("  1 pair to keep apart, 2 families to keep near each other, 1 near health care")
