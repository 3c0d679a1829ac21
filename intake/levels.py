"""How far a household is registered: it follows from its people and is kept with it for lists."""

from __future__ import annotations

from typing import Any

from intake.choices import RegistrationLevel
from intake.models import Household


def settle_level(household: Household, actor: Any = None) -> None:
    """`group` while anybody in the count has no name yet, `individual` once all have.

    A household that nobody is in keeps its level. Called with the household locked, in the
    transaction of whatever changed its people.
    """
    counted = household.members.filter(left_at__isnull=True)
    open_ones = set(counted.values_list("pre_registered", flat=True).distinct())
    if not open_ones:
        return
    level = RegistrationLevel.GROUP if True in open_ones else RegistrationLevel.INDIVIDUAL
    if household.level != level:
        household.level = level
        household.save(update_fields=["level"])
