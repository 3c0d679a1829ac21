"""Pages of reception: sites, placements, families waiting for a place."""

from reception.admin.norms import NormAdmin
from reception.admin.placements import PlacementAdmin
from reception.admin.plans import SitePlanAdmin
from reception.admin.sites import SiteAdmin
from reception.admin.transports import TransportAdmin

__all__ = ["NormAdmin", "PlacementAdmin", "SiteAdmin", "SitePlanAdmin", "TransportAdmin"]
