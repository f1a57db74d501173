"""How many requests one client may send in a while, on the paths of the events contract."""

import math
import re
import time
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

import structlog
from cachetools import TTLCache
from limits.aio.storage import RedisStorage
from limits.limits import RateLimitItemPerSecond
from litestar.types import HTTPScope

from holdfast.errors import RateLimited
from holdfast.http.hot import Headers
from holdfast.redis_link import RedisLink
from holdfast.settings import Settings
from holdfast.settings_rules import Networks

PATHS = "/api/"
UNKNOWN = "unknown"
PORT = re.compile(r":[0-9]{0,5}|")
HOUSEHOLD_BITS = 64
"""What of an IPv6 address is given to one client: it may choose the rest itself, anew for each request."""
FORWARDED_BYTES_MAX = 2_000
CLIENTS_MAX = 100_000
"""How many clients are counted in this process; beyond, those are forgotten that were silent the longest."""
logger = structlog.stdlib.get_logger("holdfast.http")


class Spent(NamedTuple):
    """What is left of a client's allowance after a request; `reset_seconds` until it is whole again."""

    limit: int
    left: int
    reset_seconds: int

    @property
    def headers(self) -> Headers:
        """What every answer tells of it."""
        return (
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % self.left),
            (b"ratelimit-reset", b"%d" % self.reset_seconds),
        )


class Window:
    """What one client has sent since it began, until `end` on the monotonic clock."""

    __slots__ = ("count", "end")

    def __init__(self, end: float) -> None:
        self.end = end
        self.count = 0


class RateLimit:
    """Counts the requests of each client: in Redis for all workers together, else in this process."""

    def __init__(self, settings: Settings, link: RedisLink | None) -> None:
        seconds = math.ceil(settings.rate_limit_time_window / 1000)
        self._item = RateLimitItemPerSecond(settings.rate_limit_max, seconds)
        self._trusted = settings.proxies
        self._link = link
        self._here: TTLCache[str, Window] = TTLCache(CLIENTS_MAX, seconds)
        self._shared: RedisStorage | None = None
        if link is not None:
            self._shared = storage(settings, link, "holdfast:limit")
        elif settings.workers > 1:
            logger.warning("requests are counted by each worker for itself: there is no Redis", setting="REDIS_URL")

    async def spend(self, scope: HTTPScope) -> Headers:
        """Count a request; answers the headers that tell of it. Whatever becomes of Redis, it is counted somewhere.

        Raises `RateLimited`, which has the same headers.
        """
        key = self._item.key_for(household(client_of(scope, self._trusted)))
        found = None
        if self._link is not None:
            found = await self._link.call(lambda: self._count_shared(key))
        count, left = found or self._count_here(key)
        most = self._item.amount
        spent = Spent(most, max(0, most - count), max(1, math.ceil(left)))
        if count > most:
            raise RateLimited(spent.limit, spent.reset_seconds)
        return spent.headers

    async def _count_shared(self, key: str) -> tuple[int, float]:
        assert self._shared is not None
        count = await self._shared.incr(key, self._item.get_expiry())
        return count, await self._shared.get_expiry(key) - time.time()

    def _count_here(self, key: str) -> tuple[int, float]:
        window = self._here.get(key)
        if window is None:
            window = self._here[key] = Window(time.monotonic() + self._item.get_expiry())
        window.count += 1
        return window.count, window.end - time.monotonic()


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
