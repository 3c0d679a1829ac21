"""Safe locations, what limits them, and who has a place there."""

from reception.models.norms import Norm
from reception.models.placements import TRANSITIONS, Placement, Stay
from reception.models.plans import SitePlan, SitePlanItem
from reception.models.sites import Site, SiteLevel, SiteResource, Unit

__all__ = [
    "TRANSITIONS",
    "Norm",
    "Placement",
    "Site",
    "SiteLevel",
    "SitePlan",
    "SitePlanItem",
    "SiteResource",
    "Stay",
    "Unit",
]
