"""What belongs to the demonstration's sites: rooms, blocked places, whom to call, hours.

All people are invented.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any

from common import clock
from demo.places import SET_UP_AT
from reception import services
from reception.choices import ContactRole, UnitKind, UnitSection
from reception.models import Site, SiteContact, SiteHours

SCHOOL, TENTS, HALL = "KHOROG-SCHOOL-3", "ISHKOSHIM-TENTS", "TEM-RECEPTION"
NAMES = {
    SCHOOL: {
        "tg": "Мактаби №3 дар Хоруғ",
        "ru": "Школа № 3 в Хороге",
        "fa-af": "مکتب شماره ۳ خاروغ",
    },
    TENTS: {"tg": "Хаймаҳо дар варзишгоҳи Ишкошим", "ru": "Палатки на стадионе в Ишкашиме"},
    HALL: {"tg": "Толори қабул дар пули Тем", "ru": "Зал приёма у моста Тем"},
}
# Code, name, for whom, step-free, places.
ROOMS = (
    ("HALL", "Sports hall", UnitKind.HALL, UnitSection.ANY, True, 120),
    ("EAST-1", "Classroom East 1", UnitKind.ROOM, UnitSection.WOMEN, True, 24),
    ("EAST-2", "Classroom East 2", UnitKind.ROOM, UnitSection.WOMEN, False, 24),
    ("WEST-1", "Classroom West 1", UnitKind.ROOM, UnitSection.FAMILIES, False, 30),
    ("WEST-2", "Classroom West 2", UnitKind.ROOM, UnitSection.FAMILIES, False, 30),
)
CONTACTS = (
    (SCHOOL, ContactRole.MANAGER, "Zebo Invented", "+992 000 000 001"),
    (SCHOOL, ContactRole.NIGHT, "Rustam Invented", "+992 000 000 002"),
    (HALL, ContactRole.REGISTRATION, "Anisa Invented", "+992 000 000 003"),
)


def equip(*, actor: Any, say: Callable[[str], None]) -> None:
    """Make what managers enter once, as it stood before the first people came."""
    say("Rooms, contacts and hours of sites")
    with clock.replaying(SET_UP_AT):
        sites = {code: Site.objects.get(code=code) for code in NAMES}
        for code, names in NAMES.items():
            services.edit_site(actor=actor, site=sites[code], names=names)
        for code, name, kind, section, accessible, capacity in ROOMS:
            services.create_unit(
                actor=actor,
                site=sites[SCHOOL],
                code=code,
                name=name,
                kind=kind,
                section=section,
                accessible=accessible,
                capacity=capacity,
            )
        for code, role, person, phone in CONTACTS:
            contact = SiteContact(site=sites[code], role=role, name=person, phone=phone)
            services.keep_part(actor=actor, part=contact)
        services.edit_site(actor=actor, site=sites[TENTS], receives_always=False)
        for weekday in range(7):
            hours = SiteHours(site=sites[TENTS], weekday=weekday, opens=time(6), closes=time(22))
            services.keep_part(actor=actor, part=hours)
