"""What a map shows: sites and entry points that its reader may know of, with sign and words."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.translation import gettext as _

from accounts.policies import Permission, can
from intake.models import Country, EntryPoint
from reception.admin.shown import address, level_of
from reception.models import Site

# Countries of the outlines (reception/static/reception/outlines.geojson).
COUNTRIES = ("AFG", "CHN", "IND", "IRN", "KAZ", "KGZ", "PAK", "TJK", "TKM", "UZB")


def map_settings() -> dict[str, Any]:
    """What the map's script needs besides the points: outlines, tiles where set, words."""
    names = {c.code: c.name for c in Country.objects.filter(code__in=COUNTRIES)}
    return {
        "outlines": staticfiles_storage.url("reception/outlines.geojson"),
        "tiles": settings.MAP_TILES,
        "attribution": settings.MAP_ATTRIBUTION if settings.MAP_TILES else "Natural Earth",
        "countries": names,
        "words": {
            "in": _("Closer"),
            "out": _("Further away"),
            "open": _("Open its page"),
            "here": _("This site"),
        },
    }


def points_for(user: Any) -> list[dict[str, Any]]:
    """Entry points and sites that the user may know of, by kind and name.

    Those without coordinates are in the list beside the map only (`latitude` is None).
    """
    points = [_site(site) for site in Site.objects.visible_to(user)]
    if can(user, Permission.ENTRY_POINTS_READ):
        points += [_entry_point(point) for point in EntryPoint.objects.all()]
    return sorted(points, key=lambda point: (point["kind"], point["name"]))


def _site(site: Site) -> dict[str, Any]:
    level, sign, words = level_of(site)
    return {
        "id": f"site-{site.pk}",
        "kind": "site",
        "name": site.local_name,
        "about": str(site.get_type_display()),
        "level": level,
        "sign": sign,
        "words": words,
        "figures": _("%(present)d present, %(reserved)d reserved, %(free)d free")
        % {"present": site.present, "reserved": site.reserved, "free": max(site.free, 0)},
        "hidden": site.hidden,
        "url": address("reception_site_change", site.pk),
        **_place(site),
    }


def _entry_point(point: EntryPoint) -> dict[str, Any]:
    return {
        "id": f"entry-{point.pk}",
        "kind": "entry_point",
        "name": point.name,
        "about": str(point.get_kind_display()),
        "level": "entry",
        "sign": "⇥",
        "words": str(point.get_status_display()),
        "figures": "",
        "hidden": False,
        "url": address("intake_entrypoint_change", point.pk),
        **_place(point),
    }


def _place(row: Any) -> dict[str, float | None]:
    known = row.latitude is not None and row.longitude is not None
    return {
        "latitude": float(row.latitude) if known else None,
        "longitude": float(row.longitude) if known else None,
    }
