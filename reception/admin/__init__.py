"""Pages of reception: sites, placements, families waiting for a place."""

from reception.admin import place_rules
from reception.admin.allocations import AllocationRunAdmin
from reception.admin.head_counts import HeadCountAdmin
from reception.admin.norms import NormAdmin
from reception.admin.placements import PlacementAdmin
from reception.admin.plans import SitePlanAdmin
from reception.admin.policies import PlacementPolicyAdmin
from reception.admin.site_parts import (
    BlockAdmin,
    ClosedDayAdmin,
    ContactAdmin,
    HoursAdmin,
    PhotoAdmin,
    UnitAdmin,
)
from reception.admin.sites import SiteAdmin
from reception.admin.transports import TransportAdmin

__all__ = [
    "AllocationRunAdmin",
    "BlockAdmin",
    "ClosedDayAdmin",
    "ContactAdmin",
    "HeadCountAdmin",
    "HoursAdmin",
    "NormAdmin",
    "PhotoAdmin",
    "PlacementAdmin",
    "PlacementPolicyAdmin",
    "SiteAdmin",
    "SitePlanAdmin",
    "TransportAdmin",
    "UnitAdmin",
    "place_rules",
]
