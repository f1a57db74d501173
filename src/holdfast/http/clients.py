"""Who sends a request, as far as an address tells, and what counts by client need."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from limits.aio.storage import RedisStorage
from litestar.types import HTTPScope

from holdfast.redis_link import RedisLink
from holdfast.settings import Settings
from holdfast.settings_rules import Networks

UNKNOWN = "unknown"
PORT = re.compile(r":[0-9]{0,5}|")
HOUSEHOLD_BITS = 64
"""What of an IPv6 address is given to one client: it may choose the rest itself, anew for each request."""
FORWARDED_BYTES_MAX = 2_000
CLIENTS_MAX = 100_000
"""How many clients are counted in this process; beyond, those are forgotten that were silent the longest."""


class RateWindow:
    """What one client has sent since it began, until `end` on the monotonic clock."""

    __slots__ = ("count", "end")

    def __init__(self, end: float) -> None:
        self.end = end
        self.count = 0


def storage(settings: Settings, link: RedisLink, prefix: str) -> RedisStorage:
    """Where all workers count together, under keys of their own."""
    return RedisStorage(
        settings.redis_address or "",
        implementation="redispy",
        key_prefix=prefix,
        connection_pool=link.pool,  # type: ignore[arg-type]
    )


def client_of(scope: HTTPScope, trusted: Networks) -> str:
    """The address that a request comes from: its sender's, or what proxies that are trusted say of it.

    Each proxy adds whom it heard from at the end of `X-Forwarded-For`; what stands before the first that is not
    trusted may have been invented. One client has one address, however a proxy or a socket writes it.
    """
    peer = scope["client"]
    address = UNKNOWN if peer is None else plain(peer[0]) or peer[0]
    if not trusted or not _is_trusted(address, trusted):
        return address
    given = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    hops = given[-FORWARDED_BYTES_MAX:].decode("latin-1").split(",")
    if len(given) > FORWARDED_BYTES_MAX:
        del hops[0]  # of which only the end may be here
    for hop in reversed(hops):
        if not hop.strip():
            continue  # a list may have empty elements (RFC 9110, 5.6.1)
        found = plain(hop)
        if found is None:
            break
        address = found
        if not _is_trusted(address, trusted):
            break
    return address


@lru_cache(10_000)
def household(address: str) -> str:
    """The part of an address that is counted as one client: of IPv6 a /64, which is what one household gets."""
    found = _read(address)
    if not isinstance(found, IPv6Address):
        return address
    return str(IPv6Network((found, HOUSEHOLD_BITS), strict=False))


@lru_cache(10_000)
def plain(hop: str) -> str | None:
    """The IP address that a hop names, in its one form: no port, brackets, quotes or zone. `None` when it names none.

    An IPv4 address that is written as one of IPv6 is itself.
    """
    text = hop.strip(' \t"')
    port = ""
    if text.startswith("["):
        text, bracket, port = text[1:].partition("]")
        if not bracket or ":" not in text:
            return None
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        port = f":{port}"
    found = _read(text.partition("%")[0])
    return None if found is None or PORT.fullmatch(port) is None else str(found)


@lru_cache(10_000)
def _is_trusted(address: str, trusted: Networks) -> bool:
    found = _read(address)
    if found is None:
        return False
    # The setting may write an IPv4 network as one of IPv6, or mean all of both by ::/0.
    mapped = IPv6Address(f"::ffff:{found}") if isinstance(found, IPv4Address) else found
    return any(found in network or mapped in network for network in trusted)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
