"""The places and organisations of the founding case, from demo/data."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Agency, Operation
from aid.models import AgencyService
from common import clock
from common.codelists import read_rows
from intake.models import EntryPoint
from intake.services.entry_points import record_first_state
from reception.choices import BlockReason, ResourceKind
from reception.models import Site, SiteResource
from reception.services import block_places, decide_policy, recalculate_capacity

DATA = Path(__file__).parent / "data"
MEASURED_ON = date(2021, 7, 1)
SET_UP_AT = datetime(2021, 7, 1, 6, tzinfo=ZoneInfo("Asia/Dushanbe"))
FLAGS = ("hidden", "accessible", "women_only_section", "interim_care", "cold_rated")
NUMBERS = ("operational_capacity", "health_minutes", "border_km")


def load_operation() -> Operation:
    """The operation in Gorno-Badakhshan: mornings at six, Dushanbe time."""
    operation, _ = Operation.objects.get_or_create(
        code="gbao-2021",
        defaults={
            "name": "Gorno-Badakhshan, July 2021",
            "country": "TJK",
            "time_zone": "Asia/Dushanbe",
            "cut_off": time(6, 0),
            "started_on": date(2021, 7, 4),
            "planning_figure": 5000,
        },
    )
    return operation


def load_entry_points() -> None:
    """Official crossings and informal ones, as they stood before the first people came."""
    with clock.replaying(SET_UP_AT):
        for row in read_rows(DATA / "entry_points.csv"):
            _load_entry_point(row)


def _load_entry_point(row: dict[str, str]) -> None:
    point, _created = EntryPoint.objects.get_or_create(
        code=row["code"],
        defaults={
            "name": row["name"],
            "kind": row["kind"],
            "status": row["status"],
            "status_reason": row["status_reason"],
            "area_id": row["area"],
            "opposite_area_id": row["opposite_area"] or None,
            "latitude": Decimal(row["latitude"]),
            "longitude": Decimal(row["longitude"]),
            "aliases": row["aliases"].replace(";", "\n"),
        },
    )
    record_first_state(point)


def load_agencies() -> None:
    """Agencies and what each of them does."""
    for row in read_rows(DATA / "agencies.csv"):
        agency, created = Agency.objects.get_or_create(
            code=row["code"],
            defaults={"name": row["name"], "kind": row["kind"], "iati_code": row["iati_code"]},
        )
        if created:
            for sector in row["sectors"].split(";"):
                AgencyService.objects.create(agency=agency, sector_id=sector)


def _site_fields(row: dict[str, str]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "type": row["type"],
        "status": row["status"],
        "area_id": row["area"],
        "address": row["address"],
        "latitude": Decimal(row["latitude"]) if row["latitude"] else None,
        "longitude": Decimal(row["longitude"]) if row["longitude"] else None,
        "norm_phase": row["norm_phase"],
        "operational_reason": row["operational_reason"],
        **{flag: row[flag] == "yes" for flag in FLAGS},
        **{number: int(row[number]) if row[number] else None for number in NUMBERS},
    }


def load_sites(*, actor: Any) -> None:
    """Eight safe locations, as they stood before the first people came."""
    with clock.replaying(SET_UP_AT):
        for row in read_rows(DATA / "sites.csv"):
            _load_site(row, actor)


def _load_site(row: dict[str, str], actor: Any) -> None:
    """A site with what was measured there; its capacity follows from the norms."""
    site, created = Site.objects.get_or_create(code=row["code"], defaults=_site_fields(row))
    if not created:
        return
    for kind in ResourceKind.values:
        if row.get(kind):
            SiteResource.objects.create(
                site=site, kind=kind, quantity=Decimal(row[kind]), measured_on=MEASURED_ON
            )
    recalculate_capacity(site=site, actor=actor)
    if row["blocked"]:
        block_places(
            actor=actor,
            site=site,
            places=int(row["blocked"]),
            reason=BlockReason.SERVICE,
            text=row["blocked_reason"],
        )


def allow_stays_near_the_border(*, actor: Any) -> None:
    """The province lies along the border: its commission allowed stays at every site."""
    with clock.replaying(SET_UP_AT):
        decide_policy(
            actor=actor,
            sites=Site.objects.all(),
            decision="Provincial commission, 30 June 2021, no. 12",
        )
