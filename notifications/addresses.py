"""Which addresses a webhook may go to: not into our own network.

What is written is checked when it is written; where a name leads is checked at the very moment
of connecting, on the address that is connected to. So a name cannot change its mind in between,
and a connection that is kept is one that was checked.
"""

from __future__ import annotations

import ipaddress
import socket

import httpx
from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# The only part of IPv6 that is given out for the internet (IANA, IPv6 global unicast).
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Ways to write an IPv4 address inside an IPv6 one that a machine may still follow.
_TUNNELS = (ipaddress.ip_network("2001::/32"), ipaddress.ip_network("2002::/16"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RELAYS = ipaddress.ip_network("192.88.99.0/24")


class AddressRefused(Exception):
    """A webhook may not go there."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


def check_url(url: str) -> httpx.URL:
    """The address as it will be used; AddressRefused for what is no encrypted web address.

    The one parser of addresses: what is checked here is what is connected to.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise AddressRefused(
            "not_a_url", _("Write an address such as https://example.org/hook.")
        ) from None
    private = settings.WEBHOOKS_ALLOW_PRIVATE
    if parsed.scheme not in (("https", "http") if private else ("https",)) or not parsed.host:
        raise AddressRefused("not_https", _("Write an address that starts with https://."))
    if parsed.userinfo:
        raise AddressRefused("credentials", _("Leave out the user name and password."))
    if "%" in parsed.host or len(parsed.raw_host) > 253:
        raise AddressRefused(
            "not_a_url", _("Write an address such as https://example.org/hook.")
        ) from None
    if parsed.port is not None and not private and parsed.port != 443:
        raise AddressRefused("port", _("Use the standard port of https."))
    return parsed


def is_public(address: _Address) -> bool:
    """Whether an address leads out into the internet, also as an IPv4 address inside an IPv6 one.

    For IPv6 what is not given out for the internet is refused, so that no form of local address
    must be known by name.
    """
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast and address not in _RELAYS
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if address not in _GLOBAL_UNICAST or any(address in each for each in _TUNNELS):
        return False
    return address.is_global


def checked_addresses(host: str, port: int) -> list[str]:
    """The addresses of `host`, each of them public; AddressRefused otherwise. Waits for DNS."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused("unknown_host", _("This host cannot be found.")) from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not settings.WEBHOOKS_ALLOW_PRIVATE and not all(is_public(each) for each in addresses):
        raise AddressRefused("private_address", _("This host is inside a private network."))
    return list(dict.fromkeys(str(each) for each in addresses))
