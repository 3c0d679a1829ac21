"""What an agency offers and whether it has capacity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Agency
from accounts.policies import Permission, access_of
from aid.choices import CapacityAnswer
from aid.models import AgencyService
from aid.sectors import known_sector
from aid.services.base import invalid
from audit.events import record_event
from common.errors import NotPermitted
from intake.models import Area


@dataclass(frozen=True)
class ServiceLine:
    """One sector an agency serves; no areas means everywhere. `areas` are P-codes."""

    sector: str
    capacity: str = CapacityAnswer.CAPACITY
    areas: list[str] = field(default_factory=list)
    note: str = ""


@transaction.atomic
def set_agency_services(
    *, actor: Any, agency: Agency, services: Sequence[ServiceLine]
) -> list[AgencyService]:
    """Replace what `agency` offers by `services`; the same list again changes nothing."""
    scopes = access_of(actor).scopes(Permission.SERVICES_EDIT)
    if not (scopes.everywhere or agency.code in scopes.agencies):
        raise NotPermitted("not_permitted", _("Only the agency itself states its capacity."))
    list(Agency.objects.filter(pk=agency.pk).select_for_update(no_key=True))
    wanted = _checked(services)
    before = _state(agency)
    AgencyService.objects.filter(agency=agency).exclude(sector_id__in=wanted).delete()
    for sector, line in wanted.items():
        row, _created = AgencyService.objects.update_or_create(
            agency=agency,
            sector_id=sector,
            defaults={"capacity_answer": line.capacity, "note": line.note},
        )
        row.areas.set(Area.objects.filter(code__in=line.areas))
    after = _state(agency)
    if after != before:
        record_event(
            "agency.services_changed",
            agency,
            actor=actor,
            agency_code=agency.code,
            services=[[sector, answer] for sector, answer, _areas, _note in after],
        )
    rows = AgencyService.objects.filter(agency=agency).select_related("sector")
    return list(rows.prefetch_related("areas").order_by("sector_id"))


def _checked(services: Sequence[ServiceLine]) -> dict[str, ServiceLine]:
    areas = {code for line in services for code in line.areas}
    known = set(Area.objects.filter(code__in=areas).values_list("code", flat=True))
    wanted: dict[str, ServiceLine] = {}
    for index, line in enumerate(services):
        at = f"services.{index}"
        sector = known_sector(line.sector, field=f"{at}.sector").code
        if sector in wanted:
            raise invalid(f"{at}.sector", "repeated", _("This sector is listed twice."))
        if line.capacity not in CapacityAnswer.values:
            raise invalid(f"{at}.capacity", "invalid", _("Choose one of the known answers."))
        if set(line.areas) - known:
            raise invalid(f"{at}.areas", "unknown", _("This area code is not known."))
        if len(line.note) > 200:
            raise invalid(f"{at}.note", "too_long", _("This is too long."))
        wanted[sector] = line
    return wanted


def _state(agency: Agency) -> list[tuple[str, str, tuple[str, ...], str]]:
    rows = AgencyService.objects.filter(agency=agency).prefetch_related("areas")
    return [
        (
            row.sector_id,
            row.capacity_answer,
            tuple(sorted(area.pk for area in row.areas.all())),
            row.note,
        )
        for row in rows.order_by("sector_id")
    ]
