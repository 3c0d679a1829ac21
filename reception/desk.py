"""What reception shows on the desk's pages: where a household stays."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from reception.models import Placement, Site


def site_names(households: Collection[uuid.UUID], user: Any) -> dict[uuid.UUID, str]:
    """The site at which each household holds a place, as far as the user may see the site."""
    placed = Placement.objects.open().filter(
        household_id__in=households,
        site__in=Site.objects.visible_to(user),
        # Not where places wait for a family that is to move.
        transfer_of__isnull=True,
    )
    return {each.household_id: each.site.local_name for each in placed.select_related("site")}
