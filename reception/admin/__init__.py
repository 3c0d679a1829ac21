"""Pages of reception: sites, placements, families waiting for a place."""

from reception.admin.head_counts import HeadCountAdmin
from reception.admin.norms import NormAdmin
from reception.admin.placements import PlacementAdmin
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
    "BlockAdmin",
    "ClosedDayAdmin",
    "ContactAdmin",
    "HeadCountAdmin",
    "HoursAdmin",
    "NormAdmin",
    "PhotoAdmin",
    "PlacementAdmin",
    "SiteAdmin",
    "TransportAdmin",
    "UnitAdmin",
]
