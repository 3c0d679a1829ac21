"""Everything that changes an aid request: asking, answering, delivering."""

from aid.services.capacity import ServiceLine, set_agency_services
from aid.services.consents import consent_changed
from aid.services.delivering import record_delivery
from aid.services.requesting import Item, request_aid, reroute
from aid.services.steps import (
    accept,
    acknowledge,
    cancel,
    decline,
    fail,
    fulfil,
    hold,
    resume,
    start,
)

__all__ = [
    "Item",
    "ServiceLine",
    "accept",
    "acknowledge",
    "cancel",
    "consent_changed",
    "decline",
    "fail",
    "fulfil",
    "hold",
    "record_delivery",
    "request_aid",
    "reroute",
    "resume",
    "set_agency_services",
    "start",
]
