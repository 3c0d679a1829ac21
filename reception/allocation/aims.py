"""The soft aims as points, in the order of the standards (domain: allocation priorities).

Points are given to a family, and each aim is worth more than all later ones together, so that for
one family a later aim never outweighs an earlier one. Between families points add up. As many
persons placed as possible comes before all of them and is a separate step (solving). No aim looks
at nationality or at the work that somebody may find.
"""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

from reception.allocation.facts import (
    FAMILIES,
    MEN,
    WOMEN,
    Family,
    Places,
    Point,
    SiteFacts,
)

# What each aim is worth at most. An extended family of n families at one site gets (n - 1) times
# the first, less where it is divided. The second is given to each family of a village that has at
# least COMMUNITY families at its site, or people there already; fewer where the village has fewer.
KIN = 1280
VILLAGE = 640
STEP_FREE = 320
SERVICES = 160
SECTION = 80
LANGUAGE = 40
TRAVEL = 20
LASTING = 9
AIMS = {
    "kin": KIN,
    "village": VILLAGE,
    "step_free": STEP_FREE,
    "services": SERVICES,
    "section": SECTION,
    "language": LANGUAGE,
    "travel": TRAVEL,
    "lasting": LASTING,
}
COMMUNITY = 3
# What each further site costs over which a village is spread, as a small push to fewer.
SPREAD = 20
# One point for each place taken of the last tenth that a site has free (headroom).
HEADROOM_SHARE = 0.1
NEAR_MINUTES, FAIR_MINUTES = 30, 60
FAR_KM = 400.0
_EARTH_KM = 6371.0


def step_free(family: Family, site: SiteFacts, places: Places) -> int:
    """A place without steps for who needs one; the family is there together."""
    return STEP_FREE if family.accessible and places.accessible else 0


def services(family: Family, site: SiteFacts, places: Places) -> int:
    """Health care within 30 minutes for pregnant, older and disabled people; half within 60."""
    if not family.near_services or site.health_minutes is None:
        return 0
    if site.health_minutes <= NEAR_MINUTES:
        return SERVICES
    return SERVICES // 2 if site.health_minutes <= FAIR_MINUTES else 0


def section(family: Family, site: SiteFacts, places: Places) -> int:
    """Women without men and families headed by women in their sections, families in theirs."""
    if family.men_only:
        return SECTION if places.section == MEN else 0
    protected = family.women_only or family.female_headed
    if places.section == WOMEN:
        return SECTION
    if places.section == FAMILIES:
        return SECTION // 2 if family.women_only or not protected else SECTION
    if family.women_only and site.women_only_section and not site.places:
        return SECTION
    return 0


def language(family: Family, site: SiteFacts, places: Places) -> int:
    """Staff who speak a language of the family."""
    return LANGUAGE if family.languages & site.languages else 0


def travel(family: Family, site: SiteFacts, places: Places) -> int:
    """The shorter the way the better, in a straight line; nothing from 400 km on or not known."""
    if family.origin_point is None or site.lat is None or site.lon is None:
        return 0
    return round(TRAVEL * (1 - min(km(family.origin_point, (site.lat, site.lon)) / FAR_KM, 1)))


def lasting(family: Family, site: SiteFacts, places: Places) -> int:
    """No later move to be expected: not first reception, and heated."""
    return (0 if site.first_line else 6) + (3 if site.cold_rated else 0)


def km(first: Point, second: Point) -> float:
    """The distance on the sphere, in kilometres."""
    lat1, lon1, lat2, lon2 = map(radians, (*first, *second))
    inner = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(inner))


# The aims that one family and one kind of place settle, by the name in AIMS.
LINEAR = {
    "step_free": step_free,
    "services": services,
    "section": section,
    "language": language,
    "travel": travel,
    "lasting": lasting,
}


def earned(family: Family, site: SiteFacts, places: Places) -> dict[str, int]:
    """The points of each aim that one family and one kind of place settle."""
    return {name: aim(family, site, places) for name, aim in LINEAR.items()}
