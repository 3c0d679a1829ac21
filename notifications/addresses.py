"""Which addresses a webhook may go to: not into our own network.

A hook's host is resolved once, every address it resolves to is checked, and the request goes to
the checked address, so that a name cannot change its mind in between.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class AddressRefused(Exception):
    """A webhook may not go there."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Target:
    """A checked address: where to connect and which host to name."""

    url: str
    host: str
    host_header: str


def check_url(url: str) -> None:
    """Refuse what is no web address, carries credentials, or is not encrypted."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressRefused(
            "not_a_url", _("Write an address such as https://example.org/hook.")
        ) from None
    schemes = ("https", "http") if settings.WEBHOOKS_ALLOW_PRIVATE else ("https",)
    if parts.scheme not in schemes or not parts.hostname:
        raise AddressRefused("not_https", _("Write an address that starts with https://."))
    if parts.username or parts.password:
        raise AddressRefused("credentials", _("Leave out the user name and password."))
    if port is not None and not settings.WEBHOOKS_ALLOW_PRIVATE and port != 443:
        raise AddressRefused("port", _("Use the standard port of https."))


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: _Address) -> bool:
    """Whether an address leads out into the internet, also through a v4 address inside a v6 one."""
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        return all(is_public(each) for each in inner if each is not None)
    return True


def resolve(url: str) -> Target:
    """Where to connect for `url`; AddressRefused when any of its addresses is not public."""
    check_url(url)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused("unknown_host", _("This host cannot be found.")) from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not settings.WEBHOOKS_ALLOW_PRIVATE and not all(is_public(each) for each in addresses):
        raise AddressRefused("private_address", _("This host is inside a private network."))
    address = addresses[0]
    literal = f"[{address}]" if address.version == 6 else str(address)
    query = f"?{parts.query}" if parts.query else ""
    return Target(
        url=f"{parts.scheme}://{literal}:{port}{parts.path or '/'}{query}",
        host=host,
        host_header=parts.netloc,
    )
