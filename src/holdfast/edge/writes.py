"""How many rows one client may make without a token: nobody fills the disk from one address."""

import asyncio
import math
import time
from typing import NamedTuple, Self

from cachetools import TTLCache
from limits.limits import RateLimitItemPerHour
from litestar.types import HTTPScope

from holdfast.edge.limits import RateLimit
from holdfast.errors import RateLimited
from holdfast.http.clients import CLIENTS_MAX, client_of, household, storage
from holdfast.redis_link import RedisLink
from holdfast.settings import Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
ROWLESS = frozenset({"/login", "/dummyLogin"})
"""They make no rows; who guesses passwords is counted elsewhere."""
TOKENLESS = frozenset({"/register"})
"""They read no token, so one that is sent along changes nothing."""
CHUNKS = 1_000
"""Into so many parts a client's allowance is cut. A worker draws one at a time from Redis, not one for each request."""


class Limits(NamedTuple):
    """The bounds on what one client may send; `None` for any number."""

    rate: RateLimit | None
    writes: "AnonymousWrites | None"

    @classmethod
    def of(cls, settings: Settings, link: RedisLink | None) -> Self:
        """The bounds that the settings ask for."""
        return cls(
            RateLimit(settings, link) if settings.rate_limit_max else None,
            AnonymousWrites(settings, link) if settings.anonymous_writes_max else None,
        )


class Allowance:
    """A client's in this process: `left` of what was drawn, and `drawn` here since no other worker could be asked."""

    __slots__ = ("drawn", "left", "lock", "until")

    def __init__(self, until: float) -> None:
        self.left = 0
        self.drawn = 0
        self.until = until
        self.lock = asyncio.Lock()


class AnonymousWrites:
    """Counts, by client and hour, requests that make rows without a token; in Redis for all workers, else here."""

    def __init__(self, settings: Settings, link: RedisLink | None) -> None:
        self._item = RateLimitItemPerHour(settings.anonymous_writes_max)
        self._chunk = math.ceil(self._item.amount / CHUNKS)
        self._trusted = settings.proxies
        self._link = link
        self._clients: TTLCache[str, Allowance] = TTLCache(CLIENTS_MAX, self._item.get_expiry())
        self._shared = None if link is None else storage(settings, link, "holdfast:writes")

    async def spend(self, scope: HTTPScope) -> None:
        """Count a request, if it is one of those. Raises `RateLimited`."""
        if not makes_rows(scope):
            return
        client = household(client_of(scope, self._trusted))
        allowance = self._clients.get(client)
        if allowance is None:
            allowance = self._clients[client] = Allowance(time.monotonic() + self._item.get_expiry())
        if not allowance.left or time.monotonic() > allowance.until:
            # One draws, the others wait for what it gets: else each would draw a part for itself.
            async with allowance.lock:
                if not allowance.left or time.monotonic() > allowance.until:
                    await self._draw(client, allowance)
        allowance.left -= 1

    async def _draw(self, client: str, allowance: Allowance) -> None:
        """Draw the next part of a client's allowance. Raises `RateLimited` when nothing is left of it."""
        key, most = self._item.key_for(client), self._item.amount
        found = None if self._link is None else await self._link.call(lambda: self._draw_shared(key))
        if found is None:
            found = self._draw_here(allowance)
        count, seconds = found
        before = count - self._chunk
        if before >= most:
            raise RateLimited(most, max(1, math.ceil(seconds)))
        allowance.left = min(self._chunk, most - before)
        allowance.until = time.monotonic() + max(0.0, seconds)

    async def _draw_shared(self, key: str) -> tuple[int, float]:
        assert self._shared is not None
        count = await self._shared.incr(key, self._item.get_expiry(), amount=self._chunk)
        return count, await self._shared.get_expiry(key) - time.time()

    def _draw_here(self, allowance: Allowance) -> tuple[int, float]:
        now = time.monotonic()
        if now > allowance.until:
            allowance.drawn, allowance.until = 0, now + self._item.get_expiry()
        allowance.drawn += self._chunk
        return allowance.drawn, allowance.until - now


def makes_rows(scope: HTTPScope) -> bool:
    """Whether a request may make rows, and has no token."""
    if scope["method"] in SAFE:
        return False
    path = scope["path"].rstrip("/")
    if path in ROWLESS:
        return False
    return path in TOKENLESS or all(name != b"authorization" for name, _ in scope["headers"])
