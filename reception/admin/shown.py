"""How occupancy and addresses of other pages are shown."""

from __future__ import annotations

from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from reception.choices import SiteStatus
from reception.models import Site

# From this share of the places on a site is nearly full: time to look for the next one.
NEARLY_FULL = 0.9


def level_of(site: Site) -> tuple[str, str, str]:
    """Name, sign and words of how full a site is; told by sign and words, not by colour alone."""
    room = site.capacity - site.blocked
    if site.status in (SiteStatus.CLOSED, SiteStatus.PREPARING):
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


def address(page: str, *arguments: Any) -> str:
    """The address of a page of the staff site, empty where it is not installed."""
    try:
        return reverse(f"admin:{page}", args=arguments)
    except NoReverseMatch:
        return ""
