"""Closed sets of the reception app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class SiteType(models.TextChoices):
    """Kinds of safe locations (domain/standards.md 4.2)."""

    BORDER_RECEPTION = "border_reception", _("Border reception point")
    TRANSIT = "transit_centre", _("Transit centre")
    RECEPTION = "reception_centre", _("Reception centre")
    COLLECTIVE = "collective_centre", _("Collective centre (school, gym, hotel)")
    TENTS = "tent_site", _("Planned tent site")
    HOST_FAMILIES = "host_families", _("Host families")
    MEDICAL = "medical_facility", _("Medical facility")
    QUARANTINE = "quarantine", _("Quarantine")
    SAFE_HOUSE = "safe_house", _("Safe house")
    # Run by the authority for those whom it holds: no refugee site, nobody is placed there.
    SEPARATED = "separated_facility", _("Separated facility of the authority")


class SiteStatus(models.TextChoices):
    PREPARING = "preparing", _("In preparation")
    OPEN = "open", _("Open")
    FULL = "not_receiving", _("Open, not receiving")
    CLOSED = "closed", _("Closed")


class ResourceKind(models.TextChoices):
    """What is measured at a site and limits how many it can take."""

    FLOOR_AREA = "covered_floor_area", _("Covered floor area (m²)")
    HEATED_AREA = "heated_floor_area", _("Heated floor area (m²)")
    SETTLEMENT_AREA = "settlement_area", _("Area of the whole settlement (m²)")
    WATER = "water_per_day", _("Water (litres a day)")
    LATRINES = "latrines", _("Latrines")
    LATRINES_WOMEN = "latrines_women", _("Latrines for women")
    LATRINES_MEN = "latrines_men", _("Latrines for men")
    SHOWERS = "showers", _("Showers")
    TAPS = "taps", _("Water taps")
    HANDPUMPS = "handpumps", _("Handpumps")
    LAUNDRY = "laundry", _("Places to wash clothes")
    KITCHENS = "kitchens", _("Kitchens")
    BEDS = "beds", _("Beds")


class NormPhase(models.TextChoices):
    EMERGENCY = "emergency", _("Emergency")
    COLD = "cold_climate", _("Cold climate")
    LATER = "post_emergency", _("After the emergency")


class PlacementStatus(models.TextChoices):
    """The life of a place; see TRANSITIONS in models."""

    RESERVED = "reserved", _("Reserved")
    CONFIRMED = "confirmed", _("Confirmed")
    CHECKED_IN = "checked_in", _("Checked in")
    ABSENT = "absent", _("Absent, place kept")
    TRANSFER_PENDING = "transfer_pending", _("Transfer pending")
    CHECKED_OUT = "checked_out", _("Checked out")
    NO_SHOW = "no_show", _("Did not come")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Reservation expired")


# What a placement can begin as.
MAY_BEGIN_AS = (
    PlacementStatus.RESERVED.value,
    PlacementStatus.CONFIRMED.value,
    PlacementStatus.CHECKED_IN.value,
)
# Places are held for these; of them, PRESENT_STATUSES count as people at the site.
RESERVED_STATUSES = (PlacementStatus.RESERVED, PlacementStatus.CONFIRMED)
PRESENT_STATUSES = (
    PlacementStatus.CHECKED_IN,
    PlacementStatus.ABSENT,
    PlacementStatus.TRANSFER_PENDING,
)
OPEN_STATUSES = (*RESERVED_STATUSES, *PRESENT_STATUSES)


class AbsenceReason(models.TextChoices):
    HOSPITAL = "hospital", _("Hospital")
    CUSTODY = "custody", _("With the authorities")
    SCHOOL = "school", _("School or training")
    FAMILY = "family_visit", _("Family visit")
    OTHER = "other", _("Other")


class StayState(models.TextChoices):
    """Where one member of a placed household is; the first three hold a place."""

    DUE = "due", _("Due")
    PRESENT = "present", _("Present")
    AWAY = "away", _("Away, place kept")
    AWAY_FREED = "away_freed", _("Away, place given up")
    NOT_COME = "not_come", _("Did not come")


HOLDING_STATES = (StayState.DUE, StayState.PRESENT, StayState.AWAY)


class UnitKind(models.TextChoices):
    ROOM = "room", _("Room")
    HALL = "hall", _("Hall")
    TENT = "tent", _("Tent")
    CONTAINER = "container", _("Container")
    FAMILY_HOME = "family_home", _("Home of a host family")


class UnitSection(models.TextChoices):
    """Whom a unit is kept for."""

    ANY = "any", _("Anybody")
    WOMEN = "women", _("Women and their children")
    FAMILIES = "families", _("Families")
    MEN = "men", _("Single men")
    QUARANTINE = "quarantine", _("Quarantine")


class BlockReason(models.TextChoices):
    """Why places cannot be given to anybody for a while."""

    REPAIR = "repair", _("Being repaired")
    HEATING = "no_heating", _("No heating")
    WATER = "no_water", _("No water")
    CLEANING = "cleaning", _("Being cleaned or disinfected")
    KEPT = "kept_for_group", _("Kept for a group that is expected")
    QUARANTINE = "quarantine", _("Quarantine")
    SERVICE = "other_use", _("Used for something else (clinic, school, store)")
    OTHER = "other", _("Other")


class BlockState(models.TextChoices):
    """Life of blocked places: they wait for their time and for free places, then end once."""

    PLANNED = "planned", _("Waits")
    IN_FORCE = "in_force", _("In force")
    ENDED = "ended", _("Ended")


class ContactRole(models.TextChoices):
    MANAGER = "manager", _("Manager")
    DEPUTY = "deputy", _("Deputy")
    NIGHT = "night", _("On duty at night")
    REGISTRATION = "registration", _("Receives arrivals")
    HEALTH = "health", _("Health")
    SAFETY = "safety", _("Guard and safety")
    OTHER = "other", _("Other")


class Weekday(models.IntegerChoices):
    """As Python counts them: Monday is 0."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class TransportStatus(models.TextChoices):
    """The life of a transport; see TRANSPORT_TRANSITIONS in models."""

    PLANNED = "planned", _("Planned")
    LOADING = "loading", _("Loading")
    DEPARTED = "departed", _("On the road")
    ARRIVED = "arrived", _("Arrived")
    CANCELLED = "cancelled", _("Cancelled")


class VehicleKind(models.TextChoices):
    BUS = "bus", _("Bus")
    MINIBUS = "minibus", _("Minibus")
    CAR = "car", _("Car")
    TRUCK = "truck", _("Truck with seats")
    AMBULANCE = "ambulance", _("Ambulance")
    OTHER = "other", _("Other")


class LineState(models.TextChoices):
    """What became of a family on a transport's list; see LINE_TRANSITIONS in models."""

    LISTED = "listed", _("On the list")
    BOARDED = "boarded", _("On board")
    LEFT_BEHIND = "left_behind", _("Did not travel")
    ARRIVED = "arrived", _("Arrived")
    MISSING = "missing", _("Did not arrive")
    REMOVED = "removed", _("Taken off the list")


# Seats are taken for these.
SEATED_STATES = (LineState.LISTED, LineState.BOARDED, LineState.ARRIVED, LineState.MISSING)


class StayedBehindReason(models.TextChoices):
    NOT_THERE = "not_there", _("Was not there")
    REFUSED = "refused", _("Did not want to travel")
    ILL = "ill", _("Ill")
    NO_ROOM = "no_room", _("No room in the vehicle")
    OTHER = "other", _("Other")


class MissingReason(models.TextChoices):
    """Why a family that left did not arrive."""

    HOSPITAL = "hospital", _("Brought to a hospital")
    GOT_OFF = "got_off", _("Got off on the road")
    WENT_BACK = "went_back", _("Went back")
    OTHER_SITE = "other_site", _("Brought to another site")
    CUSTODY = "custody", _("With the authorities")
    UNKNOWN = "unknown", _("Not known: being looked for")


class ManifestReason(models.TextChoices):
    """Why a manifest is printed with names."""

    CHECKPOINT = "checkpoint", _("A checkpoint asks for names")
    MEDICAL = "medical", _("Medical escort")
    CHILDREN = "children", _("Children travel with a companion")
    AUTHORITY = "authority", _("Asked for by the operation’s lead")


class HeadCountKind(models.TextChoices):
    DAILY = "daily", _("Daily count")
    EXTRA = "extra", _("Extra count")


class HeadCountHow(models.TextChoices):
    """How people were counted."""

    SCAN = "scan", _("Slip scanned")
    REFERENCE = "reference", _("Reference typed")
    NUMBER = "number", _("Number only")
    LIST = "list", _("From the list")


class DifferenceKind(models.TextChoices):
    """What a count found against what was expected."""

    MISSING = "missing", _("Expected and not seen")
    UNEXPECTED = "unexpected", _("Seen and not expected")


class DifferenceState(models.TextChoices):
    OPEN = "open", _("Open")
    RESOLVED = "resolved", _("Resolved")


class Resolution(models.TextChoices):
    """What a difference turned out to be. Most of them record it at the same moment."""

    ABSENT = "absent", _("Away for a while")
    CHECKED_OUT = "checked_out", _("Left the site")
    DID_NOT_COME = "did_not_come", _("Did not come")
    CHECKED_IN = "checked_in", _("Is here: checked in")
    TRANSFERRED = "transferred", _("Lives at another site")
    LEFT = "left_without_notice", _("Left without notice")
    COUNTED_WRONG = "counted_wrong", _("Counted wrong")
    OTHER = "other", _("Something else")
