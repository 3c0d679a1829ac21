"""Who may change a household: asked by every service, whatever called it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission, access_of
from common.errors import NotPermitted
from intake.models import Household
from intake.querysets import households_q

_TIERS = {1: Permission.NEEDS_TIER_1, 2: Permission.NEEDS_TIER_2, 3: Permission.NEEDS_TIER_3}


def tiers_of(user: Any) -> frozenset[int]:
    """The sensitivity tiers of needs that the user may see."""
    access = access_of(user)
    return frozenset(tier for tier, permission in _TIERS.items() if access.can(permission))


def holds_for(actor: Any, permission: Permission, household_id: Any) -> bool:
    """Whether the actor holds `permission` where this household is."""
    return Household.objects.filter(households_q(actor, permission), pk=household_id).exists()


def require_editor(actor: Any, household_id: Any) -> None:
    """NotPermitted unless the actor may change this household."""
    if not holds_for(actor, Permission.HOUSEHOLDS_EDIT, household_id):
        raise NotPermitted("not_permitted", _("You may not change households."))


def require_recorder(actor: Any, household_id: Any) -> None:
    """NotPermitted unless the actor may record what happens to its people.

    Registrars do, and the staff of the site where they live: births, deaths, who left, who came
    back.
    """
    if not holds_for(actor, Permission.HOUSEHOLDS_EVENTS, household_id):
        raise NotPermitted(
            "not_permitted", _("You may not record what happens to people of this household.")
        )
