"""Safe locations, what limits them, and who has a place there."""

from reception.models.head_counts import (
    HeadCount,
    HeadCountDifference,
    HeadCountLine,
    HeadCountTally,
)
from reception.models.norms import Norm
from reception.models.placements import TRANSITIONS, Placement, Stay
from reception.models.site_parts import (
    SiteBlock,
    SiteClosedDay,
    SiteContact,
    SiteHours,
    SitePhoto,
)
from reception.models.sites import Site, SiteLevel, SiteResource, Unit
from reception.models.transports import (
    LINE_TRANSITIONS,
    TRANSPORT_TRANSITIONS,
    Transport,
    TransportLine,
)

__all__ = [
    "LINE_TRANSITIONS",
    "TRANSITIONS",
    "TRANSPORT_TRANSITIONS",
    "HeadCount",
    "HeadCountDifference",
    "HeadCountLine",
    "HeadCountTally",
    "Norm",
    "Placement",
    "Site",
    "SiteBlock",
    "SiteClosedDay",
    "SiteContact",
    "SiteHours",
    "SiteLevel",
    "SitePhoto",
    "SiteResource",
    "Stay",
    "Transport",
    "TransportLine",
    "Unit",
]
