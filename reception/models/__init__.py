"""Safe locations, what limits them, and who has a place there."""

from reception.models.head_counts import (
    HeadCount,
    HeadCountDifference,
    HeadCountLine,
    HeadCountTally,
)
from reception.models.norms import Norm
from reception.models.placements import TRANSITIONS, Placement, Stay
from reception.models.sites import Site, SiteLevel, SiteResource, Unit

__all__ = [
    "TRANSITIONS",
    "HeadCount",
    "HeadCountDifference",
    "HeadCountLine",
    "HeadCountTally",
    "Norm",
    "Placement",
    "Site",
    "SiteLevel",
    "SiteResource",
    "Stay",
    "Unit",
]
