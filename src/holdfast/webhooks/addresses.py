"""Pure: which addresses a webhook may have, and which of a network it may reach."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

URL_CHARACTERS_MAX = 2_048
# Without a user, a password or a fragment; names in ASCII, as they are in DNS.
URL = re.compile(
    r"(?P<scheme>https?)://([A-Za-z0-9_]([A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?"
    r"([/?][!-~]*)?",
    re.ASCII,
)


def fault(url: str, networks: Networks) -> str | None:
    """The rule that a webhook's address breaks, a key of the catalogues; `None` when it may be used."""
    if len(url) > URL_CHARACTERS_MAX or URL.fullmatch(url) is None or "#" in url:
        return "webhook_url"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "webhook_url"
    if not host or port == 0:
        return "webhook_url"
    if parts.scheme == "http" and not networks:
        return "webhook_https"
    literal = literal_address(host)
    if literal is not None and not may_reach(literal, networks, is_plain=parts.scheme == "http"):
        return "webhook_address"
    return None


def literal_address(host: str) -> Address | None:
    """The address that a host is, or `None` for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def may_reach(address: Address, networks: Networks, *, is_plain: bool) -> bool:
    """Whether messages may be sent there: to public addresses, encrypted; and to networks that the settings name."""
    real = _unwrapped(address)
    if any(real in network for network in networks if network.version == real.version):
        return True
    return not is_plain and _is_public(real)


def _unwrapped(address: Address) -> Address:
    """An IPv4 address that is written as one of IPv6, as itself."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_public(address: Address) -> bool:
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    # Ways through IPv6 to any IPv4 address, the private ones too.
    return isinstance(address, IPv4Address) or (
        not address.is_site_local and address.sixtofour is None and address.teredo is None
    )
