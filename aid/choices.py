"""Closed sets of the aid app."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class Level(models.TextChoices):
    """How urgent (design.md; domain/standards.md 5.3)."""

    LIFE = "life", _("Life at risk")
    EMERGENCY = "emergency", _("Emergency")
    URGENT = "urgent", _("Urgent")
    NORMAL = "normal", _("Normal")


# Time to acknowledge and time to act, from the moment of asking (design.md).
DEADLINES: dict[str, tuple[timedelta, timedelta]] = {
    Level.LIFE: (timedelta(minutes=15), timedelta(hours=3)),
    Level.EMERGENCY: (timedelta(hours=2), timedelta(hours=24)),
    Level.URGENT: (timedelta(hours=24), timedelta(hours=72)),
    Level.NORMAL: (timedelta(hours=72), timedelta(weeks=2)),
}


def is_emergency_care(level: str, sector: str) -> bool:
    """Health care that is never blocked, whatever else is known of the person (design.md)."""
    return sector == "health" and level in (Level.LIFE, Level.EMERGENCY)


class RequestStatus(models.TextChoices):
    SUBMITTED = "submitted", _("Submitted")
    RECEIVED = "received", _("Acknowledged")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    IN_PROGRESS = "in_progress", _("In progress")
    ON_HOLD = "on_hold", _("On hold")
    FULFILLED = "fulfilled", _("Fulfilled")
    PARTLY_FULFILLED = "partly_fulfilled", _("Partly fulfilled")
    NOT_FULFILLED = "not_fulfilled", _("Not fulfilled")
    CANCELLED = "cancelled", _("Cancelled")
    REROUTED = "rerouted", _("Rerouted")


# An agency that works on a request may learn whom it is for, where consent allows.
AT_WORK = (RequestStatus.ACCEPTED, RequestStatus.IN_PROGRESS, RequestStatus.ON_HOLD)


class CapacityAnswer(models.TextChoices):
    """What a service answers about its capacity (SDOH Clinical Care)."""

    CAPACITY = "capacity", _("Has capacity")
    NO_CAPACITY = "no_capacity", _("No capacity")
    WAITLIST = "waitlist", _("Waiting list")
    ASSESSMENT = "assessment_needed", _("Assessment needed first")
