"""Safe locations, what limits them, and who has a place there."""

from reception.models.allocations import AllocationLine, AllocationRun
from reception.models.norms import Norm
from reception.models.placements import TRANSITIONS, Placement, Stay
from reception.models.policies import PlacementPolicy
from reception.models.requirements import (
    KeepApart,
    KinGroup,
    KinGroupMember,
    PlacementRequirement,
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
    "AllocationLine",
    "AllocationRun",
    "KeepApart",
    "KinGroup",
    "KinGroupMember",
    "Norm",
    "Placement",
    "PlacementPolicy",
    "PlacementRequirement",
    "Site",
    "SiteLevel",
    "SiteResource",
    "Stay",
    "Transport",
    "TransportLine",
    "Unit",
]
