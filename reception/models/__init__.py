"""Safe locations, what limits them, and who has a place there."""

from reception.models.norms import Norm
from reception.models.placements import TRANSITIONS, Placement, Stay
from reception.models.plans import SitePlan, SitePlanItem
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
    "Norm",
    "Placement",
    "Site",
    "SiteLevel",
    "SitePlan",
    "SitePlanItem",
    "SiteResource",
    "Stay",
    "Transport",
    "TransportLine",
    "Unit",
]
