"""Safe locations, what limits them, and who has a place there."""

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

__all__ = [
    "TRANSITIONS",
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
    "Unit",
]
