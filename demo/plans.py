"""The contingency plan of the founding case: two places that were being made ready."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from accounts.models import Agency, User
from common import clock
from intake.models import Area
from reception import services as reception
from reception.models import Site, SitePlan

PLANNED_AT = datetime(2021, 7, 6, 11, tzinfo=ZoneInfo("Asia/Dushanbe"))


def plan_places(*, officer: User, say: Callable[[str], None]) -> None:
    """A gym that is no site yet, and a tent site that is to grow."""
    if SitePlan.objects.exists():
        return
    with clock.replaying(PLANNED_AT):
        gym = reception.plan_site(
            actor=officer,
            name="Sports hall in Rushan",
            area=Area.objects.get(code="3590220"),
            places=240,
            ready_on=date(2021, 7, 12),
            agency=Agency.objects.order_by("code").first(),
            responsible=officer,
            needs=["Six stoves and firewood for a week", "Latrines: four for women, two for men"],
        )
        reception.plan_site(
            actor=officer,
            site=Site.objects.get(code="ISHKOSHIM-TENTS"),
            places=400,
            ready_on=date(2021, 7, 9),
            needs=["Twenty more winter tents"],
        )
        reception.tick_need(actor=officer, item=gym.items.all()[0])
    say("  2 places in preparation")
