"""How occupancy and addresses of other pages are shown."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from reception.capacity import explain_capacity
from reception.choices import SiteStatus
from reception.models import Site

# From this share of the places on a site is nearly full: time to look for the next one.
NEARLY_FULL = 0.9


def level_of(site: Site) -> tuple[str, str, str]:
    """Name, sign and words of how full a site is; told by sign and words, not by colour alone."""
    room = site.capacity - site.blocked
    if site.status in (SiteStatus.CLOSED, SiteStatus.PREPARING) or not site.for_refugees:
        return "none", "–", _("Receives nobody")
    if room <= 0 and not site.taken:
        return "none", "?", _("No known capacity")
    if site.taken > room:
        return "over", "▲", _("Over capacity")
    if site.free <= 0:
        return "full", "■", _("Full")
    if site.taken >= NEARLY_FULL * room:
        return "near", "◆", _("Nearly full")
    return "room", "●", _("Has room")


def occupancy_bar(site: Site) -> SafeString:
    """Text and bar: present and reserved of what can be taken."""
    name, sign, words = level_of(site)
    total = max(site.capacity + site.overflow, site.taken + site.blocked, 1)
    return format_html(
        '<div class="pl-occupancy pl-{}"><span class="pl-words"><span aria-hidden="true">{}</span>'
        ' {} <bdi>{}</bdi></span><span class="pl-track" aria-hidden="true">'
        '<span class="pl-present" style="inline-size:{}%"></span>'
        '<span class="pl-reserved" style="inline-size:{}%"></span>'
        '<span class="pl-blocked" style="inline-size:{}%"></span></span>'
        '<span class="pl-figures">{}</span></div>',
        name,
        sign,
        words,
        f"{site.taken + site.blocked}/{site.capacity + site.overflow}",
        *(f"{100 * part / total:.1f}" for part in (site.present, site.reserved, site.blocked)),
        _("%(present)d present, %(reserved)d reserved, %(free)d free")
        % {"present": site.present, "reserved": site.reserved, "free": max(site.free, 0)},
    )


def capacity_lines(site: Site) -> SafeString:
    """A table of what was measured: persons served, the norm with its edition and source."""
    explained = explain_capacity(site)
    rows = format_html_join(
        "",
        '<tr{}><td>{}</td><td class="st-num">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>',
        (
            (
                mark_safe(' class="st-short"') if line is explained.binding else "",
                line.measured,
                line.persons,
                _("limits the site") if line is explained.binding else "",
                line.norm,
                f"{line.source} ({line.version})",
            )
            for line in explained.shortest
        ),
    )
    if not rows:
        return format_html("<p>{}</p>", _("Nothing was measured yet."))
    return format_html(
        '<table class="st-lines"><thead><tr><th scope="col">{}</th><th scope="col">{}</th><th></th>'
        '<th scope="col">{}</th><th scope="col">{}</th></tr></thead><tbody>{}</tbody></table>',
        _("Measured"),
        _("Enough for persons"),
        _("Norm"),
        _("Source and edition"),
        rows,
    )


def small_map(site: Site) -> SafeString:
    """A map of one place; its script shows it, and the coordinates are in fields beside it."""
    level, sign, _words = level_of(site)
    known = site.latitude is not None and site.longitude is not None
    return format_html(
        '<div class="mp-map mp-one" data-one data-level="{}" data-sign="{}" data-latitude="{}" '
        'data-longitude="{}" role="region" aria-label="{}" hidden></div>'
        '<p class="pl-soft mp-hint" hidden>{}</p>',
        level,
        sign,
        str(site.latitude) if known else "",
        str(site.longitude) if known else "",
        _("On the map"),
        _("Click on the map, or type latitude and longitude below."),
    )


def address(page: str, *arguments: Any) -> str:
    """The address of a page of the staff site, empty where it is not installed."""
    try:
        return reverse(f"admin:{page}", args=arguments)
    except NoReverseMatch:
        return ""
