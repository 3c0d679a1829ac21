"""A sheet of slips that lies ready at the Tem crossing."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User
from common import clock
from demo.story import at
from intake.services.tokens import print_copy, print_sheet


def print_ahead(*, actor: User, say: Callable[[str], None]) -> None:
    """One page of slips for the next families, printed on the evening of the seventh."""
    with clock.replaying(at(7, 21)):
        sheet = print_sheet(actor=actor, count=24, entry_point="TEM")
        print_copy(actor=actor, sheet=sheet)
    say(f"  {sheet.count} slips printed ahead")
